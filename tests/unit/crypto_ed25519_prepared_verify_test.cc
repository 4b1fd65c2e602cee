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

#include "crypto/ed25519_prepared.h"
#include "support/allocation_counter.h"
#include "support/ed25519_cases.h"
#include "support/json_file.h"

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
    const Octets32 key =
        i % 4 == 0 ? cases.secrets()[one.secret].key : cases.changed_key(one.secret);
    const auto made = PreparedEd25519Key::prepare(view(key), TableKind::compact);
    const bool expected = Ed25519Cases::libsodium_accepts(key, one);
    accepted += expected ? 1 : 0;
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

std::vector<std::uint8_t> from_hex(const std::string& hex) {
  std::vector<std::uint8_t> out(hex.size() / 2);
  if (hex.empty()) return out;  // libsodium takes no null pointer
  EXPECT_EQ(
      sodium_hex2bin(out.data(), out.size(), hex.data(), hex.size(), nullptr, nullptr, nullptr), 0);
  return out;
}

// Golden is one case of a suite, and the bit that it stands for.
struct Golden {
  std::string name;
  std::vector<std::uint8_t> key;
  std::vector<std::uint8_t> message;
  std::vector<std::uint8_t> signature;
};

// bitmap_of gives one character a case: '1' accepted, '0' refused, on `path` with both kinds of
// table and with libsodium itself; 'x' where these differ.
std::string bitmap_of(const std::vector<Golden>& cases, Ed25519Path path) {
  std::string bits;
  for (const Golden& golden : cases) {
    if (golden.key.size() != 32 || golden.signature.size() != 64) {
      bits += '0';  // refused by its length before any verifier sees it
      continue;
    }
    Octets32 key;
    Ed25519Case one{0, golden.message, {}};
    std::copy(golden.key.begin(), golden.key.end(), key.begin());
    std::copy(golden.signature.begin(), golden.signature.end(), one.signature.begin());
    const bool expected = Ed25519Cases::libsodium_accepts(key, one);
    bool same = true;
    for (const TableKind kind : {TableKind::compact, TableKind::full}) {
      const auto made = PreparedEd25519Key::prepare(view(key), kind);
      const bool accepted = made && (*made)->verify(path, message_of(one), signature_of(one));
      same = same && accepted == expected;
    }
    bits += !same ? 'x' : expected ? '1' : '0';
  }
  return bits;
}

std::string external(const std::string& file) {
  const std::string folder = WBA_EXTERNAL_VECTORS_DIR;
  return folder.empty() ? folder : folder + "/" + file;
}

TEST_P(Ed25519Prepared, WycheproofVerdictsAreThoseOfTheSuite) {
  const std::string path = external("wycheproof/ed25519_test.json");
  if (path.empty()) GTEST_SKIP() << "no WBA_EXTERNAL_VECTORS given";
  const auto suite = wba::test::read_json_file(path);
  ASSERT_FALSE(suite.is_null());
  std::vector<Golden> cases;
  std::string expected;
  for (const auto& group : suite.at("testGroups")) {
    const auto key = from_hex(group.at("publicKey").at("pk").get<std::string>());
    for (const auto& test : group.at("tests")) {
      cases.push_back({std::to_string(test.at("tcId").get<int>()), key,
                       from_hex(test.at("msg").get<std::string>()),
                       from_hex(test.at("sig").get<std::string>())});
      expected += test.at("result").get<std::string>() == "valid" ? '1' : '0';
    }
  }
  ASSERT_EQ(cases.size(), 151U);
  EXPECT_EQ(bitmap_of(cases, GetParam()), expected);
}

TEST_P(Ed25519Prepared, SpeccheckVerdictsAreThoseOfLibsodium) {
  const std::string path = external("ed25519-speccheck/cases.json");
  if (path.empty()) GTEST_SKIP() << "no WBA_EXTERNAL_VECTORS given";
  const auto suite = wba::test::read_json_file(path);
  ASSERT_FALSE(suite.is_null());
  std::vector<Golden> cases;
  for (const auto& test : suite)
    cases.push_back({std::to_string(cases.size()), from_hex(test.at("pub_key").get<std::string>()),
                     from_hex(test.at("message").get<std::string>()),
                     from_hex(test.at("signature").get<std::string>())});
  ASSERT_EQ(cases.size(), 12U);
  // 0 to 2: small-order A or R. 3: mixed orders, cofactorless equation holds. 4, 5: only the
  // cofactored one holds. 6, 7: S not below L. 8 to 11: R or A not canonical.
  EXPECT_EQ(bitmap_of(cases, GetParam()), "000100000000");
}

// RFC 8032 §7.1, tests 1 to 3: key, message, signature.
TEST_P(Ed25519Prepared, Rfc8032Section71) {
  const std::vector<Golden> cases = {
      {"1",
       from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
       {},
       from_hex(
           "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e"
           "39701cf9b46bd25bf5f0595bbe24655141438e7a100b")},
      {"2",
       from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
       {0x72},
       from_hex(
           "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f"
           "3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")},
      {"3",
       from_hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
       {0xaf, 0x82},
       from_hex(
           "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67"
           "f760984dc6594a7c15e9716ed28dc027beceea1ec40a")}};
  EXPECT_EQ(bitmap_of(cases, GetParam()), "111");
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
