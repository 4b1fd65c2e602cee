#include "crypto/ed25519_prepared_avx2.h"

#if defined(__x86_64__)

#include "crypto/ed25519_prepared_avx2_machine.h"
#include "crypto/ed25519_prepared_terms.h"

namespace wba::crypto::prepared {

namespace {

using Vector = Avx2::Vector;

constexpr std::size_t quad = 4;

// transpose reads four words of each of four entries, and gives the first words of all, the second
// words of all and so on.
WBA_QUAD void transpose(const EntryTerm* terms, std::size_t first, Vector* out) noexcept {
  Vector row[quad];
  for (std::size_t i = 0; i < quad; ++i)
    row[i] =
        _mm256_load_si256(reinterpret_cast<const __m256i*>(terms[i].entry->word.data() + first));
  const Vector even_low = _mm256_unpacklo_epi64(row[0], row[1]);  // words 0 and 2
  const Vector odd_low = _mm256_unpackhi_epi64(row[0], row[1]);   // words 1 and 3
  const Vector even_high = _mm256_unpacklo_epi64(row[2], row[3]);
  const Vector odd_high = _mm256_unpackhi_epi64(row[2], row[3]);
  out[0] = _mm256_permute2x128_si256(even_low, even_high, 0x20);
  out[1] = _mm256_permute2x128_si256(odd_low, odd_high, 0x20);
  out[2] = _mm256_permute2x128_si256(even_low, even_high, 0x31);
  out[3] = _mm256_permute2x128_si256(odd_low, odd_high, 0x31);
}

// load_entries puts four terms into lanes. Of a negative one the first two change places and 2dxy
// its sign.
WBA_QUAD void load_entries(const EntryTerm* terms, QuadEntry<Avx2>& out) noexcept {
  Vector word[16];
  for (std::size_t i = 0; i < 16; i += quad) transpose(terms, i, word + i);
  const auto mask = [terms](std::size_t i) { return terms[i].negative ? -1LL : 0LL; };
  const Vector negative = _mm256_setr_epi64x(mask(0), mask(1), mask(2), mask(3));
  for (std::size_t i = 0; i < 5; ++i) {
    const Vector minus = word[3 * i];
    const Vector plus = word[3 * i + 1];
    const Vector change = _mm256_and_si256(_mm256_xor_si256(minus, plus), negative);
    quad_split<Avx2>(out.minus, i, _mm256_xor_si256(minus, change));
    quad_split<Avx2>(out.plus, i, _mm256_xor_si256(plus, change));
    // t, or 2p - t: ~t + 1 is -t.
    quad_split<Avx2>(out.t2d, i,
                     Avx2::add(_mm256_xor_si256(word[3 * i + 2], negative),
                               _mm256_and_si256(Avx2::every(two_p[i] + 1), negative)));
  }
}

// store gives the four elements, reduced as the portable field wants them.
WBA_QUAD void store(const QuadFe<Avx2>& a, Fe Point::*coordinate, Point* points) noexcept {
  alignas(32) std::uint64_t lanes[5][quad];
  for (std::size_t i = 0; i < 5; ++i)
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes[i]),
                       Avx2::add(a.limb[2 * i], _mm256_slli_epi64(a.limb[2 * i + 1], 26)));
  for (std::size_t lane = 0; lane < quad; ++lane)
    points[lane].*coordinate =
        carry(Fe{{lanes[0][lane], lanes[1][lane], lanes[2][lane], lanes[3][lane], lanes[4][lane]}});
}

}  // namespace

bool avx2_is_there() noexcept {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2");
}

// The terms are dealt out to four sums, one a lane, which are added at the end.
WBA_AVX2_TARGET Projective sum_avx2(const Table& base, const Digits& s, const Table& key,
                                    const Digits& k) noexcept {
  static_assert(max_terms % quad == 0);
  EntryTerm terms[max_terms];
  std::size_t count = append_terms(base, s, terms);
  count += append_terms(key, k, terms + count);
  while (count % quad != 0) terms[count++] = {&identity_entry, false};

  QuadEntry<Avx2> entry;
  load_entries(terms, entry);
  QuadPoint<Avx2> sum = quad_start<Avx2>(entry);
  std::size_t asked = base.rows();
  for (std::size_t i = quad; i < count; i += quad) {
    for (const std::size_t four = asked + quad; asked < four && asked < count; ++asked)
      prefetch_entry(*terms[asked].entry);
    load_entries(terms + i, entry);
    quad_add<Avx2>(sum, entry);
  }

  Point points[quad];
  store(sum.x, &Point::x, points);
  store(sum.y, &Point::y, points);
  store(sum.z, &Point::z, points);
  store(sum.t, &Point::t, points);
  const Point all = add_points(add_points(points[0], points[1]), add_points(points[2], points[3]));
  return {all.x, all.y, all.z};
}

}  // namespace wba::crypto::prepared

#else

namespace wba::crypto::prepared {

bool avx2_is_there() noexcept { return false; }

Projective sum_avx2(const Table& base, const Digits& s, const Table& key,
                    const Digits& k) noexcept {
  return sum_portable(base, s, key, k);
}

}  // namespace wba::crypto::prepared

#endif
