// The resolver's writer side, without network, thread or clock.

#include <string>

#include <gtest/gtest.h>

#include "support/directory_cache_fixture.h"
#include "support/test_keys.h"

namespace {

using std::chrono::hours;
using std::chrono::seconds;
using wba::DirectoryCachePolicy;
using wba::Reason;
using wba::Time;
using wba::directory::answer;
using wba::directory::CacheSettings;
using wba::directory::Directory;
using wba::directory::DocumentName;
using wba::directory::FetchResult;
using wba::test::good;
using wba::test::key_set;
using wba::test::make_key;
using wba::test::TestKey;
using Fixture = wba::test::DirectoryCacheFixture;

constexpr Time start{seconds(1800000000)};
constexpr std::string_view url = "https://agent.test/keys";

TEST(DirectoryCache, FetchedDirectoryAnswersAndAnUnknownOneIsPending) {
  Fixture f;
  const TestKey key = make_key();
  EXPECT_EQ(f.ask(url, key.keyid, start), Reason::key_pending);
  ASSERT_EQ(f.fetch(url, good(key_set({key.jwk})), start), Reason::none);
  EXPECT_EQ(f.ask(url, key.keyid, start), Reason::none);
  EXPECT_EQ(f.ask(url, "another", start), Reason::key_not_in_directory);
}

// The key of one URL says nothing about another URL that names it.
TEST(DirectoryCache, KeyOfOneUrlDoesNotVerifyAnother) {
  Fixture f;
  const TestKey mine = make_key();
  const TestKey theirs = make_key();
  ASSERT_EQ(f.fetch(url, good(key_set({mine.jwk})), start), Reason::none);
  ASSERT_EQ(f.fetch("https://other.test/keys", good(key_set({theirs.jwk})), start), Reason::none);
  EXPECT_EQ(f.ask("https://other.test/keys", mine.keyid, start), Reason::key_not_in_directory);
  EXPECT_EQ(f.ask("https://other.test/keys", theirs.keyid, start), Reason::none);
}

TEST(DirectoryCache, DirectoryThatResolvesWithoutTheKeyEvictsIt) {
  Fixture f;
  const TestKey old_key = make_key();
  const TestKey new_key = make_key();
  ASSERT_EQ(f.fetch(url, good(key_set({old_key.jwk})), start), Reason::none);
  ASSERT_EQ(f.fetch(url, good(key_set({new_key.jwk})), start + hours(1)), Reason::none);
  EXPECT_EQ(f.ask(url, old_key.keyid, start + hours(1)), Reason::key_not_in_directory);
  EXPECT_EQ(f.ask(url, new_key.keyid, start + hours(1)), Reason::none);
  ASSERT_EQ(f.fetch(url, good(key_set({})), start + hours(2)), Reason::none);
  EXPECT_EQ(f.ask(url, new_key.keyid, start + hours(2)), Reason::directory_no_keys);
}

TEST(DirectoryCache, FailureOfAnyKindEvictsNothing) {
  const TestKey key = make_key();
  const std::string well_known = "https://agent.test/.well-known/http-message-signatures-directory";
  FetchResult first = good(key_set({key.jwk}));
  first.fields.content_type = "application/http-message-signatures-directory+json";
  FetchResult html{.status = 200, .body = "<html>"};
  html.fields.content_type = "text/html";
  FetchResult torn = first;
  torn.body.pop_back();
  for (const FetchResult& failure :
       {FetchResult{.status = 404}, FetchResult{.status = 500}, FetchResult{.status = 302},
        FetchResult{.failure = Reason::directory_unreachable},
        FetchResult{.failure = Reason::directory_too_large}, html, torn}) {
    Fixture f;
    ASSERT_EQ(f.fetch(well_known, first, start), Reason::none);
    ASSERT_EQ(f.fetch(well_known, failure, start + hours(1)), Reason::none);
    EXPECT_EQ(f.ask(well_known, key.keyid, start + hours(1)), Reason::none);
    EXPECT_NE(f.known(well_known)->failure, Reason::none);
  }
}

TEST(DirectoryCache, DirectoryDownForADayVerifiesUntilTheStaleLimitAndNoLonger) {
  Fixture f;
  const TestKey key = make_key();
  ASSERT_EQ(f.fetch(url, good(key_set({key.jwk}), "max-age=3600"), start), Reason::none);
  const Time end = start + hours(1) + DirectoryCachePolicy().stale_max;
  int fetches = 0;
  for (Time now = start + hours(1); now < end; now += seconds(1)) {
    const auto found = answer(*f.known(url), key.keyid, now, false);
    ASSERT_EQ(found.reason, Reason::none);
    if (!found.fetch_due) continue;
    ++fetches;
    ASSERT_EQ(f.fetch(url, {.failure = Reason::directory_unreachable}, now), Reason::none);
  }
  EXPECT_EQ(f.ask(url, key.keyid, end), Reason::directory_unreachable);
  // Backoff: about one fetch in five minutes and never more often than half of that.
  EXPECT_GE(fetches, 24 * 12);
  EXPECT_LE(fetches, 24 * 24 + 8);
  // And it comes back by itself.
  ASSERT_EQ(f.fetch(url, good(key_set({key.jwk})), end + hours(1)), Reason::none);
  EXPECT_EQ(f.ask(url, key.keyid, end + hours(1)), Reason::none);
}

TEST(DirectoryCache, FailureIsRememberedForFiveMinutesAtMost) {
  Fixture f;
  ASSERT_EQ(f.fetch(url, {.status = 404}, start), Reason::none);
  EXPECT_EQ(f.ask(url, "k", start), Reason::directory_bad_status);
  Time now = start;
  for (int failures = 2; failures < 12; ++failures) {
    const Time retry = f.known(url)->retry_at;
    EXPECT_GT(retry, now);
    EXPECT_LE(retry - now, seconds(300));
    EXPECT_FALSE(answer(*f.known(url), "k", retry - seconds(1), false).fetch_due);
    EXPECT_TRUE(answer(*f.known(url), "k", retry, false).fetch_due);
    now = retry;
    ASSERT_EQ(f.fetch(url, {.status = 404}, now), Reason::none);
  }
  EXPECT_GE(f.known(url)->retry_at - now, seconds(150));
}

TEST(DirectoryCache, RetryAfterOf429IsHonoured) {
  Fixture f;
  FetchResult busy{.status = 429};
  busy.fields.retry_after = "120";
  ASSERT_EQ(f.fetch(url, busy, start), Reason::none);
  EXPECT_EQ(f.known(url)->retry_at, start + seconds(120));
}

TEST(DirectoryCache, RefreshIsDueAheadOfExpiry) {
  Fixture f;
  const TestKey key = make_key();
  ASSERT_EQ(f.fetch(url, good(key_set({key.jwk}), "max-age=1000"), start), Reason::none);
  const Directory& version = *f.known(url);
  EXPECT_GE(version.refresh_at, start + seconds(800));
  EXPECT_LT(version.refresh_at, version.fresh_until);
  EXPECT_FALSE(answer(version, key.keyid, version.refresh_at - seconds(1), false).fetch_due);
  EXPECT_TRUE(answer(version, key.keyid, version.refresh_at, false).fetch_due);
}

TEST(DirectoryCache, ValidatorsAreUsedAnd304RenewsWhatThereIs) {
  Fixture f;
  const TestKey key = make_key();
  FetchResult first = good(key_set({key.jwk}), "max-age=600");
  first.fields.etag = "\"v1\"";
  ASSERT_EQ(f.fetch(url, first, start), Reason::none);
  const auto keys = f.known(url)->keys;
  auto entry = f.cache.admit({url, false}, "agent.test", start);
  auto request = f.cache.begin(**entry);
  EXPECT_EQ(request->etag, "\"v1\"");
  EXPECT_TRUE(request->known);
  FetchResult same{.id = request->id, .status = 304};
  const Time later = start + seconds(590);
  EXPECT_TRUE(f.cache.complete(same, later, later, 0.5).not_modified);
  EXPECT_EQ(f.known(url)->keys, keys);
  EXPECT_EQ(f.known(url)->fresh_until, later + seconds(600));
  // What a 304 says about freshness replaces what was said before.
  request = f.cache.begin(**f.cache.admit({url, false}, "agent.test", later));
  same.id = request->id;
  same.fields.cache_control = "max-age=1200";
  f.cache.complete(same, later, later, 0.5);
  EXPECT_EQ(f.known(url)->fresh_until, later + seconds(1200));
}

TEST(DirectoryCache, OneFetchOfADocumentAtATime) {
  Fixture f;
  const auto entry = f.cache.admit({url, false}, "agent.test", start);
  const auto request = f.cache.begin(**entry);
  ASSERT_TRUE(request);
  EXPECT_FALSE(f.cache.begin(**entry));
  EXPECT_EQ(*f.cache.admit({url, false}, "agent.test", start), *entry);
  f.cache.complete({.id = request->id, .status = 500}, start, start, 0.5);
  EXPECT_TRUE(f.cache.begin(**entry));
}

TEST(DirectoryCache, MetadataLeadsToItsKeySetAndTheShorterFreshnessHolds) {
  Fixture f;
  const TestKey key = make_key();
  const DocumentName name{"https://agent.test/client", true};
  const auto entry = f.cache.admit(name, "agent.test", start);
  const auto first = f.cache.begin(**entry);
  FetchResult metadata =
      good(R"({"jwks_uri":"https://keys.test/k"})", "max-age=120, no-store=\"x\"");
  metadata.id = first->id;
  const auto halfway = f.cache.complete(metadata, start, start, 0.5);
  ASSERT_TRUE(halfway.next);
  EXPECT_EQ(halfway.next->url, "https://keys.test/k");
  EXPECT_EQ(halfway.next->host, "keys.test");
  FetchResult keys = good(key_set({key.jwk}), "max-age=3600");
  keys.id = halfway.next->id;
  EXPECT_FALSE(f.cache.complete(keys, start, start, 0.5).next);
  const Directory* published = f.pin.find(name, f.table.hash_of(name));
  ASSERT_NE(published, nullptr);
  EXPECT_EQ(answer(*published, key.keyid, start, false).reason, Reason::none);
  EXPECT_EQ(published->fresh_until, start + seconds(60));  // no-store of the metadata: the floor
}

TEST(DirectoryCache, TestKeysOfTheRfcsAreRefusedUnlessAllowed) {
  Fixture f;
  const std::string jwk =
      R"({"kty":"OKP","crv":"Ed25519","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"})";
  ASSERT_EQ(f.fetch(url, good(key_set({jwk})), start), Reason::none);
  const std::string_view keyid = "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U";
  EXPECT_EQ(f.ask(url, keyid, start), Reason::key_is_published_test_key);
  EXPECT_EQ(answer(*f.known(url), keyid, start, true).reason, Reason::none);
}

CacheSettings small(std::size_t directories, std::size_t per_domain) {
  CacheSettings settings;
  settings.limits.directories = directories;
  settings.limits.directories_per_domain = per_domain;
  settings.limits.unread_urls = directories;
  settings.limits.new_urls_per_minute = 1000000;
  settings.limits.new_urls_per_minute_and_domain = 1000000;
  return settings;
}

TEST(DirectoryCache, LeastRecentlyUsedGoesFirst) {
  Fixture f(small(3, 3));
  const TestKey key = make_key();
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_EQ(f.fetch("https://" + std::string(name) + ".test/k", good(key_set({key.jwk})), start),
              Reason::none);
  }
  f.known("https://a.test/k")->subject->last_used = (start + seconds(9)).time_since_epoch().count();
  f.known("https://c.test/k")->subject->last_used = (start + seconds(5)).time_since_epoch().count();
  ASSERT_EQ(f.fetch("https://d.test/k", good(key_set({key.jwk})), start + seconds(10)),
            Reason::none);
  EXPECT_EQ(f.known("https://b.test/k"), nullptr);
  ASSERT_EQ(f.fetch("https://e.test/k", good(key_set({key.jwk})), start + seconds(10)),
            Reason::none);
  EXPECT_EQ(f.known("https://c.test/k"), nullptr);
  EXPECT_NE(f.known("https://a.test/k"), nullptr);
  EXPECT_EQ(f.cache.size(), 3U);
}

TEST(DirectoryCache, WhatNeverHadKeysPushesOutNothingThatHas) {
  Fixture f(small(3, 3));
  const TestKey key = make_key();
  ASSERT_EQ(f.fetch("https://good.test/k", good(key_set({key.jwk})), start), Reason::none);
  for (int i = 0; i < 100; ++i) {
    const Time now = start + seconds(i + 1);
    ASSERT_EQ(f.fetch("https://x" + std::to_string(i) + ".test/k", {.status = 404}, now),
              Reason::none);
  }
  EXPECT_NE(f.known("https://good.test/k"), nullptr);
  EXPECT_EQ(f.cache.size(), 1U + 3U);
}

TEST(DirectoryCache, OneDomainCannotFlushTheRest) {
  Fixture f(small(100, 10));
  const TestKey key = make_key();
  ASSERT_EQ(f.fetch("https://good.test/k", good(key_set({key.jwk})), start), Reason::none);
  // Real directories, all under one registered domain.
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "https://x" + std::to_string(i) + ".evil.example.co.uk/k";
    ASSERT_EQ(f.fetch(name, good(key_set({key.jwk})), start + seconds(i)), Reason::none);
  }
  EXPECT_NE(f.known("https://good.test/k"), nullptr);
  EXPECT_EQ(f.cache.size(), 11U);
}

TEST(DirectoryCache, PinnedAgentsAreNeverEvictedAndAreDueByThemselves) {
  Fixture f(small(2, 2));
  const TestKey key = make_key();
  ASSERT_TRUE(f.cache.admit({url, false}, "agent.test", start, true));
  ASSERT_EQ(f.cache.due(start).size(), 1U);
  const auto request = f.cache.begin(*f.cache.due(start).front());
  FetchResult first = good(key_set({key.jwk}), "max-age=1000");
  first.id = request->id;
  f.cache.complete(first, start, start, 0.5);
  EXPECT_TRUE(f.cache.due(start + seconds(700)).empty());
  EXPECT_EQ(f.cache.due(start + seconds(950)).size(), 1U);
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(f.fetch("https://x" + std::to_string(i) + ".test/k", good(key_set({key.jwk})),
                              start + seconds(1000 + i)));
  }
  EXPECT_EQ(f.ask(url, key.keyid, start + seconds(1100)), Reason::none);
}

TEST(DirectoryCache, DirectoryBeingFetchedIsNotEvicted) {
  Fixture f(small(1, 1));
  const auto entry = f.cache.admit({url, false}, "agent.test", start);
  const auto request = f.cache.begin(**entry);
  EXPECT_EQ(f.cache.admit({"https://b.test/k", false}, "b.test", start).error(),
            Reason::directory_overloaded);
  f.cache.complete({.id = request->id, .status = 404}, start, start, 0.5);
  EXPECT_TRUE(f.cache.admit({"https://b.test/k", false}, "b.test", start));
}

TEST(DirectoryCache, NewUrlsAreLimitedByTheMinuteInAllAndPerDomain) {
  CacheSettings settings;
  settings.limits.new_urls_per_minute = 60;
  settings.limits.new_urls_per_minute_and_domain = 6;
  Fixture f(settings);
  const auto admitted = [&](const std::string& domain, Time now) {
    int count = 0;
    for (int i = 0; i < 1000; ++i) {
      const std::string host = "x" + std::to_string(i) + "." + domain;
      const std::string name =
          "https://" + host + "/" + std::to_string(now.time_since_epoch().count());
      if (f.cache.admit({name, false}, host, now)) ++count;
    }
    return count;
  };
  EXPECT_EQ(admitted("evil.com", start), 6);
  int others = 0;
  for (int i = 0; i < 100; ++i) others += admitted("d" + std::to_string(i) + ".com", start);
  EXPECT_EQ(others, 39) << "a quarter is for known domains";
  EXPECT_EQ(admitted("fresh.com", start + seconds(2)), 2);
  EXPECT_EQ(admitted("evil.com", start + seconds(60)), 6);
}

TEST(DirectoryCache, AbandonedNewFetchLeavesNothing) {
  Fixture f;
  const auto entry = f.cache.admit({url, false}, "agent.test", start);
  f.cache.abandon(f.cache.begin(**entry)->id);
  EXPECT_EQ(f.cache.size(), 0U);
  EXPECT_EQ(f.known(url), nullptr);
}

TEST(DirectoryCache, QueriesAreCachedApart) {
  Fixture f;
  const TestKey key = make_key();
  ASSERT_EQ(f.fetch("https://agent.test/keys?v=1", good(key_set({key.jwk})), start), Reason::none);
  ASSERT_EQ(f.fetch("https://agent.test/keys?v=junk", good(key_set({})), start), Reason::none);
  EXPECT_EQ(f.ask("https://agent.test/keys?v=1", key.keyid, start), Reason::none);
}

}  // namespace
