#include "crypto/ed25519_prepared_field.h"

#include <bit>

namespace wba::crypto::prepared {

namespace {

__extension__ typedef __int128 SignedWide;  // NOLINT(modernize-use-using)

constexpr std::int64_t mask62 = (std::int64_t{1} << 62) - 1;
constexpr std::uint64_t inverse19 = 0x6bca1af286bca1b;  // 1/19 modulo 2^62

// Signed62 is a signed number: sum of limb[i] * 2^(62 i), limbs below the top in 0..2^62-1.
struct Signed62 {
  std::array<std::int64_t, 5> limb;
};

// Transition is the effect of 62 division steps: 2^62 (f', g') = ((u, v), (q, r)) (f, g).
struct Transition {
  std::int64_t u, v, q, r;
};

Signed62 to_signed62(const Fe& a) noexcept {
  const Fe h = freeze(a);
  const std::uint64_t w0 = h.limb[0] | h.limb[1] << 51;
  const std::uint64_t w1 = h.limb[1] >> 13 | h.limb[2] << 38;
  const std::uint64_t w2 = h.limb[2] >> 26 | h.limb[3] << 25;
  const std::uint64_t w3 = h.limb[3] >> 39 | h.limb[4] << 12;
  const auto limb = [](std::uint64_t word) { return static_cast<std::int64_t>(word) & mask62; };
  return {{limb(w0), limb(w0 >> 62 | w1 << 2), limb(w1 >> 60 | w2 << 4), limb(w2 >> 58 | w3 << 6),
           limb(w3 >> 56)}};
}

// from_signed62 takes any number of absolute value below 16p.
Fe from_signed62(Signed62 a) noexcept {
  a.limb[0] -= std::int64_t{16} * 19;
  a.limb[4] += std::int64_t{16} << 7;  // 16p = 16 * 2^255 - 16 * 19, and 2^255 = 2^7 * 2^248
  for (std::size_t i = 0; i < 4; ++i) {
    a.limb[i + 1] += a.limb[i] >> 62;
    a.limb[i] &= mask62;
  }
  const auto w = [&a](std::size_t i) { return static_cast<std::uint64_t>(a.limb[i]); };
  return carry(
      Fe{{w(0) & mask51, (w(0) >> 51 | w(1) << 11) & mask51, (w(1) >> 40 | w(2) << 22) & mask51,
          (w(2) >> 29 | w(3) << 33) & mask51, w(3) >> 18 | w(4) << 44}});
}

// steps makes 62 division steps on the low bits of f (odd) and g. `eta` is minus the paper's delta.
// Runs of zero bits of g are shifted out at once, and up to six low bits of g are cancelled by one
// multiple of f.
Transition steps(std::int64_t& eta, std::uint64_t f, std::uint64_t g) noexcept {
  std::uint64_t u = 1;
  std::uint64_t v = 0;
  std::uint64_t q = 0;
  std::uint64_t r = 1;
  int left = 62;
  for (;;) {
    // A bit at position `left` stops the count there.
    const int zeros = std::countr_zero(g | ~std::uint64_t{0} << left);
    g >>= zeros;
    u <<= zeros;
    v <<= zeros;
    eta -= zeros;
    left -= zeros;
    if (left == 0) break;
    if (eta < 0) {
      eta = -eta;
      std::uint64_t old = f;
      f = g;
      g = 0 - old;
      old = u;
      u = q;
      q = 0 - old;
      old = v;
      v = r;
      r = 0 - old;
    }
    // f is its own inverse modulo 8; one Newton step makes six bits. No more bits may go than
    // there are steps until the next swap, or steps left.
    const int cancel = eta + 1 < left ? static_cast<int>(eta + 1) : left;
    const std::uint64_t mask = (cancel >= 6 ? 63U : (1U << cancel) - 1U);
    const std::uint64_t multiple = (g * f * (f * f - 2)) & mask;
    g += f * multiple;
    q += u * multiple;
    r += v * multiple;
  }
  return {static_cast<std::int64_t>(u), static_cast<std::int64_t>(v), static_cast<std::int64_t>(q),
          static_cast<std::int64_t>(r)};
}

// step_values applies a transition to the first `size` limbs of f and g. The division is exact.
void step_values(Signed62& f, Signed62& g, const Transition& t, std::size_t size) noexcept {
  SignedWide cf = 0;
  SignedWide cg = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const SignedWide fi = f.limb[i];
    const SignedWide gi = g.limb[i];
    cf += t.u * fi + t.v * gi;
    cg += t.q * fi + t.r * gi;
    if (i > 0) {
      f.limb[i - 1] = static_cast<std::int64_t>(cf) & mask62;
      g.limb[i - 1] = static_cast<std::int64_t>(cg) & mask62;
    }
    cf >>= 62;
    cg >>= 62;
  }
  f.limb[size - 1] = static_cast<std::int64_t>(cf);
  g.limb[size - 1] = static_cast<std::int64_t>(cg);
}

// multiple_of_p is the m in -2^61..2^61-1 for which low + m p is divisible by 2^62.
std::int64_t multiple_of_p(std::int64_t low) noexcept {
  const auto m = static_cast<std::uint64_t>(low) * inverse19;  // p = -19 modulo 2^62
  return static_cast<std::int64_t>(m << 2) >> 2;
}

// step_cofactors applies a transition to d and e modulo p. The multiple of p that makes the
// division exact is at most 2^61, so that each call adds at most p/2 to their absolute value:
// after the 12 calls there can be, it is below 7p.
void step_cofactors(Signed62& d, Signed62& e, const Transition& t) noexcept {
  SignedWide cd =
      static_cast<SignedWide>(t.u) * d.limb[0] + static_cast<SignedWide>(t.v) * e.limb[0];
  SignedWide ce =
      static_cast<SignedWide>(t.q) * d.limb[0] + static_cast<SignedWide>(t.r) * e.limb[0];
  const std::int64_t md = multiple_of_p(static_cast<std::int64_t>(cd));
  const std::int64_t me = multiple_of_p(static_cast<std::int64_t>(ce));
  cd = (cd - static_cast<SignedWide>(md) * 19) >> 62;
  ce = (ce - static_cast<SignedWide>(me) * 19) >> 62;
  for (std::size_t i = 1; i < 5; ++i) {
    const SignedWide di = d.limb[i];
    const SignedWide ei = e.limb[i];
    cd += t.u * di + t.v * ei;
    ce += t.q * di + t.r * ei;
    if (i == 4) {
      cd += static_cast<SignedWide>(md) * 128;
      ce += static_cast<SignedWide>(me) * 128;
    }
    d.limb[i - 1] = static_cast<std::int64_t>(cd) & mask62;
    e.limb[i - 1] = static_cast<std::int64_t>(ce) & mask62;
    cd >>= 62;
    ce >>= 62;
  }
  d.limb[4] = static_cast<std::int64_t>(cd);
  e.limb[4] = static_cast<std::int64_t>(ce);
}

Fe square_times(Fe a, unsigned times) noexcept {
  for (unsigned i = 0; i < times; ++i) a = square(a);
  return a;
}

// power_250_0 gives a^(2^250 - 1), and a^11 by the way.
Fe power_250_0(const Fe& a, Fe& a11) noexcept {
  const Fe a2 = square(a);
  const Fe a9 = mul(square_times(a2, 2), a);
  a11 = mul(a9, a2);
  const Fe a5_0 = mul(square(a11), a9);
  const Fe a10_0 = mul(square_times(a5_0, 5), a5_0);
  const Fe a20_0 = mul(square_times(a10_0, 10), a10_0);
  const Fe a40_0 = mul(square_times(a20_0, 20), a20_0);
  const Fe a50_0 = mul(square_times(a40_0, 10), a10_0);
  const Fe a100_0 = mul(square_times(a50_0, 50), a50_0);
  const Fe a200_0 = mul(square_times(a100_0, 100), a100_0);
  return mul(square_times(a200_0, 50), a50_0);
}

}  // namespace

Fe invert(const Fe& a) noexcept {
  Signed62 f = {{mask62 - 18, mask62, mask62, mask62, 127}};  // p
  Signed62 g = to_signed62(a);
  Signed62 d = {{0, 0, 0, 0, 0}};
  Signed62 e = {{1, 0, 0, 0, 0}};
  std::int64_t eta = -1;
  std::size_t size = 5;
  // 741 division steps are enough for any input of 255 bits; 12 rounds are 744.
  for (int round = 0; round < 12; ++round) {
    const Transition t = steps(
        eta, static_cast<std::uint64_t>(f.limb[0]) | static_cast<std::uint64_t>(f.limb[1]) << 62,
        static_cast<std::uint64_t>(g.limb[0]) | static_cast<std::uint64_t>(g.limb[1]) << 62);
    step_cofactors(d, e, t);
    step_values(f, g, t, size);
    std::int64_t any = 0;
    for (std::size_t i = 0; i < size; ++i) any |= g.limb[i];
    if (any == 0) break;
    // Drop a top limb that is only sign, in both.
    const std::int64_t ftop = f.limb[size - 1];
    const std::int64_t gtop = g.limb[size - 1];
    if (size > 2 && ftop == ftop >> 63 && gtop == gtop >> 63) {
      const auto join = [](std::int64_t low, std::int64_t sign) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) |
                                         static_cast<std::uint64_t>(sign) << 62);
      };
      f.limb[size - 2] = join(f.limb[size - 2], ftop);
      g.limb[size - 2] = join(g.limb[size - 2], gtop);
      --size;
    }
  }
  // f is now 1 or -1 (or p, where a is 0 and d is too).
  if (f.limb[size - 1] < 0)
    for (std::int64_t& limb : d.limb) limb = -limb;
  return from_signed62(d);
}

Fe invert_fermat(const Fe& a) noexcept {
  Fe a11;
  const Fe a250_0 = power_250_0(carry(a), a11);
  return mul(square_times(a250_0, 5), a11);
}

Fe power_252_3(const Fe& a) noexcept {
  Fe a11;
  return mul(square_times(power_250_0(a, a11), 2), a);
}

}  // namespace wba::crypto::prepared
