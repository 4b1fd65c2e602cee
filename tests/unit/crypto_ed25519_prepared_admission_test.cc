// Which keys get tables, how long they keep them, and that the verdict is the same all the while.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <wba/key.h>
#include <wba/prepared_keys.h>

#include "crypto/ed25519_prepared_slot.h"
#include "crypto/ed25519_prepared_state.h"
#include "crypto/verifying_key.h"
#include "support/allocation_counter.h"
#include "support/prepared_agents.h"

namespace {

using wba::Algorithm;
using wba::PendingVerification;
using wba::PreparedKeyMode;
using wba::PublicKey;
using wba::test::Agent;
using wba::test::compact_table;
using wba::test::full_table;
using wba::test::patience;
using wba::test::PreparedKeys;

TEST_F(PreparedKeys, AKeyEarnsATableByVerifiedUses) {
  const Agent agent(1);
  agent.verify(3);
  settle();
  EXPECT_FALSE(agent.slot().has_table());
  agent.verify(1);
  settle();
  EXPECT_TRUE(agent.slot().has_table());
  EXPECT_TRUE(agent.verify());
  EXPECT_FALSE(agent.verify_changed());
}

TEST_F(PreparedKeys, SignaturesThatFailEarnNothing) {
  const Agent agent(2);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(agent.verify_changed());
  settle();
  EXPECT_FALSE(agent.slot().has_table());
}

TEST_F(PreparedKeys, ATableGoesWithItsKey) {
  const std::size_t before = wba::prepared_key_statistics().bytes;
  {
    const Agent agent(3);
    agent.verify(4);
    settle();
    EXPECT_EQ(wba::prepared_key_statistics().tables, 1U);
    EXPECT_GT(wba::prepared_key_statistics().bytes, before);
  }
  EXPECT_EQ(wba::prepared_key_statistics().tables, 0U);
  EXPECT_EQ(wba::prepared_key_statistics().bytes, before);
}

TEST_F(PreparedKeys, AKeyThatGoesWhileItsTableIsMadeLeavesNone) {
  for (std::uint8_t i = 0; i < 20; ++i) {
    const Agent agent(i);
    wba::prepare_key(*agent.key);
    if (i % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(100 * i));
  }
  settle();
  EXPECT_EQ(wba::prepared_key_statistics().tables, 0U);
  EXPECT_EQ(wba::prepared_key_statistics().bytes, 0U);
}

TEST_F(PreparedKeys, ConfiguredKeysGetTablesAtOnce) {
  const Agent agent(4);
  wba::prepare_key(*agent.key);
  settle();
  EXPECT_TRUE(agent.slot().has_table());
}

TEST_F(PreparedKeys, ThoseThatLibsodiumRefusesGetNoTable) {
  const std::array<std::byte, 32> small_order{};  // y = 0
  const auto key = PublicKey::from_ed25519(small_order);
  ASSERT_TRUE(key);
  wba::prepare_key(*key);
  settle();
  EXPECT_FALSE(key->verifying_key().table_slot()->has_table());
  const std::array<std::byte, 64> signature{};
  EXPECT_FALSE(key->verify(Algorithm::ed25519, "", signature));
}

TEST_F(PreparedKeys, KeysOfOtherTypesAreLeftAsTheyAre) {
  const auto key = wba::PrivateKey::generate(wba::KeyType::ec_p256);
  ASSERT_TRUE(key);
  wba::prepare_key(key->public_key());
  settle();
  EXPECT_EQ(wba::prepared_key_statistics().tables, 0U);
}

TEST_F(PreparedKeys, OffMeansNoTables) {
  const Agent agent(5);
  agent.verify(4);
  settle();
  ASSERT_TRUE(agent.slot().has_table());
  wba::set_prepared_key_options({.mode = PreparedKeyMode::off, .uses_before_table = 4});
  EXPECT_FALSE(agent.slot().has_table());
  agent.verify(100);
  wba::prepare_key(*agent.key);
  settle();
  EXPECT_FALSE(agent.slot().has_table());
  EXPECT_EQ(wba::prepared_key_statistics().bytes, 0U);
}

// corrupt flips bits of a table that is in use: what a broken memory would do.
void corrupt(const Agent& agent) {
  const wba::crypto::TableReading reading;
  const auto* const prepared = wba::crypto::TableReading::table(agent.slot());
  ASSERT_NE(prepared, nullptr);
  // The object was not made const; only those who read it see it so.
  auto& table = const_cast<wba::crypto::prepared::Table&>(prepared->state().table);
  for (std::size_t row = 0; row < table.rows(); ++row)
    for (unsigned i = 1; i <= table.row_size(); ++i) table.corrupt_for_test(row, i);
}

TEST_F(PreparedKeys, InTheShadowLibsodiumsVerdictCountsAndDifferencesAreReported) {
  std::vector<std::byte> reported;
  wba::set_prepared_key_options({.mode = PreparedKeyMode::shadow,
                                 .uses_before_table = 4,
                                 .on_difference = [&reported](std::span<const std::byte> key) {
                                   reported.assign(key.begin(), key.end());
                                 }});
  const Agent agent(6);
  agent.verify(4);
  settle();
  ASSERT_TRUE(agent.slot().has_table());
  EXPECT_TRUE(agent.verify());
  EXPECT_FALSE(agent.verify_changed());
  EXPECT_TRUE(reported.empty());

  corrupt(agent);
  const std::uint64_t before = wba::prepared_key_statistics().differences;
  EXPECT_TRUE(agent.verify());
  EXPECT_EQ(wba::prepared_key_statistics().differences, before + 1);
  EXPECT_TRUE(std::ranges::equal(reported, agent.slot().octets()));
  // And the table is gone for good.
  agent.verify(20);
  settle();
  EXPECT_FALSE(agent.slot().has_table());
}

TEST_F(PreparedKeys, WhoIsToldOfADifferenceMayWaitForTables) {
  for (const bool together : {false, true}) {
    int waited = 0;
    wba::set_prepared_key_options(
        {.mode = PreparedKeyMode::shadow, .on_difference = [&waited](std::span<const std::byte>) {
           if (wba::wait_for_prepared_keys(std::chrono::seconds(5))) ++waited;
         }});
    const Agent wrong(6);
    const Agent right(7);
    const Agent without_table(8);
    wba::prepare_key(*wrong.key);
    wba::prepare_key(*right.key);
    settle();
    corrupt(wrong);
    if (together) {
      std::array<PendingVerification, 4> pending = {
          PendingVerification{&*without_table.key, without_table.message, without_table.proof()},
          {&*wrong.key, wrong.message, wrong.proof()},
          {&*right.key, right.message, right.proof()},
          {&*without_table.key, wrong.message, without_table.proof().first(63)}};
      wba::verify_ed25519_many(pending);
      EXPECT_TRUE(pending[0].verified && pending[1].verified && pending[2].verified);
      EXPECT_FALSE(pending[3].verified);
    } else {
      EXPECT_TRUE(wrong.verify());
    }
    EXPECT_EQ(waited, 1);
    EXPECT_FALSE(wrong.slot().has_table());
    EXPECT_TRUE(right.slot().has_table());
  }
}

TEST_F(PreparedKeys, WithoutTheShadowATableIsTrusted) {
  const Agent agent(7);
  agent.verify(4);
  settle();
  corrupt(agent);
  EXPECT_FALSE(agent.verify());  // so the previous test would fail if libsodium had not been asked
}

TEST_F(PreparedKeys, ManyAtOnceGivesEachItsOwnAnswer) {
  std::vector<std::unique_ptr<Agent>> agents;
  for (std::uint8_t i = 0; i < 30; ++i) {
    agents.push_back(std::make_unique<Agent>(i, "message " + std::to_string(i)));
    if (i % 3 != 0) wba::prepare_key(*agents.back()->key);
  }
  const auto other = wba::PrivateKey::generate(wba::KeyType::ec_p256);
  ASSERT_TRUE(other);
  settle();
  for (const PreparedKeyMode mode :
       {PreparedKeyMode::on, PreparedKeyMode::shadow, PreparedKeyMode::off}) {
    wba::set_prepared_key_options({.mode = mode});
    std::vector<PendingVerification> pending;
    std::vector<bool> expected;
    for (std::size_t i = 0; i < agents.size(); ++i) {
      const Agent& agent = *agents[i];
      pending.push_back({&*agent.key, agent.message, agent.proof(), i % 2 == 0});
      expected.push_back(true);
      pending.push_back({&*agent.key, agents[(i + 1) % 30]->message, agent.proof(), true});
      expected.push_back(false);
    }
    pending.push_back({&*agents[0]->key, agents[0]->message, agents[0]->proof().first(63), true});
    expected.push_back(false);
    pending.push_back({&*agents[1]->key, agents[1]->message, {}, true});
    expected.push_back(false);
    pending.push_back({&other->public_key(), agents[0]->message, agents[0]->proof(), true});
    expected.push_back(false);
    wba::verify_ed25519_many(pending);
    for (std::size_t i = 0; i < pending.size(); ++i)
      EXPECT_EQ(pending[i].verified, expected[i]) << i;
  }
  wba::verify_ed25519_many({});
}

TEST_F(PreparedKeys, VerifyingAllocatesNothingWhileATableIsEarned) {
  const Agent agent(8);
  std::array<PendingVerification, 9> pending = {
      PendingVerification{&*agent.key, agent.message, agent.proof()},
      {&*agent.key, agent.message, agent.proof()},
      {&*agent.key, agent.message, agent.proof()},
      {&*agent.key, agent.message, agent.proof()},
      {&*agent.key, agent.message, agent.proof()},
      {&*agent.key, agent.message, agent.proof()},
      {&*agent.key, agent.message, agent.proof()},
      {&*agent.key, agent.message, agent.proof()},
      {&*agent.key, agent.message, agent.proof()}};
  const std::size_t before = wba::test::allocation_count();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(agent.verify());
  wba::verify_ed25519_many(pending);
  EXPECT_EQ(wba::test::allocation_count(), before);
  settle();
  wba::verify_ed25519_many(pending);
  EXPECT_TRUE(agent.verify());
  EXPECT_TRUE(pending[8].verified);
}

TEST_F(PreparedKeys, VerdictsHoldWhileTablesComeAndGo) {
  std::vector<std::unique_ptr<Agent>> agents;
  for (std::uint8_t i = 0; i < 12; ++i) agents.push_back(std::make_unique<Agent>(i));
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = t; !stop.load(); ++i) {
        const Agent& agent = *agents[i % agents.size()];
        if (!agent.verify() || agent.verify_changed()) ++wrong;
        std::array<PendingVerification, 8> pending = {
            PendingVerification{&*agent.key, agent.message, agent.proof()},
            {&*agents[0]->key, agents[0]->message, agents[0]->proof()},
            {&*agents[1]->key, agents[1]->message, agents[1]->proof()},
            {&*agents[2]->key, agents[2]->message, agents[2]->proof()},
            {&*agents[3]->key, agents[3]->message, agents[3]->proof()},
            {&*agents[4]->key, agents[4]->message, agents[4]->proof()},
            {&*agents[5]->key, agents[5]->message, agents[5]->proof()},
            {&*agents[6]->key, agents[6]->message, agents[6]->proof()}};
        wba::verify_ed25519_many(pending);
        for (const PendingVerification& one : pending)
          if (!one.verified) ++wrong;
      }
    });
  for (int round = 0; round < 30; ++round) {
    const Agent passing(static_cast<std::uint8_t>(100 + round));
    wba::set_prepared_key_options(
        {.mode = round % 5 == 4 ? PreparedKeyMode::off : PreparedKeyMode::on,
         .uses_before_table = 2,
         .memory = round % 2 == 0 ? 3 * compact_table : 8 * full_table});
    passing.verify(3);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST_F(PreparedKeys, ThePathIsSetByName) {
  EXPECT_TRUE(wba::set_ed25519_path("portable"));
  EXPECT_EQ(wba::ed25519_path(), "portable");
  const auto unknown = wba::set_ed25519_path("fast");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, wba::ErrorCode::argument_invalid);
  EXPECT_EQ(wba::ed25519_path(), "portable");
  EXPECT_TRUE(wba::set_ed25519_path("libsodium"));
  EXPECT_EQ(wba::ed25519_path(), "libsodium");
  EXPECT_TRUE(wba::set_ed25519_path(""));
}

}  // namespace
