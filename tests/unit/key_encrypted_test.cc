// Private keys under a passphrase.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <wba/encrypted_key.h>

#include "crypto/base64.h"
#include "key_pem_samples.h"
#include "support/exact_buffer.h"

namespace wba {
namespace {

using test::ExactBuffer;

constexpr std::string_view kPassphrase = "correct horse battery staple";
constexpr PassphraseCost kCheap{.memory_kib = 8, .passes = 1};

// samples::ed with 64 KiB and 2 passes, salt 0, 1, …, 15, nonce 100, 101, …, 123: libsodium's
// crypto_pwhash and crypto_aead_xchacha20poly1305_ietf_encrypt, called from Python.
constexpr std::string_view kKnown = R"(-----BEGIN WBA ENCRYPTED PRIVATE KEY-----
AQAAAEAAAAACAAECAwQFBgcICQoLDA0OD2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6
e0GvxeI0PL1cEL1oINV+I2LZn52kgRwFvxK50jgYVL72p+pw7FBA117DRG9EF2hP
dNamfvZLFsZWsupa9X6+X/3XyLyOdtg+JBnkB5GIElX0ZdDQQzs6QsNItNFB0JLw
+avnwwTz8tXvDwxbKcdnqoxjgx3YNhlNgfLx0HI7KA2N76l0b7RM8w==
-----END WBA ENCRYPTED PRIVATE KEY-----
)";

Result<PrivateKey::Exported> decrypt(std::string_view text,
                                     std::string_view passphrase = kPassphrase,
                                     const PassphraseLimits& limits = {}) {
  return decrypt_key(ExactBuffer(text).view(), ExactBuffer(passphrase).view(), limits);
}

ErrorCode error(std::string_view text, const PassphraseLimits& limits = {}) {
  const auto key = decrypt(text, kPassphrase, limits);
  return key ? ErrorCode::argument_invalid : key.error().code;
}

// altered gives kKnown with `change` made to its octets.
template <typename Change>
std::string altered(Change change) {
  const auto begin = kKnown.find('\n') + 1;
  std::string base64(kKnown.substr(begin, kKnown.find("-----END") - begin));
  std::erase(base64, '\n');
  std::vector<std::byte> octets(base64.size());
  octets.resize(crypto::base64_decode(base64, crypto::Base64::standard, octets).value());
  change(octets);
  std::string text = "-----BEGIN WBA ENCRYPTED PRIVATE KEY-----\n";
  crypto::base64_append(octets, crypto::Base64::standard, text);
  return text + "\n-----END WBA ENCRYPTED PRIVATE KEY-----\n";
}

TEST(EncryptedKey, KnownFileIsRead) {
  EXPECT_TRUE(is_encrypted_key(kKnown));
  const auto key = decrypt(kKnown);
  ASSERT_TRUE(key) << to_string(key.error().code);
  EXPECT_EQ(key->text(), samples::ed);
  EXPECT_EQ(decrypt(altered([](auto&) {}))->text(), samples::ed) << "in one line";
  const std::string among = "text\n" + std::string(samples::ed_pub) + std::string(kKnown);
  EXPECT_EQ(decrypt(among)->text(), samples::ed) << "other blocks are passed over";
}

TEST(EncryptedKey, OtherPassphraseIsRefused) {
  for (const std::string_view other : {"", "correct horse battery staple\n", "Correct horse"}) {
    EXPECT_EQ(decrypt(kKnown, other).error().code, ErrorCode::key_passphrase_wrong) << other;
  }
}

TEST(EncryptedKey, EveryOctetIsAuthenticated) {
  const std::size_t size = 49 + samples::ed.size() + 16;
  for (std::size_t i = 9; i < size; ++i) {
    EXPECT_EQ(error(altered([i](auto& octets) { octets[i] ^= std::byte{1}; })),
              ErrorCode::key_passphrase_wrong)
        << i;
  }
  // What Argon2id is to spend: another amount gives another key.
  for (const std::size_t i : {4U, 8U}) {
    EXPECT_EQ(error(altered([i](auto& octets) { octets[i] ^= std::byte{1}; })),
              ErrorCode::key_passphrase_wrong)
        << i;
  }
}

TEST(EncryptedKey, WhatIsEncryptedIsDecryptedAndNeverTheSameTwice) {
  const auto generated = PrivateKey::generate(KeyType::hmac).value();
  const std::string jwk(generated.export_jwk().value().text());
  for (const std::string_view text :
       {samples::ed, samples::p256_sec1_params, samples::rsa, std::string_view(jwk)}) {
    const std::string first = encrypt_key(text, kPassphrase, kCheap).value();
    const std::string second = encrypt_key(text, kPassphrase, kCheap).value();
    EXPECT_NE(first, second) << "salt and nonce are drawn";
    EXPECT_EQ(decrypt(first)->text(), text);
    EXPECT_EQ(decrypt(first, "other").error().code, ErrorCode::key_passphrase_wrong);
    EXPECT_EQ(PrivateKey::from_text(first).error().code, ErrorCode::key_pem_encrypted);
    EXPECT_EQ(PublicKey::from_text(first).error().code, ErrorCode::key_pem_encrypted);
  }
}

TEST(EncryptedKey, OnlyAPrivateKeyIsEncrypted) {
  EXPECT_EQ(encrypt_key(samples::ed_pub, kPassphrase, kCheap).error().code,
            ErrorCode::key_not_private);
  EXPECT_EQ(encrypt_key(kKnown, kPassphrase, kCheap).error().code, ErrorCode::key_pem_encrypted);
  EXPECT_EQ(encrypt_key("nothing", kPassphrase, kCheap).error().code, ErrorCode::key_unreadable);
  EXPECT_EQ(encrypt_key(samples::ed, "", kCheap).error().code, ErrorCode::argument_invalid);
  EXPECT_EQ(encrypt_key(samples::ed, "p", {.memory_kib = 7}).error().code,
            ErrorCode::argument_invalid);
  EXPECT_EQ(encrypt_key(samples::ed, "p", {.passes = 0}).error().code, ErrorCode::argument_invalid);
  EXPECT_EQ(encrypt_key(samples::ed, "p", {.memory_kib = 1U << 21U}).error().code,
            ErrorCode::argument_invalid);
  EXPECT_EQ(encrypt_key(std::string(16385, ' '), "p", kCheap).error().code,
            ErrorCode::key_too_large);
}

TEST(EncryptedKey, FileThatAsksForMoreThanTheLimitIsRefusedUnread) {
  const auto asking = [](std::uint32_t memory, std::uint32_t passes) {
    return altered([=](auto& octets) {
      for (unsigned i = 0; i < 4; ++i) {
        octets[1 + i] = static_cast<std::byte>(memory >> (24 - 8 * i));
        octets[5 + i] = static_cast<std::byte>(passes >> (24 - 8 * i));
      }
    });
  };
  EXPECT_EQ(error(asking(100U << 20U, 1)), ErrorCode::key_encryption_costly) << "100 GiB";
  EXPECT_EQ(error(asking(0xffffffff, 0xffffffff)), ErrorCode::key_encryption_costly);
  EXPECT_EQ(error(asking(64, 0xffffffff)), ErrorCode::key_encryption_costly) << "time";
  EXPECT_EQ(error(asking((1U << 20U) + 1, 1)), ErrorCode::key_encryption_costly);
  EXPECT_EQ(error(asking(1U << 20U, 5)), ErrorCode::key_encryption_costly);
  EXPECT_EQ(error(asking(7, 1)), ErrorCode::key_pem_invalid);
  EXPECT_EQ(error(asking(64, 0)), ErrorCode::key_pem_invalid);
  EXPECT_EQ(error(kKnown, {.memory_kib = 64, .work_kib = 127}), ErrorCode::key_encryption_costly);
  EXPECT_EQ(error(kKnown, {.memory_kib = 63}), ErrorCode::key_encryption_costly);
  EXPECT_TRUE(decrypt(kKnown, kPassphrase, {.memory_kib = 64, .work_kib = 128}));
}

TEST(EncryptedKey, OtherFormsAreRefusedByName) {
  EXPECT_EQ(error(altered([](auto& octets) { octets[0] = std::byte{2}; })),
            ErrorCode::key_encryption_unknown);
  EXPECT_EQ(error(altered([](auto& octets) { octets.resize(49 + 16); })),
            ErrorCode::key_pem_invalid);
  EXPECT_EQ(error(altered([](auto& octets) { octets.resize(49 + 17); })),
            ErrorCode::key_passphrase_wrong);
  EXPECT_EQ(error(altered([](auto& octets) { octets.resize(1); })), ErrorCode::key_pem_invalid);
  EXPECT_EQ(error(altered([](auto& octets) { octets.clear(); })), ErrorCode::key_pem_invalid);
  EXPECT_EQ(error(altered([](auto& octets) { octets.resize(20000); })), ErrorCode::key_pem_invalid);
  EXPECT_EQ(error(samples::ed), ErrorCode::key_unreadable);
  EXPECT_EQ(error(samples::ed_encrypted), ErrorCode::key_unreadable) << "OpenSSL's own";
  EXPECT_EQ(error(""), ErrorCode::key_unreadable);
  EXPECT_EQ(error(std::string(65537, 'x')), ErrorCode::key_too_large);
  EXPECT_FALSE(is_encrypted_key(samples::ed_encrypted));
  EXPECT_FALSE(is_encrypted_key(R"({"kty":"OKP"})"));
}

}  // namespace
}  // namespace wba
