// Eight sums at once, one a lane: no lane is idle and nothing is moved between them, but the table
// entries, which lie in memory one after the other, have to be turned into lanes.

#include "crypto/ed25519_prepared_ifma.h"

#if defined(__x86_64__)

#include "crypto/ed25519_prepared_ifma_machine.h"

namespace wba::crypto::prepared {

namespace {

using Vector = Ifma::Vector;

WBA_LANES LaneFe<Ifma> every_element(std::uint64_t a) noexcept {
  return {{Ifma::every(a), Ifma::every(0), Ifma::every(0), Ifma::every(0), Ifma::every(0)}};
}

// A round is one term of each lane.
struct Round {
  const Entry* entries[lane_count];
  std::uint8_t negative;  // a bit a lane
};

WBA_LANES void add_round(LanePoint<Ifma>& sum, const Round& round) noexcept {
  Vector word[16];
  const void* places[lane_count];
  for (std::size_t i = 0; i < lane_count; ++i) places[i] = round.entries[i]->word.data();
  transpose(places, word);
  for (std::size_t i = 0; i < lane_count; ++i) places[i] = round.entries[i]->word.data() + 8;
  transpose(places, word + 8);
  const __mmask8 negative = round.negative;
  LaneFe<Ifma> minus;
  LaneFe<Ifma> plus;
  LaneFe<Ifma> t2d;
  for (std::size_t i = 0; i < 5; ++i) {
    minus.limb[i] = _mm512_mask_blend_epi64(negative, word[3 * i], word[3 * i + 1]);
    plus.limb[i] = _mm512_mask_blend_epi64(negative, word[3 * i + 1], word[3 * i]);
    t2d.limb[i] =
        _mm512_mask_sub_epi64(word[3 * i + 2], negative, Ifma::every(two_p[i]), word[3 * i + 2]);
  }
  add_affine<Ifma>(sum, minus, plus, t2d);
}

}  // namespace

WBA_IFMA_TARGET void sums_ifma(std::span<const SumTerms> terms, Projective* sums) noexcept {
  if (terms.empty()) return;
  Round rounds[max_terms];
  std::size_t count = 0;
  for (std::size_t lane = 0; lane < lane_count; ++lane) {
    EntryTerm of_lane[max_terms];
    std::size_t own = 0;
    if (lane < terms.size()) {
      own = append_terms(*terms[lane].base, terms[lane].s, of_lane);
      own += append_terms(*terms[lane].key, terms[lane].k, of_lane + own);
    }
    // Lanes with fewer terms add (0, 1).
    for (; count < own; ++count) {
      for (const Entry*& entry : rounds[count].entries) entry = &identity_entry;
      rounds[count].negative = 0;
    }
    for (std::size_t i = 0; i < own; ++i) {
      rounds[i].entries[lane] = of_lane[i].entry;
      rounds[i].negative =
          static_cast<std::uint8_t>(rounds[i].negative | (of_lane[i].negative ? 1U << lane : 0U));
    }
  }

  LanePoint<Ifma> sum = {every_element(1), every_element(1), every_element(0), every_element(1)};
  std::size_t asked = terms[0].base->rows();
  for (std::size_t i = 0; i < count; ++i) {
    if (asked < count)
      for (const Entry* entry : rounds[asked++].entries) prefetch_entry(*entry);
    add_round(sum, rounds[i]);
  }

  // Twice each coordinate.
  const LaneFe<Ifma> x = difference_of<Ifma>(sum.plus, sum.minus);
  const LaneFe<Ifma> y = sum_of<Ifma>(sum.plus, sum.minus);
  const LaneFe<Ifma> z = sum_of<Ifma>(sum.z, sum.z);
  alignas(64) std::uint64_t lanes[3][5][lane_count];
  for (std::size_t i = 0; i < 5; ++i) {
    _mm512_store_si512(lanes[0][i], x.limb[i]);
    _mm512_store_si512(lanes[1][i], y.limb[i]);
    _mm512_store_si512(lanes[2][i], z.limb[i]);
  }
  for (std::size_t lane = 0; lane < terms.size(); ++lane)
    for (std::size_t i = 0; i < 5; ++i) {
      sums[lane].x.limb[i] = lanes[0][i][lane];
      sums[lane].y.limb[i] = lanes[1][i][lane];
      sums[lane].z.limb[i] = lanes[2][i][lane];
    }
  for (std::size_t lane = 0; lane < terms.size(); ++lane)
    sums[lane] = {carry(sums[lane].x), carry(sums[lane].y), carry(sums[lane].z)};
}

}  // namespace wba::crypto::prepared

#endif
