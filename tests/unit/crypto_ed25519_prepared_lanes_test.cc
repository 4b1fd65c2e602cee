// The lane arithmetic on emulated lanes, against the portable field and group, and on the real
// instructions, against the emulation.

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/ed25519_prepared_group.h"
#include "crypto/ed25519_prepared_lanes.h"
#include "support/ed25519_emulated_lanes.h"
#include "support/ed25519_ifma_lanes.h"

namespace {

using wba::crypto::prepared::Entry;
using wba::crypto::prepared::Fe;
using wba::crypto::prepared::LaneFe;
using wba::crypto::prepared::LanePoint;
using wba::crypto::prepared::Point;
using wba::crypto::prepared::Wide;
using wba::test::LaneElement;
using wba::test::Lanes;

constexpr std::uint64_t mask52 = (std::uint64_t{1} << 52) - 1;

struct Emulated : wba::test::EmulatedLanes<8> {
  static Vector low51(const Vector& a) {
    return map([&](std::size_t i) { return a[i] & wba::crypto::prepared::mask51; });
  }
  static Vector shift51(const Vector& a) {
    return map([&](std::size_t i) { return a[i] >> 51; });
  }
  static Wide product(std::uint64_t a, std::uint64_t b) {
    return static_cast<Wide>(a & mask52) * (b & mask52);
  }
  static Vector lo(const Vector& acc, const Vector& a, const Vector& b) {
    return map([&](std::size_t i) {
      return acc[i] + (static_cast<std::uint64_t>(product(a[i], b[i])) & mask52);
    });
  }
  static Vector hi(const Vector& acc, const Vector& a, const Vector& b) {
    return map([&](std::size_t i) {
      return acc[i] + static_cast<std::uint64_t>(product(a[i], b[i]) >> 52);
    });
  }
  template <int i, int j, int k, int l>
  static Vector permute(const Vector& a) {
    return {a[i], a[j], a[k], a[l], a[4 + i], a[4 + j], a[4 + k], a[4 + l]};
  }
  template <std::uint8_t mask>
  static Vector subtract_where(const Vector& from, const Vector& a) {
    return map([&](std::size_t i) { return (mask >> i & 1) != 0 ? from[i] - a[i] : a[i]; });
  }
  template <std::uint8_t mask>
  static Vector add_where(const Vector& a, const Vector& b) {
    return map([&](std::size_t i) { return (mask >> i & 1) != 0 ? a[i] + b[i] : a[i]; });
  }
};

LaneFe<Emulated> to_lanes(const LaneElement& a) { return {{a[0], a[1], a[2], a[3], a[4]}}; }
LaneElement from_lanes(const LaneFe<Emulated>& a) {
  return {a.limb[0], a.limb[1], a.limb[2], a.limb[3], a.limb[4]};
}

Fe lane(const LaneElement& a, std::size_t which) {
  Fe out;
  for (std::size_t i = 0; i < 5; ++i) out.limb[i] = a[i][which];
  return out;
}
void set_lane(LaneElement& a, std::size_t which, const Fe& value) {
  for (std::size_t i = 0; i < 5; ++i) a[i][which] = value.limb[i];
}

// Limbs that a factor may have, at the borders.
constexpr std::array<std::uint64_t, 9> extreme_limbs = {0,
                                                        1,
                                                        19,
                                                        (std::uint64_t{1} << 51) - 19,
                                                        (std::uint64_t{1} << 51) - 1,
                                                        std::uint64_t{1} << 51,
                                                        (std::uint64_t{1} << 51) + (1U << 17) - 1,
                                                        (std::uint64_t{1} << 52) - 2,
                                                        (std::uint64_t{1} << 52) - 1};

class LaneInputs {
 public:
  LaneElement next(std::uint64_t limit) {
    LaneElement out;
    for (Lanes& limb : out)
      for (std::uint64_t& value : limb) {
        value = random_() % 3 == 0 ? random_() : extreme_limbs[random_() % extreme_limbs.size()];
        if (random_() % 8 == 0) value = limit - 1;
        value %= limit;
      }
    return out;
  }

 private:
  std::mt19937_64 random_{5};
};

TEST(Ed25519PreparedLanes, ProductsOfExtremeLimbsAreThoseOfThePortableField) {
  LaneInputs inputs;
  for (int i = 0; i < 5000; ++i) {
    LaneElement a = inputs.next(mask52 + 1);
    LaneElement b = inputs.next(mask52 + 1);
    if (i < 81)  // every pair of extremes, in all limbs
      for (std::size_t limb = 0; limb < 5; ++limb) {
        a[limb].fill(extreme_limbs[static_cast<std::size_t>(i) / 9]);
        b[limb].fill(extreme_limbs[static_cast<std::size_t>(i) % 9]);
      }
    const LaneElement product =
        from_lanes(wba::crypto::prepared::columns<Emulated>(to_lanes(a), to_lanes(b)));
    const LaneElement reduced =
        from_lanes(wba::crypto::prepared::carry_lanes<Emulated>(to_lanes(product)));
    for (std::size_t which = 0; which < 8; ++which) {
      const Fe expected = mul(lane(a, which), lane(b, which));
      ASSERT_TRUE(equal(lane(product, which), expected));
      ASSERT_TRUE(equal(lane(reduced, which), expected));
    }
  }
}

void expect_same_point(const Point& expected, const Fe& x, const Fe& y, const Fe& z, const Fe& t) {
  EXPECT_FALSE(is_zero(z));
  EXPECT_TRUE(equal(mul(carry(x), expected.z), mul(expected.x, carry(z))));
  EXPECT_TRUE(equal(mul(carry(y), expected.z), mul(expected.y, carry(z))));
  EXPECT_TRUE(equal(mul(carry(t), expected.z), mul(expected.t, carry(z))));
}

TEST(Ed25519PreparedLanes, EntryStepAddsInBothHalves) {
  std::mt19937_64 random(6);
  const auto* table = wba::crypto::prepared::base_table();
  ASSERT_NE(table, nullptr);
  const Fe two = {{2, 0, 0, 0, 0}};
  for (int round = 0; round < 50; ++round) {
    LaneElement lanes;
    LaneElement entries;
    std::array<Point, 2> expected;
    for (std::size_t half = 0; half < 2; ++half) {
      const Point point = wba::test::some_point(random);
      const Entry& entry =
          table->entry(random() % table->rows(), static_cast<unsigned>(random() % 129));
      const std::array<Fe, 4> coordinates = {carry(sub(point.y, point.x)), point.t, point.z,
                                             carry(add(point.y, point.x))};
      std::array<Fe, 4> multiple;
      for (std::size_t i = 0; i < 5; ++i) {
        multiple[0].limb[i] = entry.word[3 * i];
        multiple[1].limb[i] = entry.word[3 * i + 2];
        multiple[3].limb[i] = entry.word[3 * i + 1];
      }
      multiple[2] = two;
      for (std::size_t i = 0; i < 4; ++i) {
        set_lane(lanes, 4 * half + i, coordinates[i]);
        set_lane(entries, 4 * half + i, multiple[i]);
      }
      expected[half] = point;
      add_entry(expected[half], entry, false);
    }
    const LaneElement out =
        from_lanes(wba::crypto::prepared::entry_step<Emulated>(to_lanes(lanes), to_lanes(entries)));
    for (std::size_t half = 0; half < 2; ++half) {
      const Fe minus = lane(out, 4 * half);
      const Fe t = lane(out, 4 * half + 1);
      const Fe z = lane(out, 4 * half + 2);
      const Fe plus = lane(out, 4 * half + 3);
      // Twice x, y, t and z.
      expect_same_point(expected[half], carry(sub(plus, minus)), carry(add(plus, minus)),
                        carry(add(z, z)), carry(add(t, t)));
    }
  }
}

TEST(Ed25519PreparedLanes, AffinePointsAreAddedInEveryLane) {
  std::mt19937_64 random(7);
  const auto* table = wba::crypto::prepared::base_table();
  ASSERT_NE(table, nullptr);
  for (int round = 0; round < 50; ++round) {
    std::array<LaneElement, 4> lanes;
    std::array<LaneElement, 3> entries;
    std::array<Point, 8> expected;
    for (std::size_t which = 0; which < 8; ++which) {
      const Point point = wba::test::some_point(random);
      const Entry& entry =
          table->entry(random() % table->rows(), static_cast<unsigned>(random() % 129));
      set_lane(lanes[0], which, carry(sub(point.y, point.x)));
      set_lane(lanes[1], which, carry(add(point.y, point.x)));
      set_lane(lanes[2], which, point.t);
      set_lane(lanes[3], which, point.z);
      for (std::size_t part = 0; part < 3; ++part)
        for (std::size_t i = 0; i < 5; ++i) entries[part][i][which] = entry.word[3 * i + part];
      expected[which] = point;
      add_entry(expected[which], entry, false);
    }
    LanePoint<Emulated> point = {to_lanes(lanes[0]), to_lanes(lanes[1]), to_lanes(lanes[2]),
                                 to_lanes(lanes[3])};
    wba::crypto::prepared::add_affine<Emulated>(point, to_lanes(entries[0]), to_lanes(entries[1]),
                                                to_lanes(entries[2]));
    for (std::size_t which = 0; which < 8; ++which) {
      const Fe minus = lane(from_lanes(point.minus), which);
      const Fe plus = lane(from_lanes(point.plus), which);
      const Fe z = carry(lane(from_lanes(point.z), which));
      const Fe t = lane(from_lanes(point.t), which);
      expect_same_point(expected[which], carry(sub(plus, minus)), carry(add(plus, minus)),
                        carry(add(z, z)), carry(add(t, t)));
    }
  }
}

// Limb for limb, on everything that the bounds allow: what the emulation and the intervals show
// holds for the instructions.
TEST(Ed25519PreparedLanes, TheInstructionsDoWhatTheEmulationDoes) {
  LaneInputs inputs;
  constexpr std::uint64_t reduced = (std::uint64_t{1} << 51) + (1U << 17);
  for (int i = 0; i < 20000; ++i) {
    const LaneElement a = inputs.next(reduced);
    const LaneElement b = inputs.next(mask52 + 1);
    LaneElement out;
    if (!wba::test::ifma_columns(a, b, out)) GTEST_SKIP() << "this machine has no AVX-512 IFMA";
    ASSERT_EQ(out, from_lanes(wba::crypto::prepared::columns<Emulated>(to_lanes(a), to_lanes(b))));
    ASSERT_TRUE(wba::test::ifma_entry_step(a, b, out));
    ASSERT_EQ(out,
              from_lanes(wba::crypto::prepared::entry_step<Emulated>(to_lanes(a), to_lanes(b))));
    std::array<LaneElement, 4> point = {a, inputs.next(reduced), inputs.next(reduced),
                                        inputs.next(std::uint64_t{1} << 61)};
    const std::array<LaneElement, 3> entry = {inputs.next(std::uint64_t{1} << 51),
                                              inputs.next(std::uint64_t{1} << 51), b};
    LanePoint<Emulated> emulated = {to_lanes(point[0]), to_lanes(point[1]), to_lanes(point[2]),
                                    to_lanes(point[3])};
    wba::crypto::prepared::add_affine<Emulated>(emulated, to_lanes(entry[0]), to_lanes(entry[1]),
                                                to_lanes(entry[2]));
    ASSERT_TRUE(wba::test::ifma_add_affine(point, entry));
    ASSERT_EQ(point[0], from_lanes(emulated.minus));
    ASSERT_EQ(point[1], from_lanes(emulated.plus));
    ASSERT_EQ(point[2], from_lanes(emulated.t));
    ASSERT_EQ(point[3], from_lanes(emulated.z));
  }
}

}  // namespace
