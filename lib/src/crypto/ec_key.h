#ifndef WBA_SRC_CRYPTO_EC_KEY_H_
#define WBA_SRC_CRYPTO_EC_KEY_H_

// ECDSA on P-256 and P-384 by OpenSSL, signatures as r || s: RFC 9421 §3.3.4, §3.3.5.

#include <cstddef>
#include <memory>
#include <span>

#include "crypto/signing_key.h"
#include "crypto/verifying_key.h"

namespace wba::crypto {

// make_ec_verifying_key: as make_verifying_key.
[[nodiscard]] Result<std::unique_ptr<VerifyingKey>> make_ec_verifying_key(const PublicParts& parts);

// make_ec_signing_key: as make_signing_key.
[[nodiscard]] Result<std::unique_ptr<SigningKey>> make_ec_signing_key(
    const PublicParts& public_parts, PrivateParts private_parts);

// derive_ec computes the point of `d`. Errors: key_member_invalid, crypto_failure.
[[nodiscard]] Result<PublicParts> derive_ec(KeyType type, const SecretBytes& d);

// decode_ec_point reads a point as SEC 1, 2.3.3 writes it, uncompressed or compressed.
// Error: key_member_invalid, also for what is not on the curve.
[[nodiscard]] Result<PublicParts> decode_ec_point(KeyType type, std::span<const std::byte> octets);

// generate_ec_secret makes a `d` between 1 and the group's order less 1.
[[nodiscard]] Result<SecretBytes> generate_ec_secret(KeyType type);

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_EC_KEY_H_
