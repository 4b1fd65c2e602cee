// What the resolver's writer side makes of a wrong clock, and of memory that cannot be had.

#include <new>
#include <string>

#include <gtest/gtest.h>

#include "support/allocation_counter.h"
#include "support/directory_cache_fixture.h"
#include "support/test_keys.h"

namespace {

using std::chrono::hours;
using std::chrono::seconds;
using wba::Reason;
using wba::Time;
using wba::directory::CacheSettings;
using wba::directory::Directory;
using wba::directory::FetchResult;
using wba::test::good;
using wba::test::key_set;
using wba::test::make_key;
using wba::test::TestKey;
using Fixture = wba::test::DirectoryCacheFixture;

constexpr Time start{seconds(1800000000)};
constexpr std::string_view url = "https://agent.test/keys";

TEST(DirectoryCache, ClockThatWasSetBackStopsNoNewUrls) {
  CacheSettings settings;
  settings.limits.new_urls_per_minute = 2;
  Fixture f(settings);
  const auto admit = [&](const std::string& path, Time now) {
    return f.cache.admit({"https://agent.test/" + path, false}, "agent.test", now).has_value();
  };
  const Time ahead = start + std::chrono::years(10);
  EXPECT_TRUE(admit("1", ahead));
  EXPECT_TRUE(admit("2", ahead));
  EXPECT_FALSE(admit("3", ahead));
  EXPECT_GT(f.cache.full_until(ahead), ahead);
  EXPECT_FALSE(admit("3", start)) << "being set back lets nothing more in at once";
  EXPECT_LE(f.cache.full_until(start + seconds(2)), start + seconds(2));
  EXPECT_TRUE(admit("3", start + seconds(30)));
  EXPECT_FALSE(admit("4", start + seconds(30)));
}

TEST(DirectoryCache, ClockThatWasSetBackKeepsNoKeyAndNoFailureLongerThanAResponseCould) {
  Fixture f;
  const TestKey key = make_key();
  const Time ahead = start + std::chrono::years(10);
  ASSERT_EQ(f.fetch(url, good(key_set({key.jwk})), ahead), Reason::none);
  const std::string down = "https://down.test/keys";
  ASSERT_EQ(f.fetch(down, {.failure = Reason::directory_unreachable}, ahead), Reason::none);
  f.known(url)->subject->early_fetch_at = ahead.time_since_epoch().count() + 60;
  f.cache.clock_set_back(start);
  const Directory& directory = *f.known(url);
  EXPECT_EQ(f.ask(url, key.keyid, start), Reason::none);
  EXPECT_LE(directory.refresh_at, start + hours(24));
  EXPECT_LE(directory.fresh_until, start + hours(24));
  EXPECT_LE(directory.stale_until, start + hours(48));
  EXPECT_LE(directory.subject->last_used, start.time_since_epoch().count());
  EXPECT_LE(directory.subject->early_fetch_at, start.time_since_epoch().count() + 60);
  EXPECT_EQ(f.ask(down, key.keyid, start), Reason::directory_unreachable);
  EXPECT_EQ(f.ask(down, key.keyid, start + seconds(300)), Reason::key_pending) << "asked again";
}

TEST(DirectoryCache, ClockThatWasSetBackMakesNothingLastLonger) {
  Fixture f;
  const TestKey key = make_key();
  ASSERT_EQ(f.fetch(url, good(key_set({key.jwk})), start), Reason::none);
  const Directory before = *f.known(url);
  f.cache.clock_set_back(start + seconds(5));
  EXPECT_EQ(f.known(url)->fresh_until, before.fresh_until);
  EXPECT_EQ(f.known(url)->refresh_at, before.refresh_at);
  EXPECT_EQ(f.known(url)->stale_until, before.stale_until);
  EXPECT_EQ(f.known(url)->retry_at, before.retry_at);
}

TEST(DirectoryCache, FetchWhoseResultMetNoMemoryCanBeMadeAgain) {
  const TestKey key = make_key();
  const std::string body = key_set({key.jwk});
  int met = 0;
  for (std::size_t granted = 0; granted < 10000; ++granted) {
    CacheSettings settings;
    settings.limits.directories = 1;
    Fixture f(settings);
    ASSERT_EQ(f.fetch(url, good(key_set({})), start), Reason::none);
    FetchResult result = good(body);
    result.id = f.cache.begin(*f.cache.find({url, false}))->id;
    f.known(url)->subject->fetch_asked = true;
    bool failed = false;
    try {
      const wba::test::FailingAllocations failing(granted);
      failed = f.cache.complete(result, start, start, 0.5).failed;
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    if (!failed) {
      EXPECT_EQ(f.ask(url, key.keyid, start), Reason::none);
      EXPECT_GT(met, 10);
      return;
    }
    ++met;
    f.cache.abandon(result.id);
    EXPECT_FALSE(f.known(url)->subject->fetch_asked) << granted;
    ASSERT_EQ(f.fetch(url, good(body), start), Reason::none) << granted;
    EXPECT_EQ(f.ask(url, key.keyid, start), Reason::none) << granted;
    EXPECT_TRUE(f.cache.admit({"https://b.test/k", false}, "b.test", start)) << "it can go";
  }
  FAIL() << "it never had enough";
}

}  // namespace
