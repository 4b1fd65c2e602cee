// From a request to a verdict: draft-ietf-webbotauth-httpsig-protocol-01 §4.

#include <algorithm>

#include <wba/content_digest.h>
#include <wba/signature_agent.h>
#include <wba/verifier.h>

#include "signature/base.h"
#include "signature/parameters.h"
#include "webbotauth/profile_checks.h"

namespace wba {

namespace {

// Signatures that the signatures of one request may cover in turn.
constexpr std::size_t max_chained = 4;

// What verifying may cost in one request, in verifications by Ed25519 without a table.
constexpr std::size_t max_verification = 12;

constexpr std::size_t cost_of(KeyType type) noexcept {
  switch (type) {
    case KeyType::ed25519:
    case KeyType::hmac:
      return 1;
    case KeyType::ec_p256:
      return 2;
    case KeyType::rsa:
      return 4;
    case KeyType::ec_p384:
      return 10;
  }
  return max_verification;
}

}  // namespace

// AgentNames holds what a lookup said of the agent: a reader takes its own words back with the next
// lookup, which the next signature of the same request makes.
struct AgentNames {
  std::string identity;
  std::string domain;
};

// State has cache lines of its own: sessions of several threads may be made one behind the other.
// `verifier` keeps alive what `reader` reads.
struct alignas(64) Verifier::Session::State {
  std::shared_ptr<const VerifierState> verifier;
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
  std::optional<Reason> digest_reason;  // of the request, once the body was compared
  std::size_t chained_left = 0;
  std::size_t verification_left = 0;
  Verdict verdict;
};

// SignatureCheck judges one tagged signature.
class SignatureCheck {
 public:
  SignatureCheck(const Policy& policy, const Request& request,
                 const std::optional<std::string_view>& body, Time now,
                 Verifier::Session::State& session) noexcept
      : policy_(policy), request_(request), body_(body), now_(now), session_(session) {}

  // run fills `verdict` for `member` of Signature-Input; `base` becomes the signature base. `names`
  // keeps what the verdict views.
  void run(const sf::Member& member, std::string& base, AgentNames& names,
           SignatureVerdict& verdict) {
    start(member, verdict);
    KeyLookup found;
    Algorithm algorithm{};
    Reason reason = prepare(member, base, verdict, found, algorithm);
    verdict.base_ = base;
    if (reason == Reason::none) reason = check_signature(*found.key, algorithm, verdict);
    if (reason == Reason::none) reason = check_digest();
    verdict.reason_ = reason;
    if (reason != Reason::none) return;
    verdict.identity_ = names.identity.assign(found.identity);
    verdict.domain_ = names.domain.assign(found.domain);
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
    verdict.input_ = &session_.fields.input();
    verdict.member_ = &member;
  }

  // check_signature asks the cryptography, unless the same was asked before and verified.
  [[nodiscard]] Reason check_signature(const PublicKey& key, Algorithm algorithm,
                                       const SignatureVerdict& verdict) const {
    VerifiedSignatures* known = policy_.verified_signatures.get();
    if (known != nullptr &&
        known->contains(key, algorithm, verdict.base_, verdict.signature_, now_)) {
      return Reason::none;
    }
    const std::size_t cost = cost_of(key.type());
    if (cost > session_.verification_left) return Reason::too_many_signatures;
    session_.verification_left -= cost;
    const auto verified = key.verify(algorithm, verdict.base_, verdict.signature_);
    if (!verified) return reason_of(verified.error().code);
    if (known != nullptr) {
      known->add(key, algorithm, verdict.base_, verdict.signature_,
                 Time(std::chrono::seconds(verdict.parameters_.expires.value_or(0))));
    }
    return Reason::none;
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
    if (const auto reason = check_components(session_.covered, policy_); reason != Reason::none) {
      return reason;
    }
    if (const auto reason = check_authority(request_, policy_.authorities);
        reason != Reason::none) {
      return reason;
    }
    if (const auto reason =
            check_chain(session_.fields, session_.covered, session_.chained_left, session_.chained);
        reason != Reason::none) {
      return reason;
    }
    if (const auto reason = attribute(verdict); reason != Reason::none) return reason;
    verdict.link_.client = request_.client;
    found = session_.reader->lookup(verdict.link_, *verdict.parameters_.keyid, now_);
    if (const auto reason = judge_key(found, verdict.parameters_, algorithm);
        reason != Reason::none) {
      return reason;
    }
    const auto built =
        build_signature_base_of(request_, session_.fields.input(), member, session_.covered,
                                {.field_types = policy_.field_types,
                                 .max_bytes = policy_.limits.base_bytes,
                                 .max_work = policy_.limits.base_work},
                                session_.components, base);
    return built ? Reason::none : reason_of(built.error().code);
  }

  Reason read_member(const sf::Member& member, SignatureVerdict& verdict) {
    if (!read_signature_parameters_into(session_.fields.input().parameters(member),
                                        verdict.parameters_)) {
      return reason_of(ErrorCode::signature_parameter_invalid);
    }
    const auto value = session_.fields.value(member.key);
    if (!value) {
      return session_.fields.has_foreign() ? Reason::signature_value_unreadable
                                           : Reason::missing_fields;
    }
    verdict.signature_ = *value;
    const auto read = read_covered_components(session_.fields.input(), member, session_.covered);
    return read ? Reason::none : reason_of(read.error().code);
  }

  Reason attribute(SignatureVerdict& verdict) const {
    const auto choice = session_.agent.choose(verdict.label_, session_.covered);
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

  // A covered Content-Digest is worth what the body is compared with. RFC 9530 §2. Several
  // signatures cover the same one.
  Reason check_digest() {
    if (!body_ && !policy_.digest_needs_body) return Reason::none;
    const bool covered = std::ranges::any_of(session_.covered, [](const ComponentIdentifier& id) {
      return id.kind == ComponentKind::field && !id.tr && !id.req && id.name == "content-digest";
    });
    if (!covered) return Reason::none;
    if (!body_) return Reason::content_digest_not_compared;
    if (!session_.digest_reason) session_.digest_reason = compare_digest();
    return *session_.digest_reason;
  }

  Reason compare_digest() {
    session_.digest_lines.clear();
    for (const auto& line : request_.fields) {
      if (field_name_equals(line.name, "content-digest")) {
        session_.digest_lines.push_back(line.value);
      }
    }
    const auto checked = check_content_digest(session_.digest_lines, *body_, session_.digest);
    return checked ? Reason::none : reason_of(checked.error().code);
  }

  const Policy& policy_;
  const Request& request_;
  const std::optional<std::string_view>& body_;
  Time now_;
  Verifier::Session::State& session_;
};

class VerifierState {
 public:
  VerifierState(Policy policy, std::shared_ptr<const KeyResolver> resolver) noexcept
      : policy_(std::move(policy)), resolver_(std::move(resolver)) {}

  [[nodiscard]] const Policy& policy() const noexcept { return policy_; }

  // make_session makes a session of `self`, which owns this.
  [[nodiscard]] Verifier::Session make_session(std::shared_ptr<const VerifierState> self) const {
    auto state = std::make_unique<Verifier::Session::State>(
        Verifier::Session::State{.verifier = std::move(self),
                                 .reader = resolver_->reader(),
                                 .fields = {},
                                 .agent = {},
                                 .components = {},
                                 .covered = {},
                                 .chained = {},
                                 .bases = {},
                                 .names = {},
                                 .digest_lines = {},
                                 .digest = {},
                                 .digest_reason = {},
                                 .chained_left = 0,
                                 .verification_left = 0,
                                 .verdict = Verdict()});
    // One of each a signature that may be looked at: growing the lists would move the strings that
    // verdicts view.
    state->bases.resize(policy_.max_tagged_signatures);
    state->names.resize(policy_.max_tagged_signatures);
    state->verdict.signatures_.assign(policy_.max_tagged_signatures, SignatureVerdict());
    return Verifier::Session(std::move(state));
  }

  const Verdict& verify(const Request& request, const std::optional<std::string_view>& body,
                        Time now, Verifier::Session::State& session) const noexcept {
    Verdict& verdict = session.verdict;
    reset(verdict);
    try {
      verdict.reason_ = judge(request, body, now, session);
    } catch (...) {
      reset(verdict);
    }
    return verdict;
  }

 private:
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
               Verifier::Session::State& session) const {
    const auto parsed = session.fields.parse(request.fields, policy_.limits);
    if (!parsed) return reason_of_fields(parsed.error().code, session.fields.error_in_signature());
    if (!session.fields.has_input()) return Reason::no_signature;
    if (!session.fields.has_signature()) return Reason::missing_fields;
    Verdict& verdict = session.verdict;
    const sf::Field& input = session.fields.input();
    const auto tagged = static_cast<std::size_t>(std::ranges::count_if(
        input.members(), [&input](const sf::Member& member) { return is_tagged(input, member); }));
    if (tagged == 0) return Reason::no_tagged_signature;
    if (tagged > policy_.max_tagged_signatures) return Reason::too_many_signatures;
    session.agent.read(request.fields);
    session.components.start();
    session.chained_left = max_chained;
    session.verification_left = max_verification;
    session.digest_reason.reset();
    SignatureCheck check(policy_, request, body, now, session);
    for (const auto& member : input.members()) {
      if (!is_tagged(input, member)) continue;
      const std::size_t i = verdict.count_++;
      session.bases[i].clear();
      check.run(member, session.bases[i], session.names[i], verdict.signatures_[i]);
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

Verifier::Session::Session(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Verifier::Session::Session(Session&&) noexcept = default;
Verifier::Session& Verifier::Session::operator=(Session&&) noexcept = default;
Verifier::Session::~Session() = default;

const Verdict& Verifier::Session::verify(const Request& request, Time now) & noexcept {
  return state_->verifier->verify(request, std::nullopt, now, *state_);
}

const Verdict& Verifier::Session::verify(const Request& request, std::string_view body,
                                         Time now) & noexcept {
  return state_->verifier->verify(request, body, now, *state_);
}

Verifier::Verifier(std::shared_ptr<const VerifierState> state) noexcept
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
      policy.limits.base_bytes == 0 || policy.limits.base_work == 0) {
    return std::unexpected(Error{ErrorCode::argument_invalid});
  }
  return Verifier(std::make_shared<const VerifierState>(std::move(policy), std::move(resolver)));
}

const Policy& Verifier::policy() const noexcept { return state_->policy(); }

Verifier::Session Verifier::session() const { return state_->make_session(state_); }

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
