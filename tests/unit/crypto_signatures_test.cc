// Signatures of every algorithm: what they take, what they refuse, and what the RFCs print.

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <wba/key.h>
#include <wba/signer.h>

#include "crypto/base64.h"
#include "paths.h"
#include "support/allocation_counter.h"
#include "support/json_file.h"
#include "support/octets.h"

namespace wba {
namespace {

using Signature = std::vector<std::byte>;

constexpr Algorithm all_algorithms[] = {
    Algorithm::rsa_pss_sha512,    Algorithm::rsa_v1_5_sha256,   Algorithm::hmac_sha256,
    Algorithm::ecdsa_p256_sha256, Algorithm::ecdsa_p384_sha384, Algorithm::ed25519,
};

KeyType type_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rsa_pss_sha512:
    case Algorithm::rsa_v1_5_sha256:
      return KeyType::rsa;
    case Algorithm::hmac_sha256:
      return KeyType::hmac;
    case Algorithm::ecdsa_p256_sha256:
      return KeyType::ec_p256;
    case Algorithm::ecdsa_p384_sha384:
      return KeyType::ec_p384;
    case Algorithm::ed25519:
      break;
  }
  return KeyType::ed25519;
}

const PrivateKey& key_of(KeyType type) {
  static std::map<KeyType, PrivateKey> keys;
  auto found = keys.find(type);
  if (found == keys.end()) found = keys.emplace(type, PrivateKey::generate(type).value()).first;
  return found->second;
}

Signature sign(const PrivateKey& key, Algorithm algorithm, std::string_view message) {
  Signature signature(PrivateKey::max_signature_size);
  const auto size = key.sign(algorithm, message, signature);
  EXPECT_TRUE(size) << to_string(algorithm);
  signature.resize(size.value_or(0));
  return signature;
}

ErrorCode verify_error(const PublicKey& key, Algorithm algorithm, std::string_view message,
                       std::span<const std::byte> signature) {
  const auto verified = key.verify(algorithm, message, signature);
  return verified ? ErrorCode::argument_invalid : verified.error().code;
}

TEST(Signatures, WhatIsSignedVerifiesAndNothingNearItDoes) {
  for (const Algorithm algorithm : all_algorithms) {
    SCOPED_TRACE(to_string(algorithm));
    const PrivateKey& key = key_of(type_of(algorithm));
    for (const std::string& message : {std::string(), std::string("\"@authority\": a\n")}) {
      const Signature good = sign(key, algorithm, message);
      ASSERT_TRUE(key.public_key().verify(algorithm, message, good));
      EXPECT_EQ(verify_error(key.public_key(), algorithm, message + 'x', good),
                ErrorCode::signature_wrong);
      for (std::size_t i = 0; i < good.size(); ++i) {
        Signature wrong = good;
        wrong[i] ^= std::byte{1};
        EXPECT_EQ(verify_error(key.public_key(), algorithm, message, wrong),
                  ErrorCode::signature_wrong);
      }
    }
  }
}

// A truncated MAC or signature is none (non-exact comparison was a bug of others).
TEST(Signatures, LengthsAreExact) {
  for (const Algorithm algorithm : all_algorithms) {
    SCOPED_TRACE(to_string(algorithm));
    const PrivateKey& key = key_of(type_of(algorithm));
    const Signature good = sign(key, algorithm, "m");
    for (std::size_t size = 0; size < good.size(); ++size) {
      EXPECT_EQ(verify_error(key.public_key(), algorithm, "m", std::span(good).first(size)),
                ErrorCode::signature_wrong);
    }
    Signature longer = good;
    longer.push_back(std::byte{0});
    EXPECT_EQ(verify_error(key.public_key(), algorithm, "m", longer), ErrorCode::signature_wrong);
    longer.insert(longer.begin(), std::byte{0});
    EXPECT_EQ(verify_error(key.public_key(), algorithm, "m", longer), ErrorCode::signature_wrong);
  }
}

TEST(Signatures, AnAlgorithmOfAnotherTypeOrCurveIsAMismatch) {
  for (const KeyType type :
       {KeyType::ed25519, KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa, KeyType::hmac}) {
    const PrivateKey& key = key_of(type);
    for (const Algorithm algorithm : all_algorithms) {
      SCOPED_TRACE(std::string(to_string(type)) + ' ' + std::string(to_string(algorithm)));
      const bool fits = type_of(algorithm) == type;
      EXPECT_EQ(key.public_key().allows(algorithm), fits);
      std::array<std::byte, PrivateKey::max_signature_size> out;
      const auto size = key.sign(algorithm, "m", out);
      EXPECT_EQ(size.has_value(), fits);
      if (fits) continue;
      EXPECT_EQ(size.error().code, ErrorCode::algorithm_key_mismatch);
      EXPECT_EQ(verify_error(key.public_key(), algorithm, "m", out),
                ErrorCode::algorithm_key_mismatch);
    }
  }
}

TEST(Signatures, ASignatureNeedsItsRoom) {
  for (const Algorithm algorithm : all_algorithms) {
    const PrivateKey& key = key_of(type_of(algorithm));
    Signature room(sign(key, algorithm, "m").size());
    EXPECT_TRUE(key.sign(algorithm, "m", room));
    room.pop_back();
    EXPECT_EQ(key.sign(algorithm, "m", room).error().code, ErrorCode::argument_invalid);
  }
}

// RFC 9421 §3.3.4 is r || s; a DER sequence is another encoding (a bug of others).
TEST(Signatures, EcdsaInDerIsRefused) {
  const PrivateKey& key = key_of(KeyType::ec_p256);
  for (int round = 0; round < 20; ++round) {
    const Signature good = sign(key, Algorithm::ecdsa_p256_sha256, "m");
    Signature der = {std::byte{0x30}, std::byte{0}};
    for (const auto part : {std::span(good).first(32), std::span(good).last(32)}) {
      const bool high = part[0] >= std::byte{0x80};
      der.push_back(std::byte{2});
      der.push_back(static_cast<std::byte>(32 + (high ? 1 : 0)));
      if (high) der.push_back(std::byte{0});
      der.insert(der.end(), part.begin(), part.end());
    }
    der[1] = static_cast<std::byte>(der.size() - 2);
    EXPECT_EQ(verify_error(key.public_key(), Algorithm::ecdsa_p256_sha256, "m", der),
              ErrorCode::signature_wrong);
  }
}

TEST(Signatures, EcdsaOfZeroIsRefused) {
  for (const Algorithm algorithm : {Algorithm::ecdsa_p256_sha256, Algorithm::ecdsa_p384_sha384}) {
    const PrivateKey& key = key_of(type_of(algorithm));
    Signature zero(sign(key, algorithm, "m").size());
    EXPECT_EQ(verify_error(key.public_key(), algorithm, "m", zero), ErrorCode::signature_wrong);
    std::ranges::fill(zero, std::byte{0xff});
    EXPECT_EQ(verify_error(key.public_key(), algorithm, "m", zero), ErrorCode::signature_wrong);
  }
}

TEST(Signatures, AKeyOf32ArbitraryOctetsVerifiesNothing) {
  for (const auto fill : {std::byte{0}, std::byte{0xff}, std::byte{1}}) {
    std::array<std::byte, 32> octets{};
    octets.fill(fill);
    const auto key = PublicKey::from_ed25519(octets);
    ASSERT_TRUE(key);
    std::array<std::byte, 64> signature{};
    EXPECT_EQ(verify_error(*key, Algorithm::ed25519, "m", signature), ErrorCode::signature_wrong);
  }
  EXPECT_EQ(PublicKey::from_ed25519({}).error().code, ErrorCode::key_member_invalid);
  std::array<std::byte, 33> longer{};
  EXPECT_EQ(PublicKey::from_ed25519(longer).error().code, ErrorCode::key_member_invalid);
}

TEST(Signatures, Rfc9421SignatureVectors) {
  const std::string folder = std::string(WBA_VECTORS_DIR) + "/rfc9421/";
  const auto keys = test::read_json_file(folder + "keys.json");
  const auto file = test::read_json_file(folder + "signatures.json");
  int verified = 0;
  int reproduced = 0;
  for (const auto& vector : file.at("vectors")) {
    if (vector.at("expect") != "verified") continue;
    SCOPED_TRACE(vector.at("id").get<std::string>());
    const auto algorithm = algorithm_from_name(vector.at("alg").get<std::string>());
    ASSERT_TRUE(algorithm);
    const std::string base = vector.at("signature_base");
    const std::string encoded = vector.at("signature");
    Signature signature(crypto::base64_decoded_capacity(encoded.size()));
    const auto size = crypto::base64_decode(encoded, crypto::Base64::standard, signature);
    ASSERT_TRUE(size);
    signature.resize(*size);
    for (const auto& key : keys.at("keys")) {
      if (key.at("id") != vector.at("key")) continue;
      const auto secret = PrivateKey::from_jwk(key.at("private_jwk").dump());
      ASSERT_TRUE(secret);
      EXPECT_TRUE(secret->public_key().verify(*algorithm, base, signature));
      ++verified;
      const bool deterministic = *algorithm == Algorithm::ed25519 ||
                                 *algorithm == Algorithm::hmac_sha256 ||
                                 *algorithm == Algorithm::rsa_v1_5_sha256;
      if (deterministic) {
        EXPECT_EQ(sign(*secret, *algorithm, base), signature);
        ++reproduced;
      }
    }
  }
  EXPECT_EQ(verified, 19);
  EXPECT_EQ(reproduced, 8);
}

TEST(Signatures, Ed25519AllocatesNothing) {
  const PrivateKey& key = key_of(KeyType::ed25519);
  std::array<std::byte, 64> signature;
  const std::string message(350, 'm');
  // The first verification of a process sets up what counts the uses of keys.
  ASSERT_EQ(key.sign(Algorithm::ed25519, message, signature), signature.size());
  ASSERT_TRUE(key.public_key().verify(Algorithm::ed25519, message, signature));
  const std::size_t before = test::allocation_count();
  const auto size = key.sign(Algorithm::ed25519, message, signature);
  const auto verified = key.public_key().verify(Algorithm::ed25519, message, signature);
  EXPECT_EQ(test::allocation_count(), before);
  EXPECT_TRUE(size);
  EXPECT_TRUE(verified);
}

TEST(KeySigner, TakesTheKeysOwnAlgorithm) {
  for (const auto& [type, algorithm] : {std::pair{KeyType::ed25519, Algorithm::ed25519},
                                        std::pair{KeyType::ec_p256, Algorithm::ecdsa_p256_sha256},
                                        std::pair{KeyType::ec_p384, Algorithm::ecdsa_p384_sha384},
                                        std::pair{KeyType::rsa, Algorithm::rsa_pss_sha512},
                                        std::pair{KeyType::hmac, Algorithm::hmac_sha256}}) {
    auto key = PrivateKey::generate(type).value();
    const std::string thumbprint(key.public_key().thumbprint());
    const auto signer = KeySigner::create(std::move(key));
    ASSERT_TRUE(signer);
    EXPECT_EQ(signer->algorithm(), algorithm);
    EXPECT_EQ(signer->keyid(), thumbprint);
    Signature signature(PrivateKey::max_signature_size);
    const auto size = signer->sign("base", signature);
    ASSERT_TRUE(size);
    signature.resize(*size);
    EXPECT_TRUE(signer->public_key().verify(algorithm, "base", signature));
  }
}

TEST(KeySigner, RefusesAnotherTypesAlgorithm) {
  auto key = PrivateKey::generate(KeyType::ec_p256).value();
  EXPECT_EQ(KeySigner::create(std::move(key), Algorithm::ecdsa_p384_sha384).error().code,
            ErrorCode::algorithm_key_mismatch);
}

TEST(Algorithm, NamesAreThoseOfRfc9421) {
  for (const Algorithm algorithm : all_algorithms) {
    EXPECT_EQ(algorithm_from_name(to_string(algorithm)), algorithm);
  }
  for (const std::string_view name : {"", "Ed25519", "EdDSA", "ed25519 ", "rsa-v1_5-sha1"}) {
    EXPECT_EQ(algorithm_from_name(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace wba
