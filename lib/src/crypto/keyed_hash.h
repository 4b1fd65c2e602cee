#ifndef WBA_SRC_CRYPTO_KEYED_HASH_H_
#define WBA_SRC_CRYPTO_KEYED_HASH_H_

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>

#include <wba/error.h>

namespace wba::crypto {

// KeyedHash is SipHash-2-4 of 128 bits under random keys of this process (libsodium): whoever does
// not know the keys can neither compute it nor find two inputs with the same. It is a third of the
// cost of BLAKE2b for a signature base, and as hard to forge blindly as an Ed25519 signature.
class KeyedHash {
 public:
  using Digest = std::array<std::byte, 16>;
  // The most parts that a hash can have.
  static constexpr std::size_t most_parts = 4;

  // create draws the keys. Error: crypto_failure.
  [[nodiscard]] static Result<KeyedHash> create();

  // of gives the hash of the parts, of which there are at most most_parts. Where one part ends and
  // the next begins is part of it: each is hashed on its own, and then the list of these hashes
  // under another key. Allocates nothing.
  [[nodiscard]] Digest of(std::initializer_list<std::span<const std::byte>> parts) const noexcept;

 private:
  using Key = std::array<std::byte, 16>;

  KeyedHash() = default;
  Key part_key_{};
  Key list_key_{};
};

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_KEYED_HASH_H_
