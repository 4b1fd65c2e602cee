#ifndef WBA_VERIFIER_H_
#define WBA_VERIFIER_H_

// The Web Bot Auth verifier: from a request to a verdict.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/authorities.h>
#include <wba/component.h>
#include <wba/error.h>
#include <wba/key_resolver.h>
#include <wba/lifetime_bound.h>
#include <wba/message.h>
#include <wba/signature.h>
#include <wba/verdict.h>
#include <wba/verified_signatures.h>

namespace wba {

// RequiredComponents are what a signature must cover beside what the profile itself asks for
// (@authority or @target-uri, and its Signature-Agent member). It has no default constructor:
// leaving the decision out does not compile.
class RequiredComponents {
 public:
  // profile_only asks for no more than the profile: a signature is then a bearer token for the
  // authority until it expires.
  [[nodiscard]] static RequiredComponents profile_only();

  // of takes identifiers as append_component_identifier does. @target-uri in a signature
  // stands for @authority, @scheme, @path and @query too.
  // Errors: those of append_component_identifier; component_duplicate.
  [[nodiscard]] static Result<RequiredComponents> of(std::span<const std::string_view> components);

  [[nodiscard]] std::span<const ComponentIdentifier> identifiers() const noexcept;

 private:
  struct State;
  explicit RequiredComponents(std::shared_ptr<const State> state) noexcept;
  std::shared_ptr<const State> state_;
};

// DialectSet says which dialects a verifier accepts.
struct DialectSet {
  bool bare_uri = true;
  bool legacy_string = true;
  bool origin_dictionary = true;
  bool direct_dictionary = true;

  [[nodiscard]] bool contains(Dialect dialect) const noexcept;
};

// Policy is what a verifier holds requests to. The durations are checked by Verifier::create.
struct Policy {
  RequiredComponents required;
  // what clients call this server: signatures for other authorities are refused.
  Authorities authorities;
  DialectSet dialects = {};
  // expires less created may not be more.
  std::chrono::seconds max_lifetime = std::chrono::hours(24);
  // how far the agent's clock may differ: created may lie this far ahead, expires this far back.
  std::chrono::seconds skew = std::chrono::seconds(60);
  bool require_nonce = false;
  // a Signature-Agent member must be named like the signature's label, as draft -01 asks.
  bool strict_label = false;
  // keys whose private half is printed in an RFC.
  bool allow_test_keys = false;
  // a signature that covers Content-Digest is not verified without the body: for verifiers that
  // see bodies. Elsewhere who reads the body has to compare it.
  bool digest_needs_body = false;
  // tagged signatures that are looked at in one request; more are refused.
  std::size_t max_tagged_signatures = 4;
  SignatureLimits limits = {};
  // structured fields of the application, for component parameters sf and key.
  std::vector<FieldType> field_types = {};
  // Signatures that verified before and are presented again until they expire cost one verification
  // where this is set. Replay is another matter: see VerifiedSignatures.
  std::shared_ptr<VerifiedSignatures> verified_signatures = nullptr;
};

// SignatureVerdict is what was concluded about one signature. Only a Verifier makes one. Its views
// live until the next use of the session that made it, and as long as the request.
class SignatureVerdict {
 public:
  [[nodiscard]] Outcome outcome() const noexcept { return outcome_of(reason_); }
  [[nodiscard]] Reason reason() const noexcept { return reason_; }
  [[nodiscard]] std::string_view label() const noexcept WBA_LIFETIME_BOUND { return label_; }
  [[nodiscard]] const SignatureParameters& parameters() const noexcept WBA_LIFETIME_BOUND {
    return parameters_;
  }
  [[nodiscard]] Dialect dialect() const noexcept { return link_.dialect; }

  // claimed_url is the agent URL as it was sent: a claim, whatever the outcome. Empty where the
  // signature is not attributed to one.
  [[nodiscard]] std::string_view claimed_url() const noexcept WBA_LIFETIME_BOUND {
    return link_.url;
  }

  // identity is the URL of the document that the agent named for its keys, normalised: of an origin
  // its well-known directory, in every dialect. Empty unless verified, and empty where the key was
  // given without a URL. domain is its registered domain where the resolver knows it.
  [[nodiscard]] std::string_view identity() const noexcept WBA_LIFETIME_BOUND { return identity_; }
  [[nodiscard]] std::string_view domain() const noexcept WBA_LIFETIME_BOUND { return domain_; }

  // signature_base is what was checked; empty where the verifier refused before it built one.
  [[nodiscard]] std::string_view signature_base() const noexcept WBA_LIFETIME_BOUND {
    return base_;
  }

  // covers says whether the component is covered, whatever the outcome.
  [[nodiscard]] bool covers(const ComponentIdentifier& identifier) const noexcept;

  // covered lists the covered components, serialised, in their order.
  [[nodiscard]] std::vector<std::string> covered() const;

  // signature is the signature's octets; empty where there are none.
  [[nodiscard]] std::span<const std::byte> signature() const noexcept WBA_LIFETIME_BOUND {
    return signature_;
  }

 private:
  friend class SignatureCheck;
  friend class VerifierState;
  SignatureVerdict() = default;

  Reason reason_ = Reason::internal_error;
  std::string_view label_;
  SignatureParameters parameters_;
  AgentLink link_;
  std::string_view identity_;
  std::string_view domain_;
  std::string_view base_;
  std::span<const std::byte> signature_;
  const sf::Field* input_ = nullptr;
  const sf::Member* member_ = nullptr;
};

// Verdict is what was concluded about a request. Only a Verifier makes one. Its views live as those
// of SignatureVerdict.
class Verdict {
 public:
  [[nodiscard]] Outcome outcome() const noexcept { return outcome_of(reason_); }
  [[nodiscard]] Reason reason() const noexcept { return reason_; }

  // decisive is the signature that the outcome follows from: the first verified one; else the first
  // tagged one that could not be decided; else the first tagged one. nullptr where there is none.
  [[nodiscard]] const SignatureVerdict* decisive() const noexcept WBA_LIFETIME_BOUND {
    return decisive_ < count_ ? &signatures_[decisive_] : nullptr;
  }

  // signatures are those tagged web-bot-auth, in the order of Signature-Input. Each was judged on
  // its own.
  [[nodiscard]] std::span<const SignatureVerdict> signatures() const noexcept WBA_LIFETIME_BOUND {
    return std::span(signatures_).first(count_);
  }

  // covers says whether the decisive signature covers the component.
  [[nodiscard]] bool covers(const ComponentIdentifier& identifier) const noexcept;

 private:
  friend class VerifierState;
  Verdict() = default;

  Reason reason_ = Reason::internal_error;
  std::size_t decisive_ = SIZE_MAX;
  std::size_t count_ = 0;                     // of signatures_, those that are this request's
  std::vector<SignatureVerdict> signatures_;  // room for as many as are looked at
};

class VerifierState;

// Verifier verifies requests. It is immutable and shared by all threads; each thread verifies in a
// session of its own.
class Verifier {
 public:
  // Session is one thread's way through a verifier: its buffers, its reader of the resolver, and
  // the last verdict. It shares ownership of what its verifier consists of: it stays good when the
  // Verifier is moved or destroyed. A session that was moved from may only be assigned to.
  class Session {
   public:
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;
    ~Session();

    // verify judges `request` at `now`. The verdict lives until the session's next use and views
    // the request. For a usual request with a known key nothing is allocated once the session has
    // grown. It never throws: what goes wrong inside is unverified, internal_error.
    // With `body`, the whole request body, a covered Content-Digest is checked against it.
    const Verdict& verify(const Request& request, Time now) & noexcept WBA_LIFETIME_BOUND;
    const Verdict& verify(const Request& request, std::string_view body,
                          Time now) & noexcept WBA_LIFETIME_BOUND;

   private:
    friend class SignatureCheck;
    friend class VerifierState;
    struct State;
    explicit Session(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
  };

  // create checks the policy. Error: argument_invalid for a negative or absurd duration (skew over
  // a day), for no resolver, or for a limit of zero.
  [[nodiscard]] static Result<Verifier> create(Policy policy,
                                               std::shared_ptr<const KeyResolver> resolver);

  Verifier(Verifier&&) noexcept;
  Verifier& operator=(Verifier&&) noexcept;
  ~Verifier();

  [[nodiscard]] const Policy& policy() const noexcept WBA_LIFETIME_BOUND;
  [[nodiscard]] Session session() const;

 private:
  explicit Verifier(std::shared_ptr<const VerifierState> state) noexcept;
  std::shared_ptr<const VerifierState> state_;
};

}  // namespace wba

#endif  // WBA_VERIFIER_H_
