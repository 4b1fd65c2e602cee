// The daemon as it is run: watched, reloaded and stopped while it is asked, and killed.

#include "forward_auth_daemon.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run_command.h"

namespace wba::forward_auth {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kOpen = "[defaults]\nunsigned = \"allow\"\n";
constexpr std::string_view kClosed = "[defaults]\nunsigned = \"challenge\"\n";

class DaemonTest : public testing::Test {
 protected:
  test::TestFolder folder_;
  Agent agent_;
  Daemon daemon_{folder_.path(), "authd", agent_};
};

TEST_F(DaemonTest, HealthReadinessAndMetricsAreTold) {
  daemon_.write_config(kClosed);
  ASSERT_TRUE(daemon_.start());
  EXPECT_EQ(daemon_.admin("/health"), std::pair(200, std::string("alive\n")));
  EXPECT_EQ(daemon_.admin("/ready"), std::pair(200, std::string("ready\n")));
  EXPECT_EQ(daemon_.admin("/elsewhere").first, 404);

  const auto proxy = daemon_.connect();
  OwnedRequest request;
  EXPECT_EQ(ask(*proxy, request)->status, 403);
  agent_.sign(request, wall_clock());
  EXPECT_EQ(ask(*proxy, request)->status, 200);
  const auto [status, metrics] = daemon_.admin("/metrics");
  EXPECT_EQ(status, 200);
  for (const auto* line :
       {"wba_decisions_total{action=\"challenge\",outcome=\"unsigned\",reason=\"no-signature\"} 1",
        "wba_decisions_total{action=\"pass\",outcome=\"verified\",reason=\"none\"} 1",
        "wba_decision_seconds_count 2", "wba_decision_seconds_bucket{le=\"0.0001\"}",
        "wba_replay_entries 0", "wba_audit_lines_lost 0"}) {
    EXPECT_THAT(metrics, testing::HasSubstr(line));
  }
  EXPECT_EQ(metrics.find("bot.example"), std::string::npos);
}

TEST_F(DaemonTest, AStopSaysSoFirstAndAnswersMeanwhile) {
  daemon_.write_config(kOpen);
  ASSERT_TRUE(daemon_.start({"--drain", "2"}));
  const auto proxy = daemon_.connect();
  EXPECT_FALSE(ask(*proxy, {})->has_header("Connection"));
  ASSERT_EQ(::kill(daemon_.process().pid(), SIGTERM), 0);
  bool drains = false;
  for (int i = 0; i < 100 && !drains; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
    drains = daemon_.admin("/ready") == std::pair(503, std::string("draining\n"));
  }
  ASSERT_TRUE(drains);
  EXPECT_EQ(daemon_.admin("/health").first, 200);
  const auto answer = ask(*proxy, {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->get_header_value("Connection"), "close");
  const int status = daemon_.process().stop();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(daemon_.lines().size(), 2U);
}

// Every answer is that of the one configuration or of the other, and none is missing.
TEST_F(DaemonTest, AReloadUnderLoadLosesNoRequest) {
  daemon_.write_config(kOpen);
  ASSERT_TRUE(daemon_.start());
  std::atomic<bool> done{false};
  std::atomic<int> passed{0};
  std::atomic<int> challenged{0};
  std::atomic<int> others{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const auto proxy = daemon_.connect();
      while (!done) {
        const auto answer = ask(*proxy, {});
        ++(!answer                 ? others
           : answer->status == 200 ? passed
           : answer->status == 403 ? challenged
                                   : others);
      }
    });
  }
  const auto wait_for = [&](const std::atomic<int>& count) {
    const int before = count;
    for (int i = 0; i < 2000 && count == before; ++i) std::this_thread::sleep_for(milliseconds(5));
    return count != before;
  };
  const auto reloads = [&](std::string_view result, int count) {
    const std::string line =
        "wba_reloads_total{result=\"" + std::string(result) + "\"} " + std::to_string(count) + "\n";
    for (int i = 0; i < 1000; ++i) {
      if (daemon_.admin("/metrics").second.find(line) != std::string::npos) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  };
  for (int i = 0; i < 10; ++i) {
    daemon_.write_config(i % 2 == 0 ? kClosed : kOpen);
    ::kill(daemon_.process().pid(), SIGHUP);
    EXPECT_TRUE(reloads("accepted", i + 1)) << i;
    EXPECT_TRUE(wait_for(i % 2 == 0 ? challenged : passed)) << i;
  }
  // What is no configuration leaves the last one in place; so does what cannot change.
  for (const auto* bad : {"[defaults]\nunsigned = \"maybe\"\n",
                          "[replay]\nentries = 5\n[defaults]\nunsigned = \"challenge\"\n"}) {
    daemon_.write_config(bad);
    ::kill(daemon_.process().pid(), SIGHUP);
    EXPECT_TRUE(wait_for(passed));
  }
  done = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(others, 0);
  EXPECT_THAT(daemon_.admin("/metrics").second,
              testing::HasSubstr("wba_reloads_total{result=\"accepted\"} 10"));
  EXPECT_EQ(ask(*daemon_.connect(), {})->status, 200);
  EXPECT_EQ(daemon_.lines().size(), static_cast<std::size_t>(passed + challenged + 1));
}

// The agent's key earns a table by use, unless the daemon is told otherwise.
TEST_F(DaemonTest, PreparedKeysCanBeShadowedAndTurnedOff) {
  daemon_.write_config(kClosed);
  const auto tables_after_use = [&](int wanted) {
    OwnedRequest request;
    agent_.sign(request, wall_clock());
    const auto proxy = daemon_.connect();
    const std::string line = "wba_prepared_keys " + std::to_string(wanted) + "\n";
    for (int i = 0; i < 100; ++i) EXPECT_EQ(ask(*proxy, request)->status, 200);
    // A table takes some milliseconds, on a thread of its own.
    for (int i = 0; i < 500; ++i) {
      if (daemon_.admin("/metrics").second.find(line) != std::string::npos) break;
      std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_EQ(ask(*proxy, request)->status, 200);
    return daemon_.admin("/metrics").second;
  };
  ASSERT_TRUE(daemon_.start());
  EXPECT_THAT(tables_after_use(1), testing::HasSubstr("wba_prepared_keys 1\n"));
  daemon_.process().stop();
  ASSERT_TRUE(daemon_.start({"--prepared-keys", "shadow"}));
  EXPECT_THAT(tables_after_use(1),
              testing::AllOf(testing::HasSubstr("wba_prepared_keys 1\n"),
                             testing::HasSubstr("wba_prepared_key_differences 0\n")));
  daemon_.process().stop();
  ASSERT_EQ(::setenv("WBA_PREPARED_KEYS", "off", 1), 0);
  const bool started = daemon_.start();
  ::unsetenv("WBA_PREPARED_KEYS");
  ASSERT_TRUE(started);
  EXPECT_THAT(tables_after_use(0), testing::HasSubstr("wba_prepared_keys 0\n"));
  daemon_.process().stop();
  const auto refused =
      test::run_command({WBA_AUTHD, "--config", daemon_.config_file().string(), "--headers",
                         "original", "--check", "--prepared-keys", "maybe"});
  EXPECT_NE(refused.status, 0);
  EXPECT_THAT(refused.err, testing::HasSubstr("--prepared-keys"));
}

// WBA_KILL_ROUNDS asks for more.
TEST_F(DaemonTest, KilledAtAnyMomentItLosesNoLineOfWhatItAnswered) {
  const char* wanted = std::getenv("WBA_KILL_ROUNDS");
  const int rounds = wanted == nullptr ? 8 : std::clamp(std::atoi(wanted), 1, 10'000);
  std::mt19937 random(20'261'124);
  daemon_.write_config("max_bytes = 65536\nfiles = 1000\n" + std::string(kOpen));
  ASSERT_TRUE(daemon_.start());
  std::set<std::string> answered;
  for (int round = 0; round < rounds; ++round) {
    std::mutex mutex;
    std::vector<std::thread> threads;
    std::atomic<bool> asked{false};
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        const auto proxy = daemon_.connect();
        // It ends when the daemon does.
        while (const auto answer = ask(*proxy, {})) {
          const std::lock_guard lock(mutex);
          answered.insert(answer->get_header_value("X-Agent-Request-Id"));
          asked = true;
        }
      });
    }
    for (int i = 0; i < 2000 && !asked; ++i) std::this_thread::sleep_for(milliseconds(1));
    std::this_thread::sleep_for(
        std::chrono::microseconds(std::uniform_int_distribution<int>(0, 100'000)(random)));
    daemon_.process().stop(SIGKILL);
    for (auto& thread : threads) thread.join();
    ASSERT_TRUE(daemon_.start_again()) << round;
    EXPECT_EQ(ask(*daemon_.connect(), {})->status, 200);
    std::set<std::string> logged;
    for (const auto& line : daemon_.lines()) logged.insert(line.at("request_id"));
    for (const auto& id : answered) ASSERT_TRUE(logged.contains(id)) << id << " in round " << round;
  }
  EXPECT_GE(answered.size(), static_cast<std::size_t>(rounds));
}

TEST_F(DaemonTest, WhatWouldNotWorkIsToldBeforeItRuns) {
  struct Case {
    std::string config;
    std::vector<std::string> more;
    std::string message;
  };
  const std::string log = "[audit]\npath = \"" + daemon_.log_file().string() + "\"\n";
  const std::string trusts =
      "[server]\ntrusted_proxies = \"127.0.0.1\"\nauthorities = \"shop.example\"\n";
  const Case cases[] = {
      {std::string(kOpen), {}, "trusted_proxies is missing"},
      {"[server]\ntrusted_proxies = \"127.0.0.1\"\n" + std::string(kOpen),
       {},
       "authorities = [\"shop.example\", \"*.shop.example\"]"},
      {trusts + "forwarded = \"x-forwarded\"\n" + std::string(kOpen), {}, "forwarded is not for"},
      {trusts + std::string(kOpen) +
           "[[routes]]\nname = \"a\"\npaths = \"/a\"\n"
           "require = { body_digest = true }\n",
       {},
       "bodies are not seen here"},
      {trusts + "[defaults]\nunsigned = \"maybe\"\n", {}, "line 5: [defaults] unsigned"},
      {trusts + std::string(kOpen) + "[audit]\npath = \"/nowhere/audit.log\"\n",
       {},
       "/nowhere/audit.log"},
      {trusts + std::string(kOpen), {"--listen", "localhost:80x"}, "--listen is not ADDRESS:PORT"},
      {trusts + std::string(kOpen), {"--listen", "shop.example:80"}, "no IP address"},
      {trusts + std::string(kOpen),
       {"--directory", "https://a.example/"},
       "--directory is not URL=FILE"},
      {trusts + std::string(kOpen),
       {"--allow-address", "everything"},
       "--allow-address is no range"},
  };
  for (const auto& c : cases) {
    std::ofstream(daemon_.config_file()) << c.config;
    std::vector<std::string> arguments = {WBA_AUTHD,   "--config", daemon_.config_file().string(),
                                          "--headers", "original", "--admin-port",
                                          "0"};
    if (c.more.empty() || c.more[0] != "--listen") {
      arguments.insert(arguments.end(), {"--listen", "127.0.0.1:0"});
    }
    arguments.insert(arguments.end(), c.more.begin(), c.more.end());
    const auto ended = test::run_command(arguments);
    EXPECT_EQ(ended.status, 2) << c.message;
    EXPECT_THAT(ended.err, testing::HasSubstr(c.message));
    EXPECT_EQ(ended.out, "");
  }
}

TEST_F(DaemonTest, ASecondDaemonDoesNotTakeHalfOfTheRequests) {
  daemon_.write_config(kOpen);
  ASSERT_TRUE(daemon_.start());
  const auto ended = test::run_command(
      {WBA_AUTHD, "--config", daemon_.config_file().string(), "--headers", "original", "--listen",
       "127.0.0.1:" + std::to_string(daemon_.port()), "--admin-port", "0"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, testing::HasSubstr("Address already in use"));
}

}  // namespace
}  // namespace wba::forward_auth
