// From a request to a verdict: draft-ietf-webbotauth-httpsig-protocol-01 §4.

#include <algorithm>
#include <array>

#include <wba/content_digest.h>
#include <wba/signature_agent.h>
#include <wba/verifier.h>

#include "signature/base.h"
#include "webbotauth/profile_checks.h"

namespace wba {

struct Verifier::Scratch::State {
  std::unique_ptr<KeyResolver::Reader> reader;
  SignatureFields fields;
  SignatureAgentField agent;
  ComponentScratch components;
  std::vector<ComponentIdentifier> covered;
  std::vector<ComponentIdentifier> chained;
  std::vector<std::string> bases;
  std::vector<std::string_view> digest_lines;
  Verdict verdict;
};

// SignatureCheck judges one tagged signature.
class SignatureCheck {
 public:
  SignatureCheck(const Policy& policy, const Request& request,
                 const std::optional<std::string_view>& body, Time now,
                 Verifier::Scratch::State& scratch) noexcept
      : policy_(policy), request_(request), body_(body), now_(now), scratch_(scratch) {}

  // run fills `verdict` for `member` of Signature-Input; `base` becomes the signature base.
  void run(const sf::Member& member, std::string& base, SignatureVerdict& verdict) {
    verdict.label_ = member.key;
    verdict.input_ = &scratch_.fields.input();
    verdict.member_ = &member;
    verdict.reason_ = judge(member, base, verdict);
    verdict.base_ = base;
    if (verdict.reason_ != Reason::none) verdict.identity_ = {};
  }

 private:
  // The order is that of cost: what needs no key and no hash comes first.
  Reason judge(const sf::Member& member, std::string& base, SignatureVerdict& verdict) {
    if (const auto reason = read_member(member, verdict); reason != Reason::none) return reason;
    if (const auto reason = check_parameters(verdict.parameters_, policy_, now_);
        reason != Reason::none) {
      return reason;
    }
    if (const auto reason = check_components(scratch_.covered, policy_); reason != Reason::none) {
      return reason;
    }
    if (const auto reason = check_chain(scratch_.fields, scratch_.covered, scratch_.chained);
        reason != Reason::none) {
      return reason;
    }
    if (const auto reason = attribute(verdict); reason != Reason::none) return reason;
    const KeyLookup found =
        scratch_.reader->lookup(verdict.link_, *verdict.parameters_.keyid, now_);
    if (const auto reason = judge_key(found, verdict.parameters_); reason != Reason::none) {
      return reason;
    }
    if (auto built = build_signature_base_of(
            request_, scratch_.fields.input(), member, scratch_.covered,
            {.field_types = policy_.field_types, .max_bytes = policy_.limits.base_bytes},
            scratch_.components, base);
        !built) {
      return reason_of(built.error().code);
    }
    const auto algorithm = algorithm_of(verdict.parameters_, *found.key);
    if (!algorithm) return Reason::signature_alg_unsupported;
    if (auto verified = found.key->verify(*algorithm, base, verdict.signature_); !verified) {
      return reason_of(verified.error().code);
    }
    verdict.identity_ = found.identity;
    verdict.domain_ = found.domain;
    return check_digest();
  }

  Reason read_member(const sf::Member& member, SignatureVerdict& verdict) {
    const auto parameters = read_signature_parameters(scratch_.fields.input().parameters(member));
    if (!parameters) return reason_of(parameters.error().code);
    verdict.parameters_ = *parameters;
    const auto value = scratch_.fields.value(member.key);
    if (!value) return Reason::missing_fields;
    verdict.signature_ = *value;
    const auto read = read_covered_components(scratch_.fields.input(), member, scratch_.covered);
    return read ? Reason::none : reason_of(read.error().code);
  }

  Reason attribute(SignatureVerdict& verdict) const {
    const auto choice = scratch_.agent.choose(verdict.label_, scratch_.covered);
    verdict.link_ = choice.link;
    // Without a Signature-Agent a key that was given by itself may still verify.
    if (choice.reason == Reason::signature_agent_absent) return Reason::none;
    if (choice.reason != Reason::none) return choice.reason;
    if (!policy_.dialects.contains(choice.link.dialect)) return Reason::dialect_not_accepted;
    if (policy_.strict_label && !choice.member_key.empty() && choice.member_key != verdict.label_) {
      return Reason::label_mismatch;
    }
    return Reason::none;
  }

  Reason judge_key(const KeyLookup& found, const SignatureParameters& parameters) const {
    if (found.reason != Reason::none) return found.reason;
    if (found.key == nullptr) return Reason::internal_error;
    if (found.key->type() == KeyType::hmac) return Reason::algorithm_forbidden;
    if (found.key->is_published_test_key() && !policy_.allow_test_keys) {
      return Reason::key_is_published_test_key;
    }
    const auto algorithm = algorithm_of(parameters, *found.key);
    if (!algorithm) {
      return algorithm.error().code == ErrorCode::algorithm_key_mismatch
                 ? Reason::algorithm_forbidden
                 : Reason::signature_alg_unsupported;
    }
    return Reason::none;
  }

  // A covered Content-Digest is worth what the body is compared with. RFC 9530 §2.
  Reason check_digest() {
    if (!body_) return Reason::none;
    const bool covered = std::ranges::any_of(scratch_.covered, [](const ComponentIdentifier& id) {
      return id.kind == ComponentKind::field && !id.tr && !id.req && id.name == "content-digest";
    });
    if (!covered) return Reason::none;
    scratch_.digest_lines.clear();
    for (const auto& line : request_.fields) {
      if (field_name_equals(line.name, "content-digest")) {
        scratch_.digest_lines.push_back(line.value);
      }
    }
    const auto checked = check_content_digest(scratch_.digest_lines, *body_);
    return checked ? Reason::none : reason_of(checked.error().code);
  }

  const Policy& policy_;
  const Request& request_;
  const std::optional<std::string_view>& body_;
  Time now_;
  Verifier::Scratch::State& scratch_;
};

class VerifierState {
 public:
  VerifierState(Policy policy, std::shared_ptr<const KeyResolver> resolver) noexcept
      : policy_(std::move(policy)), resolver_(std::move(resolver)) {}

  [[nodiscard]] const Policy& policy() const noexcept { return policy_; }

  [[nodiscard]] Verifier::Scratch make_scratch() const {
    auto state = std::make_unique<Verifier::Scratch::State>(
        Verifier::Scratch::State{.reader = resolver_->reader(),
                                 .fields = {},
                                 .agent = {},
                                 .components = {},
                                 .covered = {},
                                 .chained = {},
                                 .bases = {},
                                 .digest_lines = {},
                                 .verdict = Verdict()});
    // One base a signature that may be looked at: growing the list would move the strings that
    // verdicts view.
    state->bases.resize(policy_.max_tagged_signatures);
    return Verifier::Scratch(std::move(state));
  }

  const Verdict& verify(const Request& request, const std::optional<std::string_view>& body,
                        Time now, Verifier::Scratch& scratch) const noexcept {
    Verifier::Scratch::State& state = *scratch.state_;
    Verdict& verdict = state.verdict;
    verdict.signatures_.clear();
    verdict.decisive_ = SIZE_MAX;
    try {
      verdict.reason_ = judge(request, body, now, state);
    } catch (...) {
      verdict.signatures_.clear();
      verdict.decisive_ = SIZE_MAX;
      verdict.reason_ = Reason::internal_error;
    }
    return verdict;
  }

 private:
  Reason judge(const Request& request, const std::optional<std::string_view>& body, Time now,
               Verifier::Scratch::State& scratch) const {
    const auto parsed = scratch.fields.parse(request.fields, policy_.limits);
    if (!parsed) return reason_of_fields(parsed.error().code, scratch.fields.error_in_signature());
    if (!scratch.fields.has_input() && !scratch.fields.has_signature()) {
      return Reason::no_signature;
    }
    if (!scratch.fields.has_input() || !scratch.fields.has_signature()) {
      return Reason::missing_fields;
    }
    Verdict& verdict = scratch.verdict;
    const sf::Field& input = scratch.fields.input();
    bool agent_read = false;
    SignatureCheck check(policy_, request, body, now, scratch);
    for (const auto& member : input.members()) {
      const auto* tag = sf::find_parameter(input.parameters(member), "tag");
      if (tag == nullptr || tag->value.type != sf::Type::string ||
          tag->value.text != web_bot_auth_tag) {
        continue;
      }
      if (verdict.signatures_.size() == policy_.max_tagged_signatures) {
        verdict.signatures_.clear();
        return Reason::too_many_signatures;
      }
      if (!agent_read) scratch.agent.read(request.fields);
      agent_read = true;
      auto& base = scratch.bases[verdict.signatures_.size()];
      base.clear();
      verdict.signatures_.push_back(SignatureVerdict());
      check.run(member, base, verdict.signatures_.back());
    }
    return choose_decisive(verdict);
  }

  // What fails in the syntax of a field is named after the field.
  static Reason reason_of_fields(ErrorCode code, bool in_signature) noexcept {
    const Reason reason = reason_of(code);
    if (reason == Reason::too_large || reason == Reason::duplicate_label ||
        code == ErrorCode::out_of_memory) {
      return reason;
    }
    return in_signature ? Reason::signature_value_unreadable : Reason::signature_input_unreadable;
  }

  static Reason choose_decisive(Verdict& verdict) noexcept {
    if (verdict.signatures_.empty()) return Reason::no_tagged_signature;
    const auto first = [&](Outcome outcome) {
      return static_cast<std::size_t>(
          std::ranges::find(verdict.signatures_, outcome, &SignatureVerdict::outcome) -
          verdict.signatures_.begin());
    };
    std::size_t decisive = first(Outcome::verified);
    if (decisive == verdict.signatures_.size()) decisive = first(Outcome::unverified);
    if (decisive == verdict.signatures_.size()) decisive = 0;
    verdict.decisive_ = decisive;
    return verdict.signatures_[decisive].reason();
  }

  Policy policy_;
  std::shared_ptr<const KeyResolver> resolver_;
};

Verifier::Scratch::Scratch(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Verifier::Scratch::Scratch(Scratch&&) noexcept = default;
Verifier::Scratch& Verifier::Scratch::operator=(Scratch&&) noexcept = default;
Verifier::Scratch::~Scratch() = default;

Verifier::Verifier(std::unique_ptr<const VerifierState> state) noexcept
    : state_(std::move(state)) {}
Verifier::Verifier(Verifier&&) noexcept = default;
Verifier& Verifier::operator=(Verifier&&) noexcept = default;
Verifier::~Verifier() = default;

Result<Verifier> Verifier::create(Policy policy, std::shared_ptr<const KeyResolver> resolver) {
  constexpr auto kDay = std::chrono::hours(24);
  constexpr auto kLongest = std::chrono::seconds(999'999'999'999'999);  // an sf Integer
  if (resolver == nullptr || policy.skew < std::chrono::seconds(0) || policy.skew > kDay ||
      policy.max_lifetime <= std::chrono::seconds(0) || policy.max_lifetime > kLongest ||
      policy.max_tagged_signatures == 0 || policy.limits.fields.members == 0 ||
      policy.limits.base_bytes == 0) {
    return std::unexpected(Error{ErrorCode::argument_invalid});
  }
  return Verifier(std::make_unique<const VerifierState>(std::move(policy), std::move(resolver)));
}

const Policy& Verifier::policy() const noexcept { return state_->policy(); }

Verifier::Scratch Verifier::make_scratch() const { return state_->make_scratch(); }

const Verdict& Verifier::verify(const Request& request, Time now, Scratch& scratch) const noexcept {
  return state_->verify(request, std::nullopt, now, scratch);
}

const Verdict& Verifier::verify(const Request& request, std::string_view body, Time now,
                                Scratch& scratch) const noexcept {
  return state_->verify(request, body, now, scratch);
}

bool SignatureVerdict::covers(const ComponentIdentifier& identifier) const noexcept {
  if (member_ == nullptr) return false;
  for (const auto& item : input_->items(*member_)) {
    const auto id = read_component_identifier(item.value, input_->parameters(item));
    if (id && covers_component(std::span(&*id, 1), identifier)) return true;
  }
  return false;
}

std::vector<std::string> SignatureVerdict::covered() const {
  std::vector<std::string> list;
  if (member_ == nullptr) return list;
  for (const auto& item : input_->items(*member_)) {
    sf::append_item(*input_, item, list.emplace_back());
  }
  return list;
}

bool Verdict::covers(const ComponentIdentifier& identifier) const noexcept {
  const auto* signature = decisive();
  return signature != nullptr && signature->covers(identifier);
}

}  // namespace wba
