#ifndef WBA_TESTS_SUPPORT_TEST_KEYS_H_
#define WBA_TESTS_SUPPORT_TEST_KEYS_H_

// Fresh keys, the files that keep them, and the key sets that publish them.

#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <wba/key.h>

namespace wba::test {

// TestKey is a fresh Ed25519 key: its JWK, and its thumbprint, which is its keyid.
struct TestKey {
  PrivateKey secret;
  std::string jwk;  // public, with kid
  std::string keyid;
};

inline TestKey make_key() {
  auto secret = PrivateKey::generate(KeyType::ed25519);
  if (!secret) std::abort();
  std::string jwk = secret->public_key().jwk(true).value_or("");
  std::string keyid(secret->public_key().thumbprint());
  return {std::move(*secret), std::move(jwk), std::move(keyid)};
}

// key_in_new_file gives a fresh Ed25519 key that is also in `file`, as PEM and with mode 0600.
inline PrivateKey key_in_new_file(const std::string& file) {
  auto key = PrivateKey::generate(KeyType::ed25519);
  if (!key) std::abort();
  std::ofstream(file) << key->export_pem().value().text();
  EXPECT_EQ(::chmod(file.c_str(), 0600), 0);
  return std::move(*key);
}

// with_member adds `"name":value` to a JWK.
inline std::string with_member(std::string jwk, std::string_view name, std::string_view value) {
  jwk.pop_back();
  jwk.append(",\"").append(name).append("\":").append(value).append("}");
  return jwk;
}

// without_kid gives the JWK as it is without its kid.
inline std::string without_kid(const TestKey& key) {
  return key.secret.public_key().jwk(false).value_or("");
}

inline std::string key_set(const std::vector<std::string>& jwks) {
  std::string text = "{\"keys\":[";
  for (const std::string& jwk : jwks) {
    if (text.back() != '[') text.push_back(',');
    text.append(jwk);
  }
  return text + "]}";
}

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_TEST_KEYS_H_
