// wba-authd behind a real nginx over TLS, in front of a backend.

#include "forward_auth_support.h"

namespace wba::forward_auth {
namespace {

class NginxTest : public ProxyTest {
 protected:
  void SetUp() override {
    if (!test::is_installed("nginx")) GTEST_SKIP() << "nginx is not installed";
    start_authd(HeaderStyle::original, RefusalStatus::forbidden);
    const auto& run = folder_.path().string();
    std::ofstream(folder_.path() / "nginx.conf")
        << (::geteuid() == 0 ? "user root;\n" : "") << example("nginx.conf");
    proxy_ = test::ChildProcess({"nginx", "-e", run + "/error.log", "-p", run, "-c",
                                 run + "/nginx.conf", "-g", "daemon off;"});
    ASSERT_TRUE(test::wait_for_port(port_)) << log();
  }
};

TEST_F(NginxTest, ASignedRequestReachesTheBackendWithItsIdentity) {
  for (const long version : {CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2TLS}) {
    const auto reply = send(make_signed("/items?page=2"), version);
    EXPECT_EQ(reply.status, 200) << reply.headers << log();
    EXPECT_EQ(reply.body, "from the backend");
    const auto seen = backend_.last();
    EXPECT_EQ(seen.get_header_value("X-Agent-Identity"), agent_.url());
    EXPECT_EQ(seen.get_header_value("X-Agent-Outcome"), "verified");
    EXPECT_EQ(seen.get_header_value("X-Agent-Keyid"), agent_.keyid());
    EXPECT_EQ(seen.get_header_value("X-Agent-Dialect"), "direct-dictionary");
    EXPECT_EQ(seen.target, "/items?page=2");
  }
}

TEST_F(NginxTest, AnUnsignedRequestIsChallenged) {
  for (const long version : {CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2TLS}) {
    const auto reply = send({.target = "/"}, version);
    EXPECT_EQ(reply.status, 403);
    EXPECT_THAT(reply.headers,
                testing::HasSubstr("accept-signature: sig1=(\"@authority\" \"@method\" \"@path\""));
    EXPECT_THAT(reply.headers, testing::HasSubstr("nonce="));
    EXPECT_THAT(reply.headers, testing::HasSubstr("cache-control: no-store"));
  }
  EXPECT_EQ(backend_.count(), 0);
}

TEST_F(NginxTest, WhatAClientCallsItselfNeverReachesTheBackend) {
  OwnedRequest request{.target = "/open/a"};
  for (const auto* name :
       {"X-Agent-Identity", "x-agent-outcome", "X-Agent-Domain", "X-Agent-Keyid", "X-Agent-Dialect",
        "X-Agent-Request-Id", "X-Agent-Status", "X-Agent-Error", "X_Agent_Identity"}) {
    request.fields.emplace_back(name, "spoofed");
  }
  for (const long version : {CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2TLS}) {
    EXPECT_EQ(send(request, version).status, 200) << log();
    const auto seen = backend_.last();
    EXPECT_EQ(seen.get_header_value("X-Agent-Outcome"), "unsigned");
    EXPECT_FALSE(seen.has_header("X-Agent-Identity"));
    for (const auto& [name, value] : seen.headers) EXPECT_NE(value, "spoofed") << name;
  }
}

// The fields that nginx tells wba-authd of the request with are nginx's, whatever a client sends.
TEST_F(NginxTest, AClientCannotSayWhatItsRequestIs) {
  OwnedRequest request{.target = "/"};
  request.fields = {{"X-Original-URI", "/open/a"},
                    {"X-Original-Host", "other.example"},
                    {"X-Original-Method", "HEAD"},
                    {"X-Original-Scheme", "http"},
                    {"X-Forwarded-Uri", "/open/a"}};
  EXPECT_EQ(send(request).status, 403);
  EXPECT_EQ(backend_.count(), 0);
}

TEST_F(NginxTest, TargetsAreVerifiedAsTheyWereSent) {
  int expected = 0;
  for (const auto* target :
       {"/a%2Fb", "/a%2fb?x=%20", "/?", "/items?", "/a+b", "/a;b=c", "/%C3%A9", "/a?b%3Fc"}) {
    for (const long version : {CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2TLS}) {
      OwnedRequest request{.authority = authority(), .target = target};
      agent_.sign(request, wall_clock(),
                  {.components = {"@authority", "@method", "@path", "@query", "@target-uri"}});
      EXPECT_EQ(send(request, version).status, 200) << target << log();
      EXPECT_EQ(backend_.last().target, target);
      EXPECT_EQ(backend_.count(), ++expected);
    }
  }
}

TEST_F(NginxTest, AnUpperCaseHostIsTheSameAuthority) {
  OwnedRequest request = make_signed();
  request.fields.emplace_back("Host", "SHOP.Example:" + std::to_string(port_));
  EXPECT_EQ(send(request).status, 200) << log();
}

TEST_F(NginxTest, EightKilobytesOfOtherHeadersPass) {
  OwnedRequest request = make_signed();
  for (int i = 0; i < 8; ++i)
    request.fields.emplace_back("X-Filler-" + std::to_string(i), std::string(1000, 'x'));
  EXPECT_EQ(send(request).status, 200) << log();
}

TEST_F(NginxTest, AReplayedTamperedExpiredOrStolenRequestIsRefused) {
  const auto request = make_signed("/once");
  EXPECT_EQ(send(request).status, 200);
  EXPECT_EQ(send(request).status, 429);

  auto tampered = make_signed("/a");
  tampered.target = "/b";
  EXPECT_EQ(send(tampered).status, 403);

  OwnedRequest expired{.authority = authority()};
  agent_.sign(expired, wall_clock() - std::chrono::hours(1));
  EXPECT_EQ(send(expired).status, 403);

  OwnedRequest stolen{.authority = authority()};
  Agent("https://thief.example/keys").sign(stolen, wall_clock(), {.agent_url = agent_.url()});
  EXPECT_EQ(send(stolen).status, 403);

  auto unreadable = make_signed();
  unreadable.fields.back().second = "junk";
  EXPECT_EQ(send(unreadable).status, 400);
  EXPECT_EQ(backend_.count(), 1);
}

TEST_F(NginxTest, ABodyReachesTheBackendAndNotTheDaemon) {
  auto request = make_signed("/orders", "POST");
  request.body = std::string(200'000, 'b');
  request.fields.emplace_back("Content-Type", "application/octet-stream");
  EXPECT_EQ(send(request).status, 200) << log();
  EXPECT_EQ(backend_.last().body.size(), 200'000U);
}

TEST_F(NginxTest, WithoutTheDaemonNothingPasses) {
  authd_->stop();
  EXPECT_EQ(send(make_signed()).status, 500);
  EXPECT_EQ(backend_.count(), 0);
}

}  // namespace
}  // namespace wba::forward_auth
