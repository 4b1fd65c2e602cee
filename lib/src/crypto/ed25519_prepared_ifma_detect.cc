// Which vector paths this machine has, and what stands in for them where the compiler knows none.

#include "crypto/ed25519_prepared_ifma.h"

namespace wba::crypto::prepared {

#if defined(__x86_64__)

bool ifma_is_there() noexcept {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512ifma");
}

#else

bool ifma_is_there() noexcept { return false; }

Projective sum_ifma(const Table& base, const Digits& s, const Table& key,
                    const Digits& k) noexcept {
  return sum_portable(base, s, key, k);
}

void challenges_ifma(std::span<const ChallengeInput> inputs, Scalar* out) noexcept {
  for (const ChallengeInput& one : inputs) *out++ = challenge(one.r, one.a, one.message);
}

void sums_ifma(std::span<const SumTerms> terms, Projective* sums) noexcept {
  for (const SumTerms& one : terms) *sums++ = sum_portable(*one.base, one.s, *one.key, one.k);
}

#endif

}  // namespace wba::crypto::prepared
