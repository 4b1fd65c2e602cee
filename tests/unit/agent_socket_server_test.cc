// The signing daemon's socket: framing, limits, callers that hang.

#include <atomic>
#include <list>
#include <memory>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/socket_server.h"
#include "support/run_command.h"

namespace wba::agent {
namespace {

using namespace std::chrono_literals;

// Caller is a client that says exactly what it is told.
class Caller {
 public:
  explicit Caller(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Caller() { ::close(fd_); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  // By TCP.
  explicit Caller(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  [[nodiscard]] bool connected() const { return connected_; }

  void say(std::string_view text) const {
    while (!text.empty()) {
      const auto size = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (size <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(size));
    }
  }

  // hear reads one answer with a body of one digit or more; empty where the connection ends.
  std::string hear() {
    for (;;) {
      const auto end = heard_.find("\r\n\r\n");
      if (end != std::string::npos) {
        const auto at = heard_.find("Content-Length: ");
        const std::size_t size = end + 4 + std::stoul(heard_.substr(at + 16));
        if (heard_.size() >= size) {
          std::string answer = heard_.substr(0, size);
          heard_.erase(0, size);
          return answer;
        }
      }
      char buffer[4096];
      const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) return {};
      heard_.append(buffer, static_cast<std::size_t>(got));
    }
  }

 private:
  int fd_;
  bool connected_ = false;
  std::string heard_;
};

class AgentSocket : public testing::Test {
 protected:
  void start(ServerLimits limits = {}) {
    auto server = SocketServer::listen(path, limits);
    ASSERT_TRUE(server) << server.error();
    const auto address = server->listen_loopback("127.0.0.1:0");
    ASSERT_TRUE(address) << address.error();
    host = *address;
    port = static_cast<std::uint16_t>(std::stoul(host.substr(host.rfind(':') + 1)));
    thread = std::thread([this, made = std::make_shared<SocketServer>(*std::move(server))] {
      made->run(stop_fd, [] { return false; },
                {.admit = [this](uid_t, pid_t) { return admits.load(); },
                 .handle =
                     [this](const Call& call) {
                       ++calls;
                       return Answer{.status = 200, .body = std::to_string(call.body.size())};
                     },
                 .authorise =
                     [](std::string_view authorization) {
                       return authorization == "Bearer good" ? "caller" : std::string_view();
                     }});
    });
  }
  ~AgentSocket() override {
    const std::uint64_t one = 1;
    EXPECT_EQ(::write(stop_fd, &one, sizeof one), static_cast<ssize_t>(sizeof one));
    if (thread.joinable()) thread.join();
    ::close(stop_fd);
  }

  static std::string post(std::string_view body) {
    return "POST /sign HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
  }

  test::TemporaryFolder folder;
  std::string path = folder.file("s");
  std::string host;  // by TCP
  std::uint16_t port = 0;
  int stop_fd = ::eventfd(0, EFD_CLOEXEC);
  std::atomic<bool> admits{true};
  std::atomic<int> calls{0};
  std::thread thread;
};

TEST_F(AgentSocket, AnswersRequestsOnOneConnectionInOrder) {
  start();
  Caller caller(path);
  caller.say(post("abc") + post(""));
  EXPECT_TRUE(caller.hear().ends_with("\r\n\r\n3"));
  EXPECT_TRUE(caller.hear().ends_with("\r\n\r\n0"));
  // In pieces, too.
  for (const char c : post("12345")) caller.say({&c, 1});
  EXPECT_TRUE(caller.hear().ends_with("\r\n\r\n5"));
}

TEST_F(AgentSocket, IsForItsOwnerAlone) {
  start();
  struct stat status = {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(AgentSocket, WhoIsNotAdmittedIsNotHeard) {
  admits = false;
  start();
  Caller caller(path);
  caller.say(post("abc"));
  EXPECT_EQ(caller.hear(), "");
  EXPECT_EQ(calls, 0);
}

TEST_F(AgentSocket, WhatIsNoRequestEndsTheConnection) {
  start();
  for (const std::string text :
       {"nonsense\r\n\r\n", "GET /\r\n\r\n", "POST /sign HTTP/2\r\n\r\n",
        "POST /sign HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /sign HTTP/1.1\r\nContent-Length: 1x\r\n\r\n",
        "POST /sign HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        "POST /sign HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /sign HTTP/1.1\r\nno colon\r\n\r\n"}) {
    Caller caller(path);
    caller.say(text);
    EXPECT_TRUE(caller.hear().starts_with("HTTP/1.1 400 ")) << text;
    EXPECT_EQ(caller.hear(), "") << text;
  }
  EXPECT_EQ(calls, 0);
}

TEST_F(AgentSocket, OversizedRequestsAreRefused) {
  start();
  Caller head(path);
  head.say("POST /sign HTTP/1.1\r\nX: " + std::string(20000, 'x'));
  EXPECT_TRUE(head.hear().starts_with("HTTP/1.1 413 "));
  Caller body(path);
  body.say("POST /sign HTTP/1.1\r\nContent-Length: 65537\r\n\r\n");
  EXPECT_TRUE(body.hear().starts_with("HTTP/1.1 413 "));
  Caller most(path);
  most.say(post(std::string(65536, 'x')));
  EXPECT_TRUE(most.hear().ends_with("\r\n\r\n65536"));
  EXPECT_EQ(calls, 1);
}

TEST_F(AgentSocket, CallersThatHangHoldUpNobodyAndAreEnded) {
  start({.request = 700ms});
  std::list<Caller> hanging;
  for (int i = 0; i < 100; ++i) hanging.emplace_back(path).say("POST /sign HT");
  Caller caller(path);
  caller.say(post("abc"));
  EXPECT_TRUE(caller.hear().ends_with("\r\n\r\n3"));
  for (auto& one : hanging) EXPECT_EQ(one.hear(), "");
}

TEST_F(AgentSocket, ConnectionsAreBounded) {
  start({.connections = 4});
  std::list<Caller> idle;
  for (int i = 0; i < 10; ++i) idle.emplace_back(path);
  Caller caller(path);
  caller.say(post("abc"));
  EXPECT_TRUE(caller.hear().ends_with("\r\n\r\n3"));
  EXPECT_EQ(idle.front().hear(), "");
}

// By TCP, where every user of the machine can connect.
TEST_F(AgentSocket, CallersWithATokenKeepTheirConnectionsInAFloodOfOthers) {
  start({.tcp_connections = 8});
  const std::string head = "POST /sign HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 3\r\n";
  // In two pieces: after the token's line, after a part of the head, after the head.
  const std::vector<std::pair<std::string, std::string>> pieces = {
      {head + "Authorization: Bearer good\r\nX: y", "z\r\n\r\nabc"},
      {head + "Authorization: Bea", "rer good\r\n\r\nabc"},
      {head + "Authorization: Bearer good\r\n\r\n", "abc"}};
  std::list<Caller> callers;
  for (const auto& [first, second] : pieces) callers.emplace_back(port).say(first);
  std::list<Caller> silent;
  for (int i = 0; i < 200; ++i) silent.emplace_back(port);
  // Connections are taken in their order: with this answer all of the flood are there.
  Caller last(port);
  last.say("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  EXPECT_TRUE(last.hear().starts_with("HTTP/1.1 401 "));
  EXPECT_EQ(silent.front().hear(), "");
  auto caller = callers.begin();
  for (const auto& [first, second] : pieces) {
    caller->say(second);
    EXPECT_TRUE(caller->hear().ends_with("\r\n\r\n3")) << first;
    ++caller;
  }
  EXPECT_EQ(calls, 3);
}

TEST_F(AgentSocket, AFloodThatSendsATokenOfNobodyKeepsNoCallerOut) {
  start({.tcp_connections = 8});
  const std::string head = "POST /sign HTTP/1.1\r\nHost: " + host + "\r\n";
  Caller caller(port);
  caller.say(head + "Authorization: Bearer good\r\n");
  std::list<Caller> flood;
  for (int i = 0; i < 200; ++i) {
    flood.emplace_back(port).say(head + "Authorization: Bearer bad\r\nX: ");
  }
  Caller last(port);
  last.say("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  EXPECT_TRUE(last.hear().starts_with("HTTP/1.1 401 "));
  caller.say("Content-Length: 0\r\n\r\n");
  EXPECT_TRUE(caller.hear().ends_with("\r\n\r\n0"));
}

TEST_F(AgentSocket, FilesThatAreNoSocketAndDaemonsThatRunAreLeftAlone) {
  EXPECT_FALSE(SocketServer::listen(folder.path()));
  EXPECT_FALSE(SocketServer::listen(""));
  EXPECT_FALSE(SocketServer::listen(std::string(200, 'x')));
  start();
  const auto second = SocketServer::listen(path);
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().starts_with("another daemon listens"));
}

}  // namespace
}  // namespace wba::agent
