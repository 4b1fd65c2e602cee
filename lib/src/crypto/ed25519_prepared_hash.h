#ifndef WBA_CRYPTO_ED25519_PREPARED_HASH_H_
#define WBA_CRYPTO_ED25519_PREPARED_HASH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/ed25519_prepared_scalar.h"

namespace wba::crypto::prepared {

// challenge is k = SHA-512(R || A || message) modulo L. RFC 8032 §5.1.7 step 2. Allocates nothing.
[[nodiscard]] Scalar challenge(const std::uint8_t* r, const std::uint8_t* a,
                               std::span<const std::byte> message) noexcept;

// ChallengeInput is what one challenge among several is made of: 32 octets each of R and A.
struct ChallengeInput {
  const std::uint8_t* r;
  const std::uint8_t* a;
  std::span<const std::byte> message;
};

// ChallengeBlocks is R || A || message with SHA-512's padding, cut into blocks of 128 octets. The
// message is copied only where it shares a block with something else. FIPS 180-4 §5.1.2.
class ChallengeBlocks {
 public:
  static constexpr std::size_t block_size = 128;

  // set makes the blocks of `input`, whose message stays in place.
  void set(const ChallengeInput& input) noexcept;

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  // block gives one of them, below count().
  [[nodiscard]] const std::uint8_t* block(std::size_t number) const noexcept {
    if (number >= whole_) return tail_.data() + block_size * (number - whole_);
    return number == 0 ? first_.data() : message_ + block_size * number - prefix_size;
  }

 private:
  static constexpr std::size_t prefix_size = 64;  // R and A

  const std::uint8_t* message_ = nullptr;
  std::size_t whole_ = 0;  // blocks without padding
  std::size_t count_ = 0;
  std::array<std::uint8_t, block_size> first_;
  std::array<std::uint8_t, 2 * block_size> tail_;
};

using Sha512State = std::array<std::uint64_t, 8>;

// sha512_start is the state before the first block. FIPS 180-4 §5.3.5.
inline constexpr Sha512State sha512_start = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

// absorb_from takes in the blocks from number `from` on.
void absorb_from(Sha512State& state, const ChallengeBlocks& blocks, std::size_t from) noexcept;

// scalar_of reduces a digest modulo L.
[[nodiscard]] Scalar scalar_of(const Sha512State& digest) noexcept;

}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_HASH_H_
