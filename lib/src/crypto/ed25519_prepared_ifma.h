#ifndef WBA_CRYPTO_ED25519_PREPARED_IFMA_H_
#define WBA_CRYPTO_ED25519_PREPARED_IFMA_H_

// The AVX-512 IFMA path. Call the sums only where ifma_is_there.

#include <cstddef>
#include <span>

#include "crypto/ed25519_prepared_group.h"
#include "crypto/ed25519_prepared_hash.h"

namespace wba::crypto::prepared {

// ifma_is_there says whether this processor and system can run it.
[[nodiscard]] bool ifma_is_there() noexcept;

// sum_ifma gives s B + k P, as sum_portable does.
[[nodiscard]] Projective sum_ifma(const Table& base, const Digits& s, const Table& key,
                                  const Digits& k) noexcept;

inline constexpr std::size_t lane_count = 8;

// challenges_ifma makes up to eight challenges at once, one a lane, as challenge does. Lengths may
// differ; the time is that of the third longest, or a little more.
void challenges_ifma(std::span<const ChallengeInput> inputs, Scalar* out) noexcept;

// SumTerms is one sum among several: s B + k P.
struct SumTerms {
  const Table* base;
  const Table* key;
  Digits s;
  Digits k;
};

// sums_ifma makes up to eight sums at once, one a lane; it takes the time of eight.
void sums_ifma(std::span<const SumTerms> terms, Projective* sums) noexcept;

}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_IFMA_H_
