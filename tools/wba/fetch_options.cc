#include "fetch_options.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <wba/command_signer.h>

#include "key_file.h"
#include "options.h"
#include "passphrase.h"
#include "signer_options.h"

namespace wba::cli {
namespace {

// words splits at blanks: there is no shell, and so no quotation.
std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end != 0) found.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

Outcome<void> sign_by_daemon(SessionOptions& options, ClientConfig& config) {
  if (!options.agent.empty() || !options.profile.empty()) {
    return std::unexpected(
        Failure{.message = "--agent and --profile are not for --agent-socket",
                .hint = "the daemon's policy says as which agent its keys sign, and for whom"});
  }
  auto signer = AgentSigner::connect(options.agent_socket, options.agent_key);
  if (!signer) {
    Failure failed = failure("agent at " + escape(options.agent_socket), signer.error());
    if (signer.error().code == ErrorCode::signer_unreachable) {
      failed.hint =
          "start it: wba agent --policy FILE --socket PATH; its policy must list this user";
    } else if (signer.error().code == ErrorCode::signer_refused) {
      failed.hint = "its policy lets this user sign with no such key";
    }
    return std::unexpected(std::move(failed));
  }
  options.daemon = std::make_shared<const AgentSigner>(*std::move(signer));
  config.field_signer = options.daemon;
  config.profile.profile = options.daemon->profile();
  config.profile.agent_url = options.daemon->agent_url();
  return {};
}

Outcome<void> sign_here(const SessionOptions& options, ClientConfig& config) {
  const KeyFile file{.path = options.key, .passphrase_file = options.passphrase_file};
  if (options.key.empty() || options.agent.empty()) {
    return std::unexpected(
        Failure{.message = options.key.empty() ? "--key is missing" : "--agent is missing",
                .hint = "give --key FILE and --agent URL, or --agent-socket PATH"});
  }
  const auto profile = read_profile(options.profile);
  if (!profile) return std::unexpected(profile.error());
  config.profile.profile = *profile;
  config.profile.agent_url = options.agent;
  if (options.key_command.empty()) {
    auto signer = read_signer(file);
    if (!signer) return std::unexpected(signer.error());
    config.signer = std::make_shared<KeySigner>(*std::move(signer));
    return {};
  }
  auto key = read_public_key(file);
  if (!key) return std::unexpected(key.error());
  auto signer = CommandSigner::create(*std::move(key), words(options.key_command));
  if (!signer) return std::unexpected(failure("--key-command", signer.error()));
  config.signer = std::make_shared<CommandSigner>(*std::move(signer));
  return {};
}

}  // namespace

void add_session_options(CLI::App& command, SessionOptions& options) {
  auto* key = command.add_option("--key", options.key, "private key, PEM or JWK");
  add_passphrase_option(command, options.passphrase_file);
  command
      .add_option("--key-command", options.key_command,
                  "program, and arguments between blanks, that signs standard input; --key is then "
                  "the public half")
      ->needs(key);
  auto* socket = command.add_option("--agent-socket", options.agent_socket,
                                    "have it signed by the wba agent that listens here");
  socket->excludes(key);
  command
      .add_option("--agent-key", options.agent_key,
                  "name of the agent's key (default: the first that it lets you use)")
      ->needs(socket);
  command.add_option("--agent", options.agent, "URL of the agent: its origin or its key set");
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

Outcome<SigningSession> make_session(SessionOptions& options) {
  if (options.nonce != "auto" && options.nonce != "none") {
    return std::unexpected(Failure{
        .message = "no such nonce: " + escape(options.nonce, 40),
        .hint = "give auto or none: a request that is sent again needs another nonce each time"});
  }
  ClientConfig config{.profile = {.profile = SignerProfile::draft_01,
                                  .agent_url = {},
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
  const auto ready =
      options.agent_socket.empty() ? sign_here(options, config) : sign_by_daemon(options, config);
  if (!ready) return std::unexpected(ready.error());
  auto session = SigningSession::create(std::move(config));
  if (!session) return std::unexpected(failure("cannot sign", session.error()));
  return *std::move(session);
}

Failure request_failure(const std::string& url, const Error& error, const SessionOptions& options) {
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
      failed.hint =
          "a component that --cover names is not in the request: give it with -H (for Host cover "
          "@authority instead)";
      break;
    case ErrorCode::component_parameter_unknown:
    case ErrorCode::component_name_unknown:
      failed.hint = "profile cloudflare takes no component parameters, @query-param or @status";
      break;
    case ErrorCode::signer_refused:
      if (options.daemon) {
        failed.message += ": " + escape(options.daemon->last_refusal(), 60);
        failed.hint = "the agent's policy does not allow it";
      }
      break;
    case ErrorCode::signer_answer_invalid:
      if (!options.key_command.empty()) {
        failed.hint = "--key must be the public half of the key that --key-command signs with";
      }
      break;
    default:
      break;
  }
  return failed;
}

}  // namespace wba::cli
