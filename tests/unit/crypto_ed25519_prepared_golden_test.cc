// Verdicts written down: of suites, of RFC 8032, and of signatures of which only one check can
// tell.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sodium.h>

#include "crypto/ed25519_prepared.h"
#include "paths.h"
#include "support/ed25519_cases.h"
#include "support/json_file.h"

namespace {

using wba::crypto::Ed25519Path;
using wba::crypto::PreparedEd25519Key;
using wba::crypto::TableKind;
using wba::test::Ed25519Case;
using wba::test::Ed25519Cases;
using wba::test::message_of;
using wba::test::Octets32;
using wba::test::signature_of;
using wba::test::view;

class Ed25519PreparedGolden : public testing::TestWithParam<Ed25519Path> {
 protected:
  void SetUp() override {
    ASSERT_GE(sodium_init(), 0);
    if (!wba::crypto::cpu_has(GetParam()))
      GTEST_SKIP() << "this machine cannot run the path " << wba::crypto::to_string(GetParam());
  }
};

INSTANTIATE_TEST_SUITE_P(Paths, Ed25519PreparedGolden,
                         testing::Values(Ed25519Path::libsodium, Ed25519Path::portable,
                                         Ed25519Path::avx2, Ed25519Path::ifma),
                         [](const auto& which) {
                           return std::string(wba::crypto::to_string(which.param));
                         });

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

TEST_P(Ed25519PreparedGolden, WycheproofVerdictsAreThoseOfTheSuite) {
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

TEST_P(Ed25519PreparedGolden, SpeccheckVerdictsAreThoseOfLibsodium) {
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
TEST_P(Ed25519PreparedGolden, Rfc8032Section71) {
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

// equations_of gives '1' for each case whose equation holds.
std::string equations_of(const std::vector<Golden>& cases) {
  std::string bits;
  for (const Golden& golden : cases) {
    Octets32 key;
    Ed25519Case one{0, golden.message, {}};
    std::ranges::copy(golden.key, key.begin());
    std::ranges::copy(golden.signature, one.signature.begin());
    bits += Ed25519Cases::equation_holds(key, one) ? '1' : '0';
  }
  return bits;
}

TEST_P(Ed25519PreparedGolden, WhatOnlyTheFormOfASignatureOrKeyForbidsIsRefused) {
  const std::vector<Golden> cases = {
      {"R is (0, 1)",
       from_hex("88aa55e6afeed8960a3191de78600347db8acd0a3795412f275f049b86260488"),
       {0x00},
       from_hex("0100000000000000000000000000000000000000000000000000000000000000"
                "94a8d25142def5b96d81eb10629f9a5012e3c32b28722adb7f8f25780900fe07")},
      {"R is of order 8, as the key's component",
       from_hex("99555efe5dbf5b50b6fb4d8c38ee05c4ea8a97011c08e11366e8c8c00e8ce5d5"),
       {0x00},
       from_hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
                "63438295c742e2ddf3c2fafd53306a2da972b1e777ec99b4b680c5eae303000a")},
      {"A is (0, 1)",
       from_hex("0100000000000000000000000000000000000000000000000000000000000000"),
       {0x00},
       from_hex("3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a"
                "2e77a7db3b2f65a47efd3cf9bbe5f05486e88756c8cc06c7691f6d5679727502")},
      {"A is of order 8",
       from_hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
       {0x01},
       from_hex("607055ca3d4aa8af26961afb12b1e60a75fac88f9c260ff25806631dbb269159"
                "2e77a7db3b2f65a47efd3cf9bbe5f05486e88756c8cc06c7691f6d5679727502")},
      {"S is the group order too much",
       from_hex("88aa55e6afeed8960a3191de78600347db8acd0a3795412f275f049b86260488"),
       {0x00},
       from_hex("3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a"
                "c78c4c80a080a4b5ecb181e084deb2cd4956094239f5852fdd9e1b96b566f91f")}};
  ASSERT_EQ(equations_of(cases), "11111");
  EXPECT_EQ(bitmap_of(cases, GetParam()), "00000");
}

TEST_P(Ed25519PreparedGolden, WhatNothingForbidsIsAccepted) {
  const std::vector<Golden> cases = {
      {"neither is, and S is below the order",
       from_hex("88aa55e6afeed8960a3191de78600347db8acd0a3795412f275f049b86260488"),
       {0x00},
       from_hex("3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a"
                "dab85623861d925d16158a3da6e4d3b84956094239f5852fdd9e1b96b566f90f")},
      {"A has a component of order 8",
       from_hex("99555efe5dbf5b50b6fb4d8c38ee05c4ea8a97011c08e11366e8c8c00e8ce5d5"),
       {0x01},
       from_hex("5b61c2e3b93e6c06450f327ea72cdfeb8cde6aa020d2dd827ab3f86e708c8393"
                "e611f1ffdd646d9fc0c26306b03516079292d773a72bcd551e8e8ea083a59e02")}};
  ASSERT_EQ(equations_of(cases), "11");
  EXPECT_EQ(bitmap_of(cases, GetParam()), "11");
}

}  // namespace
