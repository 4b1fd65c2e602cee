#include "crypto/hash.h"

#include <sodium/crypto_hash_sha256.h>
#include <sodium/crypto_hash_sha512.h>
#include <sodium/utils.h>

namespace wba::crypto {
namespace {

template <typename State, std::size_t size>
State* state_of(std::array<std::byte, size>& storage) noexcept {
  static_assert(sizeof(State) == size && alignof(State) <= 8);
  return reinterpret_cast<State*>(storage.data());
}

unsigned char* octets(std::byte* data) noexcept { return reinterpret_cast<unsigned char*>(data); }

const unsigned char* octets(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Sha256::Sha256() noexcept { crypto_hash_sha256_init(state_of<crypto_hash_sha256_state>(state_)); }

void Sha256::update(std::string_view chunk) noexcept {
  crypto_hash_sha256_update(state_of<crypto_hash_sha256_state>(state_), octets(chunk),
                            chunk.size());
}

Sha256::Digest Sha256::finish() noexcept {
  Digest digest;
  auto* state = state_of<crypto_hash_sha256_state>(state_);
  crypto_hash_sha256_final(state, octets(digest.data()));
  crypto_hash_sha256_init(state);
  return digest;
}

Sha512::Sha512() noexcept { crypto_hash_sha512_init(state_of<crypto_hash_sha512_state>(state_)); }

void Sha512::update(std::string_view chunk) noexcept {
  crypto_hash_sha512_update(state_of<crypto_hash_sha512_state>(state_), octets(chunk),
                            chunk.size());
}

Sha512::Digest Sha512::finish() noexcept {
  Digest digest;
  auto* state = state_of<crypto_hash_sha512_state>(state_);
  crypto_hash_sha512_final(state, octets(digest.data()));
  crypto_hash_sha512_init(state);
  return digest;
}

Sha256::Digest sha256(std::string_view message) noexcept {
  Sha256::Digest digest;
  crypto_hash_sha256(octets(digest.data()), octets(message), message.size());
  return digest;
}

Sha512::Digest sha512(std::string_view message) noexcept {
  Sha512::Digest digest;
  crypto_hash_sha512(octets(digest.data()), octets(message), message.size());
  return digest;
}

bool constant_time_equal(std::span<const std::byte> left,
                         std::span<const std::byte> right) noexcept {
  return left.size() == right.size() && sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace wba::crypto
