#ifndef WBA_SRC_CRYPTO_RSA_KEY_H_
#define WBA_SRC_CRYPTO_RSA_KEY_H_

// RSASSA-PSS with SHA-512 and RSASSA-PKCS1-v1_5 with SHA-256 by OpenSSL: RFC 9421 §3.3.1, §3.3.2.

#include <cstddef>
#include <memory>

#include "crypto/signing_key.h"
#include "crypto/verifying_key.h"

namespace wba::crypto {

inline constexpr int rsa_min_bits = 2048;
inline constexpr int rsa_max_bits = 4096;
// Verifying takes a multiplication for each bit of the exponent, and 65537 is what all use.
inline constexpr std::size_t rsa_max_exponent_octets = 4;

// make_rsa_verifying_key: as make_verifying_key.
[[nodiscard]] Result<std::unique_ptr<VerifyingKey>> make_rsa_verifying_key(
    const PublicParts& parts);

// make_rsa_signing_key takes two-prime keys with all five CRT numbers, which are checked against
// each other. Whether p and q are primes is not tested. Errors: as make_signing_key.
[[nodiscard]] Result<std::unique_ptr<SigningKey>> make_rsa_signing_key(
    const PublicParts& public_parts, PrivateParts private_parts);

// check_rsa_pair compares all numbers of the key with each other: RFC 8017 §3.2. Whether p and q
// are primes is not tested. Error: key_pair_mismatch.
[[nodiscard]] Result<void> check_rsa_pair(const PublicParts& public_parts,
                                          const PrivateParts& private_parts) noexcept;

[[nodiscard]] Result<KeyParts> generate_rsa(int bits);

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_RSA_KEY_H_
