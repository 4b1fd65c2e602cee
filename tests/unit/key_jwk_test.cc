#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <wba/key.h>

#include "support/exact_buffer.h"
#include "support/octets.h"

namespace wba {
namespace {

using test::ExactBuffer;

// RFC 8037 A.1, RFC 7517 A.2 (P-256), RFC 9421 B.1.5.
const std::string ed_x = R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";
const std::string ed_d = R"("d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")";
const std::string ed = R"("kty":"OKP","crv":"Ed25519",)" + ed_x;
const std::string ec_x = R"("x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4")";
const std::string ec_y = R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM")";
const std::string ec_d = R"("d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE")";
const std::string ec = R"("kty":"EC","crv":"P-256",)" + ec_x + "," + ec_y;
// RFC 7638 §3.1.
const std::string rsa_n =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"
    "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY"
    "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f"
    "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
const std::string rsa = R"("kty":"RSA","e":"AQAB","n":")" + rsa_n + '"';
const std::string oct = R"("kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")";

std::string object(const std::string& members, const std::string& more = {}) {
  return '{' + members + (more.empty() ? "" : ",") + more + '}';
}

Result<PublicKey> public_of(std::string_view jwk) {
  return PublicKey::from_jwk(ExactBuffer(jwk).view());
}

ErrorCode public_error(std::string_view jwk) {
  const auto key = public_of(jwk);
  return key ? ErrorCode::argument_invalid : key.error().code;
}

ErrorCode private_error(std::string_view jwk) {
  const auto key = PrivateKey::from_jwk(ExactBuffer(jwk).view());
  return key ? ErrorCode::argument_invalid : key.error().code;
}

TEST(Jwk, EveryTypeIsRead) {
  const std::pair<std::string, KeyType> cases[] = {{object(ed), KeyType::ed25519},
                                                   {object(ec), KeyType::ec_p256},
                                                   {object(rsa), KeyType::rsa},
                                                   {object(oct), KeyType::hmac}};
  for (const auto& [text, type] : cases) {
    const auto key = public_of(text);
    ASSERT_TRUE(key) << text << to_string(key.error().code);
    EXPECT_EQ(key->type(), type);
  }
}

TEST(Jwk, UnknownMembersAreIgnored) {
  EXPECT_TRUE(public_of(object(
      ed, R"("kid":1,"x5c":[],"ext":true,"nbf":1.5e300,"d2":{"a":[{"keys":[1]}]},"n":null)")));
}

TEST(Jwk, APrivateJwkGivesItsPublicHalf) {
  const auto key = public_of(object(ed, ed_d));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->thumbprint(), public_of(object(ed)).value().thumbprint());
  EXPECT_FALSE(key->jwk().value().contains("\"d\""));
}

TEST(Jwk, APublicJwkGivesNoPrivateKey) {
  EXPECT_EQ(private_error(object(ed)), ErrorCode::key_not_private);
  EXPECT_EQ(private_error(object(ec)), ErrorCode::key_not_private);
  EXPECT_EQ(private_error(object(rsa)), ErrorCode::key_not_private);
}

// Key type and curve must agree with `alg`.
TEST(Jwk, AlgMustBeAnAlgorithmOfTheTypeAndCurve) {
  const std::string_view names[] = {"EdDSA",  "Ed25519", "ed25519", "ES256",   "ES384",
                                    "PS512",  "RS256",   "HS256",   "ES512",   "PS256",
                                    "PS384",  "RS512",   "HS512",   "none",    "",
                                    "ES256K", "Ed448",   "eddsa",   "RSA-OAEP"};
  const std::pair<std::string, std::string_view> allowed[] = {
      {ed, "EdDSA"},  {ed, "Ed25519"}, {ed, "ed25519"}, {ec, "ES256"},
      {rsa, "PS512"}, {rsa, "RS256"},  {oct, "HS256"}};
  for (const auto& members : {ed, ec, rsa, oct}) {
    for (const auto name : names) {
      bool expected = false;
      for (const auto& [type, alg] : allowed) {
        expected = expected || (type == members && alg == name);
      }
      const auto key = public_of(object(members, R"("alg":")" + std::string(name) + '"'));
      EXPECT_EQ(key.has_value(), expected) << members << ' ' << name;
      if (!key) {
        EXPECT_EQ(key.error().code, ErrorCode::key_algorithm_conflict);
      }
    }
  }
  EXPECT_EQ(public_error(object(ed, R"("alg":1)")), ErrorCode::key_member_invalid);
}

TEST(Jwk, AlgNarrowsAnRsaKeyToOneAlgorithm) {
  const auto pss = public_of(object(rsa, R"("alg":"PS512")"));
  ASSERT_TRUE(pss);
  EXPECT_EQ(pss->algorithm(), Algorithm::rsa_pss_sha512);
  EXPECT_FALSE(pss->allows(Algorithm::rsa_v1_5_sha256));
  EXPECT_EQ(pss->verify(Algorithm::rsa_v1_5_sha256, "", {}).error().code,
            ErrorCode::algorithm_key_mismatch);
  const auto any = public_of(object(rsa));
  ASSERT_TRUE(any);
  EXPECT_EQ(any->algorithm(), std::nullopt);
  EXPECT_TRUE(any->allows(Algorithm::rsa_pss_sha512));
  EXPECT_TRUE(any->allows(Algorithm::rsa_v1_5_sha256));
  EXPECT_FALSE(any->allows(Algorithm::ed25519));
}

TEST(Jwk, UseMustBeSig) {
  EXPECT_TRUE(public_of(object(ed, R"("use":"sig")")));
  EXPECT_EQ(public_error(object(ed, R"("use":"enc")")), ErrorCode::key_algorithm_conflict);
  EXPECT_EQ(public_error(object(ed, R"("use":["sig"])")), ErrorCode::key_member_invalid);
}

TEST(Jwk, KeyOpsMustAllowWhatIsAskedFor) {
  EXPECT_TRUE(public_of(object(ed, R"("key_ops":["verify"])")));
  EXPECT_TRUE(public_of(object(ed, R"("key_ops":["wrapKey","verify"])")));
  EXPECT_EQ(public_error(object(ed, R"("key_ops":["sign"])")), ErrorCode::key_algorithm_conflict);
  EXPECT_EQ(public_error(object(ed, R"("key_ops":[])")), ErrorCode::key_algorithm_conflict);
  EXPECT_EQ(public_error(object(ed, R"("key_ops":["verify","verify"])")),
            ErrorCode::key_member_invalid);
  EXPECT_EQ(public_error(object(ed, R"("key_ops":["verify",1])")), ErrorCode::key_member_invalid);
  EXPECT_EQ(public_error(object(ed, R"("key_ops":"verify")")), ErrorCode::key_member_invalid);
  // A private JWK says "sign"; its public half verifies what it signs.
  const std::string secret = object(ed, ed_d + R"(,"key_ops":["sign"])");
  EXPECT_TRUE(public_of(secret));
  EXPECT_TRUE(PrivateKey::from_jwk(secret));
  EXPECT_EQ(private_error(object(ed, ed_d + R"(,"key_ops":["verify"])")),
            ErrorCode::key_algorithm_conflict);
}

TEST(Jwk, OtherTypesAndCurvesAreRefusedByName) {
  for (const std::string_view text :
       {R"({"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
        R"({"kty":"OKP","crv":"Ed448","x":"AA"})", R"({"kty":"OKP","crv":"P-256","x":"AA"})",
        R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"})",
        R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})",
        R"({"kty":"EC","crv":"Ed25519","x":"AA","y":"AA"})", R"({"kty":"DSA"})", R"({"kty":""})",
        R"({"kty":"okp","crv":"Ed25519"})"}) {
    EXPECT_EQ(public_error(text), ErrorCode::key_type_unsupported) << text;
  }
}

TEST(Jwk, MissingAndMistypedMembersAreNamed) {
  for (const std::string_view text :
       {R"({})", R"({"crv":"Ed25519"})", R"({"kty":"OKP"})", R"({"kty":"OKP","crv":"Ed25519"})",
        R"({"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"})",
        R"({"kty":"RSA","e":"AQAB"})", R"({"kty":"oct"})"}) {
    EXPECT_EQ(public_error(text), ErrorCode::key_member_missing) << text;
  }
  for (const std::string_view text :
       {R"({"kty":1})", R"({"kty":"OKP","crv":null})", R"({"kty":"OKP","crv":"Ed25519","x":1})",
        R"({"kty":"oct","k":["AA"]})"}) {
    EXPECT_EQ(public_error(text), ErrorCode::key_member_invalid) << text;
  }
}

// One key has one spelling: else it would have two thumbprints.
TEST(Jwk, Base64urlIsStrictAndLengthsAreExact) {
  for (const std::string_view x :
       {"", "=", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR",
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp",
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURoA",
        "AB11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        " 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR\\u006f2"}) {
    EXPECT_EQ(public_error(R"({"kty":"OKP","crv":"Ed25519","x":")" + std::string(x) + "\"}"),
              ErrorCode::key_member_invalid)
        << x;
  }
  EXPECT_TRUE(public_of(
      R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR\u006f"})"));
}

TEST(Jwk, AnEcPointMustBeOnItsCurve) {
  EXPECT_EQ(public_error(R"({"kty":"EC","crv":"P-256",)" + ec_x +
                         R"(,"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyA"})"),
            ErrorCode::key_member_invalid);
  const std::string zero(43, 'A');
  EXPECT_EQ(public_error(R"({"kty":"EC","crv":"P-256","x":")" + zero + R"(","y":")" + zero + "\"}"),
            ErrorCode::key_member_invalid);
}

TEST(Jwk, RsaSizesAndExponentsAreBounded) {
  const auto with = [](const std::string& n, const std::string& e) {
    return public_error(R"({"kty":"RSA","n":")" + n + R"(","e":")" + e + "\"}");
  };
  EXPECT_EQ(with(rsa_n, "Aw"), ErrorCode::argument_invalid);         // 3
  EXPECT_EQ(with(rsa_n, "AQ"), ErrorCode::key_member_invalid);       // 1
  EXPECT_EQ(with(rsa_n, "BA"), ErrorCode::key_member_invalid);       // 4
  EXPECT_EQ(with(rsa_n, "AA"), ErrorCode::key_member_invalid);       // 0
  EXPECT_EQ(with(rsa_n, "AAEAAQ"), ErrorCode::key_member_invalid);   // leading zero
  EXPECT_EQ(with(rsa_n, "_____w"), ErrorCode::argument_invalid);     // 32 bits
  EXPECT_EQ(with(rsa_n, "AQAAAAE"), ErrorCode::key_member_invalid);  // 33 bits
  EXPECT_EQ(with("AN" + rsa_n.substr(2), "AQAB"), ErrorCode::key_member_invalid);
  EXPECT_EQ(with(rsa_n.substr(0, 171), "AQAB"), ErrorCode::key_member_invalid);
  EXPECT_EQ(with(std::string(170, '_') + 'w', "AQAB"), ErrorCode::key_too_weak);        // 1024 bits
  EXPECT_EQ(with(rsa_n.substr(0, 340) + "gg", "AQAB"), ErrorCode::key_member_invalid);  // even
  EXPECT_EQ(with(std::string(682, '_') + "8", "AQAB"), ErrorCode::argument_invalid);    // 4096 bits
  EXPECT_EQ(with(std::string(684, '_'), "AQAB"), ErrorCode::key_too_large);
}

TEST(Jwk, ASharedSecretHasAtLeast32Octets) {
  EXPECT_EQ(public_error(R"({"kty":"oct","k":")" + std::string(42, 'A') + "\"}"),
            ErrorCode::key_too_weak);
  EXPECT_EQ(public_error(R"({"kty":"oct","k":")" + std::string(42, 'A') + "B\"}"),
            ErrorCode::key_member_invalid);
  EXPECT_TRUE(public_of(R"({"kty":"oct","k":")" + std::string(43, 'A') + "\"}"));
}

TEST(Jwk, HalvesMustBelongTogether) {
  EXPECT_TRUE(PrivateKey::from_jwk(object(ed, ed_d)));
  EXPECT_TRUE(PrivateKey::from_jwk(object(ec, ec_d)));
  EXPECT_EQ(private_error(object(ed, R"("d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2B")")),
            ErrorCode::key_member_invalid);
  EXPECT_EQ(private_error(object(ed, R"("d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2_")")),
            ErrorCode::key_member_invalid);
  EXPECT_EQ(private_error(object(ed, R"("d":"mWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")")),
            ErrorCode::key_pair_mismatch);
  EXPECT_EQ(private_error(object(ec, R"("d":"970MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE")")),
            ErrorCode::key_pair_mismatch);
  // Beyond the group's order, and nothing.
  EXPECT_EQ(
      private_error(object(ec, R"("d":"_____________________________________________________")")),
      ErrorCode::key_member_invalid);
  EXPECT_EQ(private_error(object(ec, R"("d":")" + std::string(43, 'A') + '"')),
            ErrorCode::key_member_invalid);
  EXPECT_EQ(private_error(object(ec, R"("d":"__________________________________________8")")),
            ErrorCode::key_member_invalid);
}

TEST(Jwk, PublicHalfOfAPrivateJwkMustBelongToIt) {
  EXPECT_TRUE(public_of(object(ed, ed_d)));
  EXPECT_TRUE(public_of(object(ec, ec_d)));
  EXPECT_EQ(public_error(object(ed, R"("d":"mWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")")),
            ErrorCode::key_pair_mismatch);
  EXPECT_EQ(public_error(object(ec, R"("d":"970MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE")")),
            ErrorCode::key_pair_mismatch);
  EXPECT_EQ(public_error(object(ed, R"("d":"AAAA")")), ErrorCode::key_member_invalid);
  EXPECT_EQ(public_error(object(ed, R"("d":1)")), ErrorCode::key_member_invalid);
}

TEST(Jwk, PublicHalfOfAPrivateRsaJwkMustBelongToIt) {
  const auto text = [](const PrivateKey& key) {
    return std::string(key.export_jwk().value().text());
  };
  const auto key = PrivateKey::generate(KeyType::rsa).value();
  const std::string own = text(key);
  EXPECT_TRUE(public_of(own));
  const std::string other = text(PrivateKey::generate(KeyType::rsa).value());
  const auto member = [](const std::string& jwk, std::string_view name) {
    const auto begin = jwk.find("\"" + std::string(name) + "\":");
    return jwk.substr(begin, jwk.find_first_of(",}", begin) - begin);
  };
  for (const std::string_view name : {"n", "d", "p", "q", "dp", "dq", "qi"}) {
    std::string mixed = own;
    mixed.replace(mixed.find(member(own, name)), member(own, name).size(), member(other, name));
    EXPECT_EQ(public_error(mixed), ErrorCode::key_pair_mismatch) << name;
    EXPECT_EQ(private_error(mixed), ErrorCode::key_pair_mismatch) << name;
  }
  // Without its primes there is nothing to compare, and nothing that could sign.
  const std::string primeless = object(rsa, member(own, "d"));
  EXPECT_TRUE(public_of(primeless));
  EXPECT_EQ(private_error(primeless), ErrorCode::key_member_missing);
}

TEST(Jwk, ByteOrderMarkAndBlanksInFrontArePassedOver) {
  const std::string mark = "\xef\xbb\xbf";
  for (const std::string& front : {mark, mark + "\r\n\t ", std::string(" \r\n")}) {
    const std::string text = front + object(ed, ed_d) + "\r\n ";
    EXPECT_TRUE(public_of(text));
    EXPECT_TRUE(PublicKey::from_text(text));
    EXPECT_TRUE(PrivateKey::from_text(text));
  }
  for (const std::string& front : {mark + mark, " " + mark, mark.substr(0, 2)}) {
    EXPECT_EQ(public_error(front + object(ed)), ErrorCode::key_json_invalid);
    EXPECT_FALSE(PublicKey::from_text(front + object(ed)));
  }
}

TEST(Jwk, DuplicateMembersAreRefused) {
  EXPECT_EQ(public_error(object(ed, R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")")),
            ErrorCode::key_member_duplicate);
  EXPECT_EQ(public_error(object(ed, R"("a":1,"\u0061":2)")), ErrorCode::key_member_duplicate);
}

TEST(Jwk, WhatIsNoJsonObjectIsRefused) {
  const std::string good = object(ed);
  for (const std::string& text : {std::string(),
                                  std::string(" "),
                                  std::string("null"),
                                  std::string("[]"),
                                  std::string("1"),
                                  std::string("\"a\""),
                                  std::string("{"),
                                  good + good,
                                  good + "x",
                                  good + " \"open",
                                  good + std::string(1, '\0'),
                                  good + std::string("\0x", 2),
                                  good.substr(0, good.size() - 1),
                                  "[" + good + "]",
                                  "/**/" + good,
                                  object(ed, "\"a\":\"\xff\""),
                                  object(ed, "\"a\":\"\n\""),
                                  object(ed, "\"a\":01"),
                                  object(ed, "\"a\":1e999"),
                                  object(ed, "\"a\":NaN"),
                                  object(ed, "").insert(1, ",")}) {
    EXPECT_EQ(public_error(text), ErrorCode::key_json_invalid) << text;
  }
}

// Hostile nesting must cost neither stack nor time.
TEST(Jwk, NestingIsBounded) {
  const std::string deep(30000, '[');
  EXPECT_EQ(public_error(deep), ErrorCode::key_json_invalid);
  EXPECT_EQ(public_error(object(ed, "\"a\":" + deep)), ErrorCode::key_json_invalid);
  std::string objects = object(ed, "\"a\":");
  objects.pop_back();
  for (int i = 0; i < 8000; ++i) objects += "{\"a\":";
  EXPECT_EQ(public_error(objects), ErrorCode::key_json_invalid);
  EXPECT_TRUE(public_of(object(ed, "\"a\":" + std::string(15, '[') + std::string(15, ']'))));
  EXPECT_EQ(public_error(object(ed, "\"a\":" + std::string(16, '[') + std::string(16, ']'))),
            ErrorCode::key_json_invalid);
}

TEST(Jwk, TheTextIsBoundedBeforeItIsRead) {
  const std::string text = object(ed);
  EXPECT_TRUE(PublicKey::from_jwk(text, {.bytes = text.size()}));
  EXPECT_EQ(PublicKey::from_jwk(text, {.bytes = text.size() - 1}).error().code,
            ErrorCode::key_too_large);
}

// Secrets reach the key by a way around the JSON parser; it must lead to the right member only.
TEST(Jwk, SecretMembersAreReadFromTheTextItself) {
  const std::string thumbprint(public_of(object(ed)).value().thumbprint());
  for (const std::string& text : {object(ed, ed_d), "{" + ed_d + "," + ed + "}",
                                  object(R"("a":{"d":"AAAA","k":"B"})", ed + "," + ed_d),
                                  object(R"("a":["d","k"],"b":"d")", ed + "," + ed_d),
                                  object(ed, R"("d" )"
                                             "\n\t:\r "
                                             R"("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")"),
                                  object(R"("a":"\"d\":\"x\"")", ed + "," + ed_d),
                                  object(R"("a":{"\u0064":"AAAA"})", ed + "," + ed_d)}) {
    const auto key = PrivateKey::from_jwk(ExactBuffer(text).view());
    ASSERT_TRUE(key) << text << to_string(key.error().code);
    EXPECT_EQ(key->public_key().thumbprint(), thumbprint);
  }
  for (const std::string& text :
       {object(ed, R"("d":"*0")"), object(ed, R"("\u0064":"*0")"),
        object(ed, R"("\u0064":"*0","a":)" + object(ed_d)),
        object(ed, R"("\u0064":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")"),
        object(ed, R"("d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2\u0041")"),
        object(ed, R"("d":null)"), object(ed, R"("d":["nWGx"])")}) {
    const auto key = PrivateKey::from_jwk(ExactBuffer(text).view());
    ASSERT_FALSE(key) << text;
    EXPECT_TRUE(key.error().code == ErrorCode::key_member_invalid ||
                key.error().code == ErrorCode::key_json_invalid)
        << text;
  }
}

TEST(Jwk, ExportIsCanonicalWithItsPrivateMembers) {
  const auto key = PrivateKey::from_jwk(object(ed, ed_d));
  ASSERT_TRUE(key);
  const auto exported = key->export_jwk();
  ASSERT_TRUE(exported);
  EXPECT_EQ(exported->text(), R"({"crv":"Ed25519",)" + ed_d + R"(,"kty":"OKP",)" + ed_x + "}");
  EXPECT_EQ(key->public_key().jwk(true).value(),
            R"({"crv":"Ed25519","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","kty":"OKP",)" +
                ed_x + "}");
}

TEST(Jwk, PublishedTestKeysAreKnown) {
  EXPECT_TRUE(public_of(object(ed)).value().is_published_test_key());
  EXPECT_TRUE(public_of(object(ec)).value().is_published_test_key());
  EXPECT_TRUE(public_of(object(rsa)).value().is_published_test_key());
  // RFC 7515 A.3.
  EXPECT_TRUE(
      public_of(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})")
          .value()
          .is_published_test_key());
  EXPECT_FALSE(public_of(object(oct)).value().is_published_test_key());
  EXPECT_FALSE(PrivateKey::generate(KeyType::ed25519).value().public_key().is_published_test_key());
}

}  // namespace
}  // namespace wba
