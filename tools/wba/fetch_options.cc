#include "fetch_options.h"

#include <utility>

#include "options.h"
#include "passphrase.h"
#include "signer_options.h"

namespace wba::cli {

void add_session_options(CLI::App& command, SessionOptions& options) {
  command.add_option("--key", options.key, "private key, PEM or JWK")->required();
  add_passphrase_option(command, options.passphrase_file);
  command.add_option("--agent", options.agent, "URL of the agent: its origin or its key set")
      ->required();
  command.add_option("--profile", options.profile,
                     "whom it is for: draft-01, draft-00 or cloudflare");
  command.add_option("--label", options.label, "label of the signature (default sig1)");
  command
      .add_option("--cover", options.cover,
                  "component to cover; repeatable (default @authority, @method, @path)")
      ->allow_extra_args(false);
  command.add_option("--lifetime", options.lifetime,
                     "how long it is good (default 60s for cloudflare, 5m else)");
  command.add_option("--nonce", options.nonce, "auto or none (default auto)");
}

Outcome<SigningSession> make_session(const SessionOptions& options) {
  const auto profile = read_profile(options.profile);
  if (!profile) return std::unexpected(profile.error());
  if (options.nonce != "auto" && options.nonce != "none") {
    return std::unexpected(Failure{
        .message = "no such nonce: " + escape(options.nonce, 40),
        .hint = "give auto or none: a request that is sent again needs another nonce each time"});
  }
  ClientConfig config{.signer = {},
                      .profile = {.profile = *profile,
                                  .agent_url = options.agent,
                                  .label = options.label,
                                  .components = options.cover,
                                  .nonce = options.nonce == "auto",
                                  .digest = DigestAlgorithm::sha_256},
                      .max_redirects = options.max_redirects};
  if (!options.lifetime.empty()) {
    const auto lifetime = read_duration("--lifetime", options.lifetime);
    if (!lifetime) return std::unexpected(lifetime.error());
    if (lifetime->count() == 0) {
      return std::unexpected(Failure{.message = "--lifetime is zero",
                                     .hint = "a signature must live for a second at least"});
    }
    config.profile.lifetime = *lifetime;
  }
  auto signer = read_signer({.path = options.key, .passphrase_file = options.passphrase_file});
  if (!signer) return std::unexpected(signer.error());
  config.signer = std::make_shared<KeySigner>(*std::move(signer));
  auto session = SigningSession::create(std::move(config));
  if (!session) return std::unexpected(failure("cannot sign", session.error()));
  return *std::move(session);
}

Failure request_failure(const std::string& url, const Error& error) {
  Failure failed = failure("request to " + escape(url, 100), error);
  switch (error.code) {
    case ErrorCode::target_uri_invalid:
    case ErrorCode::client_url_not_https:
      failed.hint = "give an absolute https URL: a signature that others can read is theirs to use";
      break;
    case ErrorCode::client_url_has_credentials:
      failed.hint = "send credentials as a header: -H 'Authorization: ...'";
      break;
    case ErrorCode::component_field_missing:
      failed.hint = "a component that --cover names is not in the request: give it with -H";
      break;
    case ErrorCode::component_parameter_unknown:
    case ErrorCode::component_name_unknown:
      failed.hint = "profile cloudflare takes no component parameters, @query-param or @status";
      break;
    default:
      break;
  }
  return failed;
}

}  // namespace wba::cli
