#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <wba/agent_signer.h>
#include <wba/key.h>
#include <wba/signature.h>

#include "base/guarded_call.h"
#include "client/daemon.h"

namespace wba {
namespace {

using nlohmann::json;

std::unexpected<Error> fail(ErrorCode code) noexcept { return std::unexpected(Error{code}); }

// KnownKey is a member of the list that the daemon gives.
struct KnownKey {
  PublicKey key;
  Algorithm algorithm;
  std::string agent_url;
  SignerProfile profile;
};

Result<KnownKey> read_key(const json& entry) {
  constexpr auto kInvalid = ErrorCode::signer_answer_invalid;
  if (!entry.is_object() || !entry.contains("jwk") || !entry.contains("agent") ||
      !entry.contains("profile") || !entry["agent"].is_string() || !entry["profile"].is_string()) {
    return fail(kInvalid);
  }
  auto key = PublicKey::from_jwk(entry["jwk"].dump(-1, ' ', true, json::error_handler_t::replace));
  const auto profile = signer_profile_from_name(entry["profile"].get_ref<const std::string&>());
  if (!key || !profile) return fail(kInvalid);
  const Algorithm algorithm = key->algorithm().value_or(Algorithm::rsa_pss_sha512);
  return KnownKey{.key = *std::move(key),
                  .algorithm = algorithm,
                  .agent_url = entry["agent"].get<std::string>(),
                  .profile = *profile};
}

// choose_key takes the key of this name out of the daemon's list, the first where it is empty.
Result<std::pair<std::string, KnownKey>> choose_key(const std::string& body,
                                                    std::string_view wanted) {
  const json answer = json::parse(body, nullptr, false);
  if (!answer.is_object() || !answer.contains("keys") || !answer["keys"].is_array()) {
    return fail(ErrorCode::signer_answer_invalid);
  }
  for (const auto& entry : answer["keys"]) {
    if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string()) {
      return fail(ErrorCode::signer_answer_invalid);
    }
    const auto& name = entry["name"].get_ref<const std::string&>();
    if (!wanted.empty() && name != wanted) continue;
    auto key = read_key(entry);
    if (!key) return std::unexpected(key.error());
    return std::pair(name, *std::move(key));
  }
  return fail(ErrorCode::signer_refused);
}

std::string question(const std::string& key, const Request& request,
                     const SigningOptions& options) {
  json asked{{"key", key},
             {"method", request.method},
             {"url", "https://" + std::string(request.authority) + std::string(request.target)}};
  json headers = json::array();
  for (const auto& line : request.fields) headers.push_back({line.name, line.value});
  asked["headers"] = std::move(headers);
  if (!options.components.empty()) asked["components"] = json(json::value_t::array);
  for (const auto component : options.components) asked["components"].push_back(component);
  if (!options.label.empty()) asked["label"] = options.label;
  if (options.lifetime.count() != 0) asked["lifetime"] = options.lifetime.count();
  if (options.nonce_mode == SigningOptions::Nonce::none) asked["nonce"] = false;
  if (options.nonce_mode == SigningOptions::Nonce::given) asked["nonce"] = options.nonce;
  return asked.dump(-1, ' ', true, json::error_handler_t::replace);
}

// read_fields reads the daemon's answer.
Result<SignedFields> read_fields(const std::string& body) {
  const json answer = json::parse(body, nullptr, false);
  if (!answer.is_object() || !answer.contains("headers") || !answer["headers"].is_array()) {
    return fail(ErrorCode::signer_answer_invalid);
  }
  SignedFields fields;
  for (const auto& header : answer["headers"]) {
    if (!header.is_array() || header.size() != 2 || !header[0].is_string() ||
        !header[1].is_string()) {
      return fail(ErrorCode::signer_answer_invalid);
    }
    const auto& name = header[0].get_ref<const std::string&>();
    std::string* value = field_name_equals(name, "signature-agent") ? &fields.signature_agent
                         : field_name_equals(name, "signature-input")
                             ? &fields.lines.signature_input
                         : field_name_equals(name, "signature") ? &fields.lines.signature
                                                                : nullptr;
    if (value == nullptr) return fail(ErrorCode::signer_answer_invalid);
    *value = header[1].get<std::string>();
  }
  return fields;
}

// check verifies the one signature of `fields` for `request`, and fills in its base. What the
// daemon answered goes out in the agent's name.
Result<void> check(const Request& request, const KnownKey& key, SignedFields& fields) {
  constexpr auto kInvalid = ErrorCode::signer_answer_invalid;
  sf::Field input;
  if (!sf::parse_dictionary(fields.lines.signature_input, input) || input.members().size() != 1) {
    return fail(kInvalid);
  }
  const sf::Member& member = input.members().front();
  std::vector<FieldLine> lines(request.fields.begin(), request.fields.end());
  if (!fields.signature_agent.empty()) {
    lines.push_back({.name = "Signature-Agent", .value = fields.signature_agent});
  }
  Request complete = request;
  complete.fields = lines;
  const FieldLine own[] = {{.name = "Signature-Input", .value = fields.lines.signature_input},
                           {.name = "Signature", .value = fields.lines.signature}};
  SignatureFields signature;
  if (!signature.parse(own)) return fail(kInvalid);
  const Message message(complete);
  const auto verified = verify_message(message, signature, member.key, key.key);
  if (!verified || verified->keyid != key.key.thumbprint()) return fail(kInvalid);
  ComponentScratch scratch;
  return build_signature_base(message, input, member, {}, scratch, fields.lines.base);
}

}  // namespace

struct AgentSigner::State {
  State(std::string path, std::chrono::milliseconds limit) : daemon(std::move(path), limit) {}

  // ask puts one question. Errors: signer_unreachable, signer_refused, signer_answer_invalid.
  Result<std::string> ask(const char* target, const std::string* body) {
    const std::lock_guard lock(mutex);
    auto answer = daemon.ask(target, body);
    if (!answer) return std::unexpected(answer.error());
    if (answer->status == 200) return std::move(answer->body);
    if (answer->status < 400 || answer->status >= 600) {
      return fail(ErrorCode::signer_answer_invalid);
    }
    const json reason = json::parse(answer->body, nullptr, false);
    const bool told = reason.is_object() && reason.contains("error") && reason["error"].is_string();
    refusal = told ? reason["error"].get<std::string>() : std::string();
    return fail(ErrorCode::signer_refused);
  }

  std::mutex mutex;
  client::Daemon daemon;
  std::string refusal;
  std::string name;
  std::optional<KnownKey> key;
};

AgentSigner::AgentSigner(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
AgentSigner::AgentSigner(AgentSigner&&) noexcept = default;
AgentSigner& AgentSigner::operator=(AgentSigner&&) noexcept = default;
AgentSigner::~AgentSigner() = default;

Result<AgentSigner> AgentSigner::connect(const std::string& path, std::string_view key,
                                         std::chrono::milliseconds limit) {
  return guarded_call([&]() -> Result<AgentSigner> {
    if (path.empty() || limit.count() <= 0) return fail(ErrorCode::argument_invalid);
    auto state = std::make_unique<State>(path, limit);
    const auto list = state->ask("/keys", nullptr);
    if (!list) return std::unexpected(list.error());
    auto chosen = choose_key(*list, key);
    if (!chosen) return std::unexpected(chosen.error());
    state->name = std::move(chosen->first);
    state->key = std::move(chosen->second);
    return AgentSigner(std::move(state));
  });
}

Algorithm AgentSigner::algorithm() const noexcept { return state_->key->algorithm; }
std::string_view AgentSigner::keyid() const noexcept { return state_->key->key.thumbprint(); }
SignerProfile AgentSigner::profile() const noexcept { return state_->key->profile; }
const std::string& AgentSigner::agent_url() const noexcept { return state_->key->agent_url; }

std::string AgentSigner::last_refusal() const {
  const std::lock_guard lock(state_->mutex);
  return state_->refusal;
}

Result<void> AgentSigner::sign(const Request& request, const SigningOptions& options,
                               SignedFields& fields) const {
  return guarded_call([&]() -> Result<void> {
    if (options.profile != profile() || options.agent_url != agent_url()) {
      return fail(ErrorCode::argument_invalid);
    }
    const std::string asked = question(state_->name, request, options);
    const auto answer = state_->ask("/sign", &asked);
    if (!answer) return std::unexpected(answer.error());
    auto read = read_fields(*answer);
    if (!read) return std::unexpected(read.error());
    if (auto checked = check(request, *state_->key, *read); !checked) return checked;
    fields = *std::move(read);
    return {};
  });
}

}  // namespace wba
