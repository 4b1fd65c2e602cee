#include "crypto/keyed_hash.h"

#include <cstdint>

#include <sodium/crypto_generichash.h>

#include "crypto/random.h"

namespace wba::crypto {

Result<KeyedHash> KeyedHash::create() {
  KeyedHash made;
  if (auto drawn = random_bytes(made.key_); !drawn) return std::unexpected(drawn.error());
  return made;
}

KeyedHash::Digest KeyedHash::of(
    std::initializer_list<std::span<const std::byte>> parts) const noexcept {
  const auto raw = [](const auto* data) { return reinterpret_cast<const unsigned char*>(data); };
  crypto_generichash_state state;
  crypto_generichash_init(&state, raw(key_.data()), key_.size(), sizeof(Digest));
  for (const auto part : parts) {
    const std::uint64_t size = part.size();
    crypto_generichash_update(&state, raw(&size), sizeof size);
    crypto_generichash_update(&state, raw(part.data()), part.size());
  }
  Digest digest;
  crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(digest.data()), digest.size());
  return digest;
}

}  // namespace wba::crypto
