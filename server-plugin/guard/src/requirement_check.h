#ifndef WBA_GUARD_REQUIREMENT_CHECK_H_
#define WBA_GUARD_REQUIREMENT_CHECK_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <wba/guard/config.h>
#include <wba/guard/decision.h>
#include <wba/message.h>
#include <wba/verifier.h>

namespace wba::guard {

// RequirementCheck holds a Requirement ready for use: for judging signatures that verified and for
// asking for ones that will do.
class RequirementCheck {
 public:
  // create takes a checked requirement and what the policy accepts. `nonce`: one is needed.
  // Errors: the component_ codes.
  [[nodiscard]] static Result<RequirementCheck> create(const Requirement& requirement, bool nonce,
                                                       const DialectSet& dialects);

  // judge says what a verified signature of `request` lacks. `has_body`: its body was at hand, so
  // that a covered digest was compared with it.
  [[nodiscard]] Cause judge(const SignatureVerdict& signature, const Request& request,
                            bool has_body) const noexcept;

  // is_too_long returns true if a signature is good for longer than the requirement takes.
  [[nodiscard]] bool is_too_long(const SignatureParameters& parameters) const noexcept;

  [[nodiscard]] bool needs_body() const noexcept { return body_digest_; }
  [[nodiscard]] bool needs_nonce() const noexcept { return nonce_; }

  // accept_signature replaces `out` by the value of Accept-Signature that asks for a signature that
  // will do here, with a fresh nonce where one is needed.
  // Error: crypto_failure (no random numbers).
  [[nodiscard]] Result<void> accept_signature(const Request& request, std::string& out) const;

 private:
  explicit RequirementCheck(RequiredComponents components) : components_(std::move(components)) {}

  RequiredComponents components_;
  std::vector<std::string> if_present_;
  std::optional<std::chrono::seconds> max_lifetime_;
  bool nonce_ = false;
  bool body_digest_ = false;
  std::string listed_;  // the components to ask for, serialised, without parentheses
  std::string tail_;    // what follows them
};

}  // namespace wba::guard

#endif  // WBA_GUARD_REQUIREMENT_CHECK_H_
