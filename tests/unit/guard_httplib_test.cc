// The cpp-httplib middleware, over real sockets.

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

// Site is a guarded server on a free port, with two handlers and a folder of files.
class Site {
 public:
  Site(std::string_view toml, const Agent& agent) {
    auto resolver = std::make_shared<StaticResolver>();
    agent.add_to(*resolver);
    const auto config = parse_config(toml);
    EXPECT_TRUE(config) << (config ? "" : to_text(config.error()));
    auto guard = Guard::create(config.value(), {.resolver = resolver, .sees_bodies = true});
    EXPECT_TRUE(guard) << (guard ? "" : to_text(guard.error()));
    server_ = std::make_unique<GuardedServer<httplib::Server>>(std::move(guard).value());
    std::ofstream(folder_.path() / "page.txt") << "a page";
    EXPECT_TRUE(server_->set_mount_point("/files", folder_.path()));
    const auto who = [this](const httplib::Request& request, httplib::Response& response) {
      ++handled;
      const auto* decision = current_decision();
      response.set_content(decision == nullptr
                               ? "nobody asked"
                               : std::string(decision->record.identity) + "|" + request.body,
                           "text/plain");
    };
    server_->Get("/who", who);
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

// What would be left of it is the next request, on a connection that a proxy keeps for others.
TEST(HttplibGuard, ABodyThatWouldNotBeReadIsRefusedWithTheConnection) {
  const Agent agent;
  Site site("[server]\nscheme = \"http\"\n[defaults]\nunsigned = \"allow\"\n", agent);
  auto response = site.send({.target = "/who"});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  response = site.send({.target = "/who", .fields = {{"Content-Length", "0"}}});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  response = site.send({.target = "/who", .body = "GET /who HTTP/1.1\r\nHost: a\r\n\r\n"});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 400);
  EXPECT_EQ(response->get_header_value("Connection"), "close");
  response = site.send({.target = "/who", .fields = {{"Transfer-Encoding", "chunked"}}});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 400);
  EXPECT_EQ(site.handled, 2);
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

}  // namespace
}  // namespace wba::guard
