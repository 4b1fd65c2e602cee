// Shared state in a real Redis on loopback.

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <wba/guard/redis.h>

#include "guard_support.h"
#include "support/child_process.h"
#include "support/test_ca.h"

namespace wba::guard {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Now t0 = Now(seconds(1'800'000'000));

class RedisTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::is_installed("redis-server")) GTEST_SKIP() << "redis-server is not installed";
    settings_.port = test::free_port();
    settings_.timeout = milliseconds(2000);
    settings_.retry_after = milliseconds(50);
    start();
  }

  void start(const std::vector<std::string>& more = {}, bool tls = false) {
    std::vector<std::string> arguments = {"redis-server",
                                          "--bind",
                                          "127.0.0.1",
                                          tls ? "--tls-port" : "--port",
                                          std::to_string(settings_.port),
                                          "--save",
                                          "",
                                          "--appendonly",
                                          "no",
                                          "--logfile",
                                          "/dev/null",
                                          "--dir",
                                          folder_.path().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    server_ = test::ChildProcess(arguments);
    ASSERT_TRUE(test::wait_for_port(settings_.port));
  }

  // start_tls starts it again, with a certificate of `ca` for `names` and nothing in clear.
  void start_tls(const test::TestCa& ca, const std::vector<std::string>& names) {
    server_.stop();
    ca.write_server_files(folder_.path(), names);
    const auto file = [&](const char* name) { return (folder_.path() / name).string(); };
    start({"--port", "0", "--tls-auth-clients", "no", "--tls-cert-file", file("certificate.pem"),
           "--tls-key-file", file("key.pem"), "--tls-ca-cert-file", ca.file().string()},
          true);
    settings_.tls = true;
    settings_.ca_file = ca.file();
  }

  // write_password gives a file with a password.
  std::string write_password(mode_t mode) {
    const auto path = (folder_.path() / "password").string();
    std::ofstream(path) << "secret\n";
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  [[nodiscard]] ReplayAnswer ask() const {
    const auto redis = Redis::make(settings_, "");
    if (redis == nullptr) return ReplayAnswer::away;
    return make_redis_replay_store(redis, "shop")
        ->check_and_record({"a", "k", "n", "a"}, t0 + seconds(60), t0);
  }

  // create gives what is wrong with a guard whose nonces are in this server; empty: nothing.
  [[nodiscard]] std::string create(const std::string& redis) const {
    auto config = parse_config(
        "[defaults]\nunsigned = \"challenge\"\nreplay = true\n[replay]\nstore = "
        "\"redis\"\n[redis]\n"
        "timeout = \"2s\"\nport = " +
        std::to_string(settings_.port) + "\n" + redis);
    if (!config) return to_text(config.error());
    const auto guard = Guard::create(test::of_shop(*std::move(config)),
                                     {.resolver = std::make_shared<StaticResolver>()});
    return guard ? "" : to_text(guard.error());
  }

  test::TestFolder folder_;
  RedisSettings settings_;
  test::ChildProcess server_;
};

TEST_F(RedisTest, ANonceIsFreshOnceForAllThatShareAScope) {
  const auto one = make_redis_replay_store(Redis::make(settings_, ""), "shop");
  const auto two = make_redis_replay_store(Redis::make(settings_, ""), "shop");
  const auto elsewhere = make_redis_replay_store(Redis::make(settings_, ""), "blog");
  const ReplayKey key{"https://a.example/", "k", "n", "https://a.example/"};
  EXPECT_EQ(one->check_and_record(key, t0 + seconds(60), t0), ReplayAnswer::fresh);
  EXPECT_EQ(two->check_and_record(key, t0 + seconds(60), t0), ReplayAnswer::repeated);
  EXPECT_EQ(elsewhere->check_and_record(key, t0 + seconds(60), t0), ReplayAnswer::fresh);
}

TEST_F(RedisTest, OfManyPresentationsAtOnceOneIsFresh) {
  const auto one = make_redis_replay_store(Redis::make(settings_, ""), "shop");
  const auto two = make_redis_replay_store(Redis::make(settings_, ""), "shop");
  std::atomic<int> fresh{0};
  std::atomic<int> repeated{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 20; ++t) {
    threads.emplace_back([&, t] {
      const auto& store = t % 2 == 0 ? one : two;
      for (int i = 0; i < 500; ++i) {
        const auto answer = store->check_and_record({"a", "k", "n", "a"}, t0 + seconds(60), t0);
        fresh += answer == ReplayAnswer::fresh ? 1 : 0;
        repeated += answer == ReplayAnswer::repeated ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(repeated, 9999);
}

TEST_F(RedisTest, ANonceGoesWithItsSignature) {
  const auto store = make_redis_replay_store(Redis::make(settings_, ""), "shop");
  const ReplayKey key{"a", "k", "n", "a"};
  EXPECT_EQ(store->check_and_record(key, t0 + milliseconds(1200), t0), ReplayAnswer::fresh);
  EXPECT_EQ(store->check_and_record(key, t0 + milliseconds(1200), t0), ReplayAnswer::repeated);
  std::this_thread::sleep_for(milliseconds(1400));
  EXPECT_EQ(store->check_and_record(key, t0 + milliseconds(1200), t0), ReplayAnswer::fresh);
}

TEST_F(RedisTest, OneAgentCannotFillItForTheOthers) {
  const auto store = make_redis_replay_store(Redis::make(settings_, ""), "shop", 10);
  const auto present = [&](const std::string& agent, const std::string& owner, int nonce) {
    return store->check_and_record({agent, "k", std::to_string(nonce), owner}, t0 + seconds(60),
                                   t0);
  };
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(present("bot" + std::to_string(i), "greedy", i), ReplayAnswer::fresh);
  }
  EXPECT_EQ(present("bot10", "greedy", 10), ReplayAnswer::full);
  EXPECT_EQ(present("bot0", "greedy", 0), ReplayAnswer::repeated);
  EXPECT_EQ(present("honest", "honest", 0), ReplayAnswer::fresh);
}

TEST_F(RedisTest, ANonceThatHasGoneMakesRoomForAnother) {
  const auto store = make_redis_replay_store(Redis::make(settings_, ""), "shop", 2);
  const auto present = [&](const std::string& nonce, milliseconds life) {
    return store->check_and_record({"a", "k", nonce, "a"}, t0 + life, t0);
  };
  EXPECT_EQ(present("short", milliseconds(300)), ReplayAnswer::fresh);
  EXPECT_EQ(present("long", seconds(60)), ReplayAnswer::fresh);
  EXPECT_EQ(present("next", seconds(60)), ReplayAnswer::full);
  std::this_thread::sleep_for(milliseconds(400));
  EXPECT_EQ(present("next", seconds(60)), ReplayAnswer::fresh);
  EXPECT_EQ(present("long", seconds(60)), ReplayAnswer::repeated);
}

// The machine whose clock is ahead records; the other one still takes the signature for good.
TEST_F(RedisTest, ClocksOfTheFleetMayDiffer) {
  const test::Agent agent;
  const std::string toml =
      "[defaults]\nunsigned = \"challenge\"\nreplay = true\n[verify]\nskew = \"0s\"\n[replay]\n"
      "store = \"redis\"\n[redis]\ntimeout = \"2s\"\nport = " +
      std::to_string(settings_.port) + "\n";
  test::GuardUnderTest ahead(toml, {&agent});
  test::GuardUnderTest behind(toml, {&agent});
  test::OwnedRequest request;
  agent.sign(request, test::start_time, {.lifetime = seconds(60)});
  EXPECT_EQ(ahead.decide(request, test::start_time + milliseconds(59'900)).action, Action::pass);
  std::this_thread::sleep_for(milliseconds(1200));
  EXPECT_EQ(behind.decide(request, test::start_time + seconds(56)).record.cause, Cause::replayed);
}

TEST_F(RedisTest, AServerWithoutRoomIsFullAndNotAway) {
  server_.stop();
  start({"--maxmemory", "1"});
  const auto redis = Redis::make(settings_, "");
  const auto store = make_redis_replay_store(redis, "shop");
  const auto rates = make_redis_rate_limiter(redis);
  const RateLimit limit{.requests = 10, .period = seconds(1), .burst = 3};
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(store->check_and_record({"a", "k", "n", "a"}, t0 + seconds(60), t0),
              ReplayAnswer::full);
    EXPECT_EQ(rates->take("l", {"a", "a"}, limit, t0).kind, RateAnswer::Kind::full);
  }
}

TEST_F(RedisTest, AFullStoreForgetsNobodyInUseAndCountsNewcomersByTheirGroup) {
  const auto rates = make_redis_rate_limiter(Redis::make(settings_, ""), 8);
  const RateLimit five{.requests = 5, .period = std::chrono::hours(1), .burst = 5};
  const auto passes = [&](const std::string& name, const std::string& group, Now now) {
    const auto look = rates->look("l", {name, group}, five, now).kind;
    const auto take = rates->take("l", {name, group}, five, now).kind;
    EXPECT_EQ(look, take);
    return take == RateAnswer::Kind::within;
  };
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(passes("known", "known", t0));
  for (int i = 0; i < 50; ++i) passes("flood" + std::to_string(i), "flood", t0);
  EXPECT_FALSE(passes("known", "known", t0));
  int others = 0;
  for (int i = 0; i < 40; ++i) others += passes("other" + std::to_string(i), "other", t0) ? 1 : 0;
  EXPECT_EQ(others, 5);
  EXPECT_TRUE(passes("new", "flood", t0 + std::chrono::hours(2)));
}

TEST_F(RedisTest, RatesAreSharedAndCountAsInMemory) {
  const auto one = make_redis_rate_limiter(Redis::make(settings_, ""));
  const auto two = make_redis_rate_limiter(Redis::make(settings_, ""));
  const auto memory = make_memory_rate_limiter(100);
  const RateLimit limit{.requests = 10, .period = seconds(1), .burst = 3};
  for (int i = 0; i < 40; ++i) {
    const Now now = t0 + milliseconds(37 * i);
    const auto shared = (i % 2 == 0 ? one : two)->take("l", {"a", "a"}, limit, now);
    const auto own = memory->take("l", {"a", "a"}, limit, now);
    EXPECT_EQ(shared.kind, own.kind) << i;
    EXPECT_EQ(shared.wait, own.wait) << i;
  }
}

TEST_F(RedisTest, ARedisThatGoesAwayIsSaidSoAtOnceAndComesBackByItself) {
  const auto redis = Redis::make(settings_, "");
  const auto store = make_redis_replay_store(redis, "shop");
  const auto ask = [&](const std::string& nonce) {
    return store->check_and_record({"a", "k", nonce, "a"}, t0 + seconds(60), t0);
  };
  EXPECT_EQ(ask("1"), ReplayAnswer::fresh);
  server_.stop(SIGKILL);
  EXPECT_EQ(ask("2"), ReplayAnswer::away);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ask("2"), ReplayAnswer::away);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(1));
  EXPECT_GT(redis->failures(), 0U);
  start();
  auto answer = ReplayAnswer::away;
  for (int i = 0; i < 100 && answer == ReplayAnswer::away; ++i) {
    std::this_thread::sleep_for(milliseconds(20));
    answer = ask("3");
  }
  EXPECT_EQ(answer, ReplayAnswer::fresh);
}

// An idle connection that the server closed is no failure: the next command connects again.
TEST_F(RedisTest, ARestartBetweenTwoRequestsIsNotNoticed) {
  const auto redis = Redis::make(settings_, "");
  const auto store = make_redis_replay_store(redis, "shop");
  EXPECT_EQ(store->check_and_record({"a", "k", "1", "a"}, t0 + seconds(60), t0),
            ReplayAnswer::fresh);
  server_.stop();
  start();
  EXPECT_EQ(store->check_and_record({"a", "k", "2", "a"}, t0 + seconds(60), t0),
            ReplayAnswer::fresh);
}

TEST_F(RedisTest, ARedisThatHangsIsWaitedForNoLongerThanTheTimeout) {
  settings_.timeout = milliseconds(50);
  settings_.retry_after = milliseconds(200);
  const auto store = make_redis_replay_store(Redis::make(settings_, ""), "shop");
  const auto ask = [&](const std::string& nonce) {
    return store->check_and_record({"a", "k", nonce, "a"}, t0 + seconds(60), t0);
  };
  EXPECT_EQ(ask("1"), ReplayAnswer::fresh);
  ASSERT_EQ(::kill(server_.pid(), SIGSTOP), 0);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask("2"), ReplayAnswer::away);
  const auto waited = std::chrono::steady_clock::now() - begin;
  ASSERT_EQ(::kill(server_.pid(), SIGCONT), 0);
  EXPECT_LT(waited, seconds(1));
}

// Rates and nonces have one pool: what is wrong with the one must not take the other along.
TEST_F(RedisTest, ACommandThatIsForbiddenLeavesTheOthersAlone) {
  server_.stop();
  start({"--rename-command", "ZCARD", ""});
  settings_.retry_after = std::chrono::minutes(1);
  const auto redis = Redis::make(settings_, "");
  const auto rates = make_redis_rate_limiter(redis);
  const auto store = make_redis_replay_store(redis, "shop");
  const RateLimit limit{.requests = 10, .period = seconds(1), .burst = 3};
  for (const auto* nonce : {"1", "2"}) {
    EXPECT_EQ(rates->take("l", {"a", "a"}, limit, t0).kind, RateAnswer::Kind::away);
    EXPECT_EQ(store->check_and_record({"a", "k", nonce, "a"}, t0 + seconds(60), t0),
              ReplayAnswer::fresh);
  }
  EXPECT_EQ(redis->failures(), 2U);
}

TEST_F(RedisTest, AHostIsFoundByItsName) {
  settings_.host = "localhost";
  const auto store = make_redis_replay_store(Redis::make(settings_, ""), "shop");
  EXPECT_EQ(store->check_and_record({"a", "k", "n", "a"}, t0 + seconds(60), t0),
            ReplayAnswer::fresh);
}

TEST_F(RedisTest, AWrongPasswordIsAFailure) {
  const auto store = make_redis_replay_store(Redis::make(settings_, "not set there"), "shop");
  EXPECT_EQ(store->check_and_record({"a", "k", "n", "a"}, t0 + seconds(60), t0),
            ReplayAnswer::away);
}

TEST_F(RedisTest, TlsNeedsACertificateOfATrustedAuthorityForTheName) {
  const test::TestCa ca;
  const test::TestCa other;
  start_tls(ca, {"redis.test", "127.0.0.1"});
  EXPECT_EQ(ask(), ReplayAnswer::fresh);
  EXPECT_EQ(ask(), ReplayAnswer::repeated);
  settings_.server_name = "redis.test";
  EXPECT_EQ(ask(), ReplayAnswer::repeated);
  settings_.server_name = "another.test";
  EXPECT_EQ(ask(), ReplayAnswer::away);
  settings_.server_name = "127.0.0.2";
  EXPECT_EQ(ask(), ReplayAnswer::away);
  settings_.server_name = {};
  settings_.ca_file = other.file();
  EXPECT_EQ(ask(), ReplayAnswer::away);
  settings_.ca_file = {};
  EXPECT_EQ(ask(), ReplayAnswer::away);
  settings_.ca_file = (folder_.path() / "no such file").string();
  EXPECT_EQ(Redis::make(settings_, ""), nullptr);
}

TEST_F(RedisTest, TlsAndClearTextDoNotMeet) {
  const test::TestCa ca;
  settings_.tls = true;
  settings_.ca_file = ca.file();
  EXPECT_EQ(ask(), ReplayAnswer::away) << "a server in clear text";
  start_tls(ca, {"127.0.0.1"});
  settings_.tls = false;
  EXPECT_EQ(ask(), ReplayAnswer::away) << "a server with TLS";
}

TEST_F(RedisTest, ATlsServerThatRestartsIsNotNoticed) {
  const test::TestCa ca;
  start_tls(ca, {"127.0.0.1"});
  const auto store = make_redis_replay_store(Redis::make(settings_, ""), "shop");
  const auto present = [&](const std::string& nonce) {
    return store->check_and_record({"a", "k", nonce, "a"}, t0 + seconds(60), t0);
  };
  EXPECT_EQ(present("1"), ReplayAnswer::fresh);
  start_tls(ca, {"127.0.0.1"});
  EXPECT_EQ(present("2"), ReplayAnswer::fresh);
}

TEST_F(RedisTest, APolicyThatDropsNoncesIsRefusedAtTheStart) {
  EXPECT_EQ(create(""), "");
  server_.stop();
  start({"--maxmemory-policy", "allkeys-lru"});
  EXPECT_THAT(create(""), testing::HasSubstr("maxmemory-policy is allkeys-lru"));
  // One that is away says nothing, and stops nothing from starting.
  server_.stop();
  EXPECT_EQ(create(""), "");
}

TEST_F(RedisTest, APasswordFileThatOthersCanReadOrWriteIsRefused) {
  server_.stop();
  start({"--requirepass", "secret"});
  for (const mode_t mode : {0600U, 0640U, 0400U}) {
    const auto file = write_password(mode);
    EXPECT_EQ(create("password_file = \"" + file + "\"\n"), "") << mode;
    ASSERT_EQ(::unlink(file.c_str()), 0);
  }
  for (const mode_t mode : {0666U, 0644U, 0602U, 0620U, 0660U}) {
    const auto file = write_password(mode);
    EXPECT_THAT(create("password_file = \"" + file + "\"\n"),
                testing::HasSubstr("can be read or written by other users"))
        << mode;
    ASSERT_EQ(::unlink(file.c_str()), 0);
  }
  EXPECT_THAT(create("password_file = \"/no such file\"\n"), testing::HasSubstr("cannot be read"));
  EXPECT_THAT(create("password_file = \"" + folder_.path().string() + "\"\n"),
              testing::HasSubstr("cannot be read"));
}

TEST_F(RedisTest, TwoGuardsShareOneScope) {
  const test::Agent agent;
  const std::string toml =
      "[defaults]\nunsigned = \"challenge\"\nreplay = true\n[replay]\nstore = \"redis\"\n[redis]\n"
      "timeout = \"2s\"\nretry_after = \"50ms\"\nport = " +
      std::to_string(settings_.port) + "\n";
  test::GuardUnderTest one(toml, {&agent});
  test::GuardUnderTest two(toml, {&agent});
  test::OwnedRequest request;
  agent.sign(request);
  EXPECT_EQ(one.decide(request).action, Action::pass);
  EXPECT_EQ(two.decide(request).record.cause, Cause::replayed);
  // Another guard's start forgets nothing that Redis holds.
  test::GuardUnderTest restarted(toml, {&agent}, {}, test::start_time + seconds(30));
  EXPECT_EQ(restarted.decide(request, test::start_time + seconds(30)).record.cause,
            Cause::replayed);
  server_.stop(SIGKILL);
  test::OwnedRequest next;
  agent.sign(next);
  const auto& away = one.decide(next);
  EXPECT_EQ(away.action, Action::refuse);
  EXPECT_EQ(away.record.cause, Cause::replay_store_away);
  EXPECT_EQ(away.record.replay, ReplayCheck::unchecked);
}

}  // namespace
}  // namespace wba::guard
