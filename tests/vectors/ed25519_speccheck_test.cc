// ed25519-speccheck: twelve signatures on which implementations disagree. Ours must say what
// libsodium says.

#include <bitset>
#include <string>

#include <gtest/gtest.h>
#include <sodium.h>

#include <wba/key.h>

#include "paths.h"
#include "support/json_file.h"
#include "support/octets.h"

namespace wba {
namespace {

// accepted_by_libsodium has bit i set where libsodium 1.0.18 accepts case i (also in the table of
// "Taming the many EdDSAs"): only those in which neither A nor R is of small order or not
// canonical, S is below L, and no cofactor is needed.
constexpr std::bitset<12> accepted_by_libsodium(1U << 3U);

TEST(Ed25519Speccheck, SameVerdictsAsLibsodium) {
  const std::string folder = WBA_EXTERNAL_VECTORS_DIR;
  if (folder.empty()) GTEST_SKIP() << "no third-party suites: configure with WBA_EXTERNAL_VECTORS";
  const auto cases = test::read_json_file(folder + "/ed25519-speccheck/cases.json");
  ASSERT_EQ(cases.size(), accepted_by_libsodium.size());
  std::bitset<12> ours;
  std::bitset<12> libsodium;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::string message = test::from_hex(cases[i].at("message").get<std::string>());
    const std::string key = test::from_hex(cases[i].at("pub_key").get<std::string>());
    const std::string signature = test::from_hex(cases[i].at("signature").get<std::string>());
    const auto public_key = PublicKey::from_ed25519(test::bytes_of(key));
    ASSERT_TRUE(public_key) << i;
    ours[i] =
        public_key->verify(Algorithm::ed25519, message, test::bytes_of(signature)).has_value();
    libsodium[i] = crypto_sign_verify_detached(
                       reinterpret_cast<const unsigned char*>(signature.data()),
                       reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                       reinterpret_cast<const unsigned char*>(key.data())) == 0;
  }
  EXPECT_EQ(ours, libsodium);
  EXPECT_EQ(ours, accepted_by_libsodium);
}

}  // namespace
}  // namespace wba
