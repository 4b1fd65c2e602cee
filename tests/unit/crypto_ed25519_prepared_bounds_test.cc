// Interval analysis of the limb arithmetic: the templates that verification runs on 64-bit words
// are run here on intervals, so that what is shown holds for every input within the bounds.

#include <array>
#include <cstdint>

#include <gtest/gtest.h>

#include "crypto/ed25519_prepared_field.h"
#include "crypto/ed25519_prepared_group.h"

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

}  // namespace
