// How many new URLs a resolver takes up, and for whom: without network, thread or clock.

#include <algorithm>
#include <array>
#include <cstdio>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/directory_cache_fixture.h"
#include "support/test_keys.h"

namespace {

using std::chrono::seconds;
using wba::DirectoryLimits;
using wba::Reason;
using wba::Time;
using wba::test::good;
using wba::test::key_set;
using wba::test::make_key;
using Fixture = wba::test::DirectoryCacheFixture;

constexpr Time start{seconds(1800000000)};

// Network fetches what a cache lets in, as the fetcher does: every fetch takes the longest time,
// and fails.
class Network {
 public:
  explicit Network(Fixture& fixture) : fixture_(fixture) {}

  // ask is a request of `client` for an agent at `host` that is new.
  bool ask(const std::string& host, std::string_view client, Time now) {
    const std::string url = "https://" + host + "/k";
    const auto entry = fixture_.cache.admit({url, false}, host, now, false, client);
    if (!entry) return false;
    under_way_.push_back({now + seconds(5), fixture_.cache.begin(**entry)->id});
    return true;
  }

  void end_fetches(Time now) {
    while (!under_way_.empty() && under_way_.front().ends <= now) {
      fixture_.cache.complete(
          {.id = under_way_.front().id, .failure = Reason::directory_unreachable}, now, now, 0.5);
      under_way_.pop_front();
    }
  }

  [[nodiscard]] std::size_t under_way() const { return under_way_.size(); }

 private:
  struct Fetch {
    Time ends;
    std::uint64_t id;
  };
  Fixture& fixture_;
  std::deque<Fetch> under_way_;
};

std::string ipv6(int subnet) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "2001:db8:%x:%x::1", subnet / 65536, subnet % 65536);
  return text.data();
}

std::string ipv4(int first, int number) {
  return std::to_string(first) + ".0." + std::to_string(number / 256 % 256) + "." +
         std::to_string(number % 256);
}

// Requests with made-up hosts need no signature that verifies.
TEST(DirectoryBudget, AFloodOfMadeUpHostsLeavesEveryHonestNewcomerItsFetch) {
  const std::array<std::function<std::string(int)>, 3> floods = {
      [](int) { return std::string("203.0.113.9"); }, ipv6, [](int i) { return ipv4(100, i); }};
  const DirectoryLimits limits;
  for (std::size_t flood = 0; flood < floods.size(); ++flood) {
    Fixture f;
    Network network(f);
    int made_up = 0;
    int refused = 0;
    std::size_t most_under_way = 0;
    for (int second = 0; second < 72; ++second) {
      const Time now = start + seconds(second);
      network.end_fetches(now);
      for (int i = 0; i < 500; ++i, ++made_up) {
        network.ask("no" + std::to_string(made_up) + ".test", floods[flood](made_up), now);
      }
      most_under_way = std::max(most_under_way, network.under_way());
      const std::string honest = "honest" + std::to_string(second) + ".example";
      if (!network.ask(honest, ipv4(1 + second, 0), now)) ++refused;
    }
    EXPECT_EQ(refused, 0) << flood;
    // A quarter of the fetcher's slots is kept for known directories: there is one left of the
    // rest.
    EXPECT_LT(most_under_way, limits.fetches - limits.fetches / 4) << flood;
    EXPECT_LE(f.cache.size(), limits.unread_urls) << flood;
  }
}

// A caller with addresses all over the Internet can keep newcomers out, and no known operator.
TEST(DirectoryBudget, KnownDomainsHaveAPartOfTheirOwn) {
  Fixture f;
  ASSERT_EQ(f.fetch("https://known.example/k", good(key_set({make_key().jwk})), start),
            Reason::none);
  Network network(f);
  int made_up = 0;
  for (int second = 1; second < 120; ++second) {
    const Time now = start + seconds(second);
    network.end_fetches(now);
    for (int i = 0; i < 500; ++i, ++made_up) {
      const std::string client =
          std::to_string(1 + made_up / 256 % 200) + "." + std::to_string(made_up % 256) + ".0.1";
      network.ask("no" + std::to_string(made_up) + ".test", client, now);
    }
    EXPECT_FALSE(network.ask("new" + std::to_string(second) + ".example", "198.51.100.1", now));
    if (second % 10 == 0) {
      EXPECT_TRUE(
          network.ask("bot" + std::to_string(second) + ".known.example", "198.51.100.2", now))
          << second;
    }
  }
}

TEST(DirectoryBudget, AnIpv6NetworkOf64BitsAndAnAddressInEitherFormAreOneClient) {
  const auto share = [](const std::string& one, const std::string& other) {
    wba::directory::CacheSettings settings;
    settings.limits.new_urls_per_minute_and_client = 10;
    Fixture f(settings);
    Network network(f);
    EXPECT_TRUE(network.ask("a.test", one, start));
    return !network.ask("b.test", other, start);
  };
  EXPECT_TRUE(share("192.0.2.1", "192.0.2.1"));
  EXPECT_TRUE(share("192.0.2.1", "::ffff:192.0.2.1"));
  EXPECT_TRUE(share("2001:db8::1", "2001:db8::ffff:2"));
  EXPECT_FALSE(share("192.0.2.1", "192.0.2.2"));
  EXPECT_FALSE(share("2001:db8::1", "2001:db8:0:1::1"));
}

// Behind a proxy that does not name them, all clients would be one.
TEST(DirectoryBudget, AClientThatIsNotKnownHasTheWholeBudget) {
  Fixture f;
  Network network(f);
  int admitted = 0;
  for (int i = 0; i < 1000; ++i) {
    admitted += network.ask("no" + std::to_string(i) + ".test", "", start) ? 1 : 0;
  }
  EXPECT_EQ(admitted, 450);
}

TEST(DirectoryBudget, WhatIsUsedUpComesBackByTheMinute) {
  Fixture f;
  Network network(f);
  int number = 0;
  const auto admitted = [&](Time now) {
    int count = 0;
    for (int i = 0; i < 100; ++i) {
      count += network.ask("no" + std::to_string(++number) + ".test", "192.0.2.1", now) ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(admitted(start), 6);
  EXPECT_EQ(admitted(start + seconds(3)), 3);
  EXPECT_EQ(admitted(start - seconds(100)), 0) << "a clock that is set back gives nothing";
  EXPECT_EQ(admitted(start - seconds(94)), 6);
}

}  // namespace
