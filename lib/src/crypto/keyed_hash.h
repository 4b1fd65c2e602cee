#ifndef WBA_SRC_CRYPTO_KEYED_HASH_H_
#define WBA_SRC_CRYPTO_KEYED_HASH_H_

#include <array>
#include <cstddef>
#include <span>

#include <wba/error.h>

namespace wba::crypto {

// KeyedHash is SipHash-2-4 of 128 bits under random keys of this process (libsodium): whoever does
// not know the keys can neither compute it nor find two inputs with the same. It is a third of the
// cost of BLAKE2b for a signature base, and as hard to forge blindly as an Ed25519 signature.
class KeyedHash {
 public:
  using Digest = std::array<std::byte, 16>;

  // create draws the keys. Error: crypto_failure.
  [[nodiscard]] static Result<KeyedHash> create();

  // of gives the hash of the parts. Where one part ends and the next begins is part of it: each is
  // hashed on its own, and then the list of these hashes under another key. Allocates nothing.
  template <std::size_t Count>
  [[nodiscard]] Digest of(const std::span<const std::byte> (&parts)[Count]) const noexcept {
    std::array<Digest, Count> list;
    for (std::size_t i = 0; i < Count; ++i) list[i] = hash(parts[i], part_key_);
    return hash(std::as_bytes(std::span(list)), list_key_);
  }

 private:
  using Key = std::array<std::byte, 16>;

  KeyedHash() = default;
  [[nodiscard]] static Digest hash(std::span<const std::byte> input, const Key& key) noexcept;

  Key part_key_{};
  Key list_key_{};
};

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_KEYED_HASH_H_
