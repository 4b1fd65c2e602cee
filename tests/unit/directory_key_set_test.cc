#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <wba/registered_domain.h>

#include "directory/judge.h"
#include "directory/key_set.h"
#include "support/test_keys.h"

namespace {

using wba::Reason;
using wba::Time;
using wba::WellKnownKid;
using wba::directory::ClientMetadata;
using wba::directory::FetchedKind;
using wba::directory::KeyDocumentRules;
using wba::directory::KeySet;
using wba::directory::parse_client_metadata;
using wba::directory::parse_key_document;
using wba::test::key_set;
using wba::test::make_key;
using wba::test::TestKey;
using wba::test::with_member;
using wba::test::without_kid;

constexpr KeyDocumentRules at_well_known{.well_known = true};
constexpr KeyDocumentRules elsewhere{.well_known = false};

TEST(KeyDocument, KeysAreFoundByThumbprint) {
  const TestKey a = make_key();
  const TestKey b = make_key();
  auto keys = parse_key_document(key_set({a.jwk, without_kid(b)}), at_well_known);
  ASSERT_TRUE(keys);
  const KeySet set(std::move(*keys), false);
  ASSERT_NE(set.find(a.keyid), nullptr);
  EXPECT_EQ(set.find(a.keyid)->key.thumbprint(), a.keyid);
  EXPECT_NE(set.find(b.keyid), nullptr);
  EXPECT_EQ(set.find(make_key().keyid), nullptr);
  EXPECT_EQ(set.find(""), nullptr);
}

TEST(KeyDocument, KidThatIsNoThumbprintIsRefusedAtTheWellKnownPathUnlessConfigured) {
  const TestKey a = make_key();
  const TestKey b = make_key();
  const std::string body = key_set({with_member(without_kid(a), "kid", "\"short\""), b.jwk});
  const auto strict = parse_key_document(body, at_well_known);
  ASSERT_TRUE(strict);
  ASSERT_EQ(strict->size(), 1U);
  EXPECT_EQ(strict->front().key.thumbprint(), b.keyid);
  KeyDocumentRules ignoring = at_well_known;
  ignoring.well_known_kid = WellKnownKid::ignored;
  auto both = parse_key_document(body, ignoring);
  ASSERT_TRUE(both);
  const KeySet set(std::move(*both), false);
  EXPECT_NE(set.find(a.keyid), nullptr);
  EXPECT_EQ(set.find("short"), nullptr);
}

TEST(KeyDocument, ElsewhereAKidIsTheOperatorsOwnLabel) {
  const TestKey a = make_key();
  auto keys =
      parse_key_document(key_set({with_member(without_kid(a), "kid", "\"short\"")}), elsewhere);
  ASSERT_TRUE(keys);
  const KeySet set(std::move(*keys), true);
  EXPECT_NE(set.find("short"), nullptr);
  EXPECT_EQ(set.find("short"), set.find(a.keyid));
}

TEST(KeyDocument, LabelOfSeveralKeysMeansNone) {
  const TestKey a = make_key();
  const TestKey b = make_key();
  auto keys = parse_key_document(key_set({with_member(without_kid(a), "kid", "\"k\""),
                                          with_member(without_kid(b), "kid", "\"k\"")}),
                                 elsewhere);
  const KeySet set(std::move(*keys), true);
  EXPECT_EQ(set.find("k"), nullptr);
  EXPECT_NE(set.find(a.keyid), nullptr);
}

TEST(KeyDocument, LabelCannotTakeTheThumbprintOfAnotherKey) {
  const TestKey victim = make_key();
  const TestKey thief = make_key();
  const std::string label = "\"" + victim.keyid + "\"";
  auto keys = parse_key_document(
      key_set({with_member(without_kid(thief), "kid", label), without_kid(victim)}), elsewhere);
  const KeySet set(std::move(*keys), true);
  ASSERT_NE(set.find(victim.keyid), nullptr);
  EXPECT_EQ(set.find(victim.keyid)->key.thumbprint(), victim.keyid);
}

// The answer to a keyid that is not there says more than that.
TEST(KeyDocument, KidOfAnotherKeyIsToldFromAKeyThatIsNotThere) {
  const TestKey signing = make_key();
  const TestKey published = make_key();
  const std::string body =
      key_set({with_member(without_kid(published), "kid", "\"" + signing.keyid + "\"")});
  KeyDocumentRules ignoring = at_well_known;
  ignoring.well_known_kid = WellKnownKid::ignored;
  auto keys = parse_key_document(body, ignoring);
  ASSERT_TRUE(keys);
  const KeySet set(std::move(*keys), false);
  EXPECT_EQ(set.find(signing.keyid), nullptr);
  EXPECT_TRUE(set.has_wrong_kid(signing.keyid));
  EXPECT_FALSE(set.has_wrong_kid(make_key().keyid));
  EXPECT_FALSE(set.has_wrong_kid(published.keyid));
}

TEST(KeyDocument, OfAKeyThatIsThereTwiceTheFirstCounts) {
  const TestKey a = make_key();
  auto keys = parse_key_document(key_set({with_member(a.jwk, "exp", "5"), a.jwk}), at_well_known);
  const KeySet set(std::move(*keys), false);
  ASSERT_NE(set.find(a.keyid), nullptr);
  EXPECT_EQ(set.find(a.keyid)->exp, 5);
}

TEST(KeyDocument, BareJwkIsTakenOffTheWellKnownPathOnly) {
  const TestKey a = make_key();
  EXPECT_EQ(parse_key_document(a.jwk, elsewhere)->size(), 1U);
  EXPECT_EQ(parse_key_document(a.jwk, at_well_known).error(), Reason::directory_unreadable);
}

TEST(KeyDocument, KeyThatCannotBeUsedSpoilsNoOther) {
  const TestKey a = make_key();
  const TestKey leaked = make_key();
  const std::string secret = with_member(leaked.jwk, "d", "\"AAAA\"");
  const auto keys = parse_key_document(
      key_set({"{}", R"({"kty":"OKP","crv":"X25519","x":"AAAA"})", secret, a.jwk}), at_well_known);
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 1U);
  EXPECT_EQ(keys->front().key.thumbprint(), a.keyid);
}

TEST(KeyDocument, WhatIsNoKeySetIsNamed) {
  EXPECT_EQ(parse_key_document("<html>", at_well_known).error(), Reason::directory_unreadable);
  EXPECT_EQ(parse_key_document("", at_well_known).error(), Reason::directory_unreadable);
  EXPECT_EQ(parse_key_document("[]", at_well_known).error(), Reason::directory_unreadable);
  EXPECT_EQ(parse_key_document(R"({"keys":{}})", at_well_known).error(),
            Reason::directory_unreadable);
  EXPECT_TRUE(parse_key_document(R"({"keys":[]})", at_well_known)->empty());
  KeyDocumentRules small = at_well_known;
  small.keys = 1;
  EXPECT_EQ(parse_key_document(R"({"keys":[{},{}]})", small).error(),
            Reason::directory_too_many_keys);
  small.bytes = 3;
  EXPECT_EQ(parse_key_document(R"({"keys":[]})", small).error(), Reason::directory_too_large);
}

TEST(KeyTimes, NbfIsIncludedAndExpIsNot) {
  const TestKey a = make_key();
  const auto keys = parse_key_document(
      key_set({with_member(with_member(a.jwk, "nbf", "100"), "exp", "200")}), at_well_known);
  ASSERT_TRUE(keys);
  const auto at = [&](int second) {
    return usable_at(keys->front(), Time(std::chrono::seconds(second)));
  };
  EXPECT_EQ(at(99), Reason::key_before_activation);
  EXPECT_EQ(at(100), Reason::none);
  EXPECT_EQ(at(199), Reason::none);
  EXPECT_EQ(at(200), Reason::key_past_expiry);
}

// Milliseconds, which others publish while they cite seconds, are read as the seconds they say.
TEST(KeyTimes, MillisecondsAreNotGuessed) {
  const TestKey a = make_key();
  const auto keys =
      parse_key_document(key_set({with_member(a.jwk, "nbf", "1800000000000")}), at_well_known);
  EXPECT_EQ(usable_at(keys->front(), Time(std::chrono::seconds(1800000001))),
            Reason::key_before_activation);
}

TEST(ClientMetadata, HasItsKeysOrSaysWhereTheyAre) {
  const TestKey a = make_key();
  const std::string url = "https://agent.test/client";
  const auto inline_keys = parse_client_metadata(
      R"({"client_id":"https://agent.test/client","jwks":)" + key_set({a.jwk}) + "}", url,
      elsewhere);
  ASSERT_TRUE(inline_keys);
  EXPECT_EQ(inline_keys->keys.size(), 1U);
  EXPECT_EQ(inline_keys->jwks_uri, "");
  const auto elsewhere_keys =
      parse_client_metadata(R"({"jwks_uri":"https://Keys.test:443/k?v=1"})", url, elsewhere);
  ASSERT_TRUE(elsewhere_keys);
  EXPECT_EQ(elsewhere_keys->jwks_uri, "https://keys.test/k?v=1");
  EXPECT_EQ(elsewhere_keys->jwks_host, "keys.test");
}

TEST(ClientMetadata, WhatIsAmbiguousOrAnothersIsRefused) {
  for (const std::string_view body :
       {R"({})", R"([])", R"({"jwks_uri":"http://keys.test/k"})", R"({"jwks_uri":7})",
        R"({"jwks_uri":"https://keys.test/k","jwks":{"keys":[]}})",
        R"({"client_id":"https://other.test/client","jwks":{"keys":[]}})",
        R"({"client_id":7,"jwks":{"keys":[]}})", R"({"jwks":[]})"}) {
    EXPECT_EQ(parse_client_metadata(body, "https://agent.test/client", elsewhere).error(),
              Reason::directory_unreadable)
        << body;
  }
  const std::string deep = R"({"jwks":)" + std::string(30000, '[');
  EXPECT_FALSE(parse_client_metadata(deep, "https://agent.test/client", elsewhere));
}

TEST(Judge, WellKnownPathNeedsTheMediaTypeOfDirectories) {
  const TestKey a = make_key();
  wba::directory::FetchResult result{.status = 200, .body = key_set({a.jwk})};
  const auto reason = [&](std::string_view url) {
    return wba::directory::judge(result, {.url = url}).failure;
  };
  const std::string_view well_known =
      "https://agent.test/.well-known/http-message-signatures-directory";
  EXPECT_EQ(reason(well_known), Reason::directory_wrong_media_type);
  result.fields.content_type = "application/json";
  EXPECT_EQ(reason(well_known), Reason::directory_wrong_media_type);
  result.fields.content_type = "Application/HTTP-Message-Signatures-Directory+JSON; charset=utf-8";
  EXPECT_EQ(reason(well_known), Reason::none);
}

TEST(Judge, AnyOtherPathNeedsAJsonMediaType) {
  const TestKey a = make_key();
  const std::string metadata = R"({"jwks":)" + key_set({a.jwk}) + "}";
  const auto reason = [&](std::optional<std::string> type, FetchedKind kind) {
    wba::directory::FetchResult result{.status = 200, .body = key_set({a.jwk})};
    if (kind == FetchedKind::metadata) result.body = metadata;
    result.fields.content_type = std::move(type);
    return wba::directory::judge(result, {.url = "https://agent.test/up/avatar.png", .kind = kind})
        .failure;
  };
  for (const auto kind :
       {FetchedKind::key_set, FetchedKind::metadata, FetchedKind::metadata_key_set}) {
    for (const auto* type :
         {"application/json", "Application/JSON; charset=utf-8", "application/jwk-set+json",
          "application/http-message-signatures-directory+json", "application/vnd.a+json"}) {
      EXPECT_EQ(reason(type, kind), Reason::none) << type;
    }
    for (const auto* type :
         {"", "image/png", "text/plain", "text/html", "application/octet-stream", "text/json",
          "application/jsonp", "application/+json", "json", "+json", "a+json", "application/",
          "image/png, application/json", "text/html application/x+json"}) {
      EXPECT_EQ(reason(type, kind), Reason::directory_wrong_media_type) << type;
    }
    EXPECT_EQ(reason(std::nullopt, kind), Reason::directory_wrong_media_type);
  }
}

TEST(Judge, WellKnownPathNeedsItsMediaTypeAsMetadataToo) {
  wba::directory::FetchResult result{.status = 200, .body = R"({"jwks":{"keys":[]}})"};
  result.fields.content_type = "application/json";
  EXPECT_EQ(wba::directory::judge(
                result, {.url = "https://agent.test/.well-known/http-message-signatures-directory",
                         .kind = FetchedKind::metadata})
                .failure,
            Reason::directory_wrong_media_type);
}

TEST(Judge, OnlyStatus200IsADirectoryAnd304OnlyWhenAskedFor) {
  for (const int status : {201, 203, 204, 206, 301, 302, 304, 400, 404, 406, 429, 500, 503}) {
    EXPECT_EQ(wba::directory::judge({.status = status, .body = R"({"keys":[]})"},
                                    {.url = "https://a.test/k"})
                  .failure,
              Reason::directory_bad_status)
        << status;
  }
  const auto judged =
      wba::directory::judge({.status = 304}, {.url = "https://a.test/k", .revalidating = true});
  EXPECT_EQ(judged.failure, Reason::none);
  EXPECT_TRUE(judged.not_modified);
}

TEST(RegisteredDomain, IsWhatSomebodyRegistered) {
  using wba::directory::registered_domain;
  EXPECT_EQ(registered_domain("a.b.example.co.uk"), "example.co.uk");
  EXPECT_EQ(registered_domain("example.com"), "example.com");
  EXPECT_EQ(registered_domain("bot.example.com."), "example.com");
  EXPECT_EQ(registered_domain("user.github.io"), "user.github.io");
  EXPECT_EQ(registered_domain("co.uk"), "co.uk");
  EXPECT_EQ(registered_domain("localhost"), "localhost");
  EXPECT_EQ(registered_domain("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(registered_domain("2001:db8::1"), "2001:db8::1");
}

TEST(RegisteredDomain, APublicSuffixIsNobodys) {
  using wba::directory::is_public_suffix;
  for (const auto* host : {"com", "co.uk", "github.io", "kawasaki.jp", "any.kawasaki.jp"}) {
    EXPECT_TRUE(is_public_suffix(host)) << host;
  }
  for (const auto* host :
       {"example.com", "example.co.uk", "user.github.io", "city.kawasaki.jp", "a.test"}) {
    EXPECT_FALSE(is_public_suffix(host)) << host;
  }
}

}  // namespace
