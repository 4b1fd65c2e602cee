#ifndef WBA_CRYPTO_ED25519_PREPARED_FIELD_H_
#define WBA_CRYPTO_ED25519_PREPARED_FIELD_H_

// Arithmetic modulo p = 2^255 - 19 in five limbs of 51 bits, for public data only: it may take
// time that depends on its input.
//
// The operations are templates over the limb type, so that a test can run the very same code on
// intervals and prove that no limb overflows. `Fe` is what is used.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace wba::crypto::prepared {

__extension__ typedef unsigned __int128 Wide;  // NOLINT(modernize-use-using): needs __extension__

inline constexpr std::uint64_t mask51 = (std::uint64_t{1} << 51) - 1;

// Multiples of p with every limb large enough that subtracting a reduced limb stays above zero.
inline constexpr std::array<std::uint64_t, 5> two_p = {
    0xfffffffffffda, 0xffffffffffffe, 0xffffffffffffe, 0xffffffffffffe, 0xffffffffffffe};

// BasicFe is an element, sum of limb[i] * 2^(51 i). "Reduced" means limbs below 2^51 + 2^15, which
// is what carry and mul give; add and sub take reduced elements and give limbs below 2^53, which
// mul and square take.
template <typename Word>
struct BasicFe {
  std::array<Word, 5> limb;
};

using Fe = BasicFe<std::uint64_t>;

[[nodiscard]] inline Wide product(std::uint64_t a, std::uint64_t b) noexcept {
  return static_cast<Wide>(a) * b;
}
[[nodiscard]] inline std::uint64_t low51(Wide a) noexcept {
  return static_cast<std::uint64_t>(a) & mask51;
}
[[nodiscard]] inline std::uint64_t shift51(Wide a) noexcept {
  return static_cast<std::uint64_t>(a >> 51);
}

template <typename Word>
[[nodiscard]] inline BasicFe<Word> add(const BasicFe<Word>& a, const BasicFe<Word>& b) noexcept {
  return {{a.limb[0] + b.limb[0], a.limb[1] + b.limb[1], a.limb[2] + b.limb[2],
           a.limb[3] + b.limb[3], a.limb[4] + b.limb[4]}};
}

// sub gives a - b + 2p; `b` is reduced.
template <typename Word>
[[nodiscard]] inline BasicFe<Word> sub(const BasicFe<Word>& a, const BasicFe<Word>& b) noexcept {
  return {{a.limb[0] + two_p[0] - b.limb[0], a.limb[1] + two_p[1] - b.limb[1],
           a.limb[2] + two_p[2] - b.limb[2], a.limb[3] + two_p[3] - b.limb[3],
           a.limb[4] + two_p[4] - b.limb[4]}};
}

// carry gives the same element with reduced limbs; limbs are below 2^61, for 19 times what is
// carried out of the last must stay below 2^15.
template <typename Word>
[[nodiscard]] inline BasicFe<Word> carry(const BasicFe<Word>& a) noexcept {
  return {{(a.limb[0] & mask51) + (a.limb[4] >> 51) * 19, (a.limb[1] & mask51) + (a.limb[0] >> 51),
           (a.limb[2] & mask51) + (a.limb[1] >> 51), (a.limb[3] & mask51) + (a.limb[2] >> 51),
           (a.limb[4] & mask51) + (a.limb[3] >> 51)}};
}

// carry_wide reduces the five columns of a product.
template <typename Word, typename WideWord>
[[nodiscard]] inline BasicFe<Word> carry_wide(WideWord r0, WideWord r1, WideWord r2, WideWord r3,
                                              WideWord r4) noexcept {
  r1 = r1 + shift51(r0);
  r2 = r2 + shift51(r1);
  r3 = r3 + shift51(r2);
  r4 = r4 + shift51(r3);
  const Word h0 = low51(r0) + shift51(r4) * 19;
  return {{h0 & mask51, low51(r1) + (h0 >> 51), low51(r2), low51(r3), low51(r4)}};
}

// mul multiplies; the limbs of `a` and `b` are below 2^54. Where one factor stands in two products,
// pass it first: the compiler then makes its multiples by 19 once.
template <typename Word>
[[nodiscard]] inline BasicFe<Word> mul(const BasicFe<Word>& a, const BasicFe<Word>& b) noexcept {
  const auto& x = a.limb;
  const auto& y = b.limb;
  const Word x1 = x[1] * 19;
  const Word x2 = x[2] * 19;
  const Word x3 = x[3] * 19;
  const Word x4 = x[4] * 19;
  return carry_wide<Word>(product(x[0], y[0]) + product(x1, y[4]) + product(x2, y[3]) +
                              product(x3, y[2]) + product(x4, y[1]),
                          product(x[0], y[1]) + product(x[1], y[0]) + product(x2, y[4]) +
                              product(x3, y[3]) + product(x4, y[2]),
                          product(x[0], y[2]) + product(x[1], y[1]) + product(x[2], y[0]) +
                              product(x3, y[4]) + product(x4, y[3]),
                          product(x[0], y[3]) + product(x[1], y[2]) + product(x[2], y[1]) +
                              product(x[3], y[0]) + product(x4, y[4]),
                          product(x[0], y[4]) + product(x[1], y[3]) + product(x[2], y[2]) +
                              product(x[3], y[1]) + product(x[4], y[0]));
}

template <typename Word>
[[nodiscard]] inline BasicFe<Word> square(const BasicFe<Word>& a) noexcept {
  const auto& x = a.limb;
  const Word d0 = x[0] * 2;
  const Word d1 = x[1] * 2;
  const Word d2 = x[2] * 2;
  const Word x3 = x[3] * 19;
  const Word x4 = x[4] * 19;
  return carry_wide<Word>(product(x[0], x[0]) + product(d1, x4) + product(d2, x3),
                          product(d0, x[1]) + product(d2, x4) + product(x[3], x3),
                          product(d0, x[2]) + product(x[1], x[1]) + product(x[3] * 2, x4),
                          product(d0, x[3]) + product(d1, x[2]) + product(x[4], x4),
                          product(d0, x[4]) + product(d1, x[3]) + product(x[2], x[2]));
}

inline constexpr Fe fe_zero = {{0, 0, 0, 0, 0}};
inline constexpr Fe fe_one = {{1, 0, 0, 0, 0}};

[[nodiscard]] inline std::uint64_t load64(const std::uint8_t* bytes) noexcept {
  std::uint64_t word = 0;
  for (unsigned i = 0; i < 8; ++i) word |= std::uint64_t{bytes[i]} << (8 * i);
  return word;
}

// fe_from_bytes reads 32 octets, little endian; the top bit is ignored and the value may be p or
// more (see bytes_are_canonical).
[[nodiscard]] inline Fe fe_from_bytes(const std::uint8_t* bytes) noexcept {
  const std::uint64_t w0 = load64(bytes);
  const std::uint64_t w1 = load64(bytes + 8);
  const std::uint64_t w2 = load64(bytes + 16);
  const std::uint64_t w3 = load64(bytes + 24);
  return {{w0 & mask51, (w0 >> 51 | w1 << 13) & mask51, (w1 >> 38 | w2 << 26) & mask51,
           (w2 >> 25 | w3 << 39) & mask51, (w3 >> 12) & mask51}};
}

// freeze gives the one representation with limbs below 2^51 and a value below p; limbs may be as
// large as 2^63.
[[nodiscard]] inline Fe freeze(const Fe& a) noexcept {
  Fe h = carry(carry(a));
  // The value is now below 2p. Adding 19 carries out of bit 255 exactly where it is p or more.
  std::uint64_t over = (h.limb[0] + 19) >> 51;
  for (std::size_t i = 1; i < 5; ++i) over = (h.limb[i] + over) >> 51;
  h.limb[0] += 19 * over;
  for (std::size_t i = 0; i < 4; ++i) {
    h.limb[i + 1] += h.limb[i] >> 51;
    h.limb[i] &= mask51;
  }
  h.limb[4] &= mask51;
  return h;
}

[[nodiscard]] inline bool equal(const Fe& a, const Fe& b) noexcept {
  return freeze(a).limb == freeze(b).limb;
}

[[nodiscard]] inline bool is_zero(const Fe& a) noexcept { return equal(a, fe_zero); }

// is_odd is the parity of the value in 0..p-1: the sign of an x coordinate.
[[nodiscard]] inline bool is_odd(const Fe& a) noexcept { return (freeze(a).limb[0] & 1) != 0; }

// bytes_are_canonical says whether 32 octets, their top bit ignored, are a value below p.
[[nodiscard]] inline bool bytes_are_canonical(const std::uint8_t* bytes) noexcept {
  const Fe a = fe_from_bytes(bytes);
  return a.limb[0] < mask51 - 18 || (a.limb[1] & a.limb[2] & a.limb[3] & a.limb[4]) != mask51;
}

// fe_to_bytes writes the canonical 32 octets.
inline void fe_to_bytes(const Fe& a, std::uint8_t* bytes) noexcept {
  const Fe h = freeze(a);
  const std::array<std::uint64_t, 4> word = {
      h.limb[0] | h.limb[1] << 51, h.limb[1] >> 13 | h.limb[2] << 38,
      h.limb[2] >> 26 | h.limb[3] << 25, h.limb[3] >> 39 | h.limb[4] << 12};
  for (std::size_t i = 0; i < 32; ++i)
    bytes[i] = static_cast<std::uint8_t>(word[i / 8] >> (8 * (i % 8)));
}

// invert gives 1/a, and 0 for 0, by division steps (Bernstein and Yang, "Fast constant-time gcd
// computation and modular inversion"), in variable time. `a` is as freeze takes it.
[[nodiscard]] Fe invert(const Fe& a) noexcept;

// invert_fermat gives a^(p-2): slower, simple, the reference for invert.
[[nodiscard]] Fe invert_fermat(const Fe& a) noexcept;

// power_252_3 gives a^(2^252 - 3), the heart of a square root. `a` is reduced.
[[nodiscard]] Fe power_252_3(const Fe& a) noexcept;

}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_FIELD_H_
