#ifndef WBA_TESTS_FUZZ_KEY_PROPERTIES_H_
#define WBA_TESTS_FUZZ_KEY_PROPERTIES_H_

// What holds for every key that was read, wherever from.

#include <array>
#include <cstddef>
#include <span>

#include <wba/key.h>

#include "fuzz/fuzz_input.h"

namespace wba::fuzz {

// check_public requires that a key survives being written and read, as JWK and as PEM.
inline void check_public(const PublicKey& key) {
  require(key.thumbprint().size() == 43);
  const auto jwk = key.jwk();
  const auto pem = key.pem();
  if (key.type() == KeyType::hmac) {
    require(!jwk && !pem);
    return;
  }
  require(jwk && pem);
  for (const auto& again : {PublicKey::from_jwk(*jwk), PublicKey::from_jwk(*key.jwk(true)),
                            PublicKey::from_pem(*pem), PublicKey::from_text(*pem)}) {
    require(again && again->thumbprint() == key.thumbprint() && again->type() == key.type());
  }
}

// check_private requires that a key signs what its public half verifies, and survives being written
// and read.
inline void check_private(const PrivateKey& key) {
  const PublicKey& half = key.public_key();
  check_public(half);
  const Algorithm algorithm = half.algorithm().value_or(Algorithm::rsa_pss_sha512);
  std::array<std::byte, PrivateKey::max_signature_size> signature;
  const auto size = key.sign(algorithm, "message", signature);
  require(size.has_value());
  const auto signed_octets = std::span(signature).first(*size);
  require(half.verify(algorithm, "message", signed_octets).has_value());
  require(!half.verify(algorithm, "massage", signed_octets));
  const auto jwk = key.export_jwk();
  require(jwk.has_value());
  const auto from_jwk = PrivateKey::from_jwk(jwk->text());
  require(from_jwk && from_jwk->public_key().thumbprint() == half.thumbprint());
  const auto pem = key.export_pem();
  require(pem.has_value() == (half.type() != KeyType::hmac));
  if (!pem) return;
  const auto from_pem = PrivateKey::from_pem(pem->text());
  require(from_pem && from_pem->public_key().thumbprint() == half.thumbprint());
}

}  // namespace wba::fuzz

#endif  // WBA_TESTS_FUZZ_KEY_PROPERTIES_H_
