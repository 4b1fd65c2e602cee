// The project's thumbprints (vectors/jwk) and keys (vectors/rfc9421) through the readers of keys.

#include <map>
#include <string>

#include <gtest/gtest.h>

#include <wba/jwk_set.h>
#include <wba/key.h>

#include "crypto/hash.h"
#include "paths.h"
#include "support/json_file.h"
#include "support/octets.h"

namespace wba {
namespace {

const std::string vectors = WBA_VECTORS_DIR;

std::string to_hex(std::span<const std::byte> octets) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const std::byte octet : octets) {
    out += digits[std::to_integer<unsigned>(octet) >> 4U];
    out += digits[std::to_integer<unsigned>(octet) & 0xfU];
  }
  return out;
}

TEST(Thumbprints, EveryVectorGivesItsThumbprint) {
  const auto file = test::read_json_file(vectors + "/jwk/thumbprints.json");
  int cases = 0;
  for (const auto& vector : file.at("vectors")) {
    SCOPED_TRACE(vector.at("id").get<std::string>());
    ++cases;
    const std::string input = vector.at("input");
    EXPECT_EQ(to_hex(crypto::sha256(input)), vector.at("sha256_hex").get<std::string>());
    const auto key = PublicKey::from_jwk(vector.at("jwk").dump());
    ASSERT_TRUE(key) << to_string(key.error().code);
    EXPECT_EQ(key->thumbprint(), vector.at("thumbprint").get<std::string>());
    if (key->type() == KeyType::hmac) {
      EXPECT_EQ(key->jwk().error().code, ErrorCode::key_type_unsupported);
    } else {
      EXPECT_EQ(key->jwk().value(), input);
    }
  }
  EXPECT_EQ(cases, 8);
}

TEST(Thumbprints, KeysOfRfc9421AreTheSameInJwkAndPem) {
  const auto keys = test::read_json_file(vectors + "/rfc9421/keys.json");
  std::map<std::string, std::string> thumbprints;
  for (const auto& entry : keys.at("keys")) {
    const std::string id = entry.at("id");
    SCOPED_TRACE(id);
    const auto secret = PrivateKey::from_jwk(entry.at("private_jwk").dump());
    ASSERT_TRUE(secret) << to_string(secret.error().code);
    EXPECT_EQ(secret->public_key().thumbprint(), entry.at("jwk_thumbprint").get<std::string>());
    EXPECT_TRUE(secret->public_key().is_published_test_key());
    if (entry.contains("public_jwk") && !entry.at("public_jwk").is_null()) {
      const auto key = PublicKey::from_jwk(entry.at("public_jwk").dump());
      ASSERT_TRUE(key) << to_string(key.error().code);
      EXPECT_EQ(key->thumbprint(), secret->public_key().thumbprint());
    }
    thumbprints[id] = secret->public_key().thumbprint();
  }
  EXPECT_EQ(thumbprints.size(), 5U);

  const auto pems = test::read_json_file(vectors + "/rfc9421/keys-pem.json");
  int pairs = 0;
  for (const auto& entry : pems.at("keys")) {
    const std::string id = entry.at("id");
    SCOPED_TRACE(id);
    ++pairs;
    const auto key = PublicKey::from_pem(entry.at("public_pem").get<std::string>());
    ASSERT_TRUE(key) << to_string(key.error().code);
    const auto secret = PrivateKey::from_pem(entry.at("private_pem").get<std::string>());
    ASSERT_TRUE(secret) << to_string(secret.error().code);
    EXPECT_EQ(key->thumbprint(), thumbprints.at(id));
    EXPECT_EQ(secret->public_key().thumbprint(), thumbprints.at(id));
    EXPECT_EQ(PublicKey::from_pem(entry.at("private_pem").get<std::string>()).value().thumbprint(),
              thumbprints.at(id));
  }
  EXPECT_EQ(pairs, 4);
}

TEST(Thumbprints, SuiteOfCloudflare) {
  const std::string folder = WBA_EXTERNAL_VECTORS_DIR;
  if (folder.empty()) GTEST_SKIP() << "no third-party suites: configure with WBA_EXTERNAL_VECTORS";
  const auto file = test::read_json_file(folder + "/web-bot-auth/thumbprint/vectors.json");
  int cases = 0;
  for (const auto& vector : file) {
    SCOPED_TRACE(vector.at("name").get<std::string>());
    ++cases;
    const auto key = PublicKey::from_jwk(vector.at("jwk").get<std::string>());
    ASSERT_TRUE(key) << to_string(key.error().code);
    EXPECT_EQ(key->thumbprint(), vector.at("thumbprint").get<std::string>());
  }
  EXPECT_EQ(cases, 2);
}

}  // namespace
}  // namespace wba
