// Interval analysis of the limb arithmetic: the templates that verification runs on 64-bit words
// are run here on intervals, so that what is shown holds for every input within the bounds.

#include <array>
#include <cstdint>

#include <gtest/gtest.h>

#include "crypto/ed25519_prepared_field.h"
#include "crypto/ed25519_prepared_group.h"
#include "crypto/ed25519_prepared_lanes.h"
#include "crypto/ed25519_prepared_quad.h"

namespace interval {

using wba::crypto::prepared::Wide;

// Set where an operation could leave its type: above 2^64 - 1 or 2^128 - 1, or below zero.
bool overflow = false;

constexpr std::uint64_t max_word = ~std::uint64_t{0};

struct Interval {
  Interval() = default;
  Interval(std::uint64_t value) : low(value), high(value) {}  // NOLINT: constants convert
  Interval(Wide from, Wide to) : low(from), high(to) {
    if (high > max_word || low > high) overflow = true;
  }
  Wide low = 0;
  Wide high = 0;
};

struct WideInterval {
  Wide low = 0;
  Wide high = 0;
};

Interval operator+(const Interval& a, const Interval& b) {
  return {a.low + b.low, a.high + b.high};
}

Interval operator-(const Interval& a, const Interval& b) {
  if (a.low < b.high) {
    overflow = true;
    return {Wide{0}, a.high};
  }
  return {a.low - b.high, a.high - b.low};
}

Interval operator*(const Interval& a, std::uint64_t b) { return {a.low * b, a.high * b}; }

Interval operator&(const Interval& a, std::uint64_t mask) {
  return a.high <= mask ? a : Interval(Wide{0}, Wide{mask});
}

Interval operator>>(const Interval& a, int bits) { return {a.low >> bits, a.high >> bits}; }

WideInterval product(const Interval& a, const Interval& b) {
  return {a.low * b.low, a.high * b.high};  // 64 by 64 bits: never too large
}

WideInterval operator+(const WideInterval& a, const WideInterval& b) {
  WideInterval sum;
  if (__builtin_add_overflow(a.high, b.high, &sum.high)) overflow = true;
  sum.low = a.low + b.low;
  return sum;
}

WideInterval operator+(const WideInterval& a, const Interval& b) {
  return a + WideInterval{b.low, b.high};
}

Interval low51(const WideInterval& a) {
  constexpr std::uint64_t mask = wba::crypto::prepared::mask51;
  return a.high <= mask ? Interval(a.low, a.high) : Interval(Wide{0}, Wide{mask});
}

Interval shift51(const WideInterval& a) { return {a.low >> 51, a.high >> 51}; }

// The machine of the lane arithmetic: one interval stands for all lanes.
struct Machine {
  using Vector = Interval;

  static Interval every(std::uint64_t a) { return a; }
  static Interval add(const Interval& a, const Interval& b) { return a + b; }
  static Interval sub(const Interval& a, const Interval& b) { return a - b; }
  static Interval low51(const Interval& a) { return a & wba::crypto::prepared::mask51; }
  static Interval shift51(const Interval& a) { return a >> 51; }
  // The instructions drop what stands above bit 52 of a factor.
  static Wide product_limit(const Interval& a, const Interval& b) {
    if (a.high >> 52 != 0 || b.high >> 52 != 0) overflow = true;
    return a.high * b.high;
  }
  static Interval lo(const Interval& acc, const Interval& a, const Interval& b) {
    const Wide limit = product_limit(a, b);
    const Wide mask = (Wide{1} << 52) - 1;
    return acc + Interval(Wide{0}, limit < mask ? limit : mask);
  }
  static Interval hi(const Interval& acc, const Interval& a, const Interval& b) {
    return acc + Interval(Wide{0}, product_limit(a, b) >> 52);
  }
  static Interval times19(const Interval& a) { return a * 19; }
  template <int i, int j, int k, int l>
  static Interval permute(const Interval& a) {
    return a;
  }
  static Interval either(const Interval& a, const Interval& b) {
    return {a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high};
  }
  template <std::uint8_t mask>
  static Interval subtract_where(const Interval& from, const Interval& a) {
    return either(from - a, a);
  }
  template <std::uint8_t mask>
  static Interval add_where(const Interval& a, const Interval& b) {
    return either(a + b, a);
  }
};

// The machine of the arithmetic in ten limbs.
struct QuadMachine {
  using Vector = Interval;

  static Interval every(std::uint64_t a) { return a; }
  static Interval add(const Interval& a, const Interval& b) { return a + b; }
  static Interval sub(const Interval& a, const Interval& b) { return a - b; }
  template <int bits>
  static Interval low(const Interval& a) {
    return a & ((std::uint64_t{1} << bits) - 1);
  }
  template <int bits>
  static Interval shift(const Interval& a) {
    return a >> bits;
  }
  // The instruction drops what stands above bit 32 of a factor.
  static Interval product(const Interval& a, const Interval& b) {
    if (a.high >> 32 != 0 || b.high >> 32 != 0) overflow = true;
    return {a.low * b.low, a.high * b.high};
  }
  static Interval product_at(const Interval& a, const Interval& b) { return product(a, b); }
  static Interval times19(const Interval& a) { return a * 19; }
};

}  // namespace interval

namespace {

using interval::Interval;
using wba::crypto::prepared::BasicFe;
using wba::crypto::prepared::BasicPoint;
using wba::crypto::prepared::Wide;

using Element = BasicFe<Interval>;

constexpr Wide one = 1;
constexpr Wide reduced_limit = (one << 51) + (one << 15);
constexpr Wide factor_limit = one << 54;

Element below(Wide limit) {
  Element out;
  for (Interval& limb : out.limb) limb = Interval(Wide{0}, limit - 1);
  return out;
}

Element reduced() { return below(reduced_limit); }

Wide highest(const Element& a) {
  Wide found = 0;
  for (const Interval& limb : a.limb) found = limb.high > found ? limb.high : found;
  return found;
}

class Ed25519PreparedBounds : public testing::Test {
 protected:
  void SetUp() override { interval::overflow = false; }
};

TEST_F(Ed25519PreparedBounds, ProductsOfLimbsBelow54BitsAreReduced) {
  const Element out = mul(below(factor_limit), below(factor_limit));
  EXPECT_FALSE(interval::overflow);
  EXPECT_LT(highest(out), reduced_limit);
}

TEST_F(Ed25519PreparedBounds, SquaresOfLimbsBelow54BitsAreReduced) {
  const Element out = square(below(factor_limit));
  EXPECT_FALSE(interval::overflow);
  EXPECT_LT(highest(out), reduced_limit);
}

TEST_F(Ed25519PreparedBounds, TheAnalysisNoticesProductsThatAreTooLarge) {
  static_cast<void>(mul(below(one << 62), below(one << 62)));
  EXPECT_TRUE(interval::overflow);
}

TEST_F(Ed25519PreparedBounds, SumsAndDifferencesOfReducedElementsAreFactors) {
  const Element sum = add(reduced(), reduced());
  const Element difference = sub(sum, reduced());
  EXPECT_FALSE(interval::overflow);
  EXPECT_LT(highest(sum), factor_limit);
  EXPECT_LT(highest(difference), factor_limit);
}

TEST_F(Ed25519PreparedBounds, TheAnalysisNoticesDifferencesBelowZero) {
  static_cast<void>(sub(reduced(), below(one << 53)));
  EXPECT_TRUE(interval::overflow);
}

TEST_F(Ed25519PreparedBounds, CarryingOnceMakes61BitLimbsReducedAndNotLargerOnes) {
  const Element out = carry(below(one << 61));
  EXPECT_FALSE(interval::overflow);
  EXPECT_LT(highest(out), reduced_limit);
  EXPECT_GE(highest(carry(below(one << 62))), reduced_limit);
}

TEST_F(Ed25519PreparedBounds, CarryingTwiceMakes63BitLimbsReduced) {
  const Element once = carry(below(one << 63));
  const Element twice = carry(once);
  EXPECT_FALSE(interval::overflow);
  EXPECT_LT(highest(twice), (one << 51) + 64);
}

TEST_F(Ed25519PreparedBounds, CarryingASumOrDifferenceOnceMakesItReduced) {
  const Element out = carry(sub(add(reduced(), reduced()), reduced()));
  EXPECT_FALSE(interval::overflow);
  EXPECT_LT(highest(out), reduced_limit);
}

// Coordinates that are reduced stay reduced, so that no number of additions overflows.
TEST_F(Ed25519PreparedBounds, AdditionOfATableEntryKeepsCoordinatesReduced) {
  const BasicPoint<Interval> point = {reduced(), reduced(), reduced(), reduced()};
  const Element canonical = below(one << 51);
  const Element negated = below((one << 52) + 1);  // 2p - t
  const BasicPoint<Interval> sum = mixed_add(point, canonical, canonical, negated);
  EXPECT_FALSE(interval::overflow);
  for (const Element& coordinate : {sum.x, sum.y, sum.z, sum.t})
    EXPECT_LT(highest(coordinate), reduced_limit);
}

// The bound that the previous test takes for a negated entry: every limb of 2p is large enough to
// take a canonical limb from, and stays below 2^52.
TEST_F(Ed25519PreparedBounds, NegatedTableEntriesAreBelow52Bits) {
  for (const std::uint64_t limb : wba::crypto::prepared::two_p) {
    EXPECT_GE(limb, wba::crypto::prepared::mask51);
    EXPECT_LT(limb, std::uint64_t{1} << 52);
  }
}

using wba::crypto::prepared::LaneFe;
using wba::crypto::prepared::LanePoint;
using LaneElement = LaneFe<interval::Machine>;

constexpr Wide lane_reduced_limit = (one << 51) + (one << 17);
constexpr Wide lane_factor_limit = one << 52;
constexpr Wide lane_column_limit = one << 61;

LaneElement lanes_below(Wide limit) {
  LaneElement out;
  for (Interval& limb : out.limb) limb = Interval(Wide{0}, limit - 1);
  return out;
}

Wide highest(const LaneElement& a) {
  Wide found = 0;
  for (const Interval& limb : a.limb) found = limb.high > found ? limb.high : found;
  return found;
}

TEST_F(Ed25519PreparedBounds, LaneProductsOf52BitLimbsAreColumns) {
  using wba::crypto::prepared::columns;
  const LaneElement out =
      columns<interval::Machine>(lanes_below(lane_factor_limit), lanes_below(lane_factor_limit));
  EXPECT_FALSE(interval::overflow);
  EXPECT_LT(highest(out), lane_column_limit);
}

TEST_F(Ed25519PreparedBounds, TheAnalysisNoticesFactorsThatLanesWouldCutOff) {
  using wba::crypto::prepared::columns;
  static_cast<void>(
      columns<interval::Machine>(lanes_below(lane_factor_limit + 1), lanes_below(one)));
  EXPECT_TRUE(interval::overflow);
}

TEST_F(Ed25519PreparedBounds, CarryingMakes63BitLanesReduced) {
  const LaneElement out =
      wba::crypto::prepared::carry_lanes<interval::Machine>(lanes_below(one << 63));
  EXPECT_FALSE(interval::overflow);
  EXPECT_LE(highest(out), lane_reduced_limit);
  EXPECT_LT(lane_reduced_limit, lane_factor_limit);
}

TEST_F(Ed25519PreparedBounds, EntryStepKeepsCoordinatesReduced) {
  const LaneElement out = wba::crypto::prepared::entry_step<interval::Machine>(
      lanes_below(lane_reduced_limit), lanes_below(lane_factor_limit));
  EXPECT_FALSE(interval::overflow);
  EXPECT_LT(highest(out), lane_reduced_limit);
}

TEST_F(Ed25519PreparedBounds, AdditionInLanesKeepsCoordinatesWithinTheirBounds) {
  LanePoint<interval::Machine> point = {
      lanes_below(lane_reduced_limit), lanes_below(lane_reduced_limit),
      lanes_below(lane_reduced_limit), lanes_below(lane_column_limit)};
  wba::crypto::prepared::add_affine<interval::Machine>(
      point, lanes_below(one << 51), lanes_below(one << 51), lanes_below(lane_factor_limit));
  EXPECT_FALSE(interval::overflow);
  EXPECT_LT(highest(point.minus), lane_reduced_limit);
  EXPECT_LT(highest(point.plus), lane_reduced_limit);
  EXPECT_LT(highest(point.t), lane_reduced_limit);
  EXPECT_LT(highest(point.z), lane_column_limit);
}

using wba::crypto::prepared::QuadEntry;
using wba::crypto::prepared::QuadPoint;
using QuadElement = wba::crypto::prepared::QuadFe<interval::QuadMachine>;

// Limbs below `times` times what reduced ones are below.
QuadElement quad_reduced(Wide times = 1) {
  QuadElement out;
  for (std::size_t i = 0; i < 10; ++i) {
    const Wide limit = (one << (i % 2 == 0 ? 26 : 25)) + (one << 18);
    out.limb[i] = Interval(Wide{0}, times * (limit - 1));
  }
  return out;
}

// Limbs of 51 bits, each at most `highest`, made two.
QuadElement quad_of_words(Wide highest) {
  QuadElement out;
  for (std::size_t i = 0; i < 5; ++i)
    wba::crypto::prepared::quad_split<interval::QuadMachine>(out, i, Interval(Wide{0}, highest));
  return out;
}

QuadElement quad_product_of(const QuadElement& a, const QuadElement& b) {
  QuadElement out;
  wba::crypto::prepared::quad_product<interval::QuadMachine>(
      out, a, wba::crypto::prepared::quad_factor<interval::QuadMachine>(b));
  return out;
}

void expect_reduced(const QuadElement& element) {
  const QuadElement limits = quad_reduced();
  for (std::size_t i = 0; i < 10; ++i) EXPECT_LE(element.limb[i].high, limits.limb[i].high) << i;
}

TEST_F(Ed25519PreparedBounds, QuadProductsOfFourAndThreeTimesReducedFactorsAreReduced) {
  const QuadElement out = quad_product_of(quad_reduced(4), quad_reduced(3));
  EXPECT_FALSE(interval::overflow);
  expect_reduced(out);
}

TEST_F(Ed25519PreparedBounds, TheAnalysisNoticesFactorsThatQuadsWouldCutOff) {
  static_cast<void>(quad_product_of(quad_reduced(), quad_reduced(4)));  // 19 times it
  EXPECT_TRUE(interval::overflow);
}

TEST_F(Ed25519PreparedBounds, TheAnalysisNoticesQuadColumnsThatAreTooLarge) {
  static_cast<void>(quad_product_of(quad_reduced(16), quad_reduced(3)));
  EXPECT_TRUE(interval::overflow);
}

// Of a negated entry t is at most a limb of 2p.
QuadEntry<interval::QuadMachine> quad_entry() {
  return {quad_of_words((one << 51) - 1), quad_of_words((one << 51) - 1), quad_of_words(one << 52)};
}

void expect_reduced(const QuadPoint<interval::QuadMachine>& point) {
  for (const QuadElement& coordinate : {point.x, point.y, point.z, point.t})
    expect_reduced(coordinate);
}

TEST_F(Ed25519PreparedBounds, QuadsOfTableEntriesAreReduced) {
  const auto point = wba::crypto::prepared::quad_start<interval::QuadMachine>(quad_entry());
  EXPECT_FALSE(interval::overflow);
  expect_reduced(point);
}

TEST_F(Ed25519PreparedBounds, AdditionInQuadsKeepsCoordinatesReduced) {
  QuadPoint<interval::QuadMachine> point = {quad_reduced(), quad_reduced(), quad_reduced(),
                                            quad_reduced()};
  wba::crypto::prepared::quad_add<interval::QuadMachine>(point, quad_entry());
  EXPECT_FALSE(interval::overflow);
  expect_reduced(point);
}

// Two limbs are put together again and carried, which reduces them for the portable field.
TEST_F(Ed25519PreparedBounds, QuadsComeBackReduced) {
  const QuadElement quad = quad_reduced();
  Element wide;
  for (std::size_t i = 0; i < 5; ++i)
    wide.limb[i] = quad.limb[2 * i] + quad.limb[2 * i + 1] * (std::uint64_t{1} << 26);
  const Element out = carry(wide);
  EXPECT_FALSE(interval::overflow);
  EXPECT_LT(highest(out), reduced_limit);
}

}  // namespace
