// Signing requests by the profile: draft-ietf-webbotauth-httpsig-protocol-01 §4.

#include <algorithm>
#include <array>
#include <new>
#include <vector>

#include <wba/agent_identity.h>
#include <wba/request_signer.h>

#include "base/ascii.h"
#include "crypto/base64.h"
#include "crypto/random_pool.h"
#include "signature/sign.h"
#include "webbotauth/profile_checks.h"

namespace wba {

std::string_view to_string(SignerProfile profile) noexcept {
  switch (profile) {
    case SignerProfile::draft_01:
      return "draft-01";
    case SignerProfile::draft_00:
      return "draft-00";
    case SignerProfile::cloudflare:
      return "cloudflare";
  }
  return "draft-01";
}

std::optional<SignerProfile> signer_profile_from_name(std::string_view name) noexcept {
  for (const auto profile :
       {SignerProfile::draft_01, SignerProfile::draft_00, SignerProfile::cloudflare}) {
    if (name == to_string(profile)) return profile;
  }
  return std::nullopt;
}

std::chrono::seconds default_lifetime(SignerProfile profile) noexcept {
  return profile == SignerProfile::cloudflare ? std::chrono::minutes(1) : std::chrono::minutes(5);
}

struct RequestSigner::State {
  CoveredList covered;
  ComponentScratch scratch;
  SignatureFields existing;
  sf::Field agent;
  sf::Field identifier;
  std::vector<FieldLine> fields;        // the request's, and Signature-Agent
  std::vector<std::string_view> lines;  // of the Signature-Agent that was there
  std::vector<std::string_view> components;
  std::string label;
  std::string agent_component;
  std::string nonce;
  crypto::RandomPool random;
  std::string url;  // normalised, only to judge the agent URL
};

namespace {

std::unexpected<Error> fail(ErrorCode code) noexcept { return std::unexpected(Error{code}); }

constexpr std::string_view kSignatureAgent = "Signature-Agent";

bool is_dictionary(SignerProfile profile) noexcept { return profile != SignerProfile::cloudflare; }

// Names as they are listed, with or without quotes and parameters.
bool names_component(std::string_view listed, std::string_view name) noexcept {
  if (listed.starts_with('"')) listed.remove_prefix(1);
  if (!listed.starts_with(name)) return false;
  listed.remove_prefix(name.size());
  return listed.empty() || listed == "\"";
}

// is_component compares what is listed, with or without quotes, with an identifier.
bool is_component(std::string_view listed, std::string_view identifier) noexcept {
  if (listed.starts_with('"')) return listed == identifier;
  const auto name = listed.substr(0, listed.find(';'));
  return identifier.size() == listed.size() + 2 && identifier.substr(1, name.size()) == name &&
         identifier[name.size() + 1] == '"' &&
         identifier.substr(name.size() + 2) == listed.substr(name.size());
}

bool lists(std::span<const std::string_view> components, std::string_view name) noexcept {
  return std::ranges::any_of(components,
                             [name](std::string_view id) { return names_component(id, name); });
}

bool has_field(const Request& request, std::string_view name) noexcept {
  return std::ranges::any_of(
      request.fields, [name](const FieldLine& line) { return field_name_equals(line.name, name); });
}

// Cloudflare's verifier takes no component parameter, no @query-param and no @status; a signature
// with one would fail there, far from whoever could mend it.
Result<void> check_for_cloudflare(std::span<const std::string_view> components) {
  for (const auto component : components) {
    if (component.find(';') != std::string_view::npos) {
      return fail(ErrorCode::component_parameter_unknown);
    }
    if (names_component(component, "@query-param") || names_component(component, "@status")) {
      return fail(ErrorCode::component_name_unknown);
    }
  }
  return {};
}

// choose_label gives a label that no signature of the request has: `wanted` where there is one,
// else one that no member of the Signature-Agent has either, for that would be another agent's.
Result<void> choose_label(const SignatureFields& existing, const sf::Field& agent,
                          std::string_view wanted, std::string& label) {
  const auto signed_already = [&existing](std::string_view name) {
    return existing.input().find(name) != nullptr || existing.signature().find(name) != nullptr;
  };
  if (!wanted.empty()) {
    if (signed_already(wanted)) return fail(ErrorCode::signature_label_duplicate);
    label = wanted;
    return {};
  }
  for (char digit = '1'; digit <= '9'; ++digit) {
    label = "sig";
    label.push_back(digit);
    if (!signed_already(label) && agent.find(label) == nullptr) return {};
  }
  return fail(ErrorCode::signature_too_many);
}

sf::Parameter integer(std::string_view key, std::int64_t value) noexcept {
  return {.key = key, .value = {.type = sf::Type::integer, .number = value}};
}

sf::Parameter string(std::string_view key, std::string_view text) noexcept {
  return {.key = key, .value = {.type = sf::Type::string, .number = 0, .text = text}};
}

}  // namespace

RequestSigner::RequestSigner() : state_(std::make_unique<State>()) {}
RequestSigner::RequestSigner(RequestSigner&&) noexcept = default;
RequestSigner& RequestSigner::operator=(RequestSigner&&) noexcept = default;
RequestSigner::~RequestSigner() = default;

// SigningRun is one call of sign.
class SigningRun {
 public:
  SigningRun(RequestSigner::State& state, const Request& request, const Signer& signer,
             const SigningOptions& options, Time now, SignedFields& fields) noexcept
      : state_(state),
        request_(request),
        signer_(signer),
        options_(options),
        now_(now),
        fields_(fields) {}

  Result<void> run() {
    if (auto checked = check_options(); !checked) return checked;
    if (auto parsed = state_.existing.parse(request_.fields); !parsed) return parsed;
    // Beside what is no Dictionary of Byte Sequences, many verifiers could not read the new one.
    if (state_.existing.has_foreign()) return fail(ErrorCode::signature_value_invalid);
    if (auto agent = add_agent(); !agent) return agent;
    list_components();
    if (options_.profile == SignerProfile::cloudflare) {
      if (auto checked = check_for_cloudflare(state_.components); !checked) return checked;
    }
    if (auto made = make_nonce(); !made) return made;
    return sign();
  }

 private:
  Result<void> check_options() {
    if (signer_.algorithm() == Algorithm::hmac_sha256) {
      return fail(ErrorCode::algorithm_key_mismatch);
    }
    lifetime_ =
        options_.lifetime.count() == 0 ? default_lifetime(options_.profile) : options_.lifetime;
    if (lifetime_ < std::chrono::seconds(1)) return fail(ErrorCode::argument_invalid);
    if (state_.url != options_.agent_url) {
      // A URL that was judged before is not judged again.
      std::string buffer;
      const auto located =
          locate_agent({.url = options_.agent_url, .kind = AgentKind::key_set}, buffer);
      if (!located) return std::unexpected(located.error());
      state_.url = options_.agent_url;
    }
    return {};
  }

  // add_agent makes the Signature-Agent line and the request's fields with it.
  Result<void> add_agent() {
    state_.lines.clear();
    for (const auto& line : request_.fields) {
      if (field_name_equals(line.name, kSignatureAgent)) state_.lines.push_back(line.value);
    }
    state_.agent.clear();
    if (is_dictionary(options_.profile) && !state_.lines.empty() &&
        !sf::parse_dictionary(state_.lines, state_.agent)) {
      return fail(ErrorCode::agent_field_conflict);
    }
    if (auto chosen = choose_label(state_.existing, state_.agent, options_.label, state_.label);
        !chosen) {
      return chosen;
    }
    std::string& line = fields_.signature_agent;
    line.clear();
    if (is_dictionary(options_.profile)) {
      if (auto key = sf::append_key(state_.label, line); !key) return key;
      line.push_back('=');
    }
    if (auto url = sf::append_string(options_.agent_url, line); !url) return url;
    if (auto merged = merge_agent(); !merged) return merged;
    state_.fields.assign(request_.fields.begin(), request_.fields.end());
    if (!line.empty()) state_.fields.push_back({.name = kSignatureAgent, .value = line});
    return {};
  }

  // A field that is there already stays where the new one fits beside it.
  Result<void> merge_agent() {
    if (state_.lines.empty()) return {};
    if (is_dictionary(options_.profile)) {
      const sf::Member* member = state_.agent.find(state_.label);
      if (member == nullptr) return {};
      const bool same = !member->is_inner_list && member->value.type == sf::Type::string &&
                        member->value.text == options_.agent_url &&
                        state_.agent.parameters(*member).empty();
      if (!same) return fail(ErrorCode::agent_field_conflict);
    } else if (state_.lines.size() != 1 ||
               ascii::trim(state_.lines.front()) != fields_.signature_agent) {
      return fail(ErrorCode::agent_field_conflict);
    }
    fields_.signature_agent.clear();
    return {};
  }

  void list_components() {
    auto& components = state_.components;
    components.clear();
    if (options_.components.empty()) {
      components.assign({"@authority", "@method", "@path"});
    } else {
      if (!lists(options_.components, "@authority") && !lists(options_.components, "@target-uri")) {
        components.push_back("@authority");
      }
      components.insert(components.end(), options_.components.begin(), options_.components.end());
    }
    // A body that has a digest is worth protecting: draft -01 §4.
    if (has_field(request_, "content-digest") && !lists(components, "content-digest")) {
      components.push_back("content-digest");
    }
    state_.agent_component = "\"signature-agent\"";
    if (is_dictionary(options_.profile)) {
      state_.agent_component.append(";key=\"").append(state_.label).append("\"");
    }
    // However it is written, the agent's own component is covered once.
    std::erase_if(components, [this](std::string_view id) {
      return is_component(id, state_.agent_component) || names_component(id, "signature-agent");
    });
    components.push_back(state_.agent_component);
  }

  Result<void> make_nonce() {
    state_.nonce.clear();
    if (options_.nonce_mode == SigningOptions::Nonce::given) {
      state_.nonce = options_.nonce;
    } else if (options_.nonce_mode == SigningOptions::Nonce::random) {
      std::array<std::byte, 64> octets;
      if (auto drawn = state_.random.draw(octets); !drawn) return drawn;
      crypto::base64_append(octets, crypto::Base64::standard, state_.nonce);
    }
    return {};
  }

  Result<void> sign() {
    const std::int64_t created = now_.time_since_epoch().count();
    std::array<sf::Parameter, 6> parameters{
        integer("created", created),
        string("keyid", signer_.keyid()),
        string("alg", to_string(signer_.algorithm())),
        integer("expires", created + lifetime_.count()),
        string("tag", web_bot_auth_tag),
    };
    std::size_t count = 5;
    if (options_.nonce_mode != SigningOptions::Nonce::none) {
      parameters[count++] = std::exchange(parameters[4], string("nonce", state_.nonce));
    }
    Request request = request_;
    request.fields = state_.fields;
    return sign_message_as(request,
                           {.label = state_.label,
                            .components = state_.components,
                            .parameters = std::span(parameters).first(count)},
                           signer_, {.field_types = options_.field_types}, state_.covered,
                           state_.scratch, fields_.lines);
  }

  RequestSigner::State& state_;
  const Request& request_;
  const Signer& signer_;
  const SigningOptions& options_;
  Time now_;
  SignedFields& fields_;
  std::chrono::seconds lifetime_{};
};

Result<void> RequestSigner::sign(const Request& request, const Signer& signer,
                                 const SigningOptions& options, Time now, SignedFields& fields) {
  Result<void> done;
  try {
    done = SigningRun(*state_, request, signer, options, now, fields).run();
  } catch (const std::bad_alloc&) {
    done = fail(ErrorCode::out_of_memory);
  }
  if (!done) fields = {};
  return done;
}

}  // namespace wba
