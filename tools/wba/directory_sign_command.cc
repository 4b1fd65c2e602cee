// `wba directory sign`: the fields that a static file server sends with a directory.

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <wba/agent_identity.h>
#include <wba/directory_document.h>
#include <wba/directory_proof.h>

#include "directory_commands.h"
#include "directory_files.h"
#include "files.h"
#include "options.h"
#include "passphrase.h"
#include "time_text.h"

namespace wba::cli {
namespace {

using std::chrono::seconds;

struct SignOptions {
  std::string file;
  std::vector<std::string> keys;
  std::string passphrase_file;
  std::string authority;
  std::string lifetime = "24h";
  std::string cache_control;
  std::string max_age;
  std::string created;
  std::string output = "headers";
};

// FieldList is the fields to send, in their order.
using FieldList = std::vector<std::pair<std::string, std::string>>;

// longest_max_age gives the longest of max-age and s-maxage in a Cache-Control value; nullopt where
// there is none or one is no number.
std::optional<seconds> longest_max_age(std::string_view value) {
  std::optional<seconds> longest;
  for (std::string_view rest = value;;) {
    const auto comma = std::min(rest.find(','), rest.size());
    std::string directive(rest.substr(0, comma));
    std::erase_if(directive, [](char c) { return c == ' ' || c == '\t' || c == '"'; });
    std::ranges::transform(directive, directive.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    for (const std::string_view name : {"max-age=", "s-maxage="}) {
      if (!directive.starts_with(name)) continue;
      const std::string_view digits = std::string_view(directive).substr(name.size());
      std::uint32_t number = 0;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
      longest = std::max(longest.value_or(seconds(0)), seconds(number));
    }
    if (comma == rest.size()) return longest;
    rest.remove_prefix(comma + 1);
  }
}

// Caching is the Cache-Control that the server will send, and how long it lets caches keep it.
struct Caching {
  std::string field;
  seconds lifetime{0};
};

Outcome<Caching> read_caching(const SignOptions& options) {
  if (!options.max_age.empty()) {
    const auto max_age = read_duration("--max-age", options.max_age);
    if (!max_age) return std::unexpected(max_age.error());
    return Caching{.field = "public, max-age=" + std::to_string(max_age->count()),
                   .lifetime = *max_age};
  }
  if (options.cache_control.empty()) return Caching{};
  const bool printable = std::ranges::all_of(
      options.cache_control, [](char c) { return c >= ' ' && c <= '~' && c != '\\' && c != '\''; });
  const auto lifetime = longest_max_age(options.cache_control);
  const bool never = options.cache_control.find("no-store") != std::string::npos;
  if (!printable || (!lifetime && !never)) {
    return std::unexpected(Failure{.message = "--cache-control has no max-age",
                                   .hint = "give what your server sends: max-age=3600"});
  }
  return Caching{.field = options.cache_control, .lifetime = lifetime.value_or(seconds(0))};
}

Outcome<void> check_lifetime(seconds lifetime, const Caching& caching) {
  if (lifetime.count() < 1) {
    return std::unexpected(Failure{.message = "--lifetime must be a second at least"});
  }
  if (lifetime >= caching.lifetime) return {};
  return std::unexpected(Failure{
      .message = "the signature would end before caches let go of the response: --lifetime is " +
                 std::to_string(lifetime.count()) + " s, Cache-Control " +
                 std::to_string(caching.lifetime.count()) + " s",
      .hint = "sign for longer, or let it be cached for less"});
}

// match_keys names the keys of the directory that do not sign, and refuses keys that are not in
// it.
Outcome<void> match_keys(const directory::Document& document, const std::string& file,
                         const std::vector<KeySigner>& signers) {
  for (const KeySigner& signer : signers) {
    const bool listed = std::ranges::any_of(document.keys(), [&](const auto& entry) {
      return entry.key && entry.key->thumbprint() == signer.keyid();
    });
    if (listed) continue;
    return std::unexpected(
        Failure{.message = "the key " + std::string(signer.keyid()) + " is not in " + escape(file),
                .hint = "add it first: wba directory add"});
  }
  for (const auto& entry : document.keys()) {
    if (!entry.key) continue;
    const bool signs = std::ranges::any_of(signers, [&](const KeySigner& signer) {
      return signer.keyid() == entry.key->thumbprint();
    });
    if (!signs) {
      hint_line("the key " + std::string(entry.key->thumbprint()) +
                " does not sign; some verifiers want a signature of each key");
    }
  }
  return {};
}

// nginx_text is a location block. A value in single quotes ends at the next one; there is none in a
// structured field of ours.
std::string nginx_text(const FieldList& fields) {
  std::string text = "location = ";
  text.append(directory_well_known_path).append(" {\n  types { }\n  default_type ");
  text.append(directory::media_type).append(";\n  gzip off;\n");
  for (const auto& [name, value] : fields) {
    if (name == "Content-Type") continue;
    text.append("  add_header ").append(name).append(" '").append(value).append("' always;\n");
  }
  return text + "}\n";
}

std::string render(const FieldList& fields, const std::string& output) {
  if (output == "nginx") return nginx_text(fields);
  if (output == "json") {
    auto json = nlohmann::ordered_json::object();
    for (const auto& [name, value] : fields) json[name] = value;
    return json.dump(2) + "\n";
  }
  std::string text;
  for (const auto& [name, value] : fields) text.append(name).append(": ").append(value) += '\n';
  return text;
}

Outcome<Exit> sign(const SignOptions& options) {
  const auto lifetime = read_duration("--lifetime", options.lifetime);
  if (!lifetime) return std::unexpected(lifetime.error());
  const auto caching = read_caching(options);
  if (!caching) return std::unexpected(caching.error());
  if (auto good = check_lifetime(*lifetime, *caching); !good) return std::unexpected(good.error());
  const auto created = time_or_now("--created", options.created);
  if (!created) return std::unexpected(created.error());
  // The bytes as they are served, not as they would be written anew.
  const auto file = read_input(options.file);
  if (!file) return std::unexpected(file.error());
  const auto document = directory::Document::parse(file->text());
  if (!document) return std::unexpected(document_failure(options.file, document.error()));
  const auto signers = read_signers(options.keys, options.passphrase_file);
  if (!signers) return std::unexpected(signers.error());
  if (auto good = match_keys(*document, options.file, *signers); !good) {
    return std::unexpected(good.error());
  }
  std::vector<const Signer*> pointers;
  for (const KeySigner& signer : *signers) pointers.push_back(&signer);
  const auto proof = directory::sign_directory(
      file->text(), pointers,
      {.authority = options.authority, .created = *created, .lifetime = *lifetime});
  if (!proof) {
    Failure failed = failure("--authority " + escape(options.authority), proof.error());
    failed.hint = "give the host that agents name, with a port unless it is 443";
    return std::unexpected(std::move(failed));
  }
  FieldList fields = {{"Content-Type", std::string(directory::media_type)}};
  if (!caching->field.empty()) fields.emplace_back("Cache-Control", caching->field);
  fields.emplace_back("Content-Digest", proof->content_digest);
  fields.emplace_back("Signature-Input", proof->signature_input);
  fields.emplace_back("Signature", proof->signature);
  print(render(fields, options.output));
  hint_line("sign again before " + time_text(*created + *lifetime - caching->lifetime));
  return Exit::done;
}

}  // namespace

void add_directory_sign(CLI::App& directory) {
  auto options = std::make_shared<SignOptions>();
  CLI::App* command = directory.add_subcommand(
      "sign", "sign the response with a directory file, for a static file server");
  command->add_option("FILE", options->file, "the directory file, as it is served")->required();
  command->add_option("--key", options->keys, "private key, PEM or JWK; one for each key listed")
      ->required()
      ->allow_extra_args(false);
  add_passphrase_option(*command, options->passphrase_file);
  command
      ->add_option("--authority", options->authority, "host, and port unless 443, that serves it")
      ->required();
  command->add_option("--lifetime", options->lifetime, "how long the signature lasts")
      ->capture_default_str();
  auto* cache = command->add_option("--cache-control", options->cache_control,
                                    "the Cache-Control that is sent with it");
  command->add_option("--max-age", options->max_age, "send Cache-Control with this max-age")
      ->excludes(cache);
  command->add_option("--created", options->created,
                      "sign as of this time, seconds since the epoch");
  command->add_option("--output", options->output, "headers, nginx or json")
      ->check(CLI::IsMember({"headers", "nginx", "json"}))
      ->capture_default_str();
  on_run(*command, [options] { return sign(*options); });
}

}  // namespace wba::cli
