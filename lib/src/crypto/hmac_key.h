#ifndef WBA_SRC_CRYPTO_HMAC_KEY_H_
#define WBA_SRC_CRYPTO_HMAC_KEY_H_

// HMAC-SHA256 by libsodium: RFC 9421 §3.3.3. Nothing is allocated a signature.

#include <cstddef>
#include <memory>

#include "crypto/signing_key.h"

namespace wba::crypto {

// hmac_min_size is as long as the hash: RFC 7518 §3.2.
inline constexpr std::size_t hmac_min_size = 32;

// make_hmac_signing_key takes the shared secret in `parts.k`. Error: key_too_weak.
[[nodiscard]] Result<std::unique_ptr<SigningKey>> make_hmac_signing_key(PrivateParts parts);

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_HMAC_KEY_H_
