#include "crypto/keyed_hash.h"

#include <cassert>

#include <sodium/crypto_shorthash_siphash24.h>

#include "crypto/random.h"

namespace wba::crypto {
namespace {

static_assert(sizeof(KeyedHash::Digest) == crypto_shorthash_siphashx24_BYTES);

void hash(std::span<const std::byte> input, std::span<const std::byte, 16> key,
          std::span<std::byte, 16> out) noexcept {
  static_assert(crypto_shorthash_siphashx24_KEYBYTES == 16);
  const auto raw = [](const std::byte* data) {
    return reinterpret_cast<const unsigned char*>(data);
  };
  crypto_shorthash_siphashx24(reinterpret_cast<unsigned char*>(out.data()), raw(input.data()),
                              input.size(), raw(key.data()));
}

}  // namespace

Result<KeyedHash> KeyedHash::create() {
  KeyedHash made;
  for (Key* key : {&made.part_key_, &made.list_key_}) {
    if (auto drawn = random_bytes(*key); !drawn) return std::unexpected(drawn.error());
  }
  return made;
}

KeyedHash::Digest KeyedHash::of(
    std::initializer_list<std::span<const std::byte>> parts) const noexcept {
  assert(parts.size() <= most_parts);
  std::array<Digest, most_parts> list;
  std::size_t count = 0;
  for (const auto part : parts) hash(part, part_key_, list[count++]);
  Digest digest;
  hash(std::as_bytes(std::span(list).first(count)), list_key_, digest);
  return digest;
}

}  // namespace wba::crypto
