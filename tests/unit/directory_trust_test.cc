// Where keys may come from beside a plain fetch: proofs, redistribution.

#include <string>

#include <gtest/gtest.h>

#include <wba/agent_identity.h>
#include <wba/directory_proof.h>
#include <wba/directory_resolver.h>
#include <wba/signer.h>

#include "directory/judge.h"
#include "directory/possession.h"
#include "support/test_keys.h"

namespace {

using std::chrono::hours;
using std::chrono::seconds;
using wba::DirectoryResolver;
using wba::DirectoryResolverOptions;
using wba::ErrorCode;
using wba::KeySigner;
using wba::ProofRule;
using wba::Reason;
using wba::Signer;
using wba::Time;
using wba::directory::FetchResult;
using wba::directory::ProofFields;
using wba::test::key_set;
using wba::test::make_key;
using wba::test::TestKey;
using wba::test::with_member;

constexpr Time now{seconds(1800000000)};
constexpr std::string_view well_known =
    "https://agent.test/.well-known/http-message-signatures-directory";
constexpr std::string_view media_type = "application/http-message-signatures-directory+json";

ProofFields prove(std::string_view body, TestKey key, std::string_view authority = "agent.test",
                  Time created = now, seconds lifetime = hours(1)) {
  const auto signer = KeySigner::create(std::move(key.secret));
  const Signer* const signers[] = {&*signer};
  const auto fields = wba::directory::sign_directory(
      body, signers, {.authority = authority, .created = created, .lifetime = lifetime});
  EXPECT_TRUE(fields);
  return *fields;
}

FetchResult response(std::string body, const ProofFields& proof = {}) {
  FetchResult result{.status = 200, .body = std::move(body)};
  result.fields.content_type = media_type;
  result.content_digest = proof.content_digest;
  result.signature_input = proof.signature_input;
  result.signature = proof.signature;
  return result;
}

wba::directory::Judged judge_at(const FetchResult& result, ProofRule proofs, Time at = now) {
  return wba::directory::judge(result, {.url = well_known, .proofs = proofs, .now = at});
}

TEST(DirectoryProof, RequiredMeansOnlyProvenKeysAreUsed) {
  TestKey proven = make_key();
  const TestKey other = make_key();
  const std::string body = key_set({other.jwk, proven.jwk});
  const std::string keyid = proven.keyid;
  const FetchResult result = response(body, prove(body, std::move(proven)));
  const auto required = judge_at(result, ProofRule::required);
  ASSERT_EQ(required.failure, Reason::none);
  ASSERT_EQ(required.keys.size(), 1U);
  EXPECT_EQ(required.keys.front().key.thumbprint(), keyid);
  EXPECT_EQ(judge_at(result, ProofRule::optional).keys.size(), 2U);
}

TEST(DirectoryProof, WithoutAnyItIsMissingWhereItIsRequired) {
  const TestKey key = make_key();
  const FetchResult result = response(key_set({key.jwk}));
  EXPECT_EQ(judge_at(result, ProofRule::required).failure, Reason::directory_proof_missing);
  EXPECT_EQ(judge_at(result, ProofRule::optional).keys.size(), 1U);
}

// The keys inside a client metadata document are fetched keys like others.
TEST(DirectoryProof, IsRequiredOfKeysInClientMetadataToo) {
  constexpr std::string_view client = "https://agent.test/client";
  TestKey key = make_key();
  const std::string body = "{\"jwks\":" + key_set({key.jwk}) + "}";
  const auto judged = [&](const FetchResult& result, ProofRule proofs) {
    return wba::directory::judge(result, {.url = client,
                                          .kind = wba::directory::FetchedKind::metadata,
                                          .proofs = proofs,
                                          .now = now});
  };
  EXPECT_EQ(judged(response(body), ProofRule::optional).keys.size(), 1U);
  EXPECT_EQ(judged(response(body), ProofRule::required).failure, Reason::directory_proof_missing);
  EXPECT_TRUE(judged(response(body), ProofRule::required).keys.empty());
  const FetchResult proven = response(body, prove(body, std::move(key)));
  EXPECT_EQ(judged(proven, ProofRule::required).keys.size(), 1U);
  // Where the set is elsewhere, its own response decides.
  const FetchResult uri = response(R"({"jwks_uri":"https://keys.test/set"})");
  EXPECT_EQ(judged(uri, ProofRule::required).failure, Reason::none);
  EXPECT_EQ(judged(uri, ProofRule::required).jwks_uri, "https://keys.test/set");
}

TEST(DirectoryProof, OfAnotherAuthorityRefutesTheKey) {
  TestKey key = make_key();
  const std::string body = key_set({key.jwk});
  const FetchResult result = response(body, prove(body, std::move(key), "other.test"));
  EXPECT_EQ(judge_at(result, ProofRule::required).failure, Reason::directory_proof_missing);
  EXPECT_EQ(judge_at(result, ProofRule::optional).failure, Reason::directory_proof_missing);
}

TEST(DirectoryProof, ExpiredOneProvesAndRefutesNothing) {
  TestKey key = make_key();
  const std::string body = key_set({key.jwk});
  const FetchResult result = response(body, prove(body, std::move(key)));
  const Time later = now + hours(1);
  EXPECT_EQ(judge_at(result, ProofRule::required, later).failure, Reason::directory_proof_missing);
  EXPECT_EQ(judge_at(result, ProofRule::optional, later).keys.size(), 1U);
  EXPECT_EQ(judge_at(result, ProofRule::required, later - seconds(1)).keys.size(), 1U);
}

TEST(DirectoryProof, CreatedInTheFutureIsNone) {
  TestKey key = make_key();
  const std::string body = key_set({key.jwk});
  const FetchResult result =
      response(body, prove(body, std::move(key), "agent.test", now + seconds(1)));
  EXPECT_EQ(judge_at(result, ProofRule::required).failure, Reason::directory_proof_missing);
}

struct Offline {
  explicit Offline(DirectoryResolverOptions options = {}) {
    options.clock = [] { return now; };
    resolver = *DirectoryResolver::create(std::move(options));
    reader = resolver->reader();
  }
  [[nodiscard]] wba::KeyLookup lookup(std::string_view url, std::string_view keyid,
                                      Time at = now) const {
    return reader->lookup({.url = url}, keyid, at);
  }
  std::shared_ptr<DirectoryResolver> resolver;
  std::unique_ptr<wba::KeyResolver::Reader> reader;
};

TEST(Redistributed, KeyWithAProofCarriesItsUrlUntilTheProofExpires) {
  TestKey key = make_key();
  const std::string body = key_set({key.jwk});
  const std::string keyid = key.keyid;
  const ProofFields proof = prove(body, std::move(key));
  const Offline offline;
  const auto bound = offline.resolver->add_redistributed({.url = well_known,
                                                          .body = body,
                                                          .content_digest = proof.content_digest,
                                                          .signature_input = proof.signature_input,
                                                          .signature = proof.signature},
                                                         now);
  ASSERT_TRUE(bound);
  EXPECT_EQ(*bound, 1U);
  const auto found = offline.lookup("https://agent.test", keyid);
  ASSERT_EQ(found.reason, Reason::none);
  EXPECT_EQ(found.identity, well_known);
  EXPECT_EQ(found.domain, "agent.test");
  EXPECT_NE(offline.lookup("https://other.test", keyid).reason, Reason::none);
  EXPECT_NE(offline.lookup("https://agent.test", keyid, now + hours(1)).reason, Reason::none);
}

TEST(Redistributed, KeyWithoutAProofNamesNoUrl) {
  const TestKey key = make_key();
  const Offline offline;
  EXPECT_EQ(
      offline.resolver->add_redistributed({.url = well_known, .body = key_set({key.jwk})}, now),
      0U);
  for (const std::string_view url : {"https://agent.test", "https://other.test", ""}) {
    const auto found = offline.lookup(url, key.keyid);
    ASSERT_EQ(found.reason, Reason::none) << url;
    EXPECT_EQ(found.key->thumbprint(), key.keyid);
    EXPECT_EQ(found.identity, "");
    EXPECT_EQ(found.domain, "");
  }
  EXPECT_NE(offline.lookup("https://agent.test", make_key().keyid).reason, Reason::none);
}

TEST(Redistributed, KeyThatComesAgainIsAsItWasSaidLast) {
  const TestKey key = make_key();
  const Offline offline;
  const auto add = [&](std::int64_t exp) {
    const std::string body = key_set({with_member(key.jwk, "exp", std::to_string(exp))});
    EXPECT_EQ(offline.resolver->add_redistributed({.url = {}, .body = body}, now), 0U);
    return offline.lookup("", key.keyid).reason;
  };
  const std::int64_t at = now.time_since_epoch().count();
  EXPECT_EQ(add(at), Reason::key_past_expiry);
  EXPECT_EQ(add(at + 60), Reason::none);
  EXPECT_EQ(add(at), Reason::key_past_expiry);
}

TEST(Redistributed, ProofMustCoverTheBodyAndBeOfThisAuthority) {
  TestKey key = make_key();
  const TestKey smuggled = make_key();
  const std::string body = key_set({key.jwk});
  const std::string keyid = key.keyid;
  const ProofFields proof = prove(body, std::move(key));
  const auto add = [&](const Offline& offline, std::string_view url, std::string_view text) {
    return offline.resolver->add_redistributed({.url = url,
                                                .body = text,
                                                .content_digest = proof.content_digest,
                                                .signature_input = proof.signature_input,
                                                .signature = proof.signature},
                                               now);
  };
  const Offline other_url;
  EXPECT_EQ(add(other_url, "https://evil.test/k", body), 0U);
  EXPECT_NE(other_url.lookup("https://evil.test/k", keyid).identity, "https://evil.test/k");
  const Offline other_body;
  const std::string changed =
      R"({"keys":[)" + smuggled.jwk + "," + body.substr(std::string_view(R"({"keys":[)").size());
  EXPECT_EQ(add(other_body, well_known, changed), 0U);
  EXPECT_EQ(other_body.lookup("https://agent.test", smuggled.keyid).identity, "");
}

TEST(Redistributed, WhatIsNoDirectoryIsAnError) {
  const Offline offline;
  const auto code = [&](std::string_view url, std::string_view body) {
    return offline.resolver->add_redistributed({.url = url, .body = body}, now).error().code;
  };
  EXPECT_EQ(code("http://agent.test", "{}"), ErrorCode::agent_url_not_https);
  EXPECT_EQ(code("agent", "{}"), ErrorCode::agent_url_invalid);
  EXPECT_EQ(code(well_known, "<html>"), ErrorCode::directory_not_key_set);
}

}  // namespace
