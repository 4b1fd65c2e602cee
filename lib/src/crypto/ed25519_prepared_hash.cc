// OpenSSL's SHA-512 takes a third less time than libsodium's. The functions used here are
// deprecated in favour of EVP, which allocates for each digest; these keep their state in place.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/ed25519_prepared_hash.h"

#include <algorithm>
#include <cstring>

#include <openssl/sha.h>

namespace wba::crypto::prepared {

namespace {

void store_big_endian(std::uint64_t word, std::uint8_t* out) noexcept {
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(word >> (56 - 8 * i));
}

}  // namespace

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

void ChallengeBlocks::set(const ChallengeInput& input) noexcept {
  message_ = reinterpret_cast<const std::uint8_t*>(input.message.data());
  const std::size_t total = prefix_size + input.message.size();
  whole_ = total / block_size;
  const bool in_first = whole_ > 0;
  std::uint8_t* const prefix = in_first ? first_.data() : tail_.data();
  std::memcpy(prefix, input.r, 32);
  std::memcpy(prefix + 32, input.a, 32);
  if (in_first) std::memcpy(prefix + prefix_size, message_, block_size - prefix_size);

  // What is left of the message, one bit, zeros, and the length in bits, 128 bits wide.
  std::size_t used = total % block_size;
  const std::size_t copied = in_first ? used : input.message.size();
  if (copied > 0)
    std::memcpy(tail_.data() + (used - copied), message_ + (input.message.size() - copied), copied);
  tail_[used++] = 0x80;
  const std::size_t size = used + 16 <= block_size ? block_size : 2 * block_size;
  std::fill(tail_.begin() + static_cast<std::ptrdiff_t>(used),
            tail_.begin() + static_cast<std::ptrdiff_t>(size - 8), std::uint8_t{0});
  store_big_endian(std::uint64_t{total} * 8, tail_.data() + size - 8);
  if (total >> 61 != 0) tail_[size - 9] = static_cast<std::uint8_t>(total >> 61);
  count_ = whole_ + size / block_size;
}

void absorb_from(Sha512State& state, const ChallengeBlocks& blocks, std::size_t from) noexcept {
  SHA512_CTX context;
  std::copy(state.begin(), state.end(), context.h);
  for (std::size_t i = from; i < blocks.count(); ++i) SHA512_Transform(&context, blocks.block(i));
  std::copy(context.h, context.h + state.size(), state.begin());
}

Scalar scalar_of(const Sha512State& digest) noexcept {
  std::array<std::uint8_t, 64> octets;
  for (std::size_t i = 0; i < digest.size(); ++i) store_big_endian(digest[i], &octets[8 * i]);
  return reduce(octets.data());
}

}  // namespace wba::crypto::prepared
