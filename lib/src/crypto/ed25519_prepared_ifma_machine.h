#ifndef WBA_CRYPTO_ED25519_PREPARED_IFMA_MACHINE_H_
#define WBA_CRYPTO_ED25519_PREPARED_IFMA_MACHINE_H_

// The lanes of ed25519_prepared_lanes.h as one AVX-512 register. Each function says which
// instructions it may use, so that nothing else in the program is compiled to need them.

#include <cstdint>

// GCC 12 warns of its own intrinsics, which start from an undefined register on purpose.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <immintrin.h>

#define WBA_IFMA_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512ifma")))
#define WBA_LANES WBA_IFMA_TARGET __attribute__((always_inline)) inline

#include "crypto/ed25519_prepared_lanes.h"
#include "crypto/ed25519_prepared_terms.h"

namespace wba::crypto::prepared {
namespace {

struct Ifma {
  using Vector = __m512i;

  WBA_LANES static Vector every(std::uint64_t a) noexcept {
    return _mm512_set1_epi64(static_cast<long long>(a));
  }
  WBA_LANES static Vector add(Vector a, Vector b) noexcept { return _mm512_add_epi64(a, b); }
  WBA_LANES static Vector sub(Vector a, Vector b) noexcept { return _mm512_sub_epi64(a, b); }
  WBA_LANES static Vector low51(Vector a) noexcept { return _mm512_and_si512(a, every(mask51)); }
  WBA_LANES static Vector shift51(Vector a) noexcept { return _mm512_srli_epi64(a, 51); }
  WBA_LANES static Vector lo(Vector acc, Vector a, Vector b) noexcept {
    return _mm512_madd52lo_epu64(acc, a, b);
  }
  WBA_LANES static Vector hi(Vector acc, Vector a, Vector b) noexcept {
    return _mm512_madd52hi_epu64(acc, a, b);
  }
  WBA_LANES static Vector times19(Vector a) noexcept {
    Vector nineteen = every(19);
    // GCC, which sees the number, would make four instructions of the one.
    asm("" : "+v"(nineteen));  // NOLINT(hicpp-no-assembler)
    return _mm512_mullo_epi64(a, nineteen);
  }
  template <int i, int j, int k, int l>
  WBA_LANES static Vector permute(Vector a) noexcept {
    return _mm512_permutex_epi64(a, i | j << 2 | k << 4 | l << 6);
  }
  template <std::uint8_t mask>
  WBA_LANES static Vector subtract_where(Vector from, Vector a) noexcept {
    return _mm512_mask_sub_epi64(a, mask, from, a);
  }
  template <std::uint8_t mask>
  WBA_LANES static Vector add_where(Vector a, Vector b) noexcept {
    return _mm512_mask_add_epi64(a, mask, a, b);
  }
};

// transpose reads eight words from each of eight places, and gives the first words of all, the
// second words of all and so on.
WBA_LANES void transpose(const void* const places[8], Ifma::Vector out[8]) noexcept {
  using Vector = Ifma::Vector;
  Vector row[8];
  for (std::size_t i = 0; i < 8; ++i) row[i] = _mm512_loadu_si512(places[i]);
  Vector pair[8];  // of neighbouring rows: even words, odd words
  for (std::size_t i = 0; i < 8; i += 2) {
    pair[i] = _mm512_unpacklo_epi64(row[i], row[i + 1]);
    pair[i + 1] = _mm512_unpackhi_epi64(row[i], row[i + 1]);
  }
  Vector four[8];  // of four rows: words 0 and 4, 1 and 5, 2 and 6, 3 and 7
  for (std::size_t i = 0; i < 8; i += 4) {
    four[i] = _mm512_shuffle_i64x2(pair[i], pair[i + 2], 0x88);
    four[i + 1] = _mm512_shuffle_i64x2(pair[i + 1], pair[i + 3], 0x88);
    four[i + 2] = _mm512_shuffle_i64x2(pair[i], pair[i + 2], 0xdd);
    four[i + 3] = _mm512_shuffle_i64x2(pair[i + 1], pair[i + 3], 0xdd);
  }
  for (std::size_t i = 0; i < 4; ++i) {
    out[i] = _mm512_shuffle_i64x2(four[i], four[i + 4], 0x88);
    out[i + 4] = _mm512_shuffle_i64x2(four[i], four[i + 4], 0xdd);
  }
}

}  // namespace
}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_IFMA_MACHINE_H_
