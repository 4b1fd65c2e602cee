// wba-authd behind a real Caddy over TLS, in front of a backend.

#include "forward_auth_support.h"

namespace wba::forward_auth {
namespace {

class CaddyTest : public ProxyTest {
 protected:
  void SetUp() override {
    if (!test::is_installed("caddy")) GTEST_SKIP() << "caddy is not installed";
    start_authd(HeaderStyle::forwarded, RefusalStatus::exact);
    const auto& run = folder_.path().string();
    std::ofstream(folder_.path() / "Caddyfile") << example("Caddyfile");
    proxy_ = test::ChildProcess({"env", "HOME=" + run, "XDG_DATA_HOME=" + run,
                                 "XDG_CONFIG_HOME=" + run, "caddy", "run", "--adapter", "caddyfile",
                                 "--config", run + "/Caddyfile"});
    ASSERT_TRUE(test::wait_for_port(port_)) << log();
  }
};

TEST_F(CaddyTest, ASignedRequestReachesTheBackendWithItsIdentity) {
  for (const long version : {CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2TLS}) {
    const auto reply = send(make_signed("/items?page=2"), version);
    EXPECT_EQ(reply.status, 200) << reply.headers << log();
    EXPECT_EQ(reply.body, "from the backend");
    const auto seen = backend_.last();
    EXPECT_EQ(seen.get_header_value("X-Agent-Identity"), agent_.url());
    EXPECT_EQ(seen.get_header_value("X-Agent-Outcome"), "verified");
    EXPECT_EQ(seen.get_header_value("X-Agent-Keyid"), agent_.keyid());
  }
}

TEST_F(CaddyTest, AnUnsignedRequestIsChallenged) {
  for (const long version : {CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2TLS}) {
    const auto reply = send({.target = "/"}, version);
    EXPECT_EQ(reply.status, 403);
    EXPECT_THAT(reply.headers, testing::HasSubstr("accept-signature: sig1=(\"@authority\""));
  }
  EXPECT_EQ(backend_.count(), 0);
}

TEST_F(CaddyTest, WhatAClientCallsItselfNeverReachesTheBackend) {
  OwnedRequest request{.target = "/open/a"};
  for (const auto* name :
       {"X-Agent-Identity", "x-agent-outcome", "X-Agent-Domain", "X-Agent-Keyid", "X-Agent-Dialect",
        "X-Agent-Request-Id", "X-Agent-Status", "X-Agent-Error", "X-Agent-Anything"}) {
    request.fields.emplace_back(name, "spoofed");
  }
  for (const long version : {CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2TLS}) {
    EXPECT_EQ(send(request, version).status, 200) << log();
    const auto seen = backend_.last();
    EXPECT_EQ(seen.get_header_value("X-Agent-Outcome"), "unsigned");
    // Caddy gives a field that the answer does not have as an empty one.
    EXPECT_EQ(seen.get_header_value("X-Agent-Identity"), "");
    for (const auto& [name, value] : seen.headers) EXPECT_NE(value, "spoofed") << name;
  }
}

TEST_F(CaddyTest, AClientCannotSayWhatItsRequestIs) {
  OwnedRequest request{.target = "/"};
  request.fields = {{"X-Forwarded-Uri", "/open/a"},
                    {"X-Forwarded-Host", "other.example"},
                    {"X-Forwarded-Method", "HEAD"},
                    {"X-Forwarded-Proto", "http"},
                    {"X-Original-URI", "/open/a"}};
  EXPECT_EQ(send(request).status, 403);
  EXPECT_EQ(backend_.count(), 0);
  // and its own do not spoil a signed one
  auto signed_request = make_signed();
  for (auto& field : request.fields) signed_request.fields.push_back(field);
  EXPECT_EQ(send(signed_request).status, 200) << log();
}

TEST_F(CaddyTest, TargetsAreVerifiedAsTheyWereSent) {
  for (const auto* target : {"/a%2Fb", "/a%2fb?x=%20", "/items?", "/a+b", "/%C3%A9"}) {
    OwnedRequest request{.authority = authority(), .target = target};
    agent_.sign(request, wall_clock(),
                {.components = {"@authority", "@method", "@path", "@query"}});
    EXPECT_EQ(send(request).status, 200) << target << log();
    EXPECT_EQ(backend_.last().target, target);
  }
}

TEST_F(CaddyTest, AReplayedTamperedOrUnreadableRequestIsRefusedWithItsStatus) {
  const auto request = make_signed("/once");
  EXPECT_EQ(send(request).status, 200);
  EXPECT_EQ(send(request).status, 429);
  auto tampered = make_signed("/a");
  tampered.target = "/b";
  EXPECT_EQ(send(tampered).status, 403);
  auto unreadable = make_signed();
  unreadable.fields.back().second = "junk";
  EXPECT_EQ(send(unreadable).status, 400);
  EXPECT_EQ(backend_.count(), 1);
}

TEST_F(CaddyTest, WithoutTheDaemonNothingPasses) {
  authd_->stop();
  EXPECT_EQ(send(make_signed()).status, 502);
  EXPECT_EQ(backend_.count(), 0);
}

}  // namespace
}  // namespace wba::forward_auth
