// The sums s B + k (-A) for edge scalars in every window, against libsodium's group operations.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sodium.h>

#include "crypto/ed25519_prepared_ifma.h"
#include "crypto/ed25519_prepared_state.h"
#include "support/ed25519_cases.h"

namespace {

using wba::crypto::Ed25519Path;
using wba::crypto::prepared::Digits;
using wba::crypto::prepared::Scalar;
using wba::crypto::prepared::Table;
using wba::test::Octets32;

Octets32 octets(const Scalar& scalar) {
  Octets32 out;
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(scalar[i / 8] >> (8 * (i % 8)));
  return out;
}

Scalar minus_one(Scalar a) {
  for (std::uint64_t& word : a)
    if (word-- != 0) break;
  return a;
}

// single_digits gives every digit of every window of so many bits, alone: each entry of every row
// of a table of that window, negative ones by the carry that they leave.
std::vector<Scalar> single_digits(std::size_t window) {
  std::vector<Scalar> out;
  for (std::size_t bit = 0; bit < 253; bit += window)
    for (std::uint64_t digit = 1; digit < std::uint64_t{1} << window; ++digit) {
      Scalar scalar{};
      scalar[bit / 64] = digit << (bit % 64);
      if (bit % 64 + window > 64 && bit < 192) scalar[bit / 64 + 1] = digit >> (64 - bit % 64);
      const bool fits = bit < 192 || digit >> (256 - bit) == 0;
      if (fits && wba::crypto::prepared::is_canonical(scalar)) out.push_back(scalar);
    }
  return out;
}

std::vector<Scalar> edges() {
  using wba::crypto::prepared::group_order;
  std::vector<Scalar> out = {{0, 0, 0, 0},
                             {1, 0, 0, 0},
                             {2, 0, 0, 0},
                             minus_one(group_order),
                             minus_one(minus_one(group_order))};
  for (std::size_t bit = 1; bit < 253; ++bit) {
    Scalar power{};
    power[bit / 64] = std::uint64_t{1} << (bit % 64);
    out.push_back(power);
    out.push_back(minus_one(power));  // a carry through every window below
  }
  for (std::uint64_t octet = 0; octet < 256; ++octet) {  // equal digits
    Scalar equal;
    equal.fill(0x0101010101010101 * octet);
    equal[3] &= (std::uint64_t{1} << 60) - 1;
    out.push_back(equal);
  }
  for (std::uint64_t first : {0x7fU, 0x80U, 0x81U})  // digits at the border, and a carry into them
    for (std::uint64_t second : {0x7fU, 0x80U, 0x81U}) {
      Scalar chain;
      chain.fill(0x0001000100010001 * (first | second << 8));
      chain[3] &= (std::uint64_t{1} << 60) - 1;
      out.push_back(chain);
    }
  return out;
}

Octets32 times_base(const Scalar& scalar) {
  Octets32 out = {1};
  const Octets32 number = octets(scalar);
  if (crypto_scalarmult_ed25519_base_noclamp(out.data(), number.data()) != 0) out = {1};
  return out;
}

Octets32 times_key(const Scalar& scalar, const Octets32& key) {
  Octets32 out = {1};
  const Octets32 number = octets(scalar);
  if (crypto_scalarmult_ed25519_noclamp(out.data(), number.data(), key.data()) != 0) out = {1};
  return out;
}

class Ed25519PreparedSum : public testing::TestWithParam<Ed25519Path> {
 protected:
  void SetUp() override {
    if (!wba::crypto::cpu_has(GetParam()))
      GTEST_SKIP() << "this machine cannot run the path " << wba::crypto::to_string(GetParam());
    const wba::test::Ed25519Cases cases(11, 1);
    key_ = cases.secrets()[0].key;
    const auto point = wba::crypto::prepared::decompress(key_.data());
    ASSERT_TRUE(point);
    for (const unsigned window : {4U, 8U}) {
      auto table = Table::build(wba::crypto::prepared::negate(*point), window);
      ASSERT_TRUE(table);
      ASSERT_TRUE(wba::crypto::prepared::self_check(*table, key_));
      tables_.push_back(std::move(*table));
    }
    base_ = wba::crypto::prepared::base_table();
    ASSERT_NE(base_, nullptr);
  }

  void expect_sum(const Scalar& s, const Octets32& s_base, const Scalar& k, const Octets32& k_key) {
    Octets32 expected;
    ASSERT_EQ(crypto_core_ed25519_sub(expected.data(), s_base.data(), k_key.data()), 0);
    Digits s_digits;
    Digits k_digits;
    wba::crypto::prepared::recode(s, base_->window(), s_digits);
    for (const Table& table : tables_) {
      wba::crypto::prepared::recode(k, table.window(), k_digits);
      Octets32 sum;
      wba::crypto::prepared::compress(
          wba::crypto::prepared::sum(GetParam(), *base_, s_digits, table, k_digits), sum.data());
      ASSERT_EQ(sum, expected) << "window " << table.window();
      if (GetParam() == Ed25519Path::ifma) {
        terms_.push_back({base_, &table, s_digits, k_digits});
        expected_.push_back(expected);
      }
    }
    if (terms_.size() >= wba::crypto::prepared::lane_count) expect_lanes();
  }

  // expect_lanes makes the last sums again, one a lane, with tables of both windows side by side.
  void expect_lanes() {
    std::vector<wba::crypto::prepared::Projective> sums(terms_.size());
    wba::crypto::prepared::sums_ifma(terms_, sums.data());
    for (std::size_t lane = 0; lane < sums.size(); ++lane) {
      Octets32 sum;
      wba::crypto::prepared::compress(sums[lane], sum.data());
      ASSERT_EQ(sum, expected_[lane]) << "lane " << lane;
    }
    terms_.clear();
    expected_.clear();
  }

  void expect_sums(const std::vector<Scalar>& scalars) {
    const Scalar other = {0x0123456789abcdef, 0xfedcba9876543210, 0xdeadbeefcafef00d,
                          0x0eadbeef01234567};
    const Octets32 other_base = times_base(other);
    const Octets32 other_key = times_key(other, key_);
    for (const Scalar& scalar : scalars) {
      const Octets32 of_base = times_base(scalar);
      const Octets32 of_key = times_key(scalar, key_);
      expect_sum(scalar, of_base, other, other_key);
      expect_sum(other, other_base, scalar, of_key);
      expect_sum(scalar, of_base, scalar, of_key);
      if (HasFatalFailure()) return;
    }
  }

  Octets32 key_;
  std::vector<Table> tables_;
  const Table* base_ = nullptr;
  std::vector<wba::crypto::prepared::SumTerms> terms_;
  std::vector<Octets32> expected_;
};

INSTANTIATE_TEST_SUITE_P(Paths, Ed25519PreparedSum,
                         testing::Values(Ed25519Path::portable, Ed25519Path::avx2,
                                         Ed25519Path::ifma),
                         [](const auto& which) {
                           return std::string(wba::crypto::to_string(which.param));
                         });

TEST_P(Ed25519PreparedSum, EdgeScalarsInEveryWindow) { expect_sums(edges()); }

TEST_P(Ed25519PreparedSum, EveryDigitOfEveryWindow) { expect_sums(single_digits(8)); }

// B's table has a window of its own.
TEST_P(Ed25519PreparedSum, EveryDigitOfEveryWindowOfTheBasePoint) {
  const Scalar none{};
  const Octets32 identity = {1};
  for (const Scalar& scalar : single_digits(wba::crypto::prepared::base_window)) {
    expect_sum(scalar, times_base(scalar), none, identity);
    if (HasFatalFailure()) return;
  }
}

TEST(Ed25519PreparedSelfCheck, NoticesOneFlippedBitAnywhereInATable) {
  const wba::test::Ed25519Cases cases(12, 4);
  for (const std::size_t which : {0U, 3U}) {  // the last has a component of small order
    const Octets32 key = cases.secrets()[which].key;
    const auto point = wba::crypto::prepared::decompress(key.data());
    ASSERT_TRUE(point);
    auto table = Table::build(wba::crypto::prepared::negate(*point), 4);
    ASSERT_TRUE(table);
    EXPECT_TRUE(wba::crypto::prepared::self_check(*table, key));
    for (std::size_t row = 0; row < table->rows(); row += which == 0 ? 1 : 21)
      for (unsigned multiple = 1; multiple <= table->row_size(); multiple += 3) {
        table->corrupt_for_test(row, multiple);
        EXPECT_FALSE(wba::crypto::prepared::self_check(*table, key)) << row << ", " << multiple;
        table->corrupt_for_test(row, multiple);  // and back
      }
    EXPECT_TRUE(wba::crypto::prepared::self_check(*table, key));
  }
}

// Every pair of a row, neighbours across rows, and whole rows: the same entries in another order
// have the same sum.
TEST(Ed25519PreparedSelfCheck, NoticesTwoEntriesInEachOthersPlace) {
  const wba::test::Ed25519Cases cases(14, 1);
  const Octets32 key = cases.secrets()[0].key;
  const auto point = wba::crypto::prepared::decompress(key.data());
  ASSERT_TRUE(point);
  auto table = Table::build(wba::crypto::prepared::negate(*point), 4);
  ASSERT_TRUE(table);
  const auto refused = [&](std::size_t row, unsigned a, std::size_t other, unsigned b) {
    table->swap_for_test(row, a, other, b);
    const bool accepted = wba::crypto::prepared::self_check(*table, key);
    table->swap_for_test(row, a, other, b);  // and back
    return !accepted;
  };
  for (unsigned a = 1; a <= table->row_size(); ++a)
    for (unsigned b = a + 1; b <= table->row_size(); ++b) {
      EXPECT_TRUE(refused(0, a, 0, b)) << a << ", " << b;
      EXPECT_TRUE(refused(31, a, 31, b)) << a << ", " << b;
      EXPECT_TRUE(refused(63, a, 63, b)) << a << ", " << b;
    }
  for (std::size_t row = 1; row < table->rows(); ++row) {
    EXPECT_TRUE(refused(row - 1, 8, row, 1)) << row;
    EXPECT_TRUE(refused(0, 3, row, 3)) << row;
  }
  const auto swap_rows = [&table](std::size_t row, std::size_t other) {
    for (unsigned i = 1; i <= table->row_size(); ++i) table->swap_for_test(row, i, other, i);
  };
  for (const std::size_t row : {0U, 17U, 63U}) {
    swap_rows(row, 20);
    EXPECT_FALSE(wba::crypto::prepared::self_check(*table, key)) << row;
    swap_rows(row, 20);
  }
  EXPECT_TRUE(wba::crypto::prepared::self_check(*table, key));
}

TEST(Ed25519PreparedSelfCheck, NoticesATableOfAnotherKey) {
  const wba::test::Ed25519Cases cases(13, 4);
  const auto point = wba::crypto::prepared::decompress(cases.secrets()[0].key.data());
  ASSERT_TRUE(point);
  const auto table = Table::build(*point, 4);  // of A where -A belongs
  ASSERT_TRUE(table);
  EXPECT_FALSE(wba::crypto::prepared::self_check(*table, cases.secrets()[0].key));
  const auto other = Table::build(wba::crypto::prepared::negate(*point), 4);
  ASSERT_TRUE(other);
  EXPECT_FALSE(wba::crypto::prepared::self_check(*other, cases.secrets()[2].key));
}

TEST(Ed25519PreparedSelfCheck, TheBasePointsTableIsRight) {
  ASSERT_GE(sodium_init(), 0);
  const Table* const base = wba::crypto::prepared::base_table();
  ASSERT_NE(base, nullptr);
  EXPECT_TRUE(wba::crypto::prepared::self_check_of_base(*base));
}

}  // namespace
