// Verification with prepared keys against libsodium, on every path that this machine has.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sodium.h>

#include "crypto/ed25519_prepared_steps.h"
#include "support/allocation_counter.h"
#include "support/ed25519_cases.h"

namespace {

using wba::crypto::Ed25519Path;
using wba::crypto::PendingEd25519;
using wba::crypto::PreparedEd25519Key;
using wba::crypto::PrepareFailure;
using wba::crypto::TableKind;
using wba::test::Ed25519Case;
using wba::test::Ed25519Cases;
using wba::test::message_of;
using wba::test::Octets32;
using wba::test::Octets64;
using wba::test::signature_of;
using wba::test::view;

class Ed25519Prepared : public testing::TestWithParam<Ed25519Path> {
 protected:
  void SetUp() override {
    ASSERT_GE(sodium_init(), 0);
    if (!wba::crypto::cpu_has(GetParam()))
      GTEST_SKIP() << "this machine cannot run the path " << wba::crypto::to_string(GetParam());
  }
};

INSTANTIATE_TEST_SUITE_P(Paths, Ed25519Prepared,
                         testing::Values(Ed25519Path::libsodium, Ed25519Path::portable,
                                         Ed25519Path::avx2, Ed25519Path::ifma),
                         [](const auto& which) {
                           return std::string(wba::crypto::to_string(which.param));
                         });

constexpr int differential_cases = 20000;

TEST_P(Ed25519Prepared, AgreesWithLibsodiumOnChangedSignatures) {
  Ed25519Cases cases(2024, 8);
  std::vector<std::unique_ptr<const PreparedEd25519Key>> keys;
  for (std::size_t i = 0; i < cases.secrets().size(); ++i) {
    auto made = PreparedEd25519Key::prepare(view(cases.secrets()[i].key),
                                            i % 4 < 2 ? TableKind::full : TableKind::compact);
    ASSERT_TRUE(made);
    keys.push_back(std::move(*made));
  }
  int accepted = 0;
  // More than share an inversion, and no multiple of the lanes; now and then fewer.
  std::array<Ed25519Case, 75> group;
  for (int i = 0; i < differential_cases; i += static_cast<int>(group.size())) {
    std::vector<PendingEd25519> pending;
    std::vector<bool> expected;
    for (Ed25519Case& one : group) {
      cases.next(one);
      expected.push_back(Ed25519Cases::libsodium_accepts(cases.secrets()[one.secret].key, one));
      accepted += expected.back() ? 1 : 0;
      ASSERT_EQ(keys[one.secret]->verify(GetParam(), message_of(one), signature_of(one)),
                expected.back())
          << "case " << i;
      pending.push_back({keys[one.secret].get(), message_of(one), signature_of(one)});
    }
    const auto first = static_cast<std::size_t>(i) / group.size() * 7 % group.size();
    wba::crypto::verify_many(GetParam(), std::span(pending).first(first));
    wba::crypto::verify_many(GetParam(), std::span(pending).subspan(first));
    for (std::size_t at = 0; at < group.size(); ++at)
      ASSERT_EQ(pending[at].verified, expected[at]) << "case " << i << ", " << at << " of many";
  }
  // Both answers were asked for often.
  EXPECT_GT(accepted, differential_cases / 5);
  EXPECT_LT(accepted, differential_cases * 4 / 5);
}

TEST_P(Ed25519Prepared, AgreesWithLibsodiumOnChangedKeys) {
  Ed25519Cases cases(2025, 16);
  int refused = 0;
  int accepted = 0;
  for (int i = 0; i < 400; ++i) {
    Ed25519Case one;
    cases.next(one);
    const Octets32 key = i % 4 == 0 ? cases.secrets()[one.secret].key : cases.changed_key(one);
    const auto made = PreparedEd25519Key::prepare(view(key), TableKind::compact);
    const bool expected = Ed25519Cases::libsodium_accepts(key, one);
    accepted += expected ? 1 : 0;
    ASSERT_EQ(!made, Ed25519Cases::key_is_refused(key)) << "case " << i;
    if (made) {
      ASSERT_EQ((*made)->verify(GetParam(), message_of(one), signature_of(one)), expected);
    } else {
      ASSERT_EQ(made.error(), PrepareFailure::key_refused);
      ASSERT_FALSE(expected);
      ++refused;
    }
  }
  EXPECT_GT(refused, 50);
  EXPECT_GT(accepted, 10);
}

// Of y below p, not of small order, and the same y written as p + y: 2 to 18.
struct TwoEncodings {
  Octets32 canonical;
  Octets32 other;
};

std::vector<TwoEncodings> encodings_of_small_y() {
  std::vector<TwoEncodings> out;
  for (std::uint8_t y = 2; y < 19; ++y)
    for (const std::uint8_t sign : {std::uint8_t{0}, std::uint8_t{0x80}}) {
      TwoEncodings made{};
      made.canonical[0] = y;
      made.canonical[31] = sign;
      made.other.fill(0xff);
      made.other[0] = static_cast<std::uint8_t>(0xed + y);
      made.other[31] = static_cast<std::uint8_t>(sign | 0x7f);
      if (!Ed25519Cases::key_is_refused(made.canonical)) out.push_back(made);
    }
  return out;
}

TEST(Ed25519PreparedForm, AKeyThatIsNotCanonicalIsRefusedAndItsOtherEncodingPrepared) {
  ASSERT_GE(sodium_init(), 0);
  const std::vector<TwoEncodings> keys = encodings_of_small_y();
  ASSERT_GT(keys.size(), 10U);
  for (const TwoEncodings& key : keys) {
    EXPECT_TRUE(PreparedEd25519Key::prepare(view(key.canonical), TableKind::compact));
    const auto made = PreparedEd25519Key::prepare(view(key.other), TableKind::compact);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error(), PrepareFailure::key_refused);
  }
}

TEST(Ed25519PreparedForm, AKeyOfSmallOrderIsRefused) {
  ASSERT_GE(sodium_init(), 0);
  for (const Octets32& key : wba::test::small_order_encodings()) {
    const auto made = PreparedEd25519Key::prepare(view(key), TableKind::compact);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error(), PrepareFailure::key_refused);
  }
}

// No signature whose equation holds has such an R, as far as anybody knows: so this looks at the
// checks themselves.
TEST(Ed25519PreparedForm, TheChecksBeforeTheSumLookAtROfAnyEncodingAndAtS) {
  ASSERT_GE(sodium_init(), 0);
  const Ed25519Cases cases(2026, 1);
  const auto made = PreparedEd25519Key::prepare(view(cases.secrets()[0].key), TableKind::compact);
  ASSERT_TRUE(made);
  const auto passes = [&](const Octets32& r, const Octets32& s) {
    Octets64 signature;
    std::ranges::copy(r, signature.begin());
    std::ranges::copy(s, signature.begin() + 32);
    wba::crypto::prepared::SumTerms terms;
    return wba::crypto::prepared::set_s((*made)->state(), signature.data(), terms);
  };
  Octets32 s{};  // the group order, less one
  for (std::size_t i = 0; i < s.size(); ++i)
    s[i] = static_cast<std::uint8_t>(wba::crypto::prepared::group_order[i / 8] >> (8 * (i % 8)));
  --s[0];
  for (const TwoEncodings& r : encodings_of_small_y()) {
    EXPECT_TRUE(passes(r.canonical, s));
    EXPECT_FALSE(passes(r.other, s));
  }
  for (const Octets32& r : wba::test::small_order_encodings()) EXPECT_FALSE(passes(r, s));
  ++s[0];
  for (const TwoEncodings& r : encodings_of_small_y()) EXPECT_FALSE(passes(r.canonical, s));
}

TEST(Ed25519PreparedForm, TheCasesHoldSignaturesThatOnlyROfSmallOrderForbids) {
  Ed25519Cases cases(2027, 8);
  int only_r = 0;
  for (int i = 0; i < 2000; ++i) {
    Ed25519Case one;
    cases.next(one);
    const auto& key = cases.secrets()[one.secret].key;
    const auto small =
        std::ranges::any_of(wba::test::small_order_encodings(), [&one](const Octets32& r) {
          return std::equal(r.begin(), r.end(), one.signature.begin());
        });
    if (!small) continue;
    ASSERT_FALSE(Ed25519Cases::libsodium_accepts(key, one));
    if (only_r < 5) only_r += Ed25519Cases::equation_holds(key, one) ? 1 : 0;
  }
  EXPECT_EQ(only_r, 5);
}

TEST_P(Ed25519Prepared, AnyFlippedBitOfASignatureIsRefused) {
  Octets32 seed{};
  Octets32 key;
  Octets64 secret;
  crypto_sign_seed_keypair(key.data(), secret.data(), seed.data());
  Ed25519Case one{0, {1, 2, 3}, {}};
  crypto_sign_detached(one.signature.data(), nullptr, one.message.data(), one.message.size(),
                       secret.data());
  const auto made = PreparedEd25519Key::prepare(view(key), TableKind::full);
  ASSERT_TRUE(made);
  EXPECT_TRUE((*made)->verify(GetParam(), message_of(one), signature_of(one)));
  for (std::size_t bit = 0; bit < 512; ++bit) {
    Ed25519Case flipped = one;
    flipped.signature[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE((*made)->verify(GetParam(), message_of(flipped), signature_of(flipped))) << bit;
  }
}

TEST_P(Ed25519Prepared, VerifyingAllocatesNothing) {
  Ed25519Cases cases(7, 1);
  const auto made = PreparedEd25519Key::prepare(view(cases.secrets()[0].key), TableKind::full);
  ASSERT_TRUE(made);
  std::array<Ed25519Case, 9> group;
  std::vector<PendingEd25519> pending;
  for (Ed25519Case& one : group) {
    cases.next(one);
    pending.push_back({made->get(), message_of(one), signature_of(one)});
  }
  const std::size_t before = wba::test::allocation_count();
  for (const Ed25519Case& one : group)
    static_cast<void>((*made)->verify(GetParam(), message_of(one), signature_of(one)));
  wba::crypto::verify_many(GetParam(), pending);
  EXPECT_EQ(wba::test::allocation_count(), before);
}

TEST_P(Ed25519Prepared, ManyOfNoneIsNone) {
  std::vector<PendingEd25519> none;
  wba::crypto::verify_many(GetParam(), none);
  EXPECT_TRUE(none.empty());
}

TEST_P(Ed25519Prepared, ForcingAPathIsWhatVerifyUses) {
  ASSERT_TRUE(wba::crypto::force_ed25519_path(GetParam()));
  EXPECT_EQ(wba::crypto::ed25519_path(), GetParam());
  Ed25519Cases cases(8, 1);
  const auto made = PreparedEd25519Key::prepare(view(cases.secrets()[0].key), TableKind::compact);
  ASSERT_TRUE(made);
  for (int i = 0; i < 100; ++i) {
    Ed25519Case one;
    cases.next(one);
    EXPECT_EQ((*made)->verify(message_of(one), signature_of(one)),
              Ed25519Cases::libsodium_accepts(cases.secrets()[0].key, one));
  }
  EXPECT_TRUE(wba::crypto::force_ed25519_path(std::nullopt));
}

TEST(Ed25519PreparedPaths, NamesAreReadBack) {
  for (const Ed25519Path path :
       {Ed25519Path::libsodium, Ed25519Path::portable, Ed25519Path::avx2, Ed25519Path::ifma})
    EXPECT_EQ(wba::crypto::ed25519_path_from_name(wba::crypto::to_string(path)), path);
  EXPECT_FALSE(wba::crypto::ed25519_path_from_name("fastest"));
}

TEST(Ed25519PreparedPaths, AMissingPathCannotBeForced) {
  const Ed25519Path before = wba::crypto::ed25519_path();
  bool missing = false;
  for (const Ed25519Path path : {Ed25519Path::avx2, Ed25519Path::ifma}) {
    if (wba::crypto::cpu_has(path)) continue;
    missing = true;
    EXPECT_FALSE(wba::crypto::force_ed25519_path(path));
    EXPECT_EQ(wba::crypto::ed25519_path(), before);
  }
  if (!missing) GTEST_SKIP() << "this machine has every path";
}

}  // namespace
