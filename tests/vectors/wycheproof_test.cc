// Wycheproof's files for the algorithms of RFC 9421, every case of them. The keys come in as JWK
// and as PEM, which must be the same.

#include <string>

#include <gtest/gtest.h>

#include <wba/key.h>

#include "paths.h"
#include "support/json_file.h"
#include "support/octets.h"

namespace wba {
namespace {

using test::bytes_of;
using test::from_hex;

struct Counts {
  int cases = 0;
  int valid = 0;
  int invalid = 0;
  int acceptable = 0;

  friend bool operator==(const Counts&, const Counts&) = default;
};

std::ostream& operator<<(std::ostream& out, const Counts& counts) {
  return out << counts.cases << " cases, " << counts.valid << " valid, " << counts.invalid
             << " invalid, " << counts.acceptable << " acceptable";
}

// key_of reads a group's key from its PEM, and from its JWK where there is one.
PublicKey key_of(const nlohmann::ordered_json& group) {
  auto key = PublicKey::from_pem(group.at("publicKeyPem").get<std::string>());
  EXPECT_TRUE(key) << to_string(key.error().code);
  for (const char* name : {"publicKeyJwk", "keyJwk"}) {
    if (!group.contains(name)) continue;
    const auto from_jwk = PublicKey::from_jwk(group.at(name).dump());
    EXPECT_TRUE(from_jwk) << to_string(from_jwk.error().code);
    EXPECT_EQ(from_jwk->thumbprint(), key->thumbprint());
  }
  return *key;
}

// run gives how many cases there were. "acceptable" signatures are refused: each of them is
// malformed in a way that RFC 9421's algorithms leave no room for.
void run(const std::string& file_name, Algorithm algorithm, const Counts& expected) {
  const std::string folder = WBA_EXTERNAL_VECTORS_DIR;
  if (folder.empty()) GTEST_SKIP() << "no third-party suites: configure with WBA_EXTERNAL_VECTORS";
  const auto file = test::read_json_file(folder + "/wycheproof/" + file_name);
  Counts counts;
  for (const auto& group : file.at("testGroups")) {
    const PublicKey key = key_of(group);
    for (const auto& test : group.at("tests")) {
      SCOPED_TRACE(file_name + "/" + std::to_string(test.at("tcId").get<int>()) + " " +
                   test.at("comment").get<std::string>());
      const std::string message = from_hex(test.at("msg").get<std::string>());
      const std::string signature = from_hex(test.at("sig").get<std::string>());
      const std::string result = test.at("result");
      ++counts.cases;
      ++(result == "valid"     ? counts.valid
         : result == "invalid" ? counts.invalid
                               : counts.acceptable);
      const auto verified = key.verify(algorithm, message, bytes_of(signature));
      EXPECT_EQ(verified.has_value(), result == "valid");
      if (!verified) {
        EXPECT_EQ(verified.error().code, ErrorCode::signature_wrong);
      }
    }
  }
  EXPECT_EQ(counts, expected);
  EXPECT_EQ(counts.cases, file.at("numberOfTests").get<int>());
}

TEST(Wycheproof, Ed25519) {
  run("ed25519_test.json", Algorithm::ed25519, {.cases = 151, .valid = 88, .invalid = 63});
}

TEST(Wycheproof, EcdsaP256Sha256) {
  run("ecdsa_secp256r1_sha256_p1363_test.json", Algorithm::ecdsa_p256_sha256,
      {.cases = 262, .valid = 173, .invalid = 89});
}

TEST(Wycheproof, EcdsaP384Sha384) {
  run("ecdsa_secp384r1_sha384_p1363_test.json", Algorithm::ecdsa_p384_sha384,
      {.cases = 280, .valid = 193, .invalid = 87});
}

TEST(Wycheproof, RsaPssSha512) {
  run("rsa_pss_4096_sha512_mgf1_64_test.json", Algorithm::rsa_pss_sha512,
      {.cases = 179, .valid = 132, .invalid = 47});
}

// The acceptable case is a DigestInfo without the NULL of RFC 8017 B.1.
TEST(Wycheproof, RsaV15Sha256) {
  run("rsa_signature_2048_sha256_test.json", Algorithm::rsa_v1_5_sha256,
      {.cases = 259, .valid = 9, .invalid = 249, .acceptable = 1});
}

}  // namespace
}  // namespace wba
