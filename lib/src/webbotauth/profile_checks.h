#ifndef WBA_SRC_WEBBOTAUTH_PROFILE_CHECKS_H_
#define WBA_SRC_WEBBOTAUTH_PROFILE_CHECKS_H_

// The checks of the profile that need no key: cheap refusals, before anything is looked up.
// draft-ietf-webbotauth-httpsig-protocol-01 §4.

#include <span>
#include <vector>

#include <wba/signature.h>
#include <wba/verdict.h>
#include <wba/verifier.h>

namespace wba {

inline constexpr std::string_view web_bot_auth_tag = "web-bot-auth";

// reason_of gives the reason that an error in reading or building a signature stands for.
[[nodiscard]] Reason reason_of(ErrorCode code) noexcept;

// check_parameters judges tag-independent parameters: presence, times, nonce. Reason none: pass.
[[nodiscard]] Reason check_parameters(const SignatureParameters& parameters, const Policy& policy,
                                      Time now) noexcept;

// check_components judges what is covered: the target, what policy requires.
[[nodiscard]] Reason check_components(std::span<const ComponentIdentifier> covered,
                                      const Policy& policy) noexcept;

// check_authority judges whether the request's own authority is one of `authorities`. A target in
// absolute-form must name the same authority (RFC 9112 §3.2.2): of two it is not clear which one
// the server goes by.
[[nodiscard]] Reason check_authority(const Request& request,
                                     const Authorities& authorities) noexcept;

// check_chain: who covers "signature";key=X covers "signature-input";key=X and all that X covers.
// `left` is how many such X are still looked at. `other` is scratch.
[[nodiscard]] Reason check_chain(const SignatureFields& fields,
                                 std::span<const ComponentIdentifier> covered, std::size_t& left,
                                 std::vector<ComponentIdentifier>& other);

// covers_component says whether `covered` has the component, or @target-uri that contains it.
[[nodiscard]] bool covers_component(std::span<const ComponentIdentifier> covered,
                                    const ComponentIdentifier& component) noexcept;

}  // namespace wba

#endif  // WBA_SRC_WEBBOTAUTH_PROFILE_CHECKS_H_
