#ifndef WBA_CRYPTO_ED25519_PREPARED_AVX2_MACHINE_H_
#define WBA_CRYPTO_ED25519_PREPARED_AVX2_MACHINE_H_

// The lanes of ed25519_prepared_quad.h as one AVX2 register. Each function says which instructions
// it may use, so that nothing else in the program is compiled to need them.

#include <cstdint>

#include <immintrin.h>

#define WBA_AVX2_TARGET __attribute__((target("avx2")))
#define WBA_QUAD WBA_AVX2_TARGET __attribute__((always_inline)) inline
#define WBA_QUAD_CALL WBA_AVX2_TARGET __attribute__((noinline))

#include "crypto/ed25519_prepared_quad.h"

namespace wba::crypto::prepared {
namespace {

struct Avx2 {
  using Vector = __m256i;

  WBA_QUAD static Vector every(std::uint64_t a) noexcept {
    return _mm256_set1_epi64x(static_cast<long long>(a));
  }
  WBA_QUAD static Vector add(Vector a, Vector b) noexcept { return _mm256_add_epi64(a, b); }
  WBA_QUAD static Vector sub(Vector a, Vector b) noexcept { return _mm256_sub_epi64(a, b); }
  template <int bits>
  WBA_QUAD static Vector low(Vector a) noexcept {
    return _mm256_and_si256(a, every((std::uint64_t{1} << bits) - 1));
  }
  template <int bits>
  WBA_QUAD static Vector shift(Vector a) noexcept {
    return _mm256_srli_epi64(a, bits);
  }
  WBA_QUAD static Vector product(Vector a, Vector b) noexcept { return _mm256_mul_epu32(a, b); }
  WBA_QUAD static Vector product_at(Vector a, const Vector& b) noexcept {
    Vector out;
    // GCC, which sees that neighbouring rows share their places, would keep those in registers and
    // have none left for the sums.
    asm("vpmuludq %2, %1, %0" : "=x"(out) : "x"(a), "m"(b));  // NOLINT(hicpp-no-assembler)
    return out;
  }
  // Of any 59 bits, which a product of 32-bit numbers would cut off.
  WBA_QUAD static Vector times19(Vector a) noexcept {
    return add(add(a, _mm256_slli_epi64(a, 1)), _mm256_slli_epi64(a, 4));
  }
};

}  // namespace
}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_AVX2_MACHINE_H_
