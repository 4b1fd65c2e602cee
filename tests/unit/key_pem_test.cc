#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <wba/key.h>

#include "crypto/parts.h"
#include "key/pem.h"
#include "key_pem_samples.h"
#include "support/exact_buffer.h"
#include "support/octets.h"

namespace wba {
namespace {

using test::ExactBuffer;

Result<PublicKey> public_of(std::string_view pem) {
  return PublicKey::from_pem(ExactBuffer(pem).view());
}

Result<PrivateKey> private_of(std::string_view pem) {
  return PrivateKey::from_pem(ExactBuffer(pem).view());
}

ErrorCode public_error(std::string_view pem) {
  const auto key = public_of(pem);
  return key ? ErrorCode::argument_invalid : key.error().code;
}

ErrorCode private_error(std::string_view pem) {
  const auto key = private_of(pem);
  return key ? ErrorCode::argument_invalid : key.error().code;
}

// Thumbprints that Node's crypto (and, for RSA-PSS, OpenSSL's modulus) gives for the same files.
constexpr std::string_view ed_thumbprint = "-OCw_AU-4uSOGQaUGjt1sX998rYv4xMLcj22WPFTmQw";
constexpr std::string_view p256_thumbprint = "ZAJJ2rxhpEitDQDQiqdXoXv6oA9aEe2Ds3z-ymkW_XU";
constexpr std::string_view p384_thumbprint = "-__RlGfqeA4_QOvxAY03mbabwV6RnG0QYLnKY1zw4xo";
constexpr std::string_view rsa_thumbprint = "unz4zXgmA-y8OGsuMAkncy9eUV7Ee-R8ahZlnHGwV5c";
constexpr std::string_view pss_thumbprint = "VhWaB6BEFcrsRWj45Vmzz53c-NP5lfF6-2C_hIDJlBI";

TEST(Pem, EveryPrivateFormGivesTheSameKey) {
  const struct {
    std::string_view pem;
    KeyType type;
    std::string_view thumbprint;
  } cases[] = {
      {samples::ed, KeyType::ed25519, ed_thumbprint},
      {samples::p256, KeyType::ec_p256, p256_thumbprint},
      {samples::p256_sec1_params, KeyType::ec_p256, p256_thumbprint},
      {samples::p256_nopub, KeyType::ec_p256, p256_thumbprint},
      {samples::p256_compressed, KeyType::ec_p256, p256_thumbprint},
      {samples::p384, KeyType::ec_p384, p384_thumbprint},
      {samples::p384_sec1_params, KeyType::ec_p384, p384_thumbprint},
      {samples::p384_nopub, KeyType::ec_p384, p384_thumbprint},
      {samples::rsa, KeyType::rsa, rsa_thumbprint},
      {samples::rsa_pkcs1, KeyType::rsa, rsa_thumbprint},
      {samples::pss512, KeyType::rsa, pss_thumbprint},
  };
  for (const auto& sample : cases) {
    SCOPED_TRACE(sample.pem);
    const auto key = private_of(sample.pem);
    ASSERT_TRUE(key) << to_string(key.error().code);
    EXPECT_EQ(key->public_key().type(), sample.type);
    EXPECT_EQ(key->public_key().thumbprint(), sample.thumbprint);
    EXPECT_EQ(public_of(sample.pem).value().thumbprint(), sample.thumbprint);
  }
}

TEST(Pem, EveryPublicFormGivesTheSameKey) {
  const struct {
    std::string_view pem;
    std::string_view thumbprint;
  } cases[] = {
      {samples::ed_pub, ed_thumbprint},
      {samples::p256_pub, p256_thumbprint},
      {samples::p256_pub_compressed, p256_thumbprint},
      {samples::p384_pub, p384_thumbprint},
      {samples::p384_pub_compressed, p384_thumbprint},
      {samples::rsa_pub, rsa_thumbprint},
      {samples::rsa_pkcs1_pub, rsa_thumbprint},
      {samples::pss512_pub, pss_thumbprint},
  };
  for (const auto& sample : cases) {
    SCOPED_TRACE(sample.pem);
    const auto key = public_of(sample.pem);
    ASSERT_TRUE(key) << to_string(key.error().code);
    EXPECT_EQ(key->thumbprint(), sample.thumbprint);
    EXPECT_EQ(private_error(sample.pem), ErrorCode::key_not_private);
  }
}

TEST(Pem, ExportIsWhatOpensslWrites) {
  for (const auto& [pem, pub] :
       {std::pair{samples::ed, samples::ed_pub}, std::pair{samples::p256, samples::p256_pub},
        std::pair{samples::p384, samples::p384_pub}, std::pair{samples::rsa, samples::rsa_pub}}) {
    const auto key = private_of(pem);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->public_key().pem().value(), pub);
    const auto exported = key->export_pem();
    ASSERT_TRUE(exported);
    EXPECT_EQ(exported->text(), pem);
  }
}

TEST(Pem, APssKeySignsAndVerifiesPssOnly) {
  for (const auto pem : {samples::pss512, samples::pss512_pub}) {
    const auto key = public_of(pem);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->algorithm(), Algorithm::rsa_pss_sha512);
    EXPECT_TRUE(key->allows(Algorithm::rsa_pss_sha512));
    EXPECT_FALSE(key->allows(Algorithm::rsa_v1_5_sha256));
  }
  const auto plain = public_of(samples::rsa_pub);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->algorithm(), std::nullopt);
  EXPECT_TRUE(plain->allows(Algorithm::rsa_pss_sha512));
  EXPECT_TRUE(plain->allows(Algorithm::rsa_v1_5_sha256));
}

TEST(Pem, APssKeyForAnotherHashIsRefused) {
  EXPECT_EQ(public_error(samples::pss256_pub), ErrorCode::key_algorithm_conflict);
}

// There is no terminal in a server: nobody is asked.
TEST(Pem, EncryptedKeysAreRefusedWithoutAPrompt) {
  for (const auto pem : {samples::ed_encrypted, samples::p256_encrypted_traditional}) {
    EXPECT_EQ(private_error(pem), ErrorCode::key_pem_encrypted);
    EXPECT_EQ(public_error(pem), ErrorCode::key_pem_encrypted);
  }
}

TEST(Pem, OtherTypesAndCurvesAreRefusedByName) {
  for (const auto pem :
       {samples::x25519_pub, samples::ed448_pub, samples::dsa_pub, samples::secp256k1_pub,
        samples::brainpoolp256r1_pub, samples::p256_explicit, samples::secp521r1, samples::x25519,
        samples::dsap, samples::cert}) {
    EXPECT_EQ(public_error(pem), ErrorCode::key_type_unsupported) << pem;
    EXPECT_EQ(private_error(pem), ErrorCode::key_type_unsupported) << pem;
  }
  EXPECT_EQ(public_error("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"
                         "-----END OPENSSH PRIVATE KEY-----\n"),
            ErrorCode::key_type_unsupported);
}

TEST(Pem, HybridPointsAreRefused) {
  EXPECT_EQ(public_error(samples::p256_pub_hybrid), ErrorCode::key_pem_invalid);
}

TEST(Pem, RsaUnder2048BitsIsTooWeak) {
  EXPECT_EQ(public_error(samples::rsa1024_pub), ErrorCode::key_too_weak);
}

// RFC 7468 §2: a file may explain itself around its blocks.
TEST(Pem, TheFirstKeyBlockCountsAndTextAroundItDoesNot) {
  const std::string ed(samples::ed_pub);
  for (const std::string& text :
       {"subject=/CN=agent\n" + ed + "trailing text\n", std::string(samples::cert) + ed,
        ed + std::string(samples::p256_pub), "\r\n" + ed, ed + "-----BEGIN "}) {
    const auto key = public_of(text);
    ASSERT_TRUE(key) << text;
    EXPECT_EQ(key->thumbprint(), ed_thumbprint);
  }
}

TEST(Pem, LinesMayEndInCrLfAndBeOfAnyLength) {
  std::string crlf;
  std::string joined;
  for (const char c : samples::rsa_pub) {
    if (c == '\n') crlf += '\r';
    crlf += c;
  }
  bool in_body = false;
  std::size_t dashes = 0;
  for (const char c : samples::rsa_pub) {
    if (c == '-' && ++dashes == 10) in_body = true;
    if (c == '\n' && in_body && dashes == 10 && !joined.ends_with("-")) continue;
    joined += c;
  }
  joined.insert(joined.find("-----END"), "\n");
  for (const auto& text : {crlf, joined}) {
    const auto key = public_of(text);
    ASSERT_TRUE(key) << text;
    EXPECT_EQ(key->thumbprint(), rsa_thumbprint);
  }
}

TEST(Pem, WhatIsNoPemIsUnreadable) {
  for (const std::string_view text :
       {"", " ", "\n\n", "hello", "MCowBQYDK2VwAyEA", "x-----BEGIN PUBLIC KEY-----\n"}) {
    EXPECT_EQ(public_error(text), ErrorCode::key_unreadable) << text;
  }
}

TEST(Pem, ABrokenBlockDoesNotDecode) {
  const std::string good(samples::ed_pub);
  const std::string begin = "-----BEGIN PUBLIC KEY-----\n";
  const std::string end = "-----END PUBLIC KEY-----\n";
  std::vector<std::string> broken = {
      begin,
      begin + "MCow",
      begin + end,
      begin + "MCow\n-----END PRIVATE KEY-----\n",
      begin + "MCow!\n" + end,
      begin + "MCowBQYDK2VwAyEA\n" + end,
      "-----BEGIN PUBLIC KEY\nMCow\n" + end,
      "-----BEGIN PUBLIC KEY----\nMCow\n" + end,
      begin + "Comment: none\n\n" + good.substr(begin.size()),
  };
  // Without a character of its body, and with one more.
  for (std::size_t i = begin.size(); i < good.find("\n-----END"); ++i) {
    broken.push_back(std::string(good).erase(i, 1));
    broken.push_back(std::string(good).insert(i, "A"));
  }
  for (const auto& text : broken) {
    EXPECT_EQ(public_error(text), ErrorCode::key_pem_invalid) << text;
  }
}

TEST(Pem, TheTextIsBoundedBeforeItIsRead) {
  const std::string text = std::string(samples::ed_pub) + std::string(100, '\n');
  EXPECT_TRUE(PublicKey::from_pem(text, {.bytes = text.size()}));
  EXPECT_EQ(PublicKey::from_pem(text, {.bytes = text.size() - 1}).error().code,
            ErrorCode::key_too_large);
}

// RFC 8410 §10.3: version 2 with the public half behind the private one.
TEST(Pem, Ed25519WithItsPublicHalf) {
  constexpr std::string_view rfc8410 =
      "-----BEGIN PRIVATE KEY-----\n"
      "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
      "oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n"
      "Z9w7lshQhqowtrbLDFw4rXAxZuE=\n"
      "-----END PRIVATE KEY-----\n";
  const auto key = private_of(rfc8410);
  ASSERT_TRUE(key) << to_string(key.error().code);
  const auto alone = private_of(
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
      "-----END PRIVATE KEY-----\n");
  ASSERT_TRUE(alone);
  EXPECT_EQ(key->public_key().thumbprint(), alone->public_key().thumbprint());

  std::string wrong(rfc8410);
  wrong[wrong.find("Z9w7l")] = 'Y';
  EXPECT_EQ(private_error(wrong), ErrorCode::key_pair_mismatch);
  EXPECT_EQ(public_error(wrong), ErrorCode::key_pair_mismatch);
}

TEST(Pem, AnEcKeyWithAnothersPublicHalfIsRefused) {
  // The SEC1 key of `samples::p256` with the last octet of y changed is off the curve; with the
  // negated y it is on the curve and another key's.
  std::string off(samples::p256_sec1_params);
  off[off.find("ME6w==")] = 'N';
  EXPECT_EQ(private_error(off), ErrorCode::key_pem_invalid);
}

// RFC 5958 §2: version 2 with the public half behind the private one, as some libraries write it.
TEST(Pem, EcKeyWithAnothersPublicHalfBehindItIsRefused) {
  const auto pem = [](std::string_view body) {
    return "-----BEGIN PRIVATE KEY-----\n" + std::string(body) + "-----END PRIVATE KEY-----\n";
  };
  const std::string own =
      pem("MIGFAgEBMBMGByqGSM49AgEGCCqGSM49AwEHBCcwJQIBAQQgkrNUTmNuNlZV5Va/\n"
          "qq3yB72iDzLPR6I95wVlQHZzOl2BQgAEh4djoZi4/If4/Q8qXjf8fsNdhQ/YmV3B\n"
          "UM30CNyFuu0QKXrDyXgh3b75UmqyQoyY4PEWV9VV6G5N2494oJwV1A==\n");
  const std::string others =
      pem("MIGFAgEBMBMGByqGSM49AgEGCCqGSM49AwEHBCcwJQIBAQQgkrNUTmNuNlZV5Va/\n"
          "qq3yB72iDzLPR6I95wVlQHZzOl2BQgAE0K7hkIt4+vtUxpgxj1d4ajxcWWYQiDJm\n"
          "GiBwvbLAKIj+UIsrU+hagrIWdpFZGqBQJ5S0R6Uj05pgBABrUfmooQ==\n");
  // The right point inside the private half, another behind it.
  const std::string two_points =
      pem("MIHLAgEBMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkrNUTmNuNlZV5Va/\n"
          "qq3yB72iDzLPR6I95wVlQHZzOl2hRANCAASHh2OhmLj8h/j9DypeN/x+w12FD9iZ\n"
          "XcFQzfQI3IW67RApesPJeCHdvvlSarJCjJjg8RZX1VXobk3bj3ignBXUgUIABNCu\n"
          "4ZCLePr7VMaYMY9XeGo8XFlmEIgyZhogcL2ywCiI/lCLK1PoWoKyFnaRWRqgUCeU\n"
          "tEelI9OaYAQAa1H5qKE=\n");
  EXPECT_TRUE(private_of(own));
  EXPECT_TRUE(public_of(own));
  for (const std::string& wrong : {others, two_points}) {
    EXPECT_EQ(private_error(wrong), ErrorCode::key_pair_mismatch);
    EXPECT_EQ(public_error(wrong), ErrorCode::key_pair_mismatch);
  }
}

TEST(Pem, RsaKeyWithAnothersPublicHalfIsRefused) {
  const auto one = crypto::generate_parts(KeyType::rsa).value();
  const auto other = crypto::generate_parts(KeyType::rsa).value();
  const auto pem = [&](const crypto::PublicParts& public_parts) {
    return std::string(write_private_pem(public_parts, one.private_parts).value().text());
  };
  EXPECT_TRUE(public_of(pem(one.public_parts)));
  EXPECT_EQ(public_error(pem(other.public_parts)), ErrorCode::key_pair_mismatch);
  EXPECT_EQ(private_error(pem(other.public_parts)), ErrorCode::key_pair_mismatch);
}

TEST(Pem, TextByteOrderMarkAndBlanksBeforeTheBlockArePassedOver) {
  const std::string block(samples::ed);
  for (const std::string_view front : {"\xef\xbb\xbf", "\r\n\t ", " \t", "\xef\xbb\xbf  ",
                                       "Bag Attributes\r\n", "\xef\xbb\xbf# our key\n\n"}) {
    EXPECT_EQ(public_of(std::string(front) + block).value().thumbprint(), ed_thumbprint) << front;
    EXPECT_TRUE(private_of(std::string(front) + block)) << front;
  }
  // A mark within a line begins nothing.
  for (const std::string_view front : {"x", "x ", "\xef\xbb\xbfx", "\xef\xbb", "> "}) {
    EXPECT_EQ(public_error(std::string(front) + block), ErrorCode::key_unreadable) << front;
  }
}

}  // namespace
}  // namespace wba
