// OpenSSL's SHA-512 takes a third less time than libsodium's. The functions used here are
// deprecated in favour of EVP, which allocates for each digest; these keep their state in place.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/ed25519_prepared_hash.h"

#include <openssl/sha.h>

namespace wba::crypto::prepared {

Scalar challenge(const std::uint8_t* r, const std::uint8_t* a,
                 std::span<const std::byte> message) noexcept {
  SHA512_CTX state;
  std::uint8_t digest[SHA512_DIGEST_LENGTH];
  SHA512_Init(&state);
  SHA512_Update(&state, r, 32);
  SHA512_Update(&state, a, 32);
  SHA512_Update(&state, message.data(), message.size());
  SHA512_Final(digest, &state);
  return reduce(digest);
}

}  // namespace wba::crypto::prepared
