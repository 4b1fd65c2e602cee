#include "service.h"

#include <algorithm>
#include <array>
#include <optional>

#include <wba/component.h>
#include <wba/message.h>

#include "authority.h"
#include "log_line.h"

namespace wba::agent {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxHeaders = 128;
constexpr std::size_t kMaxComponents = 32;
constexpr std::size_t kMaxNonce = 256;
constexpr std::size_t kMaxLogged = 500;

Answer refuse(int status, std::string_view reason) {
  return {.status = status, .body = dump({{"error", reason}})};
}

bool is_method(std::string_view method) noexcept {
  return !method.empty() && method.size() <= 32 && std::ranges::all_of(method, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

// A value goes into a field of the request: no line break may end it.
bool is_text(std::string_view text) noexcept {
  return std::ranges::none_of(text, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return (octet < 0x20 && octet != '\t') || octet == 0x7f;
  });
}

// A body can be told from these, even if the method seldom has one. RFC 9110 §8.3, RFC 9112 §6.
bool tells_body(std::string_view name, std::string_view value) noexcept {
  if (field_name_equals(name, "content-length")) {
    return value.find_first_not_of("0") != std::string_view::npos;
  }
  return field_name_equals(name, "transfer-encoding") || field_name_equals(name, "content-type") ||
         field_name_equals(name, "content-encoding");
}

// caller_name is another one for each user and each holder of a token.
std::string caller_name(const Call& call) {
  return call.token.empty() ? "user " + std::to_string(call.user)
                            : "token " + std::string(call.token);
}

}  // namespace

// Asked is the body of POST /sign, read and checked.
struct SigningService::Asked {
  std::string method;
  std::string url;
  TargetUri uri;          // views url
  std::string authority;  // normalised
  std::vector<std::pair<std::string, std::string>> headers;
  std::string key;
  std::string label;
  std::vector<std::string> components;  // serialised
  std::chrono::seconds lifetime{};
  SigningOptions::Nonce nonce_mode = SigningOptions::Nonce::random;
  std::string nonce;

  // read gives the token of what is wrong, nullptr where nothing is.
  const char* read(std::string_view body);

 private:
  const char* read_member(const std::string& name, const json& value);
  const char* read_headers(const json& value);
  const char* read_components(const json& value);
  const char* read_url();
};

const char* SigningService::Asked::read(std::string_view body) {
  const json object = json::parse(body, nullptr, false);
  if (!object.is_object()) return "not-json-object";
  for (const auto& [name, value] : object.items()) {
    if (const char* wrong = read_member(name, value); wrong != nullptr) return wrong;
  }
  if (!is_method(method)) return "method-invalid";
  return read_url();
}

const char* SigningService::Asked::read_member(const std::string& name, const json& value) {
  if (name == "headers") return read_headers(value);
  if (name == "components") return read_components(value);
  if (name == "lifetime") {
    if (!value.is_number_integer() || value < 1 || value > 86'400) return "lifetime-invalid";
    lifetime = std::chrono::seconds(value.get<int>());
    return nullptr;
  }
  if (name == "nonce") {
    if (value.is_boolean()) {
      nonce_mode = value.get<bool>() ? SigningOptions::Nonce::random : SigningOptions::Nonce::none;
      return nullptr;
    }
    if (!value.is_string() || value.get_ref<const std::string&>().size() > kMaxNonce) {
      return "nonce-invalid";
    }
    nonce_mode = SigningOptions::Nonce::given;
    nonce = value.get<std::string>();
    return nullptr;
  }
  std::string* text = name == "method" ? &method
                      : name == "url"  ? &url
                      : name == "key"  ? &key
                                       : nullptr;
  if (name == "label") text = &label;
  if (text == nullptr) return "member-unknown";
  if (!value.is_string()) return "member-of-wrong-type";
  *text = value.get<std::string>();
  return nullptr;
}

const char* SigningService::Asked::read_headers(const json& value) {
  const auto add = [this](const json& name, const json& text) {
    if (!name.is_string() || !text.is_string()) return false;
    headers.emplace_back(name.get<std::string>(), text.get<std::string>());
    return is_text(headers.back().first) && is_text(headers.back().second);
  };
  if ((!value.is_array() && !value.is_object()) || value.size() > kMaxHeaders) {
    return "headers-invalid";
  }
  for (const auto& [name, element] : value.items()) {
    const bool good = value.is_object() ? add(name, element)
                                        : element.is_array() && element.size() == 2 &&
                                              add(element[0], element[1]);
    if (!good) return "headers-invalid";
  }
  return nullptr;
}

const char* SigningService::Asked::read_components(const json& value) {
  if (!value.is_array() || value.size() > kMaxComponents) return "components-invalid";
  for (const auto& element : value) {
    std::string serialised;
    if (!element.is_string() ||
        !append_component_identifier(element.get_ref<const std::string&>(), serialised)) {
      return "components-invalid";
    }
    components.push_back(std::move(serialised));
  }
  return nullptr;
}

const char* SigningService::Asked::read_url() {
  const auto split = split_target_uri(url);
  if (!split || !is_text(url)) return "url-invalid";
  uri = *split;
  if (uri.scheme != "https") return "url-not-https";
  auto normalised = normalised_authority("https", uri.authority);
  if (!normalised) return "url-invalid";
  authority = *std::move(normalised);
  return nullptr;
}

std::expected<SigningService, std::string> SigningService::create(Policy policy,
                                                                  const ReadKey& read_key) {
  SigningService service(std::move(policy));
  for (const auto& key : service.policy_.keys) {
    auto signer = read_key(key);
    if (!signer) return std::unexpected(signer.error());
    if ((*signer)->algorithm() == Algorithm::hmac_sha256) {
      return std::unexpected("key " + key.name + " is a shared secret, which signs for no agent");
    }
    service.signers_.emplace(key.name, *std::move(signer));
  }
  return service;
}

Answer SigningService::answer(const Call& call, const Clocks& clocks, const Log& log) {
  if (call.target == "/sign") {
    return call.method == "POST" ? sign(call, clocks, log) : refuse(405, "method-not-allowed");
  }
  if (call.target == "/keys") {
    return call.method == "GET" ? list_keys(call) : refuse(405, "method-not-allowed");
  }
  return refuse(404, "no-such-path");
}

Answer SigningService::list_keys(const Call& call) const {
  json keys = json::array();
  for (const auto& key : policy_.keys) {
    const bool allowed = std::ranges::any_of(policy_.rules, [&](const Rule& rule) {
      return serves(rule, call.user, call.token) &&
             std::ranges::find(rule.keys, key.name) != rule.keys.end();
    });
    if (!allowed) continue;
    const KeySigner& signer = *signers_.at(key.name);
    json jwk = json::parse(signer.public_key().jwk(true).value_or("null"), nullptr, false);
    keys.push_back({{"name", key.name},
                    {"keyid", signer.keyid()},
                    {"agent", key.agent_url},
                    {"profile", to_string(key.profile)},
                    {"jwk", std::move(jwk)}});
  }
  return {.status = 200, .body = dump({{"keys", std::move(keys)}})};
}

Answer SigningService::sign(const Call& call, const Clocks& clocks, const Log& log) {
  json entry{{"time", iso_time(clocks.now)}};
  if (call.token.empty()) {
    entry["user"] = call.user;
    entry["process"] = call.process;
  } else {
    entry["token"] = call.token;
  }
  if (!call.through.empty()) entry["through"] = call.through;
  const auto refused = [&](int status, std::string_view reason) {
    entry["action"] = "refused";
    entry["reason"] = reason;
    static_cast<void>(log(dump(entry)));
    return refuse(status, reason);
  };
  Asked asked;
  if (const char* wrong = asked.read(call.body); wrong != nullptr) return refused(400, wrong);
  const std::string_view path = http::request_path(asked.uri.target);
  entry["method"] = asked.method;
  entry["authority"] = asked.authority.substr(0, kMaxLogged);
  entry["path"] = path.substr(0, kMaxLogged);  // a query may hold what is no log's business

  Wanted wanted{.user = call.user,
                .token = call.token,
                .key = asked.key,
                .authority = asked.authority,
                .method = asked.method,
                .path = path,
                .lifetime = asked.lifetime};
  for (const auto& [name, value] : asked.headers) {
    wanted.has_digest = wanted.has_digest || field_name_equals(name, "content-digest");
    wanted.has_body = wanted.has_body || tells_body(name, value);
    wanted.overrides.note(name, value);
  }
  wanted.has_body = call.has_body.value_or(wanted.has_body);
  const Ruling ruling = rule_on(policy_, wanted);
  if (ruling.rule != nullptr) entry["rule"] = ruling.rule->name;
  if (ruling.refusal != Refusal::none) return refused(403, to_string(ruling.refusal));
  if (ruling.rule->per_minute != 0 && !rates_[{ruling.rule->name, caller_name(call)}].take(
                                          clocks.steady_ms, ruling.rule->per_minute)) {
    return refused(429, to_string(Refusal::rate_exceeded));
  }
  if (auto done = sign_asked(asked, ruling, clocks, entry); !done)
    return refused(400, done.error());
  // What is not in the log was not signed.
  entry["action"] = "signed";
  if (!log(dump(entry))) return refuse(503, "log-unavailable");
  json headers = json::array();
  if (!fields_.signature_agent.empty()) {
    headers.push_back({"Signature-Agent", fields_.signature_agent});
  }
  headers.push_back({"Signature-Input", fields_.lines.signature_input});
  headers.push_back({"Signature", fields_.lines.signature});
  return {.status = 200,
          .body = dump({{"headers", std::move(headers)}, {"expires", entry["expires"]}})};
}

std::expected<void, std::string> SigningService::sign_asked(const Asked& asked,
                                                            const Ruling& ruling,
                                                            const Clocks& clocks, json& entry) {
  const Rule& rule = *ruling.rule;
  std::vector<std::string> covered = asked.components;
  if (covered.empty()) covered = {"\"@authority\"", "\"@method\"", "\"@path\""};
  const auto cover = [&covered](const std::string& id) {
    if (std::ranges::find(covered, id) == covered.end()) covered.push_back(id);
  };
  // What a rule bounds is what the signature is bound to.
  cover("\"@authority\"");
  if (!rule.methods.empty()) cover("\"@method\"");
  if (!rule.paths.empty()) cover("\"@path\"");
  for (const auto& id : rule.cover) cover(id);

  std::vector<FieldLine> fields;
  for (const auto& [name, value] : asked.headers) fields.push_back({.name = name, .value = value});
  const Request request{.method = asked.method,
                        .scheme = "https",
                        .authority = asked.uri.authority,
                        .target = asked.uri.target,
                        .fields = fields};
  const std::vector<std::string_view> components(covered.begin(), covered.end());
  const auto usual = std::min(default_lifetime(ruling.key->profile), rule.max_lifetime);
  const SigningOptions options{.profile = ruling.key->profile,
                               .agent_url = ruling.key->agent_url,
                               .label = asked.label,
                               .components = components,
                               .lifetime = asked.lifetime.count() != 0 ? asked.lifetime : usual,
                               .nonce_mode = asked.nonce_mode,
                               .nonce = asked.nonce};
  const KeySigner& signer = *signers_.at(ruling.key->name);
  const auto done = signer_.sign(request, signer, options, clocks.now, fields_);
  if (!done) return std::unexpected(std::string(to_string(done.error().code)));
  entry["key"] = ruling.key->name;
  entry["keyid"] = signer.keyid();
  entry["covered"] = covered;
  entry["expires"] = (clocks.now + options.lifetime).time_since_epoch().count();
  return {};
}

}  // namespace wba::agent
