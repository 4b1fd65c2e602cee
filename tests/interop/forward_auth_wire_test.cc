// What wba-authd makes of octets that no proxy should send: each asking has one answer, and behind
// one that could be read in two ways the connection is closed.

#include <csignal>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/tcp.h>

#include "authd.h"
#include "support/child_process.h"
#include "unit/guard_support.h"

namespace wba::forward_auth {
namespace {

constexpr std::string_view kAsking =
    "Host: authd\r\nX-Original-Method: GET\r\nX-Original-Host: shop.example\r\n"
    "X-Original-URI: /\r\nX-Original-Client: 192.0.2.7\r\n";

class WireTest : public testing::Test {
 protected:
  void start(std::string_view peers = "127.0.0.1", int patience_seconds = 120) {
    const auto config = guard::parse_config(
        "[server]\ntrusted_proxies = [\"" + std::string(peers) +
        "\"]\nauthorities = \"shop.example\"\n[defaults]\nunsigned = \"allow\"\n");
    // As the daemon does: libevent may write to a connection that is closed.
    std::signal(SIGPIPE, SIG_IGN);
    auto guard =
        guard::Guard::create(config.value(), {.resolver = std::make_shared<StaticResolver>()});
    auto authd = Authd::start(
        std::move(guard).value(),
        {.threads = 1, .idle_seconds = patience_seconds, .request_seconds = patience_seconds});
    ASSERT_TRUE(authd) << authd.error();
    authd_ = *std::move(authd);
  }

  // exchange sends octets on a connection of their own and reads until the other end closes it, or
  // until nothing came for a while.
  struct Exchange {
    std::string received;
    bool closed = false;
  };
  [[nodiscard]] Exchange exchange(std::string_view octets) const {
    Exchange exchange;
    const int socket = connect_to(authd_->port());
    EXPECT_EQ(::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(octets.size()));
    // A good asking at the end of the rest would keep the connection open: it is told apart by
    // this.
    char buffer[4096];
    ssize_t count = 0;
    while ((count = ::recv(socket, buffer, sizeof buffer, 0)) > 0) {
      exchange.received.append(buffer, static_cast<std::size_t>(count));
    }
    exchange.closed = count == 0 || errno == ECONNRESET;
    ::close(socket);
    return exchange;
  }

  // connect_to gives a connection on which nothing waits for longer than two seconds.
  static int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = 2, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
  }

  // exchange_in_pieces sends the octets one by one on a connection that takes them at once.
  [[nodiscard]] std::string exchange_in_pieces(std::string_view octets) const {
    std::string received;
    const int socket = connect_to(authd_->port());
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (const char octet : octets) EXPECT_EQ(::send(socket, &octet, 1, MSG_NOSIGNAL), 1);
    char buffer[4096];
    for (ssize_t count = 0; (count = ::recv(socket, buffer, sizeof buffer, 0)) > 0;) {
      received.append(buffer, static_cast<std::size_t>(count));
    }
    ::close(socket);
    return received;
  }

  static int answers(const Exchange& exchange) {
    int count = 0;
    for (auto at = exchange.received.find("HTTP/1."); at != std::string::npos;
         at = exchange.received.find("HTTP/1.", at + 1)) {
      ++count;
    }
    return count;
  }

  std::unique_ptr<Authd> authd_;
};

std::string asking(std::string_view request_line, std::string_view fields = {},
                   std::string_view body = {}) {
  return std::string(request_line) + "\r\n" + std::string(kAsking) + std::string(fields) + "\r\n" +
         std::string(body);
}

// What is smuggled would be answered, and the proxy would take that for another client's answer.
const std::string smuggled = asking("GET /smuggled HTTP/1.1");

TEST_F(WireTest, AskingsOnOneConnectionAreAnsweredInOrder) {
  start();
  const auto got =
      exchange(asking("GET / HTTP/1.1") + asking("POST / HTTP/1.1", "Content-Length: 0\r\n") +
               asking("GET / HTTP/1.1", "Connection: close\r\n"));
  EXPECT_TRUE(got.closed);
  EXPECT_EQ(answers(got), 3) << got.received;
  EXPECT_EQ(got.received.find("HTTP/1.1 4"), std::string::npos) << got.received;
}

TEST_F(WireTest, WhereItIsNotClearWhereAnAskingEndsNothingBehindItIsAnswered) {
  start();
  const std::string length = std::to_string(smuggled.size());
  const std::string chunked = "0\r\n\r\n" + smuggled;
  const std::string cases[] = {
      asking("GET / HTTP/1.1", "Content-Length: " + length + "\r\n", smuggled),
      asking("HEAD / HTTP/1.1", "Content-Length: " + length + "\r\n", smuggled),
      asking("DELETE / HTTP/1.1", "Content-Length: " + length + "\r\n", smuggled),
      asking("OPTIONS / HTTP/1.1", "Content-Length: " + length + "\r\n", smuggled),
      asking("GET / HTTP/1.1", "Transfer-Encoding: chunked\r\n", chunked),
      asking("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n", chunked),
      asking("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked\r\nContent-Length: 0\r\n",
             smuggled),
      asking("POST / HTTP/1.1",
             "Transfer-Encoding: chunked\r\nContent-Length: " + std::to_string(chunked.size()) +
                 "\r\n",
             chunked),
      asking("POST / HTTP/1.1", "Content-Length: 0\r\nContent-Length: " + length + "\r\n",
             smuggled),
      asking("POST / HTTP/1.1", "Content-Length: +0\r\n", smuggled),
      asking("POST / HTTP/1.1", "Content-Length: -1\r\n", smuggled),
      asking("GET / HTTP/1.1", "Content-Length : " + length + "\r\n", smuggled),
      asking("GET / HTTP/1.1", "Transfer-Encoding : chunked\r\n", chunked),
      asking("PROPFIND / HTTP/1.1", "Content-Length: " + length + "\r\n", smuggled),
      asking("TRACE / HTTP/1.1", "Content-Length: " + length + "\r\n", smuggled),
      asking("GET / HTTP/1.1", "X-Long: " + std::string(70'000, 'x') + "\r\n", smuggled),
  };
  for (const auto& octets : cases) {
    const auto got = exchange(octets);
    const auto head = octets.substr(0, octets.find("\r\n\r\n")).substr(0, 300);
    EXPECT_TRUE(got.closed) << head;
    EXPECT_LE(answers(got), 1) << head << "\n" << got.received;
    EXPECT_EQ(got.received.find("HTTP/1.1 2"), std::string::npos) << head << "\n" << got.received;
  }
  EXPECT_EQ(answers(exchange(asking("GET / HTTP/1.1", "Connection: close\r\n"))), 1);
}

// A proxy that hands the client's length on and no body would wait for ever.
TEST_F(WireTest, AnAskingThatSaysThatABodyFollowsIsRefusedAtOnce) {
  start();
  for (const auto* method : {"GET", "HEAD", "DELETE", "OPTIONS", "POST", "PUT", "PATCH"}) {
    for (const auto* fields :
         {"Content-Length: 77\r\n", "Content-Length: 5\r\nExpect: 100-continue\r\n",
          "Content-Length: 90000000000\r\n", "Transfer-Encoding: chunked\r\n",
          "tRANSFER-eNCODING: chunked\r\nContent-Length: 0\r\n",
          "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"}) {
      const auto got = exchange(asking(std::string(method) + " / HTTP/1.1", fields));
      EXPECT_TRUE(got.closed) << method << fields;
      EXPECT_THAT(got.received, testing::StartsWith("HTTP/1.1 4")) << method << fields;
      EXPECT_EQ(answers(got), 1) << method << fields << got.received;
    }
  }
  EXPECT_THAT(exchange_in_pieces(asking("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n")),
              testing::HasSubstr("X-Agent-Error: framing-unclear"));
  const auto got =
      exchange(asking("POST / HTTP/1.1", "Expect: 100-continue\r\nConnection: close\r\n"));
  EXPECT_TRUE(got.closed);
  EXPECT_THAT(got.received, testing::StartsWith("HTTP/1.1 200"));
}

TEST_F(WireTest, AFieldThatIsNearlyTheProxysIsRefused) {
  start();
  for (const auto* field : {"X-Original-URI : /open\r\n", "X-Original-URI\x01: /open\r\n",
                            "X-Original-URI: /open\r\n", "Bad Name: x\r\n"}) {
    const auto got =
        exchange(asking("GET / HTTP/1.1", std::string(field) + "Connection: close\r\n"));
    EXPECT_EQ(got.received.find("HTTP/1.1 200"), std::string::npos) << field << got.received;
  }
}

TEST_F(WireTest, WhoIsNotTrustedIsToldNothing) {
  start("10.0.0.0/8");
  const auto got = exchange(asking("GET / HTTP/1.1", "Connection: close\r\n"));
  EXPECT_EQ(got.received, "");
}

// Whoever watches asks without a body, and in few words: nothing else is kept in memory.
TEST_F(WireTest, TheAdminPortTakesNoBodyAndNoLongHead) {
  start();
  constexpr std::size_t kFar = std::size_t{32} << 20U;
  const std::string piece(65'536, 'x');
  const std::string heads[] = {
      "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 400000000\r\n\r\n",
      "PUT /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n17D78400\r\n",
      "GET /health HTTP/1.1\r\nHost: a\r\nX-Long: ",
      "GET /health",
  };
  for (const auto& head : heads) {
    const int socket = connect_to(authd_->admin_port());
    ::send(socket, head.data(), head.size(), MSG_NOSIGNAL);
    std::size_t taken = 0;
    while (taken < kFar) {
      const auto count = ::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL);
      if (count <= 0) break;
      taken += static_cast<std::size_t>(count);
    }
    // The system's own buffers hold some of it.
    EXPECT_LT(taken, kFar) << head;
    ::close(socket);
  }
  httplib::Client watcher("127.0.0.1", authd_->admin_port());
  const auto answer = watcher.Get("/health");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
}

TEST_F(WireTest, AConnectionThatSaysNothingIsClosed) {
  start("127.0.0.1", 1);
  const auto got = exchange("GET / HTTP/1.1\r\nHost: a");
  EXPECT_TRUE(got.closed);
  EXPECT_EQ(got.received.find("HTTP/1.1 2"), std::string::npos);
}

TEST_F(WireTest, ConnectionsAreClosedBehindAnswersWhileItDrains) {
  start();
  EXPECT_FALSE(exchange(asking("GET / HTTP/1.1")).closed);
  authd_->drain();
  const auto got = exchange(asking("GET / HTTP/1.1"));
  EXPECT_TRUE(got.closed);
  EXPECT_THAT(got.received, testing::StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(got.received, testing::HasSubstr("Connection: close"));
}

// Of two daemons on one port each would see half of the nonces.
TEST_F(WireTest, APortIsNotSharedWithAnotherDaemon) {
  start();
  auto guard = guard::Guard::create(
      test::of_shop(guard::parse_config("[defaults]\nunsigned = \"allow\"\n").value()),
      {.resolver = std::make_shared<StaticResolver>()});
  const std::shared_ptr<guard::Guard> other = std::move(guard).value();
  const auto port = authd_->port();
  const auto admin = authd_->admin_port();
  EXPECT_FALSE(Authd::start(other, {.port = port}));
  EXPECT_FALSE(Authd::start(other, {.admin_port = admin}));
  authd_->stop();
  authd_.reset();
  EXPECT_TRUE(Authd::start(other, {.port = port, .admin_port = admin, .threads = 4}));
}

}  // namespace
}  // namespace wba::forward_auth
