// The daemon short of what the system gives it: it goes on with what it has, and says so.

#include <cerrno>
#include <list>
#include <thread>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "forward_auth_daemon.h"
#include "support/run_command.h"

namespace wba::forward_auth {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kOpen = "[defaults]\nunsigned = \"allow\"\n";

class OperatorTest : public testing::Test {
 protected:
  // tells says whether the metrics come to hold `line` within ten seconds.
  [[nodiscard]] bool tells(std::string_view line) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < until) {
      if (daemon_.admin("/metrics").second.find(line) != std::string::npos) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }

  test::TestFolder folder_;
  Agent agent_;
  Daemon daemon_{folder_.path(), "authd", agent_};
};

// Connections on which nothing is said, as idle ones of a proxy are.
class SilentConnections {
 public:
  SilentConnections(std::uint16_t port, int count) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < count; ++i) {
      const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
      sockets_.push_back(socket);
    }
  }
  SilentConnections(const SilentConnections&) = delete;
  SilentConnections& operator=(const SilentConnections&) = delete;
  ~SilentConnections() {
    for (const int socket : sockets_) ::close(socket);
  }

 private:
  std::vector<int> sockets_;
};

TEST_F(OperatorTest, OutOfDescriptorsItIsStillWatchedAndComesBackByItself) {
  daemon_.write_config(kOpen);
  daemon_.limit("-n 40");
  ASSERT_TRUE(daemon_.start());
  const auto kept = daemon_.connect();
  ASSERT_TRUE(ask(*kept, {}));
  {
    const SilentConnections silent(daemon_.port(), 60);
    const auto paused = [&] {
      const auto metrics = daemon_.admin("/metrics").second;
      return metrics.find("wba_accept_pauses ") != std::string::npos &&
             metrics.find("wba_accept_pauses 0\n") == std::string::npos;
    };
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    bool has_paused = paused();
    while (!has_paused && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(milliseconds(10));
      has_paused = paused();
    }
    EXPECT_TRUE(has_paused);
    // Long enough for many tries to accept what cannot be accepted.
    std::this_thread::sleep_for(milliseconds(500));
    EXPECT_EQ(daemon_.admin("/health"), std::pair(200, std::string("alive\n")));
    const auto answer = ask(*kept, {});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_LT(daemon_.errors().size(), 10U);
    EXPECT_THAT(daemon_.errors(), testing::Contains(testing::HasSubstr("out of file descriptors")));
  }
  for (int i = 0; i < 20; ++i) {
    const auto answer = ask(*daemon_.connect(), {});
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->status, 200);
  }
  const int status = daemon_.process().stop();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_F(OperatorTest, AReloadThatFailsIsCountedWhereverItFails) {
  daemon_.write_config(kOpen);
  ASSERT_TRUE(daemon_.start());
  int refused = 0;
  for (const auto* bad : {"[defaults\n", "[defaults]\nunsigned = \"maybe\"\n",
                          "[replay]\nentries = 5\n[defaults]\nunsigned = \"allow\"\n"}) {
    daemon_.write_config(bad);
    ::kill(daemon_.process().pid(), SIGHUP);
    EXPECT_TRUE(tells("wba_reloads_total{result=\"refused\"} " + std::to_string(++refused) + "\n"))
        << bad;
  }
  for (const auto* bad : {"scheme = \"http\"", "forwarded = \"forwarded\""}) {
    std::ofstream(daemon_.config_file())
        << "[server]\nauthorities = \"shop.example\"\ntrusted_proxies = [\"127.0.0.1\"]\n"
        << bad << "\n[audit]\npath = \"" << daemon_.log_file().string() << "\"\n"
        << kOpen;
    ::kill(daemon_.process().pid(), SIGHUP);
    EXPECT_TRUE(tells("wba_reloads_total{result=\"refused\"} " + std::to_string(++refused) + "\n"))
        << bad;
  }
  EXPECT_TRUE(tells("wba_reloads_total{result=\"accepted\"} 0\n"));
  daemon_.write_config(kOpen);
  ::kill(daemon_.process().pid(), SIGHUP);
  EXPECT_TRUE(tells("wba_reloads_total{result=\"accepted\"} 1\n"));
}

TEST_F(OperatorTest, AProxyThatIsNotTrustedIsTurnedAwayAndCounted) {
  std::ofstream(daemon_.config_file())
      << "[server]\nauthorities = \"shop.example\"\ntrusted_proxies = [\"10.0.0.0/8\"]\n"
      << kOpen;
  daemon_.limit("-n 1024");
  ASSERT_TRUE(daemon_.start());
  EXPECT_FALSE(ask(*daemon_.connect(), {}));
  EXPECT_TRUE(tells("wba_undecided_total{error=\"peer-not-trusted\"} "));
  EXPECT_THAT(daemon_.errors(), testing::Contains(testing::HasSubstr("no trusted proxy")));
}

// A request of which one octet comes at a time.
class SlowRequest {
 public:
  explicit SlowRequest(std::uint16_t port, const char* from = "127.0.0.1")
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    EXPECT_EQ(::inet_pton(AF_INET, from, &own.sin_addr), 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::send(socket_, "G", 1, MSG_NOSIGNAL), 1);
  }
  SlowRequest(const SlowRequest&) = delete;
  SlowRequest& operator=(const SlowRequest&) = delete;
  ~SlowRequest() { ::close(socket_); }

  // goes_on sends one octet more; false once the server has closed the connection.
  [[nodiscard]] bool goes_on() const {
    char octet = 0;
    const auto got = ::recv(socket_, &octet, 1, MSG_DONTWAIT);
    return (got > 0 || (got < 0 && errno == EAGAIN)) && ::send(socket_, "E", 1, MSG_NOSIGNAL) == 1;
  }

 private:
  int socket_;
};

TEST_F(OperatorTest, SlowConnectionsOfOthersTakeNoDescriptorFromTheProxy) {
  daemon_.write_config(kOpen);
  daemon_.limit("-n 256");
  ASSERT_TRUE(daemon_.start());
  std::list<SlowRequest> slow;
  for (int i = 0; i < 220; ++i) slow.emplace_back(daemon_.port(), "127.0.0.9");
  for (int i = 0; i < 20; ++i) {
    const auto answer = ask(*daemon_.connect(), {});
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->status, 200);
  }
  // None of them is held: the daemon has closed all.
  for (const auto& one : slow) {
    bool open = true;
    for (int i = 0; i < 1000 && open; ++i) {
      open = one.goes_on();
      if (open) std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_FALSE(open);
  }
}

TEST_F(OperatorTest, ARequestThatComesByOctetsIsEndedAndOthersAreAnswered) {
  daemon_.write_config(kOpen);
  ASSERT_TRUE(daemon_.start({"--request-timeout", "1"}));
  const SlowRequest slow(daemon_.port());
  int octets = 0;
  while (octets < 1000 && slow.goes_on()) {
    ++octets;
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_LT(octets, 1000);
  EXPECT_TRUE(ask(*daemon_.connect(), {}));
}

TEST_F(OperatorTest, ALogThatCannotBeOpenedAnewIsTold) {
  const auto logs = folder_.path() / "logs";
  std::filesystem::create_directory(logs);
  std::ofstream(daemon_.config_file())
      << "[server]\nauthorities = \"shop.example\"\ntrusted_proxies = "
         "[\"127.0.0.1\"]\n[audit]\npath = \""
      << (logs / "audit.log").string() << "\"\n"
      << kOpen;
  daemon_.limit("-n 1024");
  ASSERT_TRUE(daemon_.start());
  EXPECT_TRUE(tells("wba_audit_reopen_failures 0\n"));
  std::filesystem::rename(logs, folder_.path() / "moved");
  ::kill(daemon_.process().pid(), SIGUSR1);
  // That for verified agents and that for all others.
  EXPECT_TRUE(tells("wba_audit_reopen_failures 2\n"));
  EXPECT_THAT(daemon_.errors(),
              testing::Contains(testing::HasSubstr("cannot write the audit log")));
}

TEST_F(OperatorTest, ACheckLeavesNoAuditLogBehind) {
  daemon_.write_config(kOpen);
  const std::vector<std::string> check = {WBA_AUTHD,   "--config", daemon_.config_file().string(),
                                          "--headers", "original", "--check"};
  EXPECT_EQ(test::run_command(check).status, 0);
  EXPECT_FALSE(std::filesystem::exists(daemon_.log_file()));
  daemon_.write_config("[defaults]\nunsigned = \"maybe\"\n");
  EXPECT_EQ(test::run_command(check).status, 2);
}

TEST_F(OperatorTest, WithoutThreadsItSaysSoAndEnds) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer needs more addresses than the limit leaves";
#endif
  daemon_.write_config(kOpen);
  const auto ended =
      test::run_command({"sh", "-c", "ulimit -v 400000; exec \"$@\"", "sh", WBA_AUTHD, "--config",
                         daemon_.config_file().string(), "--headers", "original", "--listen",
                         "127.0.0.1:0", "--admin-port", "0", "--threads", "256", "--directory",
                         agent_.url() + "=" + (folder_.path() / "directory.json").string()});
  EXPECT_EQ(ended.status, 2) << ended.err;
  EXPECT_THAT(ended.err, testing::HasSubstr("out of memory or of threads"));
  EXPECT_EQ(ended.out, "");
}

}  // namespace
}  // namespace wba::forward_auth
