#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <wba/jwk_set.h>

#include "support/exact_buffer.h"

namespace wba {
namespace {

const std::string ed =
    R"("kty":"OKP","crv":"Ed25519","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs")";
constexpr std::string_view ed_thumbprint = "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U";

std::string set_of(const std::string& keys) { return R"({"keys":[)" + keys + "]}"; }

Result<JwkSet> parse(std::string_view text, const JwkSetLimits& limits = {}) {
  return parse_jwk_set(test::ExactBuffer(text).view(), limits);
}

ErrorCode error_of(std::string_view text, const JwkSetLimits& limits = {}) {
  const auto set = parse(text, limits);
  return set ? ErrorCode::argument_invalid : set.error().code;
}

TEST(JwkSet, MembersAreAsWritten) {
  const auto set = parse(
      set_of("{" + ed +
             R"(,"kid":"my key","alg":"EdDSA","use":"sig","nbf":1700000000,"exp":1800000000})"));
  ASSERT_TRUE(set);
  EXPECT_FALSE(set->is_bare_jwk);
  ASSERT_EQ(set->entries.size(), 1U);
  const auto& entry = set->entries[0];
  ASSERT_TRUE(entry.key);
  EXPECT_EQ(entry.key->thumbprint(), ed_thumbprint);
  EXPECT_EQ(entry.kid, "my key");
  EXPECT_EQ(entry.kty, "OKP");
  EXPECT_EQ(entry.crv, "Ed25519");
  EXPECT_EQ(entry.alg, "EdDSA");
  EXPECT_EQ(entry.use, "sig");
  EXPECT_EQ(entry.nbf, 1700000000);
  EXPECT_EQ(entry.exp, 1800000000);
  EXPECT_FALSE(entry.has_private_members);
}

TEST(JwkSet, AbsentMembersAreAbsent) {
  const auto set = parse(set_of("{" + ed + "}"));
  ASSERT_TRUE(set);
  const auto& entry = set->entries.at(0);
  EXPECT_FALSE(entry.kid || entry.alg || entry.use || entry.nbf || entry.exp);
}

// One bad key must not take the good ones with it.
TEST(JwkSet, ABadKeyIsListedWithItsErrorAndSpoilsNoOther) {
  const auto set = parse(
      set_of(R"({"kty":"OKP","crv":"X25519","x":"AA","kid":"x"},{"kty":"OKP"},null,7,"a",["b"],{},)"
             R"({"kty":"OKP","crv":"Ed25519","x":"AA"},{"a":1,"a":2},)"
             "{" +
             ed + R"(,"alg":"ES256"},{)" + ed + R"(,"use":"enc"},{)" + ed + "}"));
  ASSERT_TRUE(set);
  const ErrorCode expected[] = {
      ErrorCode::key_type_unsupported,   ErrorCode::key_member_missing,
      ErrorCode::key_json_invalid,       ErrorCode::key_json_invalid,
      ErrorCode::key_json_invalid,       ErrorCode::key_json_invalid,
      ErrorCode::key_member_missing,     ErrorCode::key_member_invalid,
      ErrorCode::key_member_duplicate,   ErrorCode::key_algorithm_conflict,
      ErrorCode::key_algorithm_conflict,
  };
  ASSERT_EQ(set->entries.size(), std::size(expected) + 1);
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    ASSERT_FALSE(set->entries[i].key) << i;
    EXPECT_EQ(set->entries[i].key.error().code, expected[i]) << i;
  }
  EXPECT_EQ(set->entries[0].kid, "x");
  EXPECT_EQ(set->entries.back().key.value().thumbprint(), ed_thumbprint);
}

TEST(JwkSet, UnknownMembersOfTheSetAreIgnored) {
  const auto set =
      parse(R"({"signature_agent":"x","a":{"keys":[{}]},"keys":[{)" + ed + R"(}],"b":[[{}]]})");
  ASSERT_TRUE(set);
  EXPECT_EQ(set->entries.size(), 1U);
}

TEST(JwkSet, ABareJwkIsASetOfOne) {
  const auto set = parse("{" + ed + R"(,"kid":"k"})");
  ASSERT_TRUE(set);
  EXPECT_TRUE(set->is_bare_jwk);
  ASSERT_EQ(set->entries.size(), 1U);
  EXPECT_TRUE(set->entries[0].key);
  EXPECT_EQ(set->entries[0].kid, "k");
}

TEST(JwkSet, AnEmptySetIsASet) {
  const auto set = parse(set_of(""));
  ASSERT_TRUE(set);
  EXPECT_TRUE(set->entries.empty());
}

TEST(JwkSet, WhatIsNoSetIsRefused) {
  EXPECT_EQ(error_of("<html>"), ErrorCode::key_json_invalid);
  EXPECT_EQ(error_of(""), ErrorCode::key_json_invalid);
  EXPECT_EQ(error_of("[]"), ErrorCode::key_json_invalid);
  EXPECT_EQ(error_of("{}"), ErrorCode::key_member_missing);
  EXPECT_EQ(error_of(R"({"Keys":[]})"), ErrorCode::key_member_missing);
  EXPECT_EQ(error_of(R"({"keys":{}})"), ErrorCode::key_member_invalid);
  EXPECT_EQ(error_of(R"({"keys":null})"), ErrorCode::key_member_invalid);
  EXPECT_EQ(error_of(R"({"keys":[],"keys":[]})"), ErrorCode::key_member_duplicate);
  EXPECT_EQ(error_of(set_of("{" + ed + "}") + "x"), ErrorCode::key_json_invalid);
}

TEST(JwkSet, BytesAndKeysAreBounded) {
  const std::string two = set_of("{" + ed + "},{" + ed + "}");
  EXPECT_TRUE(parse(two, {.keys = 2}));
  EXPECT_EQ(error_of(two, {.keys = 1}), ErrorCode::key_set_too_many);
  EXPECT_EQ(error_of(set_of("1,2,3"), {.keys = 2}), ErrorCode::key_set_too_many);
  EXPECT_TRUE(parse(two, {.bytes = two.size()}));
  EXPECT_EQ(error_of(two, {.bytes = two.size() - 1}), ErrorCode::key_too_large);
}

TEST(JwkSet, PrivateMembersAreReported) {
  const auto set =
      parse(set_of("{" + ed + R"(,"d":"n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU"},{)" + ed +
                   R"(,"oth":[]},{)" + ed + R"(,"dd":"AA"})"));
  ASSERT_TRUE(set);
  EXPECT_TRUE(set->entries[0].has_private_members);
  EXPECT_TRUE(set->entries[0].key);
  EXPECT_TRUE(set->entries[1].has_private_members);
  EXPECT_FALSE(set->entries[2].has_private_members);
}

TEST(JwkSet, APublishedSharedSecretIsNoKey) {
  const auto set = parse(set_of(R"({"kty":"oct","k":")" + std::string(43, 'A') + "\"}"));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->entries[0].key.error().code, ErrorCode::key_type_unsupported);
  EXPECT_TRUE(set->entries[0].has_private_members);
}

// Operators write milliseconds too: whoever reads the set has to see them as they are.
TEST(JwkSet, TimesAreAsWritten) {
  const auto set = parse(set_of("{" + ed + R"(,"nbf":1700000000000,"exp":1800000000.9},{)" + ed +
                                R"(,"nbf":-1,"exp":1.8e9})"));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->entries[0].nbf, 1700000000000);
  EXPECT_EQ(set->entries[0].exp, 1800000000);
  EXPECT_EQ(set->entries[1].nbf, -1);
  EXPECT_EQ(set->entries[1].exp, 1800000000);
  EXPECT_TRUE(set->entries[0].key && set->entries[1].key);
}

// A limit that cannot be read is not taken for none.
TEST(JwkSet, AKeyWithAnUnreadableTimeIsNotUsable) {
  for (const std::string value :
       {R"("2027-01-01")", "null", "true", "[1]", "{}", "1e19", "18446744073709551615"}) {
    for (const std::string name : {"nbf", "exp"}) {
      const auto set = parse(set_of("{" + ed + ",\"" + name + "\":" + value + "}"));
      ASSERT_TRUE(set) << value;
      ASSERT_FALSE(set->entries[0].key) << value;
      EXPECT_EQ(set->entries[0].key.error().code, ErrorCode::key_member_invalid);
    }
  }
}

}  // namespace
}  // namespace wba
