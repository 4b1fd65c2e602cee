#include "crypto/ed25519_prepared_ifma.h"

#if defined(__x86_64__)

#include "crypto/ed25519_prepared_ifma_machine.h"

namespace wba::crypto::prepared {

namespace {

WBA_LANES __m512i load_limbs(const Entry& low, const Entry& high, std::size_t limb) noexcept {
  const __m256i from_low =
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(low.word.data() + 3 * limb));
  const __m256i from_high =
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(high.word.data() + 3 * limb));
  return _mm512_inserti64x4(_mm512_castsi256_si512(from_low), from_high, 1);
}

// load_entries puts two entries into the order y - x, 2dxy, 2, y + x; of a negative one the first
// and last change places and 2dxy its sign.
WBA_LANES LaneFe<Ifma> load_entries(const EntryTerm& low, const EntryTerm& high) noexcept {
  const auto negative =
      static_cast<__mmask8>((low.negative ? 0x0f : 0) | (high.negative ? 0xf0 : 0));
  const __m512i order = _mm512_setr_epi64(0, 2, 0, 1, 4, 6, 4, 5);
  const __m512i wanted =
      _mm512_mask_xor_epi64(order, static_cast<__mmask8>(negative & 0x99), order, Ifma::every(1));
  LaneFe<Ifma> out;
  for (std::size_t i = 0; i < 5; ++i) {
    const __m512i read = load_limbs(*low.entry, *high.entry, i);
    const __m512i placed =
        _mm512_mask_permutexvar_epi64(Ifma::every(i == 0 ? 2 : 0), 0xbb, wanted, read);
    out.limb[i] = _mm512_mask_sub_epi64(placed, static_cast<__mmask8>(negative & 0x22),
                                        Ifma::every(two_p[i]), placed);
  }
  return out;
}

WBA_LANES LaneFe<Ifma> every_point(const Fe& minus, const Fe& t, const Fe& z,
                                   const Fe& plus) noexcept {
  LaneFe<Ifma> out;
  for (std::size_t i = 0; i < 5; ++i) {
    const __m256i one =
        _mm256_setr_epi64x(static_cast<long long>(minus.limb[i]), static_cast<long long>(t.limb[i]),
                           static_cast<long long>(z.limb[i]), static_cast<long long>(plus.limb[i]));
    out.limb[i] = _mm512_broadcast_i64x4(one);
  }
  return out;
}

}  // namespace

// The terms are dealt out to two sums, in the two halves of each register, which are added at the
// end.
WBA_IFMA_TARGET Projective sum_ifma(const Table& base, const Digits& s, const Table& key,
                                    const Digits& k) noexcept {
  EntryTerm terms[max_terms + 1];
  std::size_t count = append_terms(base, s, terms);
  count += append_terms(key, k, terms + count);
  if (count % 2 != 0) terms[count++] = {&identity_entry, false};

  LaneFe<Ifma> point = every_point(fe_one, fe_zero, fe_one, fe_one);
  std::size_t asked = base.rows();
  for (std::size_t i = 0; i < count; i += 2) {
    for (const std::size_t two = asked + 2; asked < two && asked < count; ++asked)
      prefetch_entry(*terms[asked].entry);
    point = entry_step<Ifma>(point, load_entries(terms[i], terms[i + 1]));
  }

  // The high half as y - x, 2dt, 2z, y + x.
  LaneFe<Ifma> high;
  for (std::size_t i = 0; i < 5; ++i)
    high.limb[i] = _mm512_shuffle_i64x2(point.limb[i], point.limb[i], 0xee);
  const Fe two = {{2, 0, 0, 0, 0}};
  high = carry_lanes<Ifma>(columns<Ifma>(high, every_point(fe_one, curve_2d, two, fe_one)));
  point = entry_step<Ifma>(point, high);

  alignas(64) std::uint64_t lanes[5][8];
  for (std::size_t i = 0; i < 5; ++i) _mm512_store_si512(lanes[i], point.limb[i]);
  Fe minus;
  Fe z;
  Fe plus;
  for (std::size_t i = 0; i < 5; ++i) {
    minus.limb[i] = lanes[i][0];
    z.limb[i] = lanes[i][2];
    plus.limb[i] = lanes[i][3];
  }
  minus = carry(minus);
  plus = carry(plus);
  z = carry(z);
  // Twice each coordinate.
  return {carry(sub(plus, minus)), carry(add(plus, minus)), carry(add(z, z))};
}

}  // namespace wba::crypto::prepared

#endif
