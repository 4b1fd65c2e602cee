// The arithmetic in four lanes of ten limbs on emulated lanes, against the portable field and
// group, and on the real instructions, against the emulation.

#include <array>
#include <cstdint>
#include <random>

#include <gtest/gtest.h>

#include "crypto/ed25519_prepared_group.h"
#include "crypto/ed25519_prepared_quad.h"
#include "support/ed25519_avx2_lanes.h"
#include "support/ed25519_emulated_lanes.h"

namespace {

using wba::crypto::prepared::Entry;
using wba::crypto::prepared::Fe;
using wba::crypto::prepared::Point;
using wba::crypto::prepared::QuadEntry;
using wba::crypto::prepared::QuadFe;
using wba::crypto::prepared::QuadPoint;
using wba::test::QuadElement;
using wba::test::QuadLanes;

struct Emulated : wba::test::EmulatedLanes<4> {
  template <int bits>
  static Vector low(const Vector& a) {
    return map([&](std::size_t i) { return a[i] & ((std::uint64_t{1} << bits) - 1); });
  }
  template <int bits>
  static Vector shift(const Vector& a) {
    return map([&](std::size_t i) { return a[i] >> bits; });
  }
  static Vector product(const Vector& a, const Vector& b) {
    constexpr std::uint64_t mask32 = 0xffffffff;
    return map([&](std::size_t i) { return (a[i] & mask32) * (b[i] & mask32); });
  }
  static Vector product_at(const Vector& a, const Vector& b) { return product(a, b); }
};

using Quad = QuadFe<Emulated>;

Quad to_quad(const QuadElement& a) {
  Quad out;
  for (std::size_t i = 0; i < a.size(); ++i) out.limb[i] = a[i];
  return out;
}
QuadElement from_quad(const Quad& a) {
  QuadElement out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = a.limb[i];
  return out;
}

Fe lane(const QuadElement& a, std::size_t which) {
  Fe out;
  for (std::size_t i = 0; i < 5; ++i) out.limb[i] = a[2 * i][which] + (a[2 * i + 1][which] << 26);
  return carry(out);
}
void set_lane(QuadElement& a, std::size_t which, const Fe& value) {
  for (std::size_t i = 0; i < 5; ++i) {
    a[2 * i][which] = value.limb[i] & ((1U << 26) - 1);
    a[2 * i + 1][which] = value.limb[i] >> 26;
  }
}

QuadElement product(const QuadElement& a, const QuadElement& b) {
  Quad out;
  wba::crypto::prepared::quad_product<Emulated>(
      out, to_quad(a), wba::crypto::prepared::quad_factor<Emulated>(to_quad(b)));
  return from_quad(out);
}

using Coordinates = std::array<QuadElement, 4>;
using EntryParts = std::array<QuadElement, 3>;

QuadPoint<Emulated> to_point(const Coordinates& a) {
  return {to_quad(a[0]), to_quad(a[1]), to_quad(a[2]), to_quad(a[3])};
}
Coordinates from_point(const QuadPoint<Emulated>& a) {
  return {from_quad(a.x), from_quad(a.y), from_quad(a.z), from_quad(a.t)};
}
QuadEntry<Emulated> to_entry(const EntryParts& a) {
  return {to_quad(a[0]), to_quad(a[1]), to_quad(a[2])};
}

constexpr std::uint64_t reduced_limit(std::size_t limb) {
  return (std::uint64_t{1} << (limb % 2 == 0 ? 26 : 25)) + (1U << 18);
}

// Limbs that an element may have, at the borders.
constexpr std::array<std::uint64_t, 9> extreme_limbs = {
    0, 1, 19, (1U << 25) - 19, (1U << 25) - 1, 1U << 25, (1U << 26) - 19, (1U << 26) - 1, 1U << 26};

class QuadInputs {
 public:
  // next gives limbs below `times` times what reduced ones are below.
  QuadElement next(std::uint64_t times) {
    QuadElement out;
    for (std::size_t limb = 0; limb < out.size(); ++limb)
      for (std::uint64_t& value : out[limb]) {
        const std::uint64_t limit = times * (reduced_limit(limb) - 1) + 1;
        value = random_() % 3 == 0 ? random_() : extreme_limbs[random_() % extreme_limbs.size()];
        if (random_() % 8 == 0) value = limit - 1;
        value %= limit;
      }
    return out;
  }
  // full gives the largest limbs.
  static QuadElement full(std::uint64_t times) {
    QuadElement out;
    for (std::size_t limb = 0; limb < out.size(); ++limb)
      out[limb].fill(times * (reduced_limit(limb) - 1));
    return out;
  }
  EntryParts next_entry() { return {next(1), next(1), next(1)}; }
  Coordinates next_point() { return {next(1), next(1), next(1), next(1)}; }

 private:
  std::mt19937_64 random_{8};
};

TEST(Ed25519PreparedQuad, ProductsOfExtremeLimbsAreThoseOfThePortableField) {
  QuadInputs inputs;
  for (int i = 0; i < 5000; ++i) {
    QuadElement a = i == 0 ? QuadInputs::full(4) : inputs.next(4);
    QuadElement b = i == 0 ? QuadInputs::full(3) : inputs.next(3);
    if (i > 0 && i <= 81)  // every pair of extremes, in all limbs
      for (std::size_t limb = 0; limb < a.size(); ++limb) {
        a[limb].fill(extreme_limbs[static_cast<std::size_t>(i - 1) / 9]);
        b[limb].fill(extreme_limbs[static_cast<std::size_t>(i - 1) % 9]);
      }
    const QuadElement out = product(a, b);
    for (std::size_t which = 0; which < 4; ++which)
      ASSERT_TRUE(equal(lane(out, which), mul(lane(a, which), lane(b, which))));
  }
}

TEST(Ed25519PreparedQuad, SumsAndDifferencesAreThoseOfThePortableField) {
  QuadInputs inputs;
  for (int i = 0; i < 1000; ++i) {
    const QuadElement a = inputs.next(2);
    const QuadElement b = i == 0 ? QuadInputs::full(1) : inputs.next(1);
    const QuadElement sum =
        from_quad(wba::crypto::prepared::quad_sum<Emulated>(to_quad(a), to_quad(b)));
    const QuadElement difference =
        from_quad(wba::crypto::prepared::quad_difference<Emulated>(to_quad(a), to_quad(b)));
    for (std::size_t which = 0; which < 4; ++which) {
      ASSERT_TRUE(equal(lane(sum, which), add(lane(a, which), lane(b, which))));
      ASSERT_TRUE(equal(lane(difference, which), sub(lane(a, which), lane(b, which))));
    }
  }
}

void expect_lane_is(const Point& expected, const Coordinates& lanes, std::size_t which) {
  const Fe z = lane(lanes[2], which);
  EXPECT_FALSE(is_zero(z));
  EXPECT_TRUE(equal(mul(lane(lanes[0], which), expected.z), mul(expected.x, z)));
  EXPECT_TRUE(equal(mul(lane(lanes[1], which), expected.z), mul(expected.y, z)));
  EXPECT_TRUE(equal(mul(lane(lanes[3], which), expected.z), mul(expected.t, z)));
}

TEST(Ed25519PreparedQuad, AffinePointsStartAndAreAddedInEveryLane) {
  std::mt19937_64 random(9);
  const auto* table = wba::crypto::prepared::base_table();
  ASSERT_NE(table, nullptr);
  for (int round = 0; round < 50; ++round) {
    Coordinates lanes;
    EntryParts entries;
    std::array<Point, 4> alone;
    std::array<Point, 4> added;
    for (std::size_t which = 0; which < 4; ++which) {
      const Point point = wba::test::some_point(random);
      const Entry& entry =
          table->entry(random() % table->rows(), static_cast<unsigned>(random() % 129));
      set_lane(lanes[0], which, point.x);
      set_lane(lanes[1], which, point.y);
      set_lane(lanes[2], which, point.z);
      set_lane(lanes[3], which, point.t);
      for (std::size_t part = 0; part < 3; ++part) {
        Fe element;
        for (std::size_t i = 0; i < 5; ++i) element.limb[i] = entry.word[3 * i + part];
        set_lane(entries[part], which, element);
      }
      alone[which] = wba::crypto::prepared::identity;
      add_entry(alone[which], entry, false);
      added[which] = point;
      add_entry(added[which], entry, false);
    }
    const Coordinates start =
        from_point(wba::crypto::prepared::quad_start<Emulated>(to_entry(entries)));
    QuadPoint<Emulated> point = to_point(lanes);
    wba::crypto::prepared::quad_add<Emulated>(point, to_entry(entries));
    for (std::size_t which = 0; which < 4; ++which) {
      expect_lane_is(alone[which], start, which);
      expect_lane_is(added[which], from_point(point), which);
    }
  }
}

// Limb for limb, on everything that the bounds allow: what the emulation and the intervals show
// holds for the instructions.
TEST(Ed25519PreparedQuad, TheInstructionsDoWhatTheEmulationDoes) {
  QuadInputs inputs;
  for (int i = 0; i < 20000; ++i) {
    const QuadElement a = i == 0 ? QuadInputs::full(4) : inputs.next(4);
    const QuadElement b = i == 0 ? QuadInputs::full(3) : inputs.next(3);
    QuadElement out;
    if (!wba::test::avx2_product(a, b, out)) GTEST_SKIP() << "this machine has no AVX2";
    ASSERT_EQ(out, product(a, b));
    const EntryParts entry = inputs.next_entry();
    Coordinates point;
    ASSERT_TRUE(wba::test::avx2_start(point, entry));
    ASSERT_EQ(point, from_point(wba::crypto::prepared::quad_start<Emulated>(to_entry(entry))));
    point = inputs.next_point();
    QuadPoint<Emulated> emulated = to_point(point);
    wba::crypto::prepared::quad_add<Emulated>(emulated, to_entry(entry));
    ASSERT_TRUE(wba::test::avx2_add(point, entry));
    ASSERT_EQ(point, from_point(emulated));
  }
}

}  // namespace
