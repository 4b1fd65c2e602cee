#ifndef WBA_SRC_KEY_PEM_H_
#define WBA_SRC_KEY_PEM_H_

#include <string>
#include <string_view>

#include <wba/error.h>
#include <wba/key.h>

#include "crypto/parts.h"
#include "key/key_material.h"

namespace wba {

// read_pem reads the first key block: of a private key both halves, whichever is asked for.
// Errors: the key_ codes (key_unreadable where no PEM block begins, key_not_private where the half
// that is asked for is not there). RFC 7468.
[[nodiscard]] Result<KeyMaterial> read_pem(std::string_view pem, const KeyLimits& limits,
                                           Half half);

// write_public_pem gives the SubjectPublicKeyInfo. RFC 5280 §4.1.2.7, RFC 8410 §4.
[[nodiscard]] Result<std::string> write_public_pem(const crypto::PublicParts& parts);

// write_private_pem gives the PKCS#8 form. RFC 5958, RFC 8410 §7.
[[nodiscard]] Result<crypto::SecretBytes> write_private_pem(
    const crypto::PublicParts& public_parts, const crypto::PrivateParts& private_parts);

}  // namespace wba

#endif  // WBA_SRC_KEY_PEM_H_
