#ifndef WBA_CRYPTO_ED25519_PREPARED_HASH_H_
#define WBA_CRYPTO_ED25519_PREPARED_HASH_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/ed25519_prepared_scalar.h"

namespace wba::crypto::prepared {

// challenge is k = SHA-512(R || A || message) modulo L. RFC 8032 §5.1.7 step 2. Allocates nothing.
[[nodiscard]] Scalar challenge(const std::uint8_t* r, const std::uint8_t* a,
                               std::span<const std::byte> message) noexcept;

}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_HASH_H_
