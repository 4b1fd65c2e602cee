// `wba sign`: make the signature fields of a request.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <wba/agent_identity.h>
#include <wba/content_digest.h>
#include <wba/key.h>
#include <wba/request_signer.h>

#include "commands.h"
#include "context.h"
#include "files.h"
#include "options.h"
#include "passphrase.h"
#include "request_text.h"
#include "sign_output.h"
#include "signer_options.h"

namespace wba::cli {
namespace {

struct SignOptions {
  std::string key;
  std::string passphrase_file;
  std::string agent;
  std::string profile;
  std::string label;
  std::vector<std::string> cover;
  std::string created;
  std::string lifetime;
  std::string nonce = "auto";
  std::string body;
  std::vector<std::string> headers;
  std::string output = "headers";
  std::string method;
  std::string url;
};

bool has_field(const std::vector<FieldLine>& fields, std::string_view name) {
  return std::ranges::any_of(
      fields, [name](const FieldLine& line) { return field_name_equals(line.name, name); });
}

Outcome<void> read_request(const SignOptions& options, SignedRequest& made) {
  const auto uri = split_target_uri(options.url);
  if (!uri) {
    auto failed = failure("URL '" + escape(options.url, 100) + "'", uri.error());
    failed.hint = "give an absolute http or https URL, percent-encoded";
    return std::unexpected(std::move(failed));
  }
  if (!is_token(options.method)) {
    return std::unexpected(
        Failure{.message = "method '" + escape(options.method, 40) + "' is no token",
                .hint = "give METHOD URL, such as GET https://example.com/"});
  }
  made.request = {.method = options.method,
                  .scheme = uri->scheme,
                  .authority = uri->authority,
                  .target = uri->target};
  std::size_t hosts = 0;
  for (const auto& header : options.headers) {
    const auto option = read_header_option(header);
    if (!option) return std::unexpected(option.error());
    const FieldLine* line = &option->line;
    if (field_name_equals(line->name, "Host")) {
      if (++hosts > 1) return std::unexpected(Failure{.message = "more than one Host header"});
      made.request.authority = line->value;
    }
    made.given.push_back(*line);
  }
  return {};
}

Outcome<void> read_body(const SignOptions& options, SignedRequest& made) {
  if (options.body.empty()) return {};
  const auto text = read_input(options.body);
  if (!text) return std::unexpected(text.error());
  made.body = std::string(text->text());
  if (!has_field(made.given, "Content-Digest")) {
    made.content_digest = content_digest(*made.body);
    made.added.push_back({.name = "Content-Digest", .value = made.content_digest});
  }
  return {};
}

Outcome<SigningOptions> signing_options(const SignOptions& options,
                                        const std::vector<std::string_view>& cover) {
  const auto profile = read_profile(options.profile);
  if (!profile) return std::unexpected(profile.error());
  SigningOptions signing{.profile = *profile, .agent_url = options.agent};
  signing.label = options.label;
  signing.components = cover;
  if (!options.lifetime.empty()) {
    const auto lifetime = read_duration("--lifetime", options.lifetime);
    if (!lifetime) return std::unexpected(lifetime.error());
    if (lifetime->count() == 0) {
      return std::unexpected(Failure{.message = "--lifetime is zero",
                                     .hint = "a signature must live for a second at least"});
    }
    signing.lifetime = *lifetime;
  }
  if (options.nonce == "none") {
    signing.nonce_mode = SigningOptions::Nonce::none;
  } else if (options.nonce != "auto") {
    signing.nonce_mode = SigningOptions::Nonce::given;
    signing.nonce = options.nonce;
  }
  return signing;
}

// draft -01 fetches the agent URL as it is, and nobody serves a key set at "/".
void hint_at_origin(const SignOptions& options, SignerProfile profile) {
  const auto uri = split_target_uri(options.agent);
  if (profile == SignerProfile::draft_01 && uri && (uri->target.empty() || uri->target == "/")) {
    std::string hint("draft-01 takes the URL of the key set itself: ");
    hint_line(hint.append("https://HOST").append(directory_well_known_path));
  }
}

Outcome<void> sign_request(const SignOptions& options, const KeySigner& signer,
                           SignedRequest& made) {
  const auto now = time_or_now("--created", options.created);
  if (!now) return std::unexpected(now.error());
  const auto cover = views(options.cover);
  const auto signing = signing_options(options, cover);
  if (!signing) return std::unexpected(signing.error());
  std::vector<FieldLine> fields = made.given;
  if (!has_field(fields, "Host")) {
    fields.insert(fields.begin(), {.name = "Host", .value = made.request.authority});
  }
  fields.insert(fields.end(), made.added.begin(), made.added.end());
  Request request = made.request;
  request.fields = fields;
  RequestSigner request_signer;
  const auto done = request_signer.sign(request, signer, *signing, *now, made.fields);
  if (!done) {
    auto failed = failure("cannot sign", done.error());
    if (done.error().code == ErrorCode::component_field_missing) {
      failed.hint = "a component that --cover names is not in the request: give it with -H";
    } else if (done.error().code == ErrorCode::component_parameter_unknown ||
               done.error().code == ErrorCode::component_name_unknown) {
      failed.hint = "profile cloudflare takes no component parameters, @query-param or @status";
    }
    return std::unexpected(std::move(failed));
  }
  hint_at_origin(options, signing->profile);
  if (!made.fields.signature_agent.empty()) {
    made.added.push_back({.name = "Signature-Agent", .value = made.fields.signature_agent});
  }
  made.added.push_back({.name = "Signature-Input", .value = made.fields.lines.signature_input});
  made.added.push_back({.name = "Signature", .value = made.fields.lines.signature});
  return {};
}

Outcome<Exit> sign(const SignOptions& options) {
  const auto format = output_format_from_name(options.output);
  if (!format) {
    return std::unexpected(Failure{.message = "no such output: " + escape(options.output, 40),
                                   .hint = "give headers, message, curl or json"});
  }
  SignedRequest made;
  if (auto read = read_request(options, made); !read) return std::unexpected(read.error());
  if (auto read = read_body(options, made); !read) return std::unexpected(read.error());
  const auto signer =
      read_signer({.path = options.key, .passphrase_file = options.passphrase_file});
  if (!signer) return std::unexpected(signer.error());
  if (auto done = sign_request(options, *signer, made); !done) {
    return std::unexpected(done.error());
  }
  print(signed_output(made, *format, options.url, options.body));
  return Exit::done;
}

}  // namespace

void add_sign_command(CLI::App& app) {
  auto options = std::make_shared<SignOptions>();
  CLI::App* command = app.add_subcommand("sign", "sign a request and print what to send with it");
  command->add_option("METHOD", options->method, "request method, as it is sent")->required();
  command->add_option("URL", options->url, "absolute http or https URL of the request")->required();
  command->add_option("--key", options->key, "private key, PEM or JWK; - is standard input")
      ->required();
  add_passphrase_option(*command, options->passphrase_file);
  command->add_option("--agent", options->agent, "URL of the agent: its origin or its key set")
      ->required();
  command->add_option("--profile", options->profile,
                      "whom it is for: draft-01, draft-00 or cloudflare");
  command->add_option("--label", options->label, "label of the signature (default sig1)");
  command
      ->add_option("--cover", options->cover,
                   "component to cover; repeatable (default @authority, @method, @path)")
      ->allow_extra_args(false);
  command->add_option("--created", options->created, "time of signing (default: now)");
  command->add_option("--lifetime", options->lifetime,
                      "how long it is good (default 60s for cloudflare, 5m else)");
  command->add_option("--nonce", options->nonce, "auto, none or a value (default auto)");
  command->add_option("--body", options->body, "body of the request; its digest is covered");
  command->add_option("-H,--header", options->headers, "header of the request; repeatable")
      ->allow_extra_args(false);
  command->add_option("--output", options->output, "headers, message, curl or json");
  on_run(*command, [options] { return sign(*options); });
}

}  // namespace wba::cli
