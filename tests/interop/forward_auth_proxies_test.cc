// wba-authd behind real nginx, Caddy, HAProxy and Apache, each as shipped in
// server-plugin/forward-auth/examples, over TLS, in front of a backend.

#include "forward_auth_proxies.h"

#include <algorithm>

namespace wba::forward_auth {
namespace {

INSTANTIATE_TEST_SUITE_P(Proxies, ForwardAuthTest, testing::ValuesIn(proxies),
                         [](const auto& test) { return test.param.name; });

TEST_P(ForwardAuthTest, ASignedRequestReachesTheBackendWithItsIdentity) {
  for (const long version : kVersions) {
    const auto reply = send(make_signed("/items?page=2"), version);
    EXPECT_EQ(reply.status, 200) << reply.headers << log();
    EXPECT_EQ(reply.version, version);
    EXPECT_EQ(reply.body, "from the backend");
    const auto seen = backend_.last();
    EXPECT_EQ(seen.get_header_value("X-Agent-Identity"), agent_.url());
    EXPECT_EQ(seen.get_header_value("X-Agent-Domain"), "bot.example");
    EXPECT_EQ(seen.get_header_value("X-Agent-Outcome"), "verified");
    EXPECT_EQ(seen.get_header_value("X-Agent-Keyid"), agent_.keyid());
    EXPECT_EQ(seen.get_header_value("X-Agent-Dialect"), "direct-dictionary");
    EXPECT_FALSE(seen.get_header_value("X-Agent-Request-Id").empty());
    EXPECT_EQ(seen.target, "/items?page=2");
  }
}

TEST_P(ForwardAuthTest, AnUnsignedRequestIsChallenged) {
  for (const long version : kVersions) {
    const auto reply = send({.target = "/"}, version);
    EXPECT_EQ(reply.status, 403);
    EXPECT_THAT(reply.headers,
                testing::HasSubstr("accept-signature: sig1=(\"@authority\" \"@method\" \"@path\""));
    EXPECT_THAT(reply.headers, testing::HasSubstr("nonce="));
    EXPECT_THAT(reply.headers, testing::HasSubstr("cache-control: no-store"));
  }
  EXPECT_EQ(backend_.count(), 0);
}

TEST_P(ForwardAuthTest, WhatAClientCallsItselfNeverReachesTheBackend) {
  const OwnedRequest plain{.target = "/open/a"};
  const OwnedRequest off{.target = "/off"};
  for (auto request : {plain, off, make_signed("/items")}) {
    for (const auto* name :
         {"X-Agent-Identity", "x-agent-outcome", "X-Agent-Domain", "X-Agent-Keyid",
          "X-Agent-Dialect", "X-Agent-Request-Id", "X-Agent-Status", "X-Agent-Error",
          "X_Agent_Identity", "X-Agent_Identity", "x_agent-identity", "X-AGENT-IDENTITY",
          "X.Agent.Identity", "X-Agent.Identity", "X~Agent~Identity", "x!agent|identity",
          "X.Agent-Outcome"}) {
      request.fields.emplace_back(name, "spoofed");
    }
    const bool is_signed = request.target == "/items";
    for (const long version : kVersions) {
      // A nonce is good once.
      if (is_signed && version == CURL_HTTP_VERSION_2TLS) continue;
      EXPECT_EQ(send(request, version).status, 200) << log();
      const auto seen = backend_.last();
      EXPECT_EQ(seen.get_header_value("X-Agent-Outcome"), is_signed                  ? "verified"
                                                          : request.target == "/off" ? ""
                                                                                     : "unsigned");
      EXPECT_EQ(seen.get_header_value("X-Agent-Identity"), is_signed ? agent_.url() : "");
      for (const auto& [name, value] : seen.headers) {
        EXPECT_EQ(value.find("spoofed"), std::string::npos) << name;
        EXPECT_EQ(value.find('{'), std::string::npos) << name;
        EXPECT_EQ(name.find("gent_"), std::string::npos) << name;
      }
    }
  }
}

// Unsigned clients are told apart by the address that the proxy has seen, and not by what they say.
TEST_P(ForwardAuthTest, ClientsAreCountedByTheirOwnAddress) {
  OwnedRequest request{.target = "/limited"};
  EXPECT_EQ(send(request).status, 200) << log();
  for (const long version : kVersions) {
    EXPECT_EQ(send(request, version).status, 429);
    OwnedRequest claiming = request;
    claiming.fields = {{"X-Original-Client", "192.0.2.9"}, {"X-Forwarded-For", "192.0.2.9"}};
    EXPECT_EQ(send(claiming, version).status, 429);
  }
  client_address_ = "127.0.0.2";
  EXPECT_EQ(send(request).status, 200) << log();
  EXPECT_EQ(send(request).status, 429);
}

// What the proxy tells wba-authd of the request is the proxy's, whatever a client sends.
TEST_P(ForwardAuthTest, AClientCannotSayWhatItsRequestIs) {
  OwnedRequest request{.target = "/"};
  request.fields = {{"X-Original-URI", "/open/a"},       {"X-Original-Host", "other.example"},
                    {"X-Original-Method", "HEAD"},       {"X-Original-Scheme", "http"},
                    {"X-Forwarded-Uri", "/open/a"},      {"X-Forwarded-Host", "other.example"},
                    {"X-Forwarded-Method", "HEAD"},      {"X-Forwarded-Proto", "http"},
                    {"Forwarded", "host=other.example"}, {"X-Forwarded-For", "192.0.2.1"}};
  for (const long version : kVersions) EXPECT_EQ(send(request, version).status, 403);
  EXPECT_EQ(backend_.count(), 0);
  // And what it signed is what counts.
  auto good = make_signed("/items");
  good.fields.insert(good.fields.end(), request.fields.begin(), request.fields.end());
  EXPECT_EQ(send(good).status, 200) << log();
}

TEST_P(ForwardAuthTest, TargetsAreVerifiedAsTheyWereSent) {
  int expected = 0;
  for (const auto* target : {"/a%2Fb", "/a%2fb?x=%20", "/?", "/items?", "/a+b", "/a;b=c", "/%C3%A9",
                             "/a?b%3Fc", "/a?x=1&x=2&&", "/a%7Eb"}) {
    for (const long version : kVersions) {
      OwnedRequest request{.authority = authority(), .target = target};
      agent_.sign(request, wall_clock(),
                  {.components = {"@authority", "@method", "@path", "@query", "@target-uri"}});
      EXPECT_EQ(send(request, version).status, 200) << target << log();
      EXPECT_EQ(backend_.last().target, target);
      EXPECT_EQ(backend_.count(), ++expected);
    }
  }
}

TEST_P(ForwardAuthTest, AuthoritiesAreComparedAsUrlsAre) {
  struct Case {
    std::string host;       // as sent
    std::string authority;  // as signed
    bool passes;
  };
  const std::string port = std::to_string(port_);
  const Case cases[] = {
      {"SHOP.Example:" + port, "shop.example:" + port, true},
      {"shop.example", "shop.example", true},
      {"shop.example:443", "shop.example", true},  // the scheme's own port
      {"shop.example:80", "shop.example", false},
      {"shop.example", "shop.example:" + port, false},
      {"shop.example.", "shop.example", false},
      {"shop.example:" + port, "shop.example:" + std::to_string(port_ ^ 1), false},
  };
  int expected = 0;
  for (const auto& c : cases) {
    for (const long version : kVersions) {
      OwnedRequest request{.authority = c.authority, .target = "/a"};
      agent_.sign(request, wall_clock());
      request.fields.emplace_back("Host", c.host);
      const auto status = send(request, version).status;
      if (c.passes) {
        EXPECT_EQ(status, 200) << c.host << version << log();
        ++expected;
      } else {
        EXPECT_THAT(status, testing::AnyOf(403, 400, 421)) << c.host << version;
      }
    }
  }
  EXPECT_EQ(backend_.count(), expected);
}

// A site that the agent visits sends its signed fields on, with its own name in Host.
TEST_P(ForwardAuthTest, ARequestSignedForAnotherSiteIsRefused) {
  for (const auto& host : {std::string("evil.example"), "evil.example:" + std::to_string(port_)}) {
    for (const auto* target : {"/items", "/open/a"}) {
      OwnedRequest request{.authority = host, .target = target};
      agent_.sign(request, wall_clock());
      const auto absolute = send(request, CURL_HTTP_VERSION_1_1, "https://" + host + target);
      EXPECT_THAT(absolute.status, testing::AnyOf(400, 403, 421)) << host << log();
      request.fields.emplace_back("Host", host);
      for (const long version : kVersions) {
        EXPECT_THAT(send(request, version).status, testing::AnyOf(403, 421)) << host << log();
      }
    }
  }
  EXPECT_EQ(backend_.count(), 0);
}

TEST_P(ForwardAuthTest, BehindAProxyThatHandsAnyHostOnTheDaemonRefusesIt) {
  if (!is("nginx")) GTEST_SKIP() << "what the daemon is asked is the same";
  proxy_.stop();
  start_proxy(authd_->port(), "server_name shop.example;",
              "server_name shop.example evil.example;");
  OwnedRequest request{.authority = "evil.example", .target = "/open/a"};
  request.fields.emplace_back("Host", "evil.example");
  EXPECT_EQ(send(request).status, 200) << log();  // unsigned
  agent_.sign(request, wall_clock());
  EXPECT_EQ(send(request).status, 403) << log();
  EXPECT_EQ(backend_.count(), 1);
}

// RFC 9112 section 3.2.2: a server takes absolute-form from any client.
TEST_P(ForwardAuthTest, AnAbsoluteTargetIsNoWayAround) {
  const auto request = make_signed("/items");
  EXPECT_THAT(send(request, CURL_HTTP_VERSION_1_1, "https://" + authority() + "/items").status,
              testing::AnyOf(200, 400, 403));
  const int passed = backend_.count();
  // The path of an open route, the authority of nobody, the other way round.
  for (const auto* target : {"https://other.example/items", "https://open/open/a@x/../../items",
                             "https://other.example?/open/a", "items", "http:/open/a"}) {
    EXPECT_NE(send(make_signed("/items"), CURL_HTTP_VERSION_1_1, target).status, 200) << target;
  }
  EXPECT_EQ(backend_.count(), passed);
}

// By both readings that the guard has the first are below /open/, and /items for a backend that
// goes by a third: to one "a\\b" is one segment, to one that decodes last "a%2Fb" is.
TEST_P(ForwardAuthTest, APathThatABackendMayReadInItsOwnWayIsRefused) {
  for (const auto* path :
       {"/open/a\\b/../../items", "/open/a%2Fb/../../items", "/open/a%5Cb/%2e%2e/../items",
        "/open/;/..;/items", "/open/%u002e%u002e/items", "/open/a%00"}) {
    EXPECT_THAT(send({.target = "/open/a"}, CURL_HTTP_VERSION_1_1, path).status,
                testing::AnyOf(400, 403, 404))
        << path << log();
  }
  EXPECT_EQ(backend_.count(), 0);
  // Caddy makes "%23" of it for both, which is clear.
  const auto fragment = send({.target = "/open/a"}, CURL_HTTP_VERSION_1_1, "/open/a#/../items");
  if (is("Caddy")) {
    EXPECT_EQ(fragment.status, 200) << log();
    EXPECT_EQ(backend_.last().target, "/open/a%23/../items");
  } else {
    EXPECT_THAT(fragment.status, testing::AnyOf(400, 403, 404)) << log();
    EXPECT_EQ(backend_.count(), 0);
  }
  EXPECT_EQ(send({.target = "/open/a"}, CURL_HTTP_VERSION_1_1, "/open/a%2Fb;c//d").status, 200);
}

TEST_P(ForwardAuthTest, FieldsInSeveralLinesAreVerified) {
  for (const long version : kVersions) {
    OwnedRequest request{.authority = authority(), .target = "/a"};
    request.fields = {
        {"X-List", "a, b"}, {"X-Other", "o"}, {"X-List", "c"}, {"Cookie", "a=1; b=2"}};
    agent_.sign(request, wall_clock(),
                {.components = {"@authority", "@method", "@path", "x-list", "cookie"}});
    EXPECT_EQ(send(request, version).status, 200) << log();

    OwnedRequest changed{.authority = authority(), .target = "/a"};
    changed.fields = {{"X-List", "a"}, {"X-List", "b"}};
    agent_.sign(changed, wall_clock(),
                {.components = {"@authority", "@method", "@path", "x-list"}});
    std::swap(changed.fields[0].second, changed.fields[1].second);
    EXPECT_EQ(send(changed, version).status, 403);
  }
}

TEST_P(ForwardAuthTest, EightKilobytesOfOtherHeadersPass) {
  for (const long version : kVersions) {
    auto request = make_signed();
    for (int i = 0; i < 8; ++i)
      request.fields.emplace_back("X-Filler-" + std::to_string(i), std::string(1000, 'x'));
    EXPECT_EQ(send(request, version).status, 200) << log();
    EXPECT_EQ(backend_.last().get_header_value("X-Filler-7").size(), 1000U);
  }
}

TEST_P(ForwardAuthTest, AReplayedTamperedExpiredOrStolenRequestIsRefused) {
  const auto request = make_signed("/once");
  EXPECT_EQ(send(request).status, 200);
  EXPECT_EQ(send(request).status, 429);
  // Which question is about which request says the proxy.
  auto named = make_signed("/once");
  named.fields.emplace_back("X-Original-Request-Id", "1");
  EXPECT_EQ(send(named).status, 200);
  EXPECT_EQ(send(named).status, 429);

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
  EXPECT_EQ(backend_.count(), 2);
}

TEST_P(ForwardAuthTest, ABodyReachesTheBackendAndNotTheDaemon) {
  for (const long version : kVersions) {
    auto request = make_signed("/orders", "POST");
    request.body = std::string(200'000, 'b');
    request.fields.emplace_back("Content-Type", "application/octet-stream");
    EXPECT_EQ(send(request, version).status, 200) << log();
    EXPECT_EQ(backend_.last().body.size(), 200'000U);
  }
}

TEST_P(ForwardAuthTest, ABodyInPiecesReachesTheBackendAndNotTheDaemon) {
  auto request = make_signed("/orders", "POST");
  request.body = std::string(100'000, 'b');
  request.fields.emplace_back("Content-Type", "application/octet-stream");
  request.fields.emplace_back("Transfer-Encoding", "chunked");
  request.fields.emplace_back("Expect", "100-continue");
  EXPECT_EQ(send(request).status, 200) << log();
  EXPECT_EQ(backend_.last().body.size(), 100'000U);
}

TEST_P(ForwardAuthTest, WithoutTheDaemonNothingPasses) {
  EXPECT_EQ(send(make_signed()).status, 200) << log();
  authd_->stop();
  for (const long version : kVersions) {
    EXPECT_EQ(send(make_signed(), version).status, GetParam().away_status);
    EXPECT_EQ(send({.target = "/open/a"}, version).status, GetParam().away_status);
  }
  EXPECT_EQ(backend_.count(), 1);
}

TEST_P(ForwardAuthTest, ADaemonThatComesBackIsAskedAgain) {
  const auto port = authd_->port();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(send(make_signed()).status, 200) << log();
  authd_->stop();
  authd_.reset();
  start_authd(GetParam().style, GetParam().refusal, port, port_);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(send(make_signed()).status, 200) << log();
}

// A socket on which nobody takes what was sent.
TEST_P(ForwardAuthTest, ADaemonThatHangsLetsNothingPass) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 64), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  proxy_.stop();
  start_proxy(ntohs(address.sin_port));
  const auto started = std::chrono::steady_clock::now();
  EXPECT_THAT(send(make_signed()).status, testing::AllOf(testing::Ge(500), testing::Le(504)))
      << log();
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(8));
  EXPECT_EQ(backend_.count(), 0);
  ::close(listener);
}

// Neither a redirect nor junk is a yes.
TEST_P(ForwardAuthTest, NothingButA2xxLetsARequestPass) {
  httplib::Server fake;
  std::atomic<int> status{302};
  fake.set_keep_alive_max_count(1);
  fake.Get(".*", [&](const httplib::Request&, httplib::Response& response) {
    response.status = status;
    response.set_header("X-Agent-Outcome", "verified");
  });
  const int port = fake.bind_to_any_port("127.0.0.1");
  std::thread thread([&] { fake.listen_after_bind(); });
  while (!fake.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  proxy_.stop();
  start_proxy(static_cast<std::uint16_t>(port));
  for (const int answered : {302, 304, 404, 500, 999}) {
    status = answered;
    const auto reply = send(make_signed());
    EXPECT_NE(reply.status, 200) << answered;
  }
  EXPECT_EQ(backend_.count(), 0);
  fake.stop();
  thread.join();
}

class ForwardAuthScriptTest : public ForwardAuthTest {};

INSTANTIATE_TEST_SUITE_P(Proxies, ForwardAuthScriptTest,
                         testing::ValuesIn(proxies + 2, proxies + 4),
                         [](const auto& test) { return test.param.name; });

TEST_P(ForwardAuthScriptTest, AScriptThatFailsLetsNothingPass) {
  proxy_.stop();
  if (is("HAProxy")) {
    start_proxy(authd_->port(), "local answer = core", "error('broken')\n  local answer = core");
    expect_nothing_passes(503);
  } else {
    start_proxy(authd_->port(), "function wba_auth(r)\n",
                "function wba_auth(r)\n  error('broken')\n");
    expect_nothing_passes(500);
  }
}

}  // namespace
}  // namespace wba::forward_auth
