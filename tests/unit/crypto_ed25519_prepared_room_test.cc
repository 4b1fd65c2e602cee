// How much memory tables take, and which of them give way.

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include <wba/prepared_keys.h>

#include "crypto/ed25519_prepared_admission.h"
#include "crypto/ed25519_prepared_rules.h"
#include "support/prepared_agents.h"

namespace {

using wba::PendingVerification;
using wba::crypto::TableAdmission;
using wba::test::Agent;
using wba::test::compact_table;
using wba::test::full_table;
using wba::test::PreparedKeys;
using wba::test::Several;

TEST_F(PreparedKeys, MemoryStaysWithinItsBound) {
  constexpr std::size_t memory = 4 * full_table;
  wba::set_prepared_key_options({.uses_before_table = 4, .memory = memory});
  const auto before = wba::prepared_key_statistics();
  std::vector<std::unique_ptr<Agent>> agents;
  for (std::uint8_t i = 0; i < 40; ++i) {
    agents.push_back(std::make_unique<Agent>(i));
    agents.back()->verify(4);
    settle();
    EXPECT_LE(wba::prepared_key_statistics().bytes, memory);
  }
  // The first ones full, those after them compact, for as long as there was room.
  const auto statistics = wba::prepared_key_statistics();
  EXPECT_GT(statistics.tables, 6U);
  EXPECT_LE(statistics.tables, 3 + full_table / compact_table + 8);
  EXPECT_EQ(statistics.evicted, before.evicted);
  EXPECT_EQ(statistics.without_room - before.without_room, 40 - statistics.tables);
  for (const auto& agent : agents) {
    EXPECT_TRUE(agent->verify());
    EXPECT_FALSE(agent->verify_changed());
  }
}

TEST_F(PreparedKeys, ATableThatIsBeingBuiltStaysWithinANewBound) {
  for (const std::size_t memory : {std::size_t{0}, compact_table + compact_table / 2}) {
    bool met = false;
    for (int round = 0; round < 10 && !met; ++round) {
      wba::set_prepared_key_options({});
      const Several several;
      met = several.being_built();
      wba::set_prepared_key_options({.memory = memory});
      settle();
      EXPECT_LE(wba::prepared_key_statistics().bytes, memory);
      EXPECT_EQ(wba::prepared_key_statistics().tables, memory / compact_table);
    }
    EXPECT_TRUE(met);
  }
}

TEST_F(PreparedKeys, ATableThatIsBeingBuiltIsNotUsedOnceItsKeyIsBarred) {
  bool met = false;
  for (int round = 0; round < 10 && !met; ++round) {
    const Several several;
    met = several.being_built();
    for (const Agent& agent : several.agents) TableAdmission::instance().bar(agent.slot());
    settle();
    for (const Agent& agent : several.agents) EXPECT_FALSE(agent.slot().has_table());
    EXPECT_EQ(wba::prepared_key_statistics().bytes, 0U);
  }
  EXPECT_TRUE(met);
}

TEST_F(PreparedKeys, ATableThatIsUsedLessGivesWay) {
  // Room for one compact table.
  constexpr std::size_t memory = compact_table + compact_table / 2;
  wba::set_prepared_key_options({.uses_before_table = 4, .memory = memory});
  const Agent used_little(1);
  used_little.verify(4);
  settle();
  ASSERT_TRUE(used_little.slot().has_table());
  // One that has to be used eight times before it gets a table was used more.
  wba::set_prepared_key_options({.uses_before_table = 8, .memory = memory});
  const Agent used_more(2);
  const std::uint64_t evicted = wba::prepared_key_statistics().evicted;
  used_more.verify(8);
  settle();
  EXPECT_FALSE(used_little.slot().has_table());
  EXPECT_TRUE(used_more.slot().has_table());
  EXPECT_EQ(wba::prepared_key_statistics().evicted, evicted + 1);
  EXPECT_TRUE(used_little.verify());
}

TEST_F(PreparedKeys, ATableThatIsUsedMoreStays) {
  constexpr std::size_t memory = compact_table + compact_table / 2;
  wba::set_prepared_key_options({.uses_before_table = 4, .memory = memory});
  const Agent used_much(1);
  used_much.verify(4);
  settle();
  used_much.verify(100);
  const Agent newcomer(2);
  newcomer.verify(8);
  settle();
  EXPECT_TRUE(used_much.slot().has_table());
  EXPECT_FALSE(newcomer.slot().has_table());
  EXPECT_GT(wba::prepared_key_statistics().without_room, 0U);
}

TEST_F(PreparedKeys, TheBusiestTableStaysHoweverLongNothingGaveWay) {
  // Room for two compact tables.
  constexpr std::size_t memory = 2 * compact_table + compact_table / 2;
  for (const auto time : {std::chrono::seconds(130), std::chrono::seconds(600)}) {
    wba::set_prepared_key_options({.uses_before_table = 64, .memory = memory});
    const Agent hot(1);
    hot.verify(64);
    settle();
    const Agent idle(2);
    idle.verify(64);
    settle();
    ASSERT_TRUE(hot.slot().has_table() && idle.slot().has_table());
    pass(time);
    hot.verify(3000);
    const Agent newcomer(3);
    newcomer.verify(64);
    settle();
    EXPECT_TRUE(hot.slot().has_table());
    EXPECT_FALSE(idle.slot().has_table());
    EXPECT_TRUE(newcomer.slot().has_table());
  }
}

TEST_F(PreparedKeys, OfTablesThatAllFadedTheOneUnusedForLongestGivesWay) {
  constexpr std::size_t memory = 2 * compact_table + compact_table / 2;
  wba::set_prepared_key_options({.uses_before_table = 4, .memory = memory});
  const Agent first(1);
  first.verify(4);
  settle();
  const Agent second(2);
  second.verify(4);
  settle();
  pass(std::chrono::minutes(10));
  first.verify(400);
  pass(std::chrono::minutes(10));
  const Agent newcomer(3);
  newcomer.verify(4);
  settle();
  EXPECT_TRUE(first.slot().has_table());
  EXPECT_FALSE(second.slot().has_table());
  EXPECT_TRUE(newcomer.slot().has_table());
}

TEST_F(PreparedKeys, KeysThatTakeTurnsAreAllCounted) {
  // As many as the uses of which one is counted, one by one and together. There is room for as many
  // and no more.
  constexpr std::size_t memory = 2 * full_table + 14 * compact_table + compact_table / 2;
  for (const bool together : {false, true}) {
    wba::set_prepared_key_options({.uses_before_table = 4, .memory = memory});
    std::deque<Agent> agents;
    std::vector<PendingVerification> pending;
    while (agents.size() < 16) {
      const Agent& agent = agents.emplace_back(static_cast<std::uint8_t>(agents.size()));
      pending.push_back({&*agent.key, agent.message, agent.proof()});
      agent.verify(4);
      settle();
    }
    ASSERT_EQ(wba::prepared_key_statistics().tables, agents.size());
    pass(std::chrono::minutes(10));
    for (int round = 0; round < 500; ++round) {
      if (together) {
        wba::verify_ed25519_many(pending);
      } else {
        for (const Agent& agent : agents) ASSERT_TRUE(agent.verify());
      }
    }
    const Agent newcomer(100);
    newcomer.verify(4);
    settle();
    EXPECT_FALSE(newcomer.slot().has_table());
    for (const Agent& agent : agents) EXPECT_TRUE(agent.slot().has_table());
  }
}

TEST(PreparedRules, LateUsesHalveAtTheEndOfEachHalfLife) {
  using wba::crypto::LateUses;
  constexpr LateUses uses{7, 100};
  EXPECT_EQ(uses.left(7), 100U);
  EXPECT_EQ(uses.left(8), 50U);
  EXPECT_EQ(uses.left(10), 12U);
  EXPECT_EQ(uses.left(7 + 31), 0U);
  EXPECT_EQ(uses.left(7 + 32), 0U);
  EXPECT_EQ(uses.left(6), 100U);  // another thread's clock was read first
  EXPECT_EQ(uses.plus(16, 8).count, 66U);
  EXPECT_EQ(uses.plus(16, 8).period, 8U);
  EXPECT_EQ(uses.plus(16, 6).count, 116U);
  EXPECT_EQ(uses.plus(16, 6).period, 7U);
  EXPECT_EQ((LateUses{7, 0xffffffff}).plus(16, 7).count, 0xffffffffU);
}

TEST(PreparedRules, OneUseInSixteenIsCountedInThreadsOfOneUseToo) {
  using wba::crypto::UseSampling;
  UseSampling one(0);
  int of_one = 0;
  int of_many = 0;
  for (std::uint32_t thread = 0; thread < 160'000; ++thread) {
    if (one.counts()) ++of_one;
    if (UseSampling(thread).counts()) ++of_many;
  }
  EXPECT_NEAR(of_one, 10'000, 400);
  EXPECT_NEAR(of_many, 10'000, 400);
}

}  // namespace
