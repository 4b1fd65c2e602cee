#ifndef WBA_CRYPTO_ED25519_PREPARED_LANES_H_
#define WBA_CRYPTO_ED25519_PREPARED_LANES_H_

// Field and group arithmetic in eight lanes of 64 bits, in five limbs of 51 bits, built on the
// multiply-add of 52-bit numbers of AVX-512 IFMA.
//
// Everything is a template over the machine M, so that tests can run the very same code on
// emulated lanes and on intervals. M has a type Vector of eight lanes and these operations on all
// of them: add, sub, low51 (the low 51 bits), shift51 (what stands above them), lo and hi (acc plus
// the low or high 52 bits of the product of the low 52 bits of a and b), times19, every (the same
// number in all lanes); and by lane: permute<i, j, k, l> (within each four), subtract_where<mask>
// (from - v in the lanes of the mask, v elsewhere), add_where<mask> (v + w there, v elsewhere).
//
// "Reduced" limbs are below 2^51 + 2^17, and factors of products below 2^52. "Columns" are the sums
// of a product before any carry, below 2^61. Sums and differences are made on columns and carried
// once.

#include <cstddef>
#include <cstdint>

#include "crypto/ed25519_prepared_field.h"

// Put before each function, for those who compile this for one instruction set.
#ifndef WBA_LANES
#define WBA_LANES inline
#endif

namespace wba::crypto::prepared {

template <typename M>
struct LaneFe {
  typename M::Vector limb[5];
};

// A multiple of p whose limbs are above all columns: 2^11 p.
inline constexpr std::uint64_t column_bias_0 = ((std::uint64_t{1} << 51) - 19) << 11;
inline constexpr std::uint64_t column_bias = ((std::uint64_t{1} << 51) - 1) << 11;

template <typename M>
WBA_LANES typename M::Vector bias_of(std::size_t limb) noexcept {
  return M::every(limb == 0 ? column_bias_0 : column_bias);
}

// carry_lanes makes limbs below 2^63 reduced.
template <typename M>
WBA_LANES LaneFe<M> carry_lanes(const LaneFe<M>& a) noexcept {
  LaneFe<M> out;
  out.limb[0] = M::lo(M::low51(a.limb[0]), M::shift51(a.limb[4]), M::every(19));
  for (std::size_t i = 1; i < 5; ++i)
    out.limb[i] = M::add(M::low51(a.limb[i]), M::shift51(a.limb[i - 1]));
  return out;
}

// columns multiplies. Limb by limb, a product a_i b_j is lo + 2^52 hi, and 2^52 at limb i + j is 2
// at limb i + j + 1; limbs from 5 on come back times 19.
template <typename M>
WBA_LANES LaneFe<M> columns(const LaneFe<M>& a, const LaneFe<M>& b) noexcept {
  typename M::Vector high[9];
  for (std::size_t k = 0; k < 9; ++k) high[k] = M::every(0);
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = 0; j < 5; ++j) high[i + j] = M::hi(high[i + j], a.limb[i], b.limb[j]);
  typename M::Vector sum[10];
  sum[0] = M::every(0);
  for (std::size_t k = 0; k < 9; ++k) sum[k + 1] = M::add(high[k], high[k]);
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = 0; j < 5; ++j) sum[i + j] = M::lo(sum[i + j], a.limb[i], b.limb[j]);
  LaneFe<M> out;
  for (std::size_t k = 0; k < 5; ++k) out.limb[k] = M::add(sum[k], M::times19(sum[k + 5]));
  return out;
}

// Two points at a time, each in four lanes: y - x, t, z, y + x, reduced.

// entry_step adds to each point the affine point given as y - x, 2dxy, 2, y + x; or any other given
// as y - x, 2dt, 2z, y + x.
template <typename M>
WBA_LANES LaneFe<M> entry_step(const LaneFe<M>& point, const LaneFe<M>& entry) noexcept {
  const LaneFe<M> first = columns<M>(point, entry);  // a, c, d, b
  LaneFe<M> mixed;
  for (std::size_t i = 0; i < 5; ++i) {
    // e = b - a, f = d - c, g = d + c, h = b + a
    const auto reversed = M::template permute<3, 2, 1, 0>(first.limb[i]);
    mixed.limb[i] =
        M::add(reversed, M::template subtract_where<0x33>(bias_of<M>(i), first.limb[i]));
  }
  mixed = carry_lanes<M>(mixed);
  LaneFe<M> left;
  LaneFe<M> right;
  for (std::size_t i = 0; i < 5; ++i) {
    left.limb[i] = M::template permute<0, 0, 1, 2>(mixed.limb[i]);   // e, e, f, g
    right.limb[i] = M::template permute<1, 3, 2, 3>(mixed.limb[i]);  // f, h, g, h
  }
  const LaneFe<M> second = columns<M>(left, right);  // x, t, z, y
  LaneFe<M> out;
  for (std::size_t i = 0; i < 5; ++i) {
    const auto swapped = M::template permute<3, 1, 2, 0>(second.limb[i]);
    out.limb[i] = M::template add_where<0x99>(
        M::template subtract_where<0x11>(bias_of<M>(i), second.limb[i]), swapped);
  }
  return carry_lanes<M>(out);
}

// Eight points at a time, one a lane.

template <typename M>
struct LanePoint {
  LaneFe<M> minus, plus;  // y - x and y + x, reduced
  LaneFe<M> t;            // reduced
  LaneFe<M> z;            // columns
};

template <typename M>
WBA_LANES LaneFe<M> sum_of(const LaneFe<M>& a, const LaneFe<M>& b) noexcept {
  LaneFe<M> out;
  for (std::size_t i = 0; i < 5; ++i) out.limb[i] = M::add(a.limb[i], b.limb[i]);
  return carry_lanes<M>(out);
}

template <typename M>
WBA_LANES LaneFe<M> difference_of(const LaneFe<M>& a, const LaneFe<M>& b) noexcept {
  LaneFe<M> out;
  for (std::size_t i = 0; i < 5; ++i)
    out.limb[i] = M::sub(M::add(a.limb[i], bias_of<M>(i)), b.limb[i]);
  return carry_lanes<M>(out);
}

// add_affine adds to each point the affine point given as y - x, y + x, 2dxy.
template <typename M>
WBA_LANES void add_affine(LanePoint<M>& point, const LaneFe<M>& minus, const LaneFe<M>& plus,
                          const LaneFe<M>& t2d) noexcept {
  const LaneFe<M> a = columns<M>(point.minus, minus);
  const LaneFe<M> b = columns<M>(point.plus, plus);
  const LaneFe<M> e = difference_of<M>(b, a);
  const LaneFe<M> h = sum_of<M>(b, a);
  const LaneFe<M> c = columns<M>(point.t, t2d);
  LaneFe<M> d;
  for (std::size_t i = 0; i < 5; ++i) d.limb[i] = M::add(point.z.limb[i], point.z.limb[i]);
  const LaneFe<M> f = difference_of<M>(d, c);
  const LaneFe<M> g = sum_of<M>(d, c);
  point.t = carry_lanes<M>(columns<M>(e, h));
  point.z = columns<M>(f, g);
  const LaneFe<M> x = columns<M>(e, f);
  const LaneFe<M> y = columns<M>(g, h);
  point.minus = difference_of<M>(y, x);
  point.plus = sum_of<M>(y, x);
}

}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_LANES_H_
