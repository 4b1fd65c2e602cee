// The cpp-httplib middleware, over real sockets.

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wba/content_digest.h>
#include <wba/guard/httplib.h>

#include "guard_support.h"

namespace wba::guard {
namespace {

using test::Agent;
using test::OwnedRequest;

Now wall_clock() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

// Connection is a socket on which nothing is sent or taken back but what a test says.
class Connection {
 public:
  explicit Connection(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    EXPECT_EQ(::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // send does not mind a connection that is closed.
  void send(std::string_view text) const {
    static_cast<void>(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL));
  }

  // read_head waits for the head of one answer: the status, or 0 where the connection ends.
  [[nodiscard]] int read_head() {
    while (received_.find("\r\n\r\n", read_) == std::string::npos) {
      if (!receive()) return 0;
    }
    const auto head = received_.find("HTTP/1.1 ", read_);
    read_ = received_.find("\r\n\r\n", read_) + 4;
    return head == std::string::npos ? -1 : std::atoi(received_.c_str() + head + 9);
  }

  // read_all waits for the end of the connection and gives all that came on it.
  [[nodiscard]] const std::string& read_all() {
    while (receive()) {
    }
    EXPECT_TRUE(ended_) << "the connection was left open: " << received_;
    return received_;
  }

 private:
  bool receive() {
    char octets[4096];
    const auto size = ::recv(socket_, octets, sizeof octets, 0);
    // What arrives at a closed socket resets it.
    ended_ = size == 0 || (size < 0 && errno == ECONNRESET);
    if (size <= 0) return false;
    received_.append(octets, static_cast<std::size_t>(size));
    return true;
  }

  int socket_;
  std::string received_;
  std::size_t read_ = 0;
  bool ended_ = false;
};

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

// Site is a guarded server on a free port, with two handlers and a folder of files.
class Site {
 public:
  Site(std::string_view toml, const Agent& agent) {
    auto resolver = std::make_shared<StaticResolver>();
    agent.add_to(*resolver);
    auto config = parse_config(toml);
    EXPECT_TRUE(config) << (config ? "" : to_text(config.error()));
    // The port is not known yet.
    if (!config->server.authorities) config->server.authorities = Authorities::any();
    auto guard = Guard::create(config.value(), {.resolver = resolver, .sees_bodies = true});
    EXPECT_TRUE(guard) << (guard ? "" : to_text(guard.error()));
    server_ = std::make_unique<GuardedServer<httplib::Server>>(std::move(guard).value());
    std::ofstream(folder_.path() / "page.txt") << "a page";
    std::filesystem::create_directory(folder_.path() / "admin");
    std::ofstream(folder_.path() / "admin" / "page.txt") << "a secret page";
    EXPECT_TRUE(server_->set_mount_point("/files", folder_.path()));
    // One connection after the other is one thread's.
    server_->set_keep_alive_max_count(100);
    server_->new_task_queue = [] { return new httplib::ThreadPool(1); };
    const auto who = [this](const httplib::Request& request, httplib::Response& response) {
      ++handled;
      const auto* decision = current_decision();
      response.set_content(decision == nullptr
                               ? "nobody asked"
                               : std::string(decision->record.identity) + "|" + request.body,
                           "text/plain");
    };
    server_->Get("/who", who);
    server_->Get("/admin/secret.txt", who);
    server_->Post("/stream/counted", [](const httplib::Request&, httplib::Response& response) {
      response.set_content_provider(10, "text/plain",
                                    [](std::size_t offset, std::size_t, httplib::DataSink& sink) {
                                      return sink.write("streamed: " + offset, 5);
                                    });
    });
    server_->Post("/stream/chunked", [](const httplib::Request&, httplib::Response& response) {
      response.set_chunked_content_provider("text/plain",
                                            [](std::size_t offset, httplib::DataSink& sink) {
                                              if (offset < 10) return sink.write("piece", 5);
                                              sink.done();
                                              return true;
                                            });
    });
    server_->set_error_handler([this](const httplib::Request&, httplib::Response&) {
      if (current_decision() != nullptr) ++errors_with_a_decision;
    });
    server_->Post("/who", who);
    server_->Delete("/who", who);
    port_ = server_->bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ~Site() {
    server_->stop();
    thread_.join();
  }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }

  httplib::Result send(const OwnedRequest& request) {
    httplib::Client client("127.0.0.1", port_);
    httplib::Request sent;
    sent.method = request.method;
    sent.path = request.target;
    for (const auto& [name, value] : request.fields) sent.headers.emplace(name, value);
    if (request.body) sent.body = *request.body;
    return client.send(sent);
  }

  std::atomic<int> handled{0};
  std::atomic<int> errors_with_a_decision{0};

 private:
  test::TestFolder folder_;
  std::unique_ptr<GuardedServer<httplib::Server>> server_;
  int port_ = 0;
  std::thread thread_;
};

constexpr std::string_view kAgentsOnly =
    "[server]\nscheme = \"http\"\n[defaults]\nunsigned = \"challenge\"\n";

// httplib::Request signs as http: requests in tests have no scheme of their own.
void sign(const Agent& agent, const Site& site, OwnedRequest& request) {
  request.authority = site.authority();
  agent.sign(request, wall_clock());
}

TEST(HttplibGuard, ASignedRequestReachesTheHandlerThatSeesWhoItIs) {
  const Agent agent;
  Site site(kAgentsOnly, agent);
  OwnedRequest request{.target = "/who"};
  sign(agent, site, request);
  const auto response = site.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, agent.url() + "|");
}

TEST(HttplibGuard, ARequestSignedForAnotherSiteReachesNoHandler) {
  const Agent agent;
  Site site(
      "[server]\nscheme = \"http\"\nauthorities = [\"shop.example\"]\n[defaults]\nunsigned = "
      "\"allow\"\n",
      agent);
  for (const auto& [authority, status] :
       {std::pair("shop.example", 200), std::pair("evil.example", 403)}) {
    OwnedRequest request{.authority = authority, .target = "/who"};
    agent.sign(request, wall_clock());
    request.fields.emplace_back("Host", authority);
    const auto response = site.send(request);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, status) << authority;
  }
  EXPECT_EQ(site.handled, 1);
}

TEST(HttplibGuard, AnUnsignedRequestIsChallengedAndReachesNoHandler) {
  const Agent agent;
  Site site(kAgentsOnly, agent);
  for (const auto* method : {"GET", "POST", "DELETE"}) {
    const auto response = site.send({.method = method, .target = "/who"});
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 403);
    EXPECT_THAT(response->get_header_value("Accept-Signature"), testing::HasSubstr("@authority"));
    EXPECT_THAT(response->get_header_value("X-Request-Id"), testing::Not(testing::IsEmpty()));
  }
  EXPECT_EQ(site.handled, 0);
}

// What is left of a request is the next one, on a connection that a proxy keeps for others.
struct LateBody {
  std::string_view name;
  std::string_view head;  // without the blank line
  int status;
};

class HttplibGuardConnection : public testing::TestWithParam<LateBody> {};

constexpr std::string_view kOpen =
    "[server]\nscheme = \"http\"\n[defaults]\nunsigned = \"allow\"\n";
constexpr std::string_view kNext = "GET /who HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_P(HttplibGuardConnection, EndsWhereARequestIsNotReadToItsEnd) {
  const Agent agent;
  Site site(
      "[server]\nscheme = \"http\"\n[defaults]\nunsigned = \"allow\"\n[[routes]]\nname = \"n\"\n"
      "paths = [\"/refused\"]\nunsigned = \"deny\"\n",
      agent);
  Connection connection(site.port());
  connection.send(std::string(GetParam().head) + "\r\n\r\n");
  EXPECT_EQ(connection.read_head(), GetParam().status);
  // Only now, so that it is not dropped with what was read of the head.
  connection.send(kNext);
  connection.send("0\r\n\r\n");
  const auto& all = connection.read_all();
  EXPECT_EQ(count(all, "HTTP/1.1"), 1U) << all;
  EXPECT_EQ(count(all, "Connection: close\r\n"), 1U) << all;
  EXPECT_EQ(count(all, "Keep-Alive"), 0U) << all;
  EXPECT_EQ(site.handled, 0);
}

#define COUNTED " HTTP/1.1\r\nHost: a\r\nContent-Length: 32"
#define CHUNKED " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
INSTANTIATE_TEST_SUITE_P(
    LateBodies, HttplibGuardConnection,
    testing::Values(LateBody{"post_refused", "POST /refused" COUNTED, 403},
                    LateBody{"post_refused_chunked", "POST /refused" CHUNKED, 403},
                    LateBody{"post_refused_unending", "POST /refused HTTP/1.1\r\nHost: a", 403},
                    LateBody{"put_refused", "PUT /refused" COUNTED, 403},
                    LateBody{"put_refused_chunked", "PUT /refused" CHUNKED, 403},
                    LateBody{"patch_refused", "PATCH /refused" COUNTED, 403},
                    LateBody{"delete_refused", "DELETE /refused" COUNTED, 403},
                    LateBody{"delete_refused_chunked", "DELETE /refused" CHUNKED, 403},
                    LateBody{"get", "GET /who" COUNTED, 400},
                    LateBody{"get_chunked", "GET /who" CHUNKED, 400},
                    LateBody{"get_refused", "GET /refused" COUNTED, 400},
                    LateBody{"get_unrouted", "GET /nowhere" COUNTED, 400},
                    LateBody{"get_file", "GET /files/page.txt" CHUNKED, 400},
                    LateBody{"head", "HEAD /who" COUNTED, 400},
                    LateBody{"head_chunked", "HEAD /files/page.txt" CHUNKED, 400},
                    LateBody{"options", "OPTIONS /nowhere" COUNTED, 400},
                    LateBody{"trace", "TRACE /who" COUNTED, 400},
                    LateBody{"both", "POST /who" COUNTED "\r\nTransfer-Encoding: chunked", 400},
                    LateBody{"two_lengths", "POST /who" COUNTED "\r\nContent-Length: 0", 400},
                    LateBody{"no_length", "POST /who HTTP/1.1\r\nContent-Length: 0x9", 400},
                    LateBody{"negative", "POST /who HTTP/1.1\r\nContent-Length: -1", 400},
                    LateBody{"other_coding", "POST /who" CHUNKED ", gzip", 400},
                    LateBody{"space_in_name", "GET /who HTTP/1.1\r\nContent-Length : 32", 400},
                    LateBody{"range", "POST /who" COUNTED "\r\nRange: bytes=junk", 416},
                    LateBody{"head_with_range", "HEAD /who" COUNTED "\r\nRange: bytes=junk", 416},
                    LateBody{"boundary",
                             "POST /who" COUNTED "\r\nContent-Type: multipart/form-data", 400}),
    [](const auto& row) { return std::string(row.param.name); });
#undef CHUNKED
#undef COUNTED

TEST(HttplibGuard, AConnectionEndsAfterWhatIsNotReadToItsEndThoughItHasNoBody) {
  const Agent agent;
  for (const std::string_view head :
       {"GARBAGE\r\n\r\n", "GET /who HTTP/1.1 more\r\nHost: a\r\n\r\n"}) {
    Site site(kOpen, agent);
    Connection connection(site.port());
    connection.send(head);
    EXPECT_EQ(connection.read_head(), 400);
    connection.send(kNext);
    EXPECT_EQ(count(connection.read_all(), "HTTP/1.1"), 1U);
    EXPECT_EQ(site.handled, 0);
  }
}

// A body that was read leaves nothing, unless it is chunked or nobody was there to take it.
TEST(HttplibGuard, AConnectionIsKeptAfterWhatWasReadToItsEnd) {
  const Agent agent;
  Site site(kOpen, agent);
  Connection connection(site.port());
  for (int i = 0; i < 3; ++i) {
    for (const std::string_view head :
         {"GET /who HTTP/1.1\r\nHost: a\r\n\r\n",
          "GET /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
          "HEAD /files/page.txt HTTP/1.1\r\nHost: a\r\n\r\n",
          "POST /who HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
          "DELETE /who HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"}) {
      connection.send(head);
      EXPECT_GT(connection.read_head(), 0) << head;
    }
    connection.send("POST /who HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    connection.send("hello");
    EXPECT_EQ(connection.read_head(), 200);
  }
  connection.send("POST /who HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  connection.send("5\r\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(connection.read_head(), 200);
  connection.send(kNext);
  const auto& all = connection.read_all();
  EXPECT_EQ(count(all, "HTTP/1.1"), 19U) << all;
  EXPECT_EQ(count(all, "Connection: close"), 1U) << all;
  EXPECT_EQ(site.handled, 13);  // three times four, and one
  EXPECT_TRUE(all.ends_with("|hello")) << all;
}

// What a handler streams comes whole before the connection ends.
TEST(HttplibGuard, AnAnswerInPiecesIsWholeOnAConnectionThatEnds) {
  const Agent agent;
  Site site(kOpen, agent);
  for (const auto& [target, answer] :
       {std::pair("/stream/counted", "\r\n\r\nstreamed: "),
        std::pair("/stream/chunked", "\r\n\r\n5\r\npiece\r\n5\r\npiece\r\n0\r\n\r\n")}) {
    Connection connection(site.port());
    connection.send("POST " + std::string(target) +
                    " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    EXPECT_EQ(connection.read_head(), 200);
    connection.send(kNext);
    const auto& all = connection.read_all();
    EXPECT_TRUE(all.ends_with(answer)) << all;
    EXPECT_EQ(count(all, "HTTP/1.1"), 1U) << all;
  }
}

TEST(HttplibGuard, TheGuardAndTheServerReadOnePath) {
  const Agent agent;
  Site site(
      "[server]\nscheme = \"http\"\n[defaults]\nunsigned = \"allow\"\n[[routes]]\nname = \"n\"\n"
      "paths = [\"/admin/*\", \"/files/admin/*\"]\nunsigned = \"challenge\"\n"
      "[[routes]]\nname = \"page\"\npaths = [\"/files/page.txt\"]\nunsigned = \"challenge\"\n",
      agent);
  const auto ask = [&](std::string_view target) {
    Connection connection(site.port());
    connection.send("GET " + std::string(target) +
                    " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    return connection.read_head();
  };
  for (const auto* target : {"/admin/secret.txt", "/files/admin/page.txt", "/files/page.txt",
                             "/%61dmin/secret.txt", "/admin/secret.txt#x", "/admin/secret.txt?x"}) {
    EXPECT_EQ(ask(target), 403) << target;
  }
  for (const auto* target :
       {"/%u0061dmin/secret.txt", "/admin%u002fsecret.txt", "/files%u002fadmin/page.txt",
        "/files/page.txt%00", "/files/page.txt%00.png", "/files/%u0061dmin/page.txt",
        "/files/page%u002etxt", "/admin%2Fsecret.txt", "/files/x/..%2Fadmin/page.txt",
        "/files/./admin//page.txt", "/files//admin/page.txt", "/files/page.txt%", "/admin/..;"}) {
    EXPECT_EQ(ask(target), 400) << target;
  }
  EXPECT_EQ(site.handled, 0);
  EXPECT_EQ(ask("/who"), 200);
  EXPECT_EQ(ask("/wh%6F"), 200);
  EXPECT_EQ(ask("/nowhere/a%2Fb;c//d%20e"), 404);
}

TEST(HttplibGuard, FilesOfAFolderAreGuardedToo) {
  const Agent agent;
  Site site(kAgentsOnly, agent);
  OwnedRequest request{.target = "/files/page.txt"};
  auto response = site.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 403);
  sign(agent, site, request);
  response = site.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "a page");
}

TEST(HttplibGuard, TheTargetIsVerifiedAsItWasSent) {
  const Agent agent;
  Site site(kAgentsOnly, agent);
  OwnedRequest request{.target = "/who?q=a%2Fb&r="};
  sign(agent, site, request);
  const auto response = site.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
}

constexpr std::string_view kDigests = R"(
[server]
scheme = "http"
[defaults]
unsigned = "challenge"
[[routes]]
name = "posts"
paths = ["/*"]
methods = ["POST", "DELETE"]
require = { body_digest = true }
)";

TEST(HttplibGuard, ABodyIsComparedBeforeTheHandlerSeesIt) {
  const Agent agent;
  Site site(kDigests, agent);
  OwnedRequest request{.method = "POST", .target = "/who", .body = "{\"order\":1}"};
  request.fields.emplace_back("Content-Digest", content_digest(*request.body));
  request.fields.emplace_back("Content-Type", "application/json");
  sign(agent, site, request);
  auto response = site.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, agent.url() + "|{\"order\":1}");
  EXPECT_EQ(site.handled, 1);

  request.body = "{\"order\":2}";
  response = site.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 403);
  EXPECT_EQ(site.handled, 1);
}

TEST(HttplibGuard, ABodyThatCannotBeComparedIsRefused) {
  const Agent agent;
  Site site(kDigests, agent);
  OwnedRequest request{.method = "POST", .target = "/who"};
  request.body = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n";
  request.fields.emplace_back("Content-Type", "multipart/form-data; boundary=b");
  request.fields.emplace_back("Content-Digest", content_digest(*request.body));
  sign(agent, site, request);
  const auto response = site.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 403);
  EXPECT_EQ(site.handled, 0);
}

TEST(HttplibGuard, AnUnguardedDecisionIsNotLeftForTheNextRequest) {
  const Agent agent;
  Site site("[server]\nscheme = \"http\"\n[defaults]\nunsigned = \"allow\"\n", agent);
  OwnedRequest request{.target = "/who"};
  sign(agent, site, request);
  EXPECT_EQ(site.send(request)->body, agent.url() + "|");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(site.send({.target = "/who"})->body, "|");
  }
  EXPECT_EQ(current_decision(), nullptr);
}

// cpp-httplib answers some requests before anybody sees them.
TEST(HttplibGuard, ADecisionIsNotLeftForWhatCannotBeRead) {
  const Agent agent;
  Site site(kOpen, agent);
  for (const std::string_view target : {"/who", "/files/page.txt"}) {
    Connection good(site.port());
    good.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(count(good.read_all(), "HTTP/1.1 200"), 1U);
    Connection bad(site.port());
    bad.send("GARBAGE\r\n\r\n");
    EXPECT_EQ(bad.read_head(), 400);
    EXPECT_EQ(site.errors_with_a_decision, 0) << target;
  }
  // It is there where there was one.
  Connection unrouted(site.port());
  unrouted.send("GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(unrouted.read_head(), 404);
  EXPECT_EQ(site.errors_with_a_decision, 1);
}

}  // namespace
}  // namespace wba::guard
