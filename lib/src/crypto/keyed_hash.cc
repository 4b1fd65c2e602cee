#include "crypto/keyed_hash.h"

#include <sodium/crypto_shorthash_siphash24.h>

#include "crypto/random.h"

namespace wba::crypto {

Result<KeyedHash> KeyedHash::create() {
  KeyedHash made;
  for (Key* key : {&made.part_key_, &made.list_key_}) {
    if (auto drawn = random_bytes(*key); !drawn) return std::unexpected(drawn.error());
  }
  return made;
}

KeyedHash::Digest KeyedHash::hash(std::span<const std::byte> input, const Key& key) noexcept {
  static_assert(sizeof(Digest) == crypto_shorthash_siphashx24_BYTES);
  static_assert(sizeof(Key) == crypto_shorthash_siphashx24_KEYBYTES);
  const auto raw = [](const std::byte* data) {
    return reinterpret_cast<const unsigned char*>(data);
  };
  Digest digest;
  crypto_shorthash_siphashx24(reinterpret_cast<unsigned char*>(digest.data()), raw(input.data()),
                              input.size(), raw(key.data()));
  return digest;
}

}  // namespace wba::crypto
