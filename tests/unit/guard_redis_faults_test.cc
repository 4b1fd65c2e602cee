// Redis as it is when it is slow, refuses, or moves: a server of the test's own on loopback.

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>

#include <wba/guard/redis.h>

#include "redis_pool.h"
#include "support/child_process.h"

namespace wba::guard {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Now t0 = Now(seconds(1'800'000'000));

// FakeRedis answers whatever it is sent with one reply, in pieces and after a time each.
class FakeRedis {
 public:
  FakeRedis(std::vector<std::string> pieces, milliseconds pause)
      : pieces_(std::move(pieces)), pause_(pause) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, any, size), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    EXPECT_EQ(::getsockname(listener_, any, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;
  ~FakeRedis() {
    done_ = true;
    thread_.join();
    ::close(listener_);
  }

  [[nodiscard]] RedisSettings settings(milliseconds timeout) const {
    return {.port = port_, .timeout = timeout, .retry_after = std::chrono::minutes(1)};
  }
  [[nodiscard]] int commands() const { return commands_; }

 private:
  [[nodiscard]] bool readable(int socket) const {
    pollfd one{.fd = socket, .events = POLLIN, .revents = 0};
    while (!done_) {
      if (::poll(&one, 1, 20) > 0) return true;
    }
    return false;
  }

  void serve() {
    while (readable(listener_)) {
      const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      std::array<char, 4096> octets{};
      // Commands come one by one: each is smaller than this, and waits for its reply.
      while (readable(peer) && ::recv(peer, octets.data(), octets.size(), 0) > 0) {
        ++commands_;
        for (const auto& piece : pieces_) {
          if (!done_) std::this_thread::sleep_for(pause_);
          if (::send(peer, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) break;
        }
      }
      ::close(peer);
    }
  }

  std::vector<std::string> pieces_;
  milliseconds pause_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> done_{false};
  std::atomic<int> commands_{0};
  std::thread thread_;
};

ReplayAnswer ask(const std::shared_ptr<Redis>& redis, std::string_view nonce) {
  return make_redis_replay_store(redis, "shop")
      ->check_and_record({"a", "k", nonce, "a"}, t0 + seconds(60), t0);
}

// AUTH, SELECT and the command, or the parts of one reply, would each have had the time to itself.
TEST(RedisFaults, TheTimeoutIsOfAllStepsTogether) {
  const FakeRedis slow({"+OK\r\n"}, milliseconds(900));
  auto settings = slow.settings(milliseconds(1000));
  settings.database = 1;
  const FakeRedis trickling({":", "1", "\r", "", "\n"}, milliseconds(600));
  for (const auto& redis : {Redis::make(settings, "password"),
                            Redis::make(trickling.settings(milliseconds(1000)), "")}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(ask(redis, "n"), ReplayAnswer::away);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(2000));
  }
}

TEST(RedisFaults, AnErrorForACommandIsNoReasonToLeaveRedisAlone) {
  for (const auto* error : {"-NOPERM no permission\r\n", "-ERR unknown command\r\n"}) {
    const FakeRedis server({error}, milliseconds(0));
    const auto redis = Redis::make(server.settings(seconds(10)), "");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(redis, "n"), ReplayAnswer::away);
    EXPECT_EQ(server.commands(), 3);
    EXPECT_EQ(redis->failures(), 3U);
  }
}

TEST(RedisFaults, AServerThatTakesNothingIsLeftAlone) {
  for (const auto* error :
       {"-LOADING dataset\r\n", "-READONLY replica\r\n", "-MASTERDOWN link\r\n"}) {
    const FakeRedis server({error}, milliseconds(0));
    const auto redis = Redis::make(server.settings(seconds(10)), "");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(redis, "n"), ReplayAnswer::away);
    EXPECT_EQ(server.commands(), 1) << error;
  }
}

// What listens in the place of Redis and agrees to everything has checked nothing.
TEST(RedisFaults, AnAnswerThatIsNotTheScriptsOwnChecksNothing) {
  const RateLimit limit{.requests = 10, .period = seconds(1), .burst = 3};
  for (const auto* reply : {"+OK\r\n", "$2\r\nOK\r\n", "$1\r\n1\r\n", "$-1\r\n", "*0\r\n",
                            "*1\r\n:1\r\n", ":3\r\n", ":-1\r\n", ":4294967297\r\n"}) {
    const FakeRedis server({reply}, milliseconds(0));
    const auto redis = Redis::make(server.settings(seconds(10)), "");
    EXPECT_EQ(ask(redis, "n"), ReplayAnswer::away) << reply;
    if (std::string_view(reply) == ":3\r\n") continue;  // a time to wait
    EXPECT_EQ(make_redis_rate_limiter(redis)->take("l", {"a", "a"}, limit, t0).kind,
              RateAnswer::Kind::away)
        << reply;
  }
}

// AUTH and SELECT are answered OK, and by nothing else.
TEST(RedisFaults, AServerThatDoesNotAcceptThePasswordIsAway) {
  for (const auto* reply : {":1\r\n", "+PONG\r\n", "$2\r\nOK\r\n", "-WRONGPASS no\r\n"}) {
    const FakeRedis server({reply}, milliseconds(0));
    EXPECT_EQ(ask(Redis::make(server.settings(seconds(10)), "password"), "n"), ReplayAnswer::away)
        << reply;
    EXPECT_EQ(server.commands(), 1);
  }
}

// wait_until waits up to ten seconds.
bool wait_until(const std::function<bool()>& holds) {
  for (int i = 0; i < 1000 && !holds(); ++i) std::this_thread::sleep_for(milliseconds(10));
  return holds();
}

// A lookup that hangs holds up no request, and what it finds in the end is used.
TEST(RedisFaults, AHostThatMovedIsFoundAgainBesideTheRequests) {
  const FakeRedis server({":1\r\n"}, milliseconds(0));
  auto settings = server.settings(seconds(10));
  settings.host = "redis.example";
  settings.retry_after = milliseconds(1);
  // The last lookup may outlive the test.
  struct Name {
    std::atomic<int> lookups{0};
    std::atomic<bool> answered{false};
  };
  const auto name = std::make_shared<Name>();
  const auto redis = std::make_shared<RedisPool>(settings, "", [name](const std::string&) {
    // Nobody listens on the first one.
    if (name->lookups++ == 0) return std::vector<std::string>{"127.0.0.2"};
    wait_until([&] { return name->answered.load(); });
    return std::vector<std::string>{"127.0.0.2", "127.0.0.1"};
  });
  EXPECT_EQ(name->lookups, 1);
  EXPECT_EQ(ask(redis, "n"), ReplayAnswer::away);
  EXPECT_TRUE(wait_until([&] { return name->lookups == 2; }));
  EXPECT_EQ(ask(redis, "n"), ReplayAnswer::away);
  EXPECT_EQ(server.commands(), 0);
  name->answered = true;
  EXPECT_TRUE(wait_until([&] { return ask(redis, "n") == ReplayAnswer::fresh; }));
}

TEST(RedisFaults, AnAddressIsNotLookedUp) {
  const FakeRedis server({":1\r\n"}, milliseconds(0));
  const auto redis =
      std::make_shared<RedisPool>(server.settings(seconds(10)), "", [](const std::string&) {
        ADD_FAILURE() << "looked up";
        return std::vector<std::string>{};
      });
  EXPECT_EQ(ask(redis, "n"), ReplayAnswer::fresh);
}

}  // namespace
}  // namespace wba::guard
