// Where keys may come from beside a plain fetch: proofs, redistribution, a warm start.

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <wba/agent_identity.h>
#include <wba/directory_proof.h>
#include <wba/directory_resolver.h>
#include <wba/signer.h>

#include "directory/judge.h"
#include "directory/possession.h"
#include "directory/warm_start.h"
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
using wba::directory::CacheSettings;
using wba::directory::DirectoryCache;
using wba::directory::DirectoryTable;
using wba::directory::FetchResult;
using wba::directory::ProofFields;
using wba::directory::read_cache_file;
using wba::directory::write_cache_file;
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
  EXPECT_EQ(found.identity, "https://agent.test/");
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

// A folder of its own, gone with the test.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "wba-warm-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path path;
};

struct Saved {
  Saved() : table(100), cache(table, {}) {}

  void fetch(const std::string& url, const std::string& body, std::string cache_control) {
    const auto entry = cache.admit({url, false}, "agent.test", now);
    const auto request = cache.begin(**entry);
    FetchResult result{.id = request->id, .status = 200, .body = body};
    result.fields.cache_control = std::move(cache_control);
    result.fields.etag = "\"v1\"";
    cache.complete(result, now, now, 0.5);
  }

  Folder folder;
  std::filesystem::path file = folder.path / "cache";
  DirectoryTable table;
  DirectoryCache cache;
};

TEST(WarmStart, WhatIsSavedIsFoundAgainWithItsTimesAndLimitsOfKeys) {
  const TestKey key = make_key();
  Saved saved;
  saved.fetch("https://agent.test/k", key_set({with_member(key.jwk, "exp", "1800000100")}),
              "max-age=3600");
  saved.fetch("https://agent.test/private", key_set({key.jwk}), "no-store");
  ASSERT_EQ(write_cache_file(saved.file, saved.cache.saved(), ProofRule::optional), 1U);
  struct stat status {};
  ASSERT_EQ(stat(saved.file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);

  const Offline offline;
  ASSERT_EQ(offline.resolver->load(saved.file, now + seconds(50)), 1U);
  const wba::AgentLink link{.url = "https://agent.test/k", .kind = wba::AgentKind::key_set};
  const auto found = offline.reader->lookup(link, key.keyid, now + seconds(50));
  ASSERT_EQ(found.reason, Reason::none);
  EXPECT_EQ(found.identity, "https://agent.test/k");
  EXPECT_EQ(offline.reader->lookup(link, key.keyid, now + seconds(100)).reason,
            Reason::key_past_expiry);
  // And saved once more, it is the same file.
  const auto second = saved.folder.path / "second";
  ASSERT_EQ(offline.resolver->save(second), 1U);
  std::ifstream a(saved.file);
  std::ifstream b(second);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(a), {}),
            std::string(std::istreambuf_iterator<char>(b), {}));
}

TEST(WarmStart, WhatIsTooOldIsLeftOut) {
  const TestKey key = make_key();
  Saved saved;
  saved.fetch("https://agent.test/k", key_set({key.jwk}), "max-age=3600");
  ASSERT_TRUE(write_cache_file(saved.file, saved.cache.saved(), ProofRule::optional));
  EXPECT_EQ(read_cache_file(saved.file, {}, now + hours(25) - seconds(1))->size(), 1U);
  EXPECT_EQ(read_cache_file(saved.file, {}, now + hours(25))->size(), 0U);
}

TEST(WarmStart, FileThatWasChangedByOneOctetIsRefused) {
  const TestKey key = make_key();
  Saved saved;
  saved.fetch("https://agent.test/k", key_set({key.jwk}), "max-age=3600");
  ASSERT_TRUE(write_cache_file(saved.file, saved.cache.saved(), ProofRule::optional));
  std::string text;
  {
    std::ifstream in(saved.file);
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto rewrite = [&](const std::string& content) {
    std::ofstream(saved.file, std::ios::trunc) << content;
    return read_cache_file(saved.file, {}, now);
  };
  ASSERT_TRUE(rewrite(text));
  for (std::size_t at = 0; at < text.size(); at += 7) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_EQ(rewrite(changed).error().code, ErrorCode::argument_invalid) << at;
  }
  EXPECT_FALSE(rewrite(text.substr(0, text.size() - 1)));
  EXPECT_FALSE(rewrite(""));
}

TEST(WarmStart, FileThatOthersCanWriteAndWhatIsNoFileAreRefused) {
  Saved saved;
  ASSERT_TRUE(write_cache_file(saved.file, {}, ProofRule::optional));
  EXPECT_TRUE(read_cache_file(saved.file, {}, now));
  ASSERT_EQ(chmod(saved.file.c_str(), 0620), 0);
  EXPECT_FALSE(read_cache_file(saved.file, {}, now));
  EXPECT_FALSE(read_cache_file(saved.folder.path, {}, now));
  EXPECT_FALSE(read_cache_file(saved.folder.path / "none", {}, now));
  EXPECT_FALSE(write_cache_file(saved.folder.path / "none" / "cache", {}, ProofRule::optional));
  EXPECT_FALSE(std::filesystem::exists(saved.folder.path / "none"));
}

TEST(WarmStart, KeysThatWentThroughNoProofsAreNotTakenWhereProofsAreRequired) {
  Saved saved;
  CacheSettings strict;
  strict.proofs = ProofRule::required;
  ASSERT_TRUE(write_cache_file(saved.file, {}, ProofRule::optional));
  EXPECT_FALSE(read_cache_file(saved.file, strict, now));
  ASSERT_TRUE(write_cache_file(saved.file, {}, ProofRule::required));
  EXPECT_TRUE(read_cache_file(saved.file, strict, now));
}

TEST(WarmStart, SavingReplacesTheFileWhole) {
  Saved saved;
  ASSERT_TRUE(write_cache_file(saved.file, {}, ProofRule::optional));
  const TestKey key = make_key();
  saved.fetch("https://agent.test/k", key_set({key.jwk}), "max-age=3600");
  ASSERT_TRUE(write_cache_file(saved.file, saved.cache.saved(), ProofRule::optional));
  EXPECT_EQ(read_cache_file(saved.file, {}, now)->size(), 1U);
  // Nothing is left beside it.
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(saved.folder.path)) {
    EXPECT_EQ(entry.path(), saved.file);
    ++files;
  }
  EXPECT_EQ(files, 1);
}

}  // namespace
