#ifndef WBA_SRC_CRYPTO_KEYED_HASH_H_
#define WBA_SRC_CRYPTO_KEYED_HASH_H_

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>

#include <wba/error.h>

namespace wba::crypto {

// KeyedHash is BLAKE2b of 256 bits under a random key of this process (libsodium): whoever does not
// know the key can neither compute it nor find two inputs with the same.
class KeyedHash {
 public:
  using Digest = std::array<std::byte, 32>;

  // create draws the key. Error: crypto_failure.
  [[nodiscard]] static Result<KeyedHash> create();

  // of gives the hash of the parts; their lengths are part of it, so that no two lists of parts run
  // together. Allocates nothing.
  [[nodiscard]] Digest of(std::initializer_list<std::span<const std::byte>> parts) const noexcept;

 private:
  KeyedHash() = default;
  std::array<std::byte, 32> key_{};
};

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_KEYED_HASH_H_
