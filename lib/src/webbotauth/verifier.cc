// From a request to a verdict: draft-ietf-webbotauth-httpsig-protocol-01 §4.

#include <algorithm>
#include <array>

#include <wba/content_digest.h>
#include <wba/prepared_keys.h>
#include <wba/signature_agent.h>
#include <wba/verifier.h>

#include "signature/base.h"
#include "signature/parameters.h"
#include "webbotauth/profile_checks.h"

namespace wba {

// AgentNames holds what a lookup said of the agent: a reader takes its own words back with the next
// lookup, which the next signature of the same request makes.
struct AgentNames {
  std::string identity;
  std::string domain;
};

// State has cache lines of its own: scratches of several threads may be made one behind the other.
struct alignas(64) Verifier::Scratch::State {
  std::unique_ptr<KeyResolver::Reader> reader;
  SignatureFields fields;
  SignatureAgentField agent;
  ComponentScratch components;
  std::vector<ComponentIdentifier> covered;
  std::vector<ComponentIdentifier> chained;
  std::vector<std::string> bases;
  std::vector<AgentNames> names;
  std::vector<std::string_view> digest_lines;
  sf::Field digest;
  Verdict verdict;
};

// SignatureCheck judges one tagged signature.
class SignatureCheck {
 public:
  SignatureCheck(const Policy& policy, const Request& request,
                 const std::optional<std::string_view>& body, Time now,
                 Verifier::Scratch::State& scratch) noexcept
      : policy_(policy), request_(request), body_(body), now_(now), scratch_(scratch) {}

  // run fills `verdict` for `member` of Signature-Input; `base` becomes the signature base. With
  // `deferred`, an Ed25519 verification that is left to do is put there instead of done: true is
  // returned, and finish completes the verdict. `names` keeps what the verdict views.
  bool run(const sf::Member& member, std::string& base, AgentNames& names,
           SignatureVerdict& verdict, PendingVerification* deferred) {
    start(member, verdict);
    KeyLookup found;
    Algorithm algorithm{};
    const Reason reason = prepare(member, base, verdict, found, algorithm);
    verdict.base_ = base;
    if (reason != Reason::none) {
      verdict.reason_ = reason;
      return false;
    }
    verdict.identity_ = names.identity.assign(found.identity);
    verdict.domain_ = names.domain.assign(found.domain);
    if (known_to_verify(*found.key, algorithm, verdict)) {
      finish(verdict, Reason::none);
    } else if (deferred != nullptr && algorithm == Algorithm::ed25519) {
      *deferred = {.key = found.key, .message = base, .signature = verdict.signature_};
      return true;
    } else {
      const auto verified = found.key->verify(algorithm, base, verdict.signature_);
      conclude(*found.key, algorithm, verdict,
               verified ? Reason::none : reason_of(verified.error().code));
    }
    return false;
  }

  // conclude takes the answer of the cryptography and judges what comes after it.
  void conclude(const PublicKey& key, Algorithm algorithm, SignatureVerdict& verdict,
                Reason reason) {
    if (reason == Reason::none && policy_.verified_signatures != nullptr) {
      policy_.verified_signatures->add(key, algorithm, verdict.base_, verdict.signature_,
                                       expiry_of(verdict.parameters_));
    }
    finish(verdict, reason);
  }

 private:
  // start makes `verdict`, which was another request's, that of `member`. Its parameters are read
  // first of all.
  void start(const sf::Member& member, SignatureVerdict& verdict) const noexcept {
    verdict.reason_ = Reason::internal_error;
    verdict.label_ = member.key;
    verdict.link_ = {};
    verdict.identity_ = {};
    verdict.domain_ = {};
    verdict.base_ = {};
    verdict.signature_ = {};
    verdict.input_ = &scratch_.fields.input();
    verdict.member_ = &member;
  }

  static Time expiry_of(const SignatureParameters& parameters) noexcept {
    return Time(std::chrono::seconds(parameters.expires.value_or(0)));
  }

  [[nodiscard]] bool known_to_verify(const PublicKey& key, Algorithm algorithm,
                                     const SignatureVerdict& verdict) const noexcept {
    return policy_.verified_signatures != nullptr &&
           policy_.verified_signatures->contains(key, algorithm, verdict.base_, verdict.signature_,
                                                 now_);
  }

  void finish(SignatureVerdict& verdict, Reason reason) {
    verdict.reason_ = reason == Reason::none ? check_digest() : reason;
    if (verdict.reason_ != Reason::none) {
      verdict.identity_ = {};
      verdict.domain_ = {};
    }
  }

  // prepare makes every check that comes before the curve, and finds the key and the algorithm. The
  // order is that of cost: what needs no key and no hash comes first.
  Reason prepare(const sf::Member& member, std::string& base, SignatureVerdict& verdict,
                 KeyLookup& found, Algorithm& algorithm) {
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
    found = scratch_.reader->lookup(verdict.link_, *verdict.parameters_.keyid, now_);
    if (const auto reason = judge_key(found, verdict.parameters_, algorithm);
        reason != Reason::none) {
      return reason;
    }
    const auto built = build_signature_base_of(
        request_, scratch_.fields.input(), member, scratch_.covered,
        {.field_types = policy_.field_types, .max_bytes = policy_.limits.base_bytes},
        scratch_.components, base);
    return built ? Reason::none : reason_of(built.error().code);
  }

  Reason read_member(const sf::Member& member, SignatureVerdict& verdict) {
    if (!read_signature_parameters_into(scratch_.fields.input().parameters(member),
                                        verdict.parameters_)) {
      return reason_of(ErrorCode::signature_parameter_invalid);
    }
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

  // judge_key sets `algorithm` where the key may be used.
  Reason judge_key(const KeyLookup& found, const SignatureParameters& parameters,
                   Algorithm& algorithm) const {
    if (found.reason != Reason::none) return found.reason;
    if (found.key == nullptr) return Reason::internal_error;
    if (found.key->type() == KeyType::hmac) return Reason::algorithm_forbidden;
    if (found.key->is_published_test_key() && !policy_.allow_test_keys) {
      return Reason::key_is_published_test_key;
    }
    const auto meant = algorithm_of(parameters, *found.key);
    if (!meant) {
      return meant.error().code == ErrorCode::algorithm_key_mismatch
                 ? Reason::algorithm_forbidden
                 : Reason::signature_alg_unsupported;
    }
    algorithm = *meant;
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
    const auto checked = check_content_digest(scratch_.digest_lines, *body_, scratch_.digest);
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
                                 .names = {},
                                 .digest_lines = {},
                                 .digest = {},
                                 .verdict = Verdict()});
    // One of each a signature that may be looked at: growing the lists would move the strings that
    // verdicts view.
    state->bases.resize(policy_.max_tagged_signatures);
    state->names.resize(policy_.max_tagged_signatures);
    state->verdict.signatures_.assign(policy_.max_tagged_signatures, SignatureVerdict());
    return Verifier::Scratch(std::move(state));
  }

  const Verdict& verify(const Request& request, const std::optional<std::string_view>& body,
                        Time now, Verifier::Scratch& scratch) const noexcept {
    begin(request, body, now, scratch, nullptr);
    return scratch.state_->verdict;
  }

  // verify_group judges at most kGroup requests together.
  static constexpr std::size_t kGroup = 64;
  void verify_group(std::span<const Verifier::Pending> pending, Time now) const noexcept {
    std::array<PendingVerification, kGroup> left;
    std::array<const Verifier::Pending*, kGroup> whose{};
    std::size_t count = 0;
    for (const auto& one : pending) {
      if (!begin(*one.request, one.body, now, *one.scratch, &left[count])) continue;
      whose[count++] = &one;
    }
    verify_ed25519_many(std::span(left).first(count));
    for (std::size_t i = 0; i < count; ++i) end(*whose[i], left[i], now);
  }

 private:
  // begin judges a request but for the curve, where `deferred` is given and takes it: true then.
  bool begin(const Request& request, const std::optional<std::string_view>& body, Time now,
             Verifier::Scratch& scratch, PendingVerification* deferred) const noexcept {
    Verdict& verdict = scratch.state_->verdict;
    reset(verdict);
    try {
      bool is_deferred = false;
      verdict.reason_ = judge(request, body, now, *scratch.state_, deferred, is_deferred);
      return is_deferred;
    } catch (...) {
      reset(verdict);
      return false;
    }
  }

  // end completes the verdict that begin left, with the answer in `done`.
  void end(const Verifier::Pending& pending, const PendingVerification& done,
           Time now) const noexcept {
    Verifier::Scratch::State& state = *pending.scratch->state_;
    try {
      SignatureCheck check(policy_, *pending.request, pending.body, now, state);
      check.conclude(*done.key, Algorithm::ed25519, state.verdict.signatures_.front(),
                     done.verified ? Reason::none : Reason::bad_signature);
      state.verdict.reason_ = choose_decisive(state.verdict);
    } catch (...) {
      reset(state.verdict);
    }
  }

  static void reset(Verdict& verdict) noexcept {
    verdict.count_ = 0;
    verdict.decisive_ = SIZE_MAX;
    verdict.reason_ = Reason::internal_error;
  }

  static bool is_tagged(const sf::Field& input, const sf::Member& member) noexcept {
    const auto* tag = sf::find_parameter(input.parameters(member), "tag");
    return tag != nullptr && tag->value.type == sf::Type::string &&
           tag->value.text == web_bot_auth_tag;
  }

  Reason judge(const Request& request, const std::optional<std::string_view>& body, Time now,
               Verifier::Scratch::State& scratch, PendingVerification* deferred,
               bool& is_deferred) const {
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
    const auto tagged = static_cast<std::size_t>(std::ranges::count_if(
        input.members(), [&input](const sf::Member& member) { return is_tagged(input, member); }));
    if (tagged == 0) return Reason::no_tagged_signature;
    if (tagged > policy_.max_tagged_signatures) return Reason::too_many_signatures;
    // A key lives until the next lookup: only a request with one signature can wait for its answer.
    if (tagged > 1) deferred = nullptr;
    scratch.agent.read(request.fields);
    SignatureCheck check(policy_, request, body, now, scratch);
    for (const auto& member : input.members()) {
      if (!is_tagged(input, member)) continue;
      const std::size_t i = verdict.count_++;
      scratch.bases[i].clear();
      is_deferred =
          check.run(member, scratch.bases[i], scratch.names[i], verdict.signatures_[i], deferred);
    }
    return is_deferred ? Reason::internal_error : choose_decisive(verdict);
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
    const auto signatures = verdict.signatures();
    const auto first = [signatures](Outcome outcome) {
      return static_cast<std::size_t>(
          std::ranges::find(signatures, outcome, &SignatureVerdict::outcome) - signatures.begin());
    };
    std::size_t decisive = first(Outcome::verified);
    if (decisive == signatures.size()) decisive = first(Outcome::unverified);
    if (decisive == signatures.size()) decisive = 0;
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
const Verdict& Verifier::Scratch::verdict() const noexcept { return state_->verdict; }

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

void Verifier::verify_many(std::span<const Pending> pending, Time now) const noexcept {
  while (!pending.empty()) {
    const auto group = pending.first(std::min(pending.size(), VerifierState::kGroup));
    state_->verify_group(group, now);
    pending = pending.subspan(group.size());
  }
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
