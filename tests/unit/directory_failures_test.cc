// What a cache that is full remembers of URLs whose directory could not be read.

#include <string>

#include <gtest/gtest.h>

#include "support/directory_cache_fixture.h"
#include "support/test_keys.h"

namespace {

using std::chrono::seconds;
using wba::Reason;
using wba::Time;
using wba::directory::CacheSettings;
using wba::directory::FetchResult;
using wba::test::DirectoryCacheFixture;
using wba::test::good;
using wba::test::key_set;
using wba::test::make_key;

constexpr Time start{seconds(1800000000)};

// FullCache has as many directories as it may, and room for two URLs without one.
class FullCache : public testing::Test, protected DirectoryCacheFixture {
 protected:
  FullCache() : DirectoryCacheFixture(settings()) {
    for (const std::string host : {"a.test", "b.test", "c.test"}) {
      EXPECT_EQ(request(host, true, start), Reason::key_pending);
    }
  }

  static CacheSettings settings() {
    CacheSettings settings;
    settings.limits.directories = 3;
    settings.limits.directories_per_domain = 2;
    settings.limits.unread_urls = 2;
    settings.limits.new_urls_per_minute = 1000;
    settings.limits.new_urls_per_minute_and_domain = 1000;
    return settings;
  }

  // request does what a request of an agent leads to: an answer from the table where it has one
  // that holds, else a fetch, which is counted.
  Reason request(const std::string& host, bool readable, Time now, const std::string& path = "/k") {
    const std::string url = "https://" + host + path;
    if (const auto* directory = known(url)) {
      directory->subject->last_used = now.time_since_epoch().count();
      const auto found = answer(*directory, key_.keyid, now, false);
      if (!found.fetch_due) return found.reason;
    }
    const Reason refused =
        fetch(url, readable ? good(key_set({key_.jwk})) : FetchResult{.status = 404}, now);
    if (refused != Reason::none) return refused;
    ++fetches_;
    return Reason::key_pending;
  }

  const wba::test::TestKey key_ = make_key();
  int fetches_ = 0;
};

// Before failures had room of their own, each of these requests evicted what the one before had
// left, and was a fetch.
TEST_F(FullCache, FailingUrlsAreFetchedOnceUntilTheirRetry) {
  fetches_ = 0;
  for (int i = 0; i < 100; ++i) {
    const Reason expected = i == 0 ? Reason::key_pending : Reason::directory_bad_status;
    EXPECT_EQ(request("x.test", false, start + seconds(1)), expected);
    EXPECT_EQ(request("y.test", false, start + seconds(1)), expected);
  }
  EXPECT_EQ(fetches_, 2);
  EXPECT_EQ(request("x.test", false, start + seconds(60)), Reason::key_pending);
  EXPECT_EQ(fetches_, 3);
}

TEST_F(FullCache, FailingUrlsPushOutEachOtherAndNoDirectory) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(request("x" + std::to_string(i) + ".test", false, start + seconds(i)),
              Reason::key_pending);
  }
  EXPECT_EQ(cache.size(), 3U + 2U);
  for (const std::string host : {"a.test", "b.test", "c.test"}) {
    EXPECT_EQ(request(host, true, start + seconds(60)), Reason::none);
  }
  EXPECT_EQ(request("x49.test", false, start + seconds(49)), Reason::directory_bad_status);
  EXPECT_EQ(request("x1.test", false, start + seconds(49)), Reason::key_pending);
}

TEST_F(FullCache, DirectoryThatIsReadAtLastTakesTheOldestOnesPlace) {
  EXPECT_EQ(request("a.test", true, start + seconds(2)), Reason::none);
  EXPECT_EQ(request("c.test", true, start + seconds(3)), Reason::none);
  EXPECT_EQ(request("x.test", false, start + seconds(4)), Reason::key_pending);
  EXPECT_EQ(cache.size(), 4U);
  EXPECT_EQ(request("x.test", true, start + seconds(60)), Reason::key_pending);
  EXPECT_EQ(cache.size(), 3U);
  fetches_ = 0;
  for (const std::string host : {"a.test", "c.test", "x.test"}) {
    EXPECT_EQ(request(host, true, start + seconds(61)), Reason::none);
  }
  EXPECT_EQ(fetches_, 0);
  EXPECT_EQ(request("b.test", true, start + seconds(61)), Reason::key_pending);
}

// A directory that was read and cannot be fetched any more is held as one that was read.
TEST_F(FullCache, FailingRefreshMovesNothing) {
  EXPECT_EQ(request("x.test", false, start), Reason::key_pending);
  EXPECT_EQ(request("y.test", false, start), Reason::key_pending);
  EXPECT_EQ(request("a.test", false, start + seconds(3590)), Reason::key_pending);
  EXPECT_EQ(request("a.test", false, start + seconds(3591)), Reason::none);
  EXPECT_EQ(cache.size(), 3U + 2U);
}

TEST_F(FullCache, OneDomainHasItsShareOfFailures) {
  CacheSettings many = settings();
  many.limits.unread_urls = 100;
  DirectoryCacheFixture f(many);
  const auto fail = [&](const std::string& host, int number) {
    const std::string url = "https://" + host + "/" + std::to_string(number);
    ASSERT_EQ(f.fetch(url, {.status = 404}, start + seconds(number)), Reason::none);
  };
  for (int i = 0; i < 10; ++i) fail("other" + std::to_string(i) + ".test", i);
  for (int i = 0; i < 50; ++i) fail("x" + std::to_string(i) + ".evil.example", i);
  EXPECT_EQ(f.cache.size(), 10U + 2U);
}

}  // namespace
