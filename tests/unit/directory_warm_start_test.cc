// A warm start: what a resolver saved is found again, and nothing that it did not save.

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <wba/content_digest.h>
#include <wba/directory_resolver.h>

#include "directory/warm_start.h"
#include "support/directory_cache_fixture.h"
#include "support/file_contents.h"
#include "support/test_keys.h"

namespace {

using std::chrono::hours;
using std::chrono::seconds;
using wba::DirectoryResolver;
using wba::ErrorCode;
using wba::ProofRule;
using wba::Reason;
using wba::Time;
using wba::directory::CacheSettings;
using wba::directory::FetchResult;
using wba::directory::read_cache_file;
using wba::directory::write_cache_file;
using wba::test::contents;
using wba::test::good;
using wba::test::key_set;
using wba::test::make_key;
using wba::test::TestKey;
using wba::test::with_member;

constexpr Time now{seconds(1800000000)};

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

struct Saved : wba::test::DirectoryCacheFixture {
  void fetch(const std::string& url, const std::string& body, std::string cache_control) {
    FetchResult result = good(body, std::move(cache_control));
    result.fields.etag = "\"v1\"";
    EXPECT_EQ(DirectoryCacheFixture::fetch(url, std::move(result), now), Reason::none);
  }

  Folder folder;
  std::filesystem::path file = folder.path / "cache";
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

  const auto resolver = *DirectoryResolver::create({.clock = [] { return now; }});
  const auto reader = resolver->reader();
  ASSERT_EQ(resolver->load(saved.file, now + seconds(50)), 1U);
  const wba::AgentLink link{.url = "https://agent.test/k", .kind = wba::AgentKind::key_set};
  const auto found = reader->lookup(link, key.keyid, now + seconds(50));
  ASSERT_EQ(found.reason, Reason::none);
  EXPECT_EQ(found.identity, "https://agent.test/k");
  EXPECT_EQ(reader->lookup(link, key.keyid, now + seconds(100)).reason, Reason::key_past_expiry);
  // And saved once more, it is the same file.
  const auto second = saved.folder.path / "second";
  ASSERT_EQ(resolver->save(second), 1U);
  EXPECT_EQ(contents(saved.file), contents(second));
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
  const std::string text = contents(saved.file);
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

TEST(WarmStart, FileOfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  Saved saved;
  ASSERT_TRUE(write_cache_file(saved.file, {}, ProofRule::optional));
  ASSERT_EQ(chown(saved.file.c_str(), 65534, 65534), 0);
  EXPECT_FALSE(read_cache_file(saved.file, {}, now));
}

TEST(WarmStart, LinksAndPipesAreRefusedAtOnce) {
  Saved saved;
  ASSERT_TRUE(write_cache_file(saved.file, {}, ProofRule::optional));
  const auto link = saved.folder.path / "link";
  std::filesystem::create_symlink(saved.file, link);
  EXPECT_FALSE(read_cache_file(link, {}, now));
  const auto pipe = saved.folder.path / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_FALSE(read_cache_file(pipe, {}, now));
}

// Whoever can write the file can also make its digest: what is inside is not believed either.
TEST(WarmStart, EntriesThatNobodyWroteAreLeftOutAndTimesAreBounded) {
  const TestKey key = make_key();
  Saved saved;
  const auto read = [&](const nlohmann::json& entry, bool whole = true) {
    nlohmann::json file = {{"proofs_required", false}, {"directories", {entry}}};
    const std::string body = whole ? file.dump() : entry.dump();
    std::ofstream(saved.file, std::ios::trunc)
        << "wba-directory-cache 1 " << wba::content_digest(body) << "\n"
        << body;
    return read_cache_file(saved.file, {}, now);
  };
  std::ofstream(saved.file).close();
  ASSERT_EQ(chmod(saved.file.c_str(), 0600), 0);
  const std::int64_t at = now.time_since_epoch().count();
  const nlohmann::json good = {{"url", "https://agent.test/k"},
                               {"metadata", false},
                               {"labels", true},
                               {"fresh_until", at + 60},
                               {"refresh_at", at + 60},
                               {"stale_until", at + 3600},
                               {"etag", "\"v1\""},
                               {"last_modified", ""},
                               {"keys", {{{"jwk", key.jwk}, {"kid", key.keyid}}}}};
  ASSERT_EQ(read(good)->size(), 1U);
  for (const auto& [name, value] : good.items()) {
    nlohmann::json without = good;
    without.erase(name);
    EXPECT_EQ(read(without)->size(), 0U) << name;
    for (const nlohmann::json& wrong : {nlohmann::json(nullptr), nlohmann::json(1.5),
                                        nlohmann::json::array({1}), nlohmann::json::object()}) {
      nlohmann::json changed = good;
      changed[name] = wrong;
      EXPECT_EQ(read(changed)->size(), 0U) << name << wrong;
    }
  }
  const auto with = [&](std::string_view name, nlohmann::json value) {
    nlohmann::json changed = good;
    changed[name] = std::move(value);
    return read(changed);
  };
  for (const char* url : {"http://agent.test/k", "https://AGENT.test/k",
                          "https://agent.test/a/../k", "file:///etc/passwd", ""}) {
    EXPECT_EQ(with("url", url)->size(), 0U) << url;
  }
  EXPECT_EQ(with("etag", "\"v\"\r\nHost: evil.test")->size(), 0U);
  EXPECT_EQ(with("last_modified", std::string(2000, 'x'))->size(), 0U);
  EXPECT_EQ(with("keys", nlohmann::json::array({"x"}))->size(), 0U);
  EXPECT_EQ(with("keys", {{{"jwk", "{}"}}})->size(), 0U);
  EXPECT_EQ(with("keys", {{{"jwk", key.jwk}, {"exp", "never"}}})->size(), 0U);
  EXPECT_EQ(with("keys", nlohmann::json(129, {{"jwk", key.jwk}}))->size(), 0U);
  EXPECT_FALSE(read(nlohmann::json::array(), false));
  EXPECT_FALSE(read({{"directories", 1}, {"proofs_required", true}}, false));

  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(with("stale_until", least)->size(), 0U);
  for (const char* name : {"fresh_until", "refresh_at", "stale_until"}) {
    for (const std::int64_t time : {least, most}) {
      const auto loaded = with(name, time);
      for (const auto& entry : *loaded) {
        EXPECT_LE(entry.saved.version->fresh_until, now + hours(24));
        EXPECT_LE(entry.saved.version->refresh_at, now + hours(24));
        EXPECT_LE(entry.saved.version->stale_until, now + hours(48));
      }
    }
  }
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
