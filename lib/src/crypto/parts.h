#ifndef WBA_SRC_CRYPTO_PARTS_H_
#define WBA_SRC_CRYPTO_PARTS_H_

// The numbers that a key consists of, big-endian, as its JWK has them: what the readers of key
// material hand to this room and its writers get back.

#include <cstddef>
#include <vector>

#include <wba/error.h>
#include <wba/key.h>

#include "crypto/secret.h"

namespace wba::crypto {

// PublicParts are n and e (rsa), x and y (ec_p256, ec_p384) or x (ed25519); nothing for hmac.
struct PublicParts {
  KeyType type = KeyType::ed25519;
  std::vector<std::byte> n = {};
  std::vector<std::byte> e = {};
  std::vector<std::byte> x = {};
  std::vector<std::byte> y = {};
};

// PrivateParts are d (all but hmac; the seed of ed25519), for rsa p, q, dp, dq and qi too, and for
// hmac k.
struct PrivateParts {
  SecretBytes d = {};
  SecretBytes p = {};
  SecretBytes q = {};
  SecretBytes dp = {};
  SecretBytes dq = {};
  SecretBytes qi = {};
  SecretBytes k = {};
};

struct KeyParts {
  PublicParts public_parts;
  PrivateParts private_parts;
};

// coordinate_size is the exact length of x, y and d on the type's curve; 0 for rsa and hmac.
[[nodiscard]] std::size_t coordinate_size(KeyType type) noexcept;

// derive_public computes the public half of an ed25519, ec_p256 or ec_p384 key from its `d`.
// Errors: key_member_invalid (length or range), crypto_failure, out_of_memory.
[[nodiscard]] Result<PublicParts> derive_public(KeyType type, const SecretBytes& d);

// generate_parts makes the parts of a new key. Errors: crypto_failure, out_of_memory.
[[nodiscard]] Result<KeyParts> generate_parts(KeyType type);

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_PARTS_H_
