#ifndef WBA_CLIENT_CHALLENGE_H_
#define WBA_CLIENT_CHALLENGE_H_

// What a server asked for by Accept-Signature, judged by policy.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/accept_signature.h>
#include <wba/client.h>

namespace wba::client {

// Wish is a signature to make: everything that was asked for and what the profile covers anyway.
struct Wish {
  std::string label;
  std::vector<std::string> components;  // serialised identifiers
  std::string nonce;                    // empty: as the profile says
};

// KeyName is whose signature it would be.
struct KeyName {
  std::string_view keyid;
  Algorithm algorithm;
};

// choose_wish picks the first of `asked` that policy allows. `covered` are the components of the
// profile. Error: signature_label_missing where there is none.
[[nodiscard]] Result<Wish> choose_wish(std::span<const RequestedSignature> asked,
                                       const ChallengePolicy& policy, const KeyName& key,
                                       std::span<const std::string> covered);

// lists_component says whether an identifier is among `components`, which are serialised.
[[nodiscard]] bool lists_component(std::span<const std::string> components,
                                   std::string_view identifier) noexcept;

}  // namespace wba::client

#endif  // WBA_CLIENT_CHALLENGE_H_
