#ifndef WBA_SRC_KEY_THUMBPRINT_H_
#define WBA_SRC_KEY_THUMBPRINT_H_

#include <string>
#include <string_view>

#include <wba/error.h>

#include "crypto/parts.h"

namespace wba {

// canonical_jwk is the hash input of the thumbprint: the required members in lexicographic order
// and nothing else. Not for hmac. RFC 7638 §3.3, RFC 8037 §2.
[[nodiscard]] std::string canonical_jwk(const crypto::PublicParts& parts);

// thumbprint_of is the base64url SHA-256 of `canonical`. RFC 7638 §3.
[[nodiscard]] std::string thumbprint_of(std::string_view canonical);

// has_thumbprint_form is true if `text` is as long as a thumbprint and of its alphabet.
[[nodiscard]] bool has_thumbprint_form(std::string_view text) noexcept;

// secret_thumbprint is the thumbprint of an "oct" key. RFC 7638 §3.2.1.
[[nodiscard]] Result<std::string> secret_thumbprint(const crypto::SecretBytes& secret);

// is_published says whether the private half of the key with this thumbprint is printed in an RFC.
[[nodiscard]] bool is_published(std::string_view thumbprint) noexcept;

// base64url encodes public octets, without padding.
[[nodiscard]] std::string base64url(std::span<const std::byte> octets);

}  // namespace wba

#endif  // WBA_SRC_KEY_THUMBPRINT_H_
