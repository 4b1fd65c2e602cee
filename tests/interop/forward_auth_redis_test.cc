// Two daemons that share their nonces in a real Redis, which goes away and comes back meanwhile.

#include <atomic>
#include <map>
#include <ostream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "forward_auth_daemon.h"

namespace wba::forward_auth {
namespace {

using std::chrono::milliseconds;

class SharedNoncesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::is_installed("redis-server")) GTEST_SKIP() << "redis-server is not installed";
    redis_port_ = test::free_port();
    start_redis();
  }

  void start_redis() {
    redis_ = test::ChildProcess({"redis-server", "--bind", "127.0.0.1", "--port",
                                 std::to_string(redis_port_), "--save", "", "--appendonly", "no",
                                 "--logfile", "/dev/null", "--dir", folder_.path().string()});
    ASSERT_TRUE(test::wait_for_port(redis_port_));
  }

  void start_daemons(const std::string& when_away, const std::string& timeout) {
    for (auto* daemon : {&one_, &two_}) {
      daemon->write_config(
          "[defaults]\nunsigned = \"challenge\"\nreplay = true\n[replay]\nstore = \"redis\"\n"
          "when_away = \"" +
          when_away + "\"\n[redis]\nport = " + std::to_string(redis_port_) + "\ntimeout = \"" +
          timeout + "\"\nretry_after = \"50ms\"\n");
      ASSERT_TRUE(daemon->start());
    }
  }

  test::TestFolder folder_;
  Agent agent_;
  std::uint16_t redis_port_ = 0;
  test::ChildProcess redis_;
  Daemon one_{folder_.path(), "one", agent_};
  Daemon two_{folder_.path(), "two", agent_};
};

TEST_F(SharedNoncesTest, OfTenThousandPresentationsAtOnceOnePasses) {
  // Longer than any wait on a busy machine: what Redis is late for would be refused as unchecked.
  ASSERT_NO_FATAL_FAILURE(start_daemons("refuse", "10s"));
  OwnedRequest request;
  agent_.sign(request, wall_clock(), {.lifetime = std::chrono::minutes(5)});
  std::atomic<int> passed{0};
  std::atomic<int> repeated{0};
  std::atomic<int> others{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 20; ++t) {
    threads.emplace_back([&, t] {
      const auto proxy = (t % 2 == 0 ? one_ : two_).connect();
      for (int i = 0; i < 500; ++i) {
        const auto answer = ask(*proxy, request);
        ++(!answer                 ? others
           : answer->status == 200 ? passed
           : answer->status == 429 ? repeated
                                   : others);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(passed, 1);
  EXPECT_EQ(repeated, 9999);
  EXPECT_EQ(others, 0);
}

struct AwayCase {
  std::string when_away;
  int status_away;
};

// PrintTo keeps addresses out of what a failure says.
void PrintTo(const AwayCase& row, std::ostream* out) { *out << row.when_away; }

class RedisAwayTest : public SharedNoncesTest, public testing::WithParamInterface<AwayCase> {};

INSTANTIATE_TEST_SUITE_P(Policies, RedisAwayTest,
                         testing::Values(AwayCase{"refuse", 503}, AwayCase{"pass", 200}),
                         [](const auto& test) { return test.param.when_away; });

// Each request has a nonce of its own. While Redis is there it passes; while it is away it is what
// the policy says, and the record says that replay was not checked.
TEST_P(RedisAwayTest, FollowsThePolicyDuringLoadAndRecoversByItself) {
  ASSERT_NO_FATAL_FAILURE(start_daemons(GetParam().when_away, "2s"));
  std::atomic<bool> done{false};
  std::atomic<int> answers{0};
  std::atomic<int> others{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto proxy = (t % 2 == 0 ? one_ : two_).connect();
      while (!done) {
        OwnedRequest request;
        agent_.sign(request, wall_clock());
        const auto answer = ask(*proxy, request);
        const int status = answer ? answer->status : 0;
        ++answers;
        if (status != 200 && status != GetParam().status_away) ++others;
      }
    });
  }
  const auto watch = [&](std::string_view replay) {
    // Until both have written of a request what it is to be.
    const auto count = [&](const Daemon& daemon) {
      return std::ranges::count_if(daemon.lines(),
                                   [&](const auto& line) { return line.at("replay") == replay; });
    };
    const auto before_one = count(one_);
    const auto before_two = count(two_);
    for (int i = 0; i < 200; ++i) {
      std::this_thread::sleep_for(milliseconds(50));
      if (count(one_) > before_one && count(two_) > before_two) return true;
    }
    return false;
  };
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(watch("fresh")) << round;
    redis_.stop(round == 0 ? SIGKILL : SIGTERM);
    EXPECT_TRUE(watch("unchecked")) << round;
    ASSERT_NO_FATAL_FAILURE(start_redis());
  }
  EXPECT_TRUE(watch("fresh"));
  done = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(others, 0);
  std::size_t lines = 0;
  for (const auto* daemon : {&one_, &two_}) {
    for (const auto& line : daemon->lines()) {
      ++lines;
      const bool fresh = line.at("replay") == "fresh";
      EXPECT_EQ(line.at("outcome"), "verified");
      EXPECT_EQ(line.at("status"), fresh ? 200 : GetParam().status_away) << line;
      EXPECT_EQ(line.at("cause"), fresh ? nlohmann::json() : nlohmann::json("replay-store-away"))
          << line;
    }
  }
  EXPECT_EQ(lines, static_cast<std::size_t>(answers));
}

}  // namespace
}  // namespace wba::forward_auth
