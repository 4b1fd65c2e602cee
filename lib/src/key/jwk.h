#ifndef WBA_SRC_KEY_JWK_H_
#define WBA_SRC_KEY_JWK_H_

#include <string_view>

#include <wba/error.h>
#include <wba/key.h>

#include "crypto/parts.h"
#include "key/jwk_json.h"
#include "key/key_material.h"

namespace wba {

// read_jwk reads the half of a key that is asked for. Errors: the key_ codes. RFC 7517 §4,
// RFC 7518 §6, RFC 8037 §2.
[[nodiscard]] Result<KeyMaterial> read_jwk(const JsonObject& jwk, Half half);

// read_jwk_text is the same for the JSON text of one JWK. Where the public half is asked for, the
// private one is read too if it is there, so that the two can be compared.
[[nodiscard]] Result<KeyMaterial> read_jwk_text(std::string_view json, const KeyLimits& limits,
                                                Half half);

// has_private_members says whether any member belongs to a private key or shared secret.
[[nodiscard]] bool has_private_members(const JsonObject& jwk) noexcept;

// write_private_jwk gives the JWK with its private members, in lexicographic order.
[[nodiscard]] Result<crypto::SecretBytes> write_private_jwk(
    const crypto::PublicParts& public_parts, const crypto::PrivateParts& private_parts);

}  // namespace wba

#endif  // WBA_SRC_KEY_JWK_H_
