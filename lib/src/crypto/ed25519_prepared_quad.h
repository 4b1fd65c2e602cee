#ifndef WBA_CRYPTO_ED25519_PREPARED_QUAD_H_
#define WBA_CRYPTO_ED25519_PREPARED_QUAD_H_

// Field and group arithmetic in four lanes of 64 bits, in ten limbs of 26 and 25 bits in turn,
// built on the product of 32-bit numbers that AVX2 has.
//
// Everything is a template over the machine M, so that tests can run the very same code on
// emulated lanes and on intervals. M has a type Vector of four lanes and these operations on all
// of them: add, sub, low<n> (the low n bits), shift<n> (what stands above them), product (of the
// low 32 bits of a and b), product_at (the same, with b read from memory), times19, every (the same
// number in all lanes).
//
// Limb i counts 2^(51 i / 2), rounded up: a limb of 51 bits is two of these. "Reduced" limbs are
// below 2^26 + 2^18 (even ones) and 2^25 + 2^18 (odd ones), which is what a product gives. Its
// factors may be sums and differences of reduced elements without a carry: the left one up to four
// times as large as reduced, the right one up to three times.

#include <cstddef>
#include <cstdint>

#include "crypto/ed25519_prepared_field.h"

// Put before each function, for those who compile this for one instruction set; and before those
// that are too large to stand in every place where they are called.
#ifndef WBA_QUAD
#define WBA_QUAD inline
#define WBA_QUAD_CALL inline
#endif

namespace wba::crypto::prepared {

template <typename M>
struct QuadFe {
  typename M::Vector limb[10];
};

// The limbs of 2p.
[[nodiscard]] constexpr std::uint64_t quad_two_p(std::size_t limb) noexcept {
  if (limb == 0) return (std::uint64_t{1} << 27) - 38;
  return (std::uint64_t{1} << (limb % 2 == 0 ? 27 : 26)) - 2;
}

template <typename M>
WBA_QUAD QuadFe<M> quad_sum(const QuadFe<M>& a, const QuadFe<M>& b) noexcept {
  QuadFe<M> out;
  for (std::size_t i = 0; i < 10; ++i) out.limb[i] = M::add(a.limb[i], b.limb[i]);
  return out;
}

// quad_difference gives a - b + 2p; `b` is reduced.
template <typename M>
WBA_QUAD QuadFe<M> quad_difference(const QuadFe<M>& a, const QuadFe<M>& b) noexcept {
  QuadFe<M> out;
  for (std::size_t i = 0; i < 10; ++i)
    out.limb[i] = M::sub(M::add(a.limb[i], M::every(quad_two_p(i))), b.limb[i]);
  return out;
}

// quad_split makes limb `i` of 51 bits, of at most 52 bits, two limbs.
template <typename M>
WBA_QUAD void quad_split(QuadFe<M>& out, std::size_t i, typename M::Vector word) noexcept {
  out.limb[2 * i] = M::template low<26>(word);
  out.limb[2 * i + 1] = M::template shift<26>(word);
}

// QuadFactor is the right factor of products: limb[9 + j] is limb j, and before those stand limbs 1
// to 9 times 19, so that what belongs to limb i of the left one is a row, from limb[9 - i] on.
template <typename M>
struct QuadFactor {
  typename M::Vector limb[19];
};

template <typename M>
WBA_QUAD QuadFactor<M> quad_factor(const QuadFe<M>& a) noexcept {
  QuadFactor<M> out;
  for (std::size_t j = 1; j < 10; ++j) out.limb[j - 1] = M::product(a.limb[j], M::every(19));
  for (std::size_t j = 0; j < 10; ++j) out.limb[9 + j] = a.limb[j];
  return out;
}

template <typename M, std::size_t k>
WBA_QUAD void quad_carry(typename M::Vector* column) noexcept {
  constexpr int bits = k % 2 == 0 ? 26 : 25;
  column[k + 1] = M::add(column[k + 1], M::template shift<bits>(column[k]));
  column[k] = M::template low<bits>(column[k]);
}

// quad_odd_row adds the products of an odd limb. Those with odd limbs count twice, for the places
// of both are rounded up.
template <typename M>
WBA_QUAD void quad_odd_row(typename M::Vector* column, typename M::Vector limb,
                           const typename M::Vector* row) noexcept {
  const typename M::Vector twice = M::add(limb, limb);
#pragma GCC unroll 10
  for (std::size_t k = 0; k < 10; ++k)
    column[k] = M::add(column[k], M::product_at(k % 2 == 0 ? twice : limb, row[k]));
}

// quad_product multiplies. The ten columns stay in registers, with the right factor in memory and
// the loop left a loop: unrolled, the compiler moves more than it multiplies, and a sum takes a
// fifth longer.
template <typename M>
WBA_QUAD_CALL void quad_product(QuadFe<M>& out, const QuadFe<M>& a,
                                const QuadFactor<M>& b) noexcept {
  using Vector = typename M::Vector;
  Vector column[10];
#pragma GCC unroll 10
  for (std::size_t k = 0; k < 10; ++k) column[k] = M::product_at(a.limb[0], b.limb[9 + k]);
  quad_odd_row<M>(column, a.limb[1], b.limb + 8);
#pragma GCC unroll 1
  for (std::size_t i = 2; i < 10; i += 2) {
    const Vector even = a.limb[i];
    const Vector* const row = b.limb + (9 - i);
#pragma GCC unroll 10
    for (std::size_t k = 0; k < 10; ++k) column[k] = M::add(column[k], M::product_at(even, row[k]));
    quad_odd_row<M>(column, a.limb[i + 1], row - 1);
  }
  // Two chains at a time, which do not wait for each other.
  quad_carry<M, 0>(column);
  quad_carry<M, 4>(column);
  quad_carry<M, 1>(column);
  quad_carry<M, 5>(column);
  quad_carry<M, 2>(column);
  quad_carry<M, 6>(column);
  quad_carry<M, 3>(column);
  quad_carry<M, 7>(column);
  quad_carry<M, 4>(column);
  quad_carry<M, 8>(column);
  column[0] = M::add(column[0], M::times19(M::template shift<25>(column[9])));
  column[9] = M::template low<25>(column[9]);
  quad_carry<M, 0>(column);
#pragma GCC unroll 10
  for (std::size_t k = 0; k < 10; ++k) out.limb[k] = column[k];
}

// Four points at a time, one a lane; reduced.
template <typename M>
struct QuadPoint {
  QuadFe<M> x, y, z, t;
};

// QuadEntry is an affine point a lane: y - x and y + x from limbs below 2^51, 2dxy from limbs of at
// most 2^52.
template <typename M>
struct QuadEntry {
  QuadFe<M> minus, plus, t2d;
};

// quad_start gives the affine points themselves: (2 * 2x, 2 * 2y, 4, 2x * 2y).
template <typename M>
WBA_QUAD QuadPoint<M> quad_start(const QuadEntry<M>& entry) noexcept {
  const QuadFe<M> x = quad_difference<M>(entry.plus, entry.minus);
  const QuadFe<M> y = quad_sum<M>(entry.plus, entry.minus);
  QuadFe<M> two;
  for (std::size_t i = 0; i < 10; ++i) two.limb[i] = M::every(i == 0 ? 2 : 0);
  const QuadFactor<M> doubling = quad_factor<M>(two);
  QuadPoint<M> out;
  quad_product<M>(out.x, x, doubling);
  quad_product<M>(out.y, y, doubling);
  out.z = quad_sum<M>(two, two);
  quad_product<M>(out.t, x, quad_factor<M>(y));
  return out;
}

// quad_add adds an affine point to each point, as mixed_add does.
template <typename M>
WBA_QUAD void quad_add(QuadPoint<M>& point, const QuadEntry<M>& entry) noexcept {
  QuadFe<M> a;
  QuadFe<M> b;
  QuadFe<M> c;
  quad_product<M>(a, quad_difference<M>(point.y, point.x), quad_factor<M>(entry.minus));
  quad_product<M>(b, quad_sum<M>(point.y, point.x), quad_factor<M>(entry.plus));
  quad_product<M>(c, point.t, quad_factor<M>(entry.t2d));
  const QuadFe<M> z2 = quad_sum<M>(point.z, point.z);
  const QuadFactor<M> e = quad_factor<M>(quad_difference<M>(b, a));
  const QuadFe<M> f = quad_difference<M>(z2, c);
  const QuadFactor<M> g = quad_factor<M>(quad_sum<M>(z2, c));
  const QuadFe<M> h = quad_sum<M>(b, a);
  quad_product<M>(point.x, f, e);
  quad_product<M>(point.t, h, e);
  quad_product<M>(point.y, h, g);
  quad_product<M>(point.z, f, g);
}

}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_QUAD_H_
