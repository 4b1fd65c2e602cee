// Which keys get tables, how long they keep them, and that the verdict is the same all the while.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/wait.h>
#include <unistd.h>

#include <wba/key.h>
#include <wba/prepared_keys.h>

#include "crypto/ed25519_prepared_admission.h"
#include "crypto/ed25519_prepared_slot.h"
#include "crypto/ed25519_prepared_state.h"
#include "crypto/verifying_key.h"
#include "support/allocation_counter.h"

namespace {

using wba::Algorithm;
using wba::PendingVerification;
using wba::PreparedKeyMode;
using wba::PreparedKeyOptions;
using wba::PublicKey;
using wba::crypto::TableAdmission;

constexpr std::chrono::seconds patience{60};
constexpr std::size_t full_table = 32 * 128 * 128;
constexpr std::size_t compact_table = 64 * 8 * 128;

struct Agent {
  explicit Agent(std::uint8_t number, std::string_view text = "\"@authority\": example.com")
      : message(text) {
    std::array<std::uint8_t, crypto_sign_SEEDBYTES> seed{};
    std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> octets;
    std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret;
    seed[0] = number;
    crypto_sign_seed_keypair(octets.data(), secret.data(), seed.data());
    crypto_sign_detached(signature.data(), nullptr,
                         reinterpret_cast<const std::uint8_t*>(message.data()), message.size(),
                         secret.data());
    key.emplace(*PublicKey::from_ed25519(std::as_bytes(std::span(octets))));
  }

  [[nodiscard]] std::span<const std::byte> proof() const {
    return std::as_bytes(std::span(signature));
  }
  [[nodiscard]] bool verify() const {
    return key->verify(Algorithm::ed25519, message, proof()).has_value();
  }
  [[nodiscard]] bool verify_changed() const {
    auto changed = signature;
    changed[40] ^= 1;
    return key->verify(Algorithm::ed25519, message, std::as_bytes(std::span(changed))).has_value();
  }
  void verify(int times) const {
    for (int i = 0; i < times; ++i) ASSERT_TRUE(verify());
  }
  [[nodiscard]] const wba::crypto::TableSlot& slot() const {
    return *key->verifying_key().table_slot();
  }

  std::string message;
  std::array<std::uint8_t, crypto_sign_BYTES> signature;
  std::optional<PublicKey> key;
};

class PreparedKeys : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_GE(sodium_init(), 0);
    wba::set_prepared_key_options({.uses_before_table = 4});
    pass({});
    settle();
  }
  void TearDown() override {
    wba::set_prepared_key_options({});
    TableAdmission::instance().set_period_for_test(std::nullopt);
  }

  // Time stands still but for this.
  void pass(std::chrono::seconds time) {
    period_ += static_cast<std::uint32_t>(time / wba::crypto::use_half_life);
    TableAdmission::instance().set_period_for_test(period_);
  }

  static void settle() { ASSERT_TRUE(wba::wait_for_prepared_keys(patience)); }

 private:
  std::uint32_t period_ = 0;
};

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

TEST_F(PreparedKeys, MemoryStaysWithinItsBound) {
  constexpr std::size_t memory = 4 * full_table;
  wba::set_prepared_key_options({.uses_before_table = 4, .memory = memory});
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
  EXPECT_EQ(statistics.evicted, 0U);
  EXPECT_EQ(statistics.without_room, 40 - statistics.tables);
  for (const auto& agent : agents) {
    EXPECT_TRUE(agent->verify());
    EXPECT_FALSE(agent->verify_changed());
  }
}

// Several are keys whose tables are asked for together.
struct Several {
  Several() {
    for (std::uint8_t i = 0; i < 16; ++i) agents.emplace_back(static_cast<std::uint8_t>(50 + i));
    for (const Agent& agent : agents) wba::prepare_key(*agent.key);
  }
  // being_built waits until some stand. While others do not, one is being built: from one build to
  // the next the admission holds its lock.
  [[nodiscard]] bool being_built() const {
    const auto end = std::chrono::steady_clock::now() + patience;
    std::size_t tables = 0;
    while (tables == 0 && std::chrono::steady_clock::now() < end)
      tables = wba::prepared_key_statistics().tables;
    return tables > 0 && tables < agents.size();
  }
  std::deque<Agent> agents;
};

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

#if defined(__SANITIZE_THREAD__)
// By default it ends a process that forked while it had threads, once it starts another.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options() {
  return "die_after_fork=0";
}
#endif

// status_of_child forks and gives the exit status of what the child does; 0 is well, and one that
// hangs is ended by a signal.
int status_of_child(const std::function<int()>& child) {
  const pid_t process = fork();
  if (process == 0) {
    alarm(30);
    _exit(child());
  }
  int status = -1;
  EXPECT_EQ(waitpid(process, &status, 0), process);
  return status;
}

TEST_F(PreparedKeys, AForkedProcessBuildsItsOwnTables) {
  const Agent agent(9);
  agent.verify(4);
  settle();  // the thread runs, and waits
  EXPECT_EQ(status_of_child([&agent] {
              if (!agent.slot().has_table() || !agent.verify()) return 1;
              // More than one, each asked for while the child's own thread waits.
              for (std::uint8_t number = 10; number < 13; ++number) {
                const Agent of_child(number);
                for (int i = 0; i < 4; ++i)
                  if (!of_child.verify()) return 2;
                if (!wba::wait_for_prepared_keys(patience)) return 3;
                if (!of_child.slot().has_table()) return 4;
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
              }
              return 0;
            }),
            0);
}

TEST_F(PreparedKeys, AForkedProcessDoesNotWaitForReadersOfItsParent) {
  const Agent agent(9);
  agent.verify(4);
  settle();
  const wba::crypto::TableReading reading;  // of a thread that the child does not have
  int status = -1;
  std::thread forks([&status] {
    status = status_of_child([] {
      wba::set_prepared_key_options({.mode = PreparedKeyMode::off});
      if (!wba::wait_for_prepared_keys(std::chrono::seconds(10))) return 1;
      return wba::prepared_key_statistics().bytes == 0 ? 0 : 2;
    });
  });
  forks.join();
  EXPECT_EQ(status, 0);
}

TEST_F(PreparedKeys, AForkedProcessBuildsWhatWasBeingBuilt) {
  constexpr int met = 40;  // the exit status where the fork came during a build
  int status = 0;
  for (int round = 0; round < 10 && WEXITSTATUS(status) != met; ++round) {
    const Several several;
    static_cast<void>(several.being_built());
    status = status_of_child([&several] {
      const auto at_first = wba::prepared_key_statistics();
      if (at_first.tables == 0) return 1;
      if (!wba::wait_for_prepared_keys(patience)) return 2;
      const auto at_last = wba::prepared_key_statistics();
      if (at_last.tables != several.agents.size()) return 3;
      // All are of one size.
      if (at_first.bytes * at_last.tables != at_last.bytes * at_first.tables) return 4;
      for (const Agent& agent : several.agents)
        if (!agent.slot().has_table() || !agent.verify()) return 5;
      return at_first.tables < at_last.tables ? met : 0;
    });
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_TRUE(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == met) << WEXITSTATUS(status);
    settle();
  }
  EXPECT_EQ(WEXITSTATUS(status), met);
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
