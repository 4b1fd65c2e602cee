// Nonces and rates in memory.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <wba/guard/rate_limiter.h>
#include <wba/guard/replay_store.h>

namespace wba::guard {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Now t0 = Now(seconds(1'800'000'000));

TEST(MemoryReplay, ANonceIsFreshOnce) {
  const auto store = make_memory_replay_store({}, t0);
  const ReplayKey key{
      .agent = "https://a.example/", .keyid = "k", .nonce = "n", .owner = "a.example"};
  EXPECT_EQ(store->check_and_record(key, t0 + seconds(60), t0), ReplayAnswer::fresh);
  EXPECT_EQ(store->check_and_record(key, t0 + seconds(60), t0), ReplayAnswer::repeated);
  EXPECT_EQ(store->size(), 1U);
}

TEST(MemoryReplay, TheSameNonceOfAnotherAgentOrKeyIsAnother) {
  const auto store = make_memory_replay_store({}, t0);
  const auto until = t0 + seconds(60);
  EXPECT_EQ(store->check_and_record({"a", "k", "n", "a"}, until, t0), ReplayAnswer::fresh);
  EXPECT_EQ(store->check_and_record({"b", "k", "n", "b"}, until, t0), ReplayAnswer::fresh);
  EXPECT_EQ(store->check_and_record({"a", "l", "n", "a"}, until, t0), ReplayAnswer::fresh);
  // no two triples are one text
  EXPECT_EQ(store->check_and_record({"ak", "", "n", "ak"}, until, t0), ReplayAnswer::fresh);
  EXPECT_EQ(store->check_and_record({"a", "kn", "", "a"}, until, t0), ReplayAnswer::fresh);
}

TEST(MemoryReplay, ANonceIsHeldUntilItsSignatureIsNoLongerGood) {
  const auto store = make_memory_replay_store({}, t0);
  const ReplayKey key{"a", "k", "n", "a"};
  const auto until = t0 + seconds(60);
  EXPECT_EQ(store->check_and_record(key, until, t0), ReplayAnswer::fresh);
  EXPECT_EQ(store->check_and_record(key, until, until - milliseconds(1)), ReplayAnswer::repeated);
  EXPECT_EQ(store->check_and_record(key, until + seconds(1), until), ReplayAnswer::fresh);
}

// A store that drops the oldest to make room can be flushed by whoever wants to replay.
TEST(MemoryReplay, WhatIsStillValidIsNeverDroppedToMakeRoom) {
  const auto store = make_memory_replay_store({.entries = 640, .entries_per_agent = 640}, t0);
  const auto until = t0 + seconds(60);
  ASSERT_EQ(store->check_and_record({"a", "k", "first", "a"}, until, t0), ReplayAnswer::fresh);
  int full = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::string agent = "agent" + std::to_string(i);
    full +=
        store->check_and_record({agent, "k", "n", agent}, until, t0) == ReplayAnswer::full ? 1 : 0;
  }
  EXPECT_GE(full, 5000 - 640);
  EXPECT_LE(store->size(), 640U);
  EXPECT_EQ(store->check_and_record({"a", "k", "first", "a"}, until, t0), ReplayAnswer::repeated);
  // what has expired makes room again
  EXPECT_EQ(store->check_and_record({"b", "k", "n", "b"}, until + seconds(60), until),
            ReplayAnswer::fresh);
}

TEST(MemoryReplay, OneAgentCannotFillItForTheOthers) {
  const auto store = make_memory_replay_store({.entries = 64'000, .entries_per_agent = 640}, t0);
  const auto until = t0 + seconds(60);
  int fresh = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string nonce = std::to_string(i);
    const std::string agent = "https://bot" + std::to_string(i % 20) + ".greedy.example/";
    fresh += store->check_and_record({agent, "k", nonce, "greedy.example"}, until, t0) ==
             ReplayAnswer::fresh;
  }
  EXPECT_LE(fresh, 640);
  for (int i = 0; i < 1000; ++i) {
    const std::string agent = "agent" + std::to_string(i);
    EXPECT_EQ(store->check_and_record({agent, "k", "n", agent}, until, t0), ReplayAnswer::fresh);
  }
}

// The owner of ten domains must not keep all others from being checked.
TEST(MemoryReplay, ManyAgentsTogetherCannotFillItForTheOthers) {
  const auto store = make_memory_replay_store({.entries = 64'000, .entries_per_agent = 6'400}, t0);
  const auto until = t0 + seconds(60);
  for (int i = 0; i < 100'000; ++i) {
    const std::string owner = "greedy" + std::to_string(i % 20) + ".example";
    store->check_and_record({owner, "k", std::to_string(i), owner}, until, t0);
  }
  for (int i = 0; i < 1000; ++i) {
    const std::string owner = "honest" + std::to_string(i % 10) + ".example";
    EXPECT_EQ(store->check_and_record({owner, "k", std::to_string(i), owner}, until, t0),
              ReplayAnswer::fresh);
  }
}

TEST(MemoryReplay, OfManyPresentationsAtOnceOneIsFresh) {
  const auto store = make_memory_replay_store({}, t0);
  std::atomic<int> fresh{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const std::string nonce = std::to_string(i);
        if (store->check_and_record({"a", "k", nonce, "a"}, t0 + seconds(60), t0) ==
            ReplayAnswer::fresh) {
          ++fresh;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(fresh, 500);
}

constexpr RateLimit ten_a_second{.requests = 10, .period = seconds(1), .burst = 3};

TEST(MemoryRate, ABurstPassesAndThenTheRate) {
  const auto rates = make_memory_rate_limiter(1000);
  const auto take = [&](Now now) { return rates->take("l", {"a", "a"}, ten_a_second, now); };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(take(t0).kind, RateAnswer::Kind::within);
  const auto over = take(t0);
  EXPECT_EQ(over.kind, RateAnswer::Kind::over);
  EXPECT_EQ(over.wait, milliseconds(100));
  EXPECT_EQ(take(t0 + milliseconds(99)).kind, RateAnswer::Kind::over);
  EXPECT_EQ(take(t0 + milliseconds(100)).kind, RateAnswer::Kind::within);
  EXPECT_EQ(take(t0 + milliseconds(100)).kind, RateAnswer::Kind::over);
  // full again, and not fuller
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(take(t0 + seconds(100)).kind, RateAnswer::Kind::within);
  }
  EXPECT_EQ(take(t0 + seconds(100)).kind, RateAnswer::Kind::over);
}

TEST(MemoryRate, SubjectsAndLimitsAreCountedApart) {
  const auto rates = make_memory_rate_limiter(1000);
  const RateLimit one{.requests = 1, .period = seconds(60), .burst = 1};
  EXPECT_EQ(rates->take("l", {"a", "a"}, one, t0).kind, RateAnswer::Kind::within);
  EXPECT_EQ(rates->take("l", {"a", "a"}, one, t0).kind, RateAnswer::Kind::over);
  EXPECT_EQ(rates->take("l", {"b", "b"}, one, t0).kind, RateAnswer::Kind::within);
  EXPECT_EQ(rates->take("m", {"a", "a"}, one, t0).kind, RateAnswer::Kind::within);
}

TEST(MemoryRate, AClockThatIsSetBackLocksNobodyOut) {
  const auto rates = make_memory_rate_limiter(1000);
  const RateLimit one{.requests = 1, .period = seconds(60), .burst = 1};
  EXPECT_EQ(rates->take("l", {"a", "a"}, one, t0).kind, RateAnswer::Kind::within);
  const auto earlier = rates->take("l", {"a", "a"}, one, t0 - std::chrono::hours(24));
  EXPECT_EQ(earlier.kind, RateAnswer::Kind::over);
  EXPECT_LE(earlier.wait, seconds(60));
}

TEST(MemoryRate, LookAnswersAsTakeAndCountsNothing) {
  const auto rates = make_memory_rate_limiter(1000);
  const RateLimit one{.requests = 1, .period = seconds(60), .burst = 1};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(rates->look("l", {"a", "a"}, one, t0).kind, RateAnswer::Kind::within);
  }
  EXPECT_EQ(rates->size(), 0U);
  EXPECT_EQ(rates->take("l", {"a", "a"}, one, t0).kind, RateAnswer::Kind::within);
  const auto over = rates->look("l", {"a", "a"}, one, t0 + seconds(20));
  EXPECT_EQ(over.kind, RateAnswer::Kind::over);
  EXPECT_EQ(over.wait, seconds(40));
}

// A flood of new names must not lift the limits of those that are in use, nor have none of its own.
TEST(MemoryRate, AFullStoreForgetsNobodyInUseAndCountsNewcomersByTheirGroup) {
  const auto rates = make_memory_rate_limiter(64);
  const RateLimit five{.requests = 5, .period = std::chrono::hours(1), .burst = 5};
  const auto passes = [&](const std::string& name, const std::string& group, Now now) {
    const auto look = rates->look("l", {name, group}, five, now).kind;
    const auto take = rates->take("l", {name, group}, five, now).kind;
    EXPECT_EQ(look, take);
    return take == RateAnswer::Kind::within;
  };
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(passes("known", "known", t0));
  for (int i = 0; i < 10'000; ++i) passes("flood" + std::to_string(i), "flood", t0);
  EXPECT_EQ(rates->size(), 64U);
  EXPECT_FALSE(passes("known", "known", t0));
  int flood = 0;
  for (int i = 0; i < 1000; ++i) flood += passes("more" + std::to_string(i), "flood", t0) ? 1 : 0;
  EXPECT_EQ(flood, 0);
  int others = 0;
  for (int i = 0; i < 40; ++i) others += passes("other" + std::to_string(i), "other", t0) ? 1 : 0;
  EXPECT_EQ(others, 5);
  // What has filled again makes room.
  EXPECT_TRUE(passes("new", "flood", t0 + std::chrono::hours(2)));
}

}  // namespace
}  // namespace wba::guard
