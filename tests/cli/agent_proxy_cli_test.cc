// What the forward proxy signs, sends on, tunnels and refuses.

#include "agent_proxy_support.h"
#include "paths.h"

namespace wba::test {
namespace {

using namespace std::chrono_literals;

class AgentProxySends : public AgentProxy {
 protected:
  HttpReply answer(const Judged& judged) override {
    const auto& target = judged.request.target;
    if (target == "/moved") return {.status = 301, .fields = {{"Location", a->url("/there")}}};
    if (target == "/none") return {.status = 204};
    if (target == "/same") return {.status = 304, .fields = {{"ETag", "\"1\""}}};
    if (target == "/chunked") return {.body = "in chunks", .chunked = true};
    if (target == "/fields") {
      return {.fields = {{"Connection", "X-Mine"}, {"X-Mine", "1"}, {"X-Yours", "2"}}};
    }
    return {.fields = {{"X-Answer", "yes"}}, .body = std::string(to_string(judged.reason))};
  }
};

TEST_F(AgentProxySends, PlainRequestsSignedOverHttps) {
  start();
  const auto result = curl({plain(*a, "/x?y=z"), "--header", "X-A: b"});
  EXPECT_EQ(result.out, "none") << result.err;
  const auto judged = a->judged().at(0);
  EXPECT_EQ(judged.request.target, "/x?y=z");
  EXPECT_EQ(judged.request.field("host"), authority(*a));
  EXPECT_EQ(judged.request.field("x-a"), "b");
  EXPECT_EQ(judged.request.field("via"), "1.1 wba-agent");
  EXPECT_EQ(judged.count("accept"), 1U);
  EXPECT_EQ(judged.count("proxy-connection"), 0U);
  EXPECT_TRUE(judged.covers("\"@authority\"") && judged.covers("\"@path\""));
  const auto log = logged("signed");
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].at("through"), "proxy");
  EXPECT_EQ(log[0].at("rule"), "a");
  EXPECT_EQ(log[0].at("user"), ::getuid());
  EXPECT_EQ(log[0].at("path"), "/x");
  // The same where https was written.
  EXPECT_TRUE(
      ask("GET " + a->url("/s") + " HTTP/1.1\r\nHost: elsewhere.test\r\nConnection: close\r\n\r\n")
          .ends_with("\r\n\r\nnone"));
  EXPECT_EQ(a->judged().at(1).request.field("host"), authority(*a));
  EXPECT_EQ(stop(), 0);
}

TEST_F(AgentProxySends, EveryMethodAndBody) {
  start();
  for (const auto* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"}) {
    EXPECT_EQ(curl({"-X", method, plain(*a, "/")}).out, "none") << method;
    EXPECT_EQ(a->judged().back().request.method, method);
    EXPECT_EQ(curl({"-X", method, "-d", "body", plain(*a, "/")}).out, "none") << method;
    EXPECT_EQ(a->judged().back().request.body, "body");
    EXPECT_EQ(a->judged().back().request.field("content-length"), "4");
    EXPECT_EQ(curl({"-X", method, "-T", "-", plain(*a, "/")}, "streamed").out, "none") << method;
    EXPECT_EQ(a->judged().back().request.body, "streamed");
    EXPECT_EQ(a->judged().back().request.field("transfer-encoding"), "chunked");
  }
  EXPECT_EQ(curl({"-X", "POST", "-H", "Content-Length: 0", plain(*a, "/")}).out, "none");
  EXPECT_EQ(a->judged().back().request.field("content-length"), "0");
  const auto head = curl({"--head", plain(*a, "/")});
  EXPECT_TRUE(head.out.contains("X-Answer: yes\r\n") && head.out.contains("Content-Length: 4\r\n"))
      << head.out;
  EXPECT_TRUE(a->judged().back().verified());
}

TEST_F(AgentProxySends, ConnectionsAreKeptOverAnswersWithoutBody) {
  start();
  RawClient client(port);
  const auto ask = [&](const std::string& request, std::string_view end) {
    client.send(request + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return client.read_until(end);
  };
  EXPECT_TRUE(ask("GET " + plain(*a, "/none"), "\r\n\r\n").starts_with("HTTP/1.1 204 X\r\n"));
  const auto same = ask("GET " + plain(*a, "/same"), "\r\n\r\n");
  EXPECT_TRUE(same.starts_with("HTTP/1.1 304 X\r\n") && same.contains("ETag: \"1\"\r\n")) << same;
  EXPECT_TRUE(ask("HEAD " + plain(*a, "/chunked"), "\r\n\r\n").starts_with("HTTP/1.1 200"));
  const auto chunked = ask("GET " + plain(*a, "/chunked"), "0\r\n\r\n");
  EXPECT_TRUE(chunked.ends_with("\r\n\r\n9\r\nin chunks\r\n0\r\n\r\n")) << chunked;
  EXPECT_TRUE(ask("GET " + plain(*a, "/"), "none").contains("Content-Length: 4\r\n"));
  // What is refused by policy, too.
  EXPECT_TRUE(ask("GET http://evil.test/", "}\n").starts_with("HTTP/1.1 403 "));
  // Two at once are answered one after the other.
  client.send("GET " + plain(*a, "/none") + " HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(ask("GET " + plain(*a, "/fields"), "\r\n\r\n").starts_with("HTTP/1.1 204 X\r\n"));
  const auto last = client.read_until("\r\n\r\n");
  EXPECT_TRUE(last.starts_with("HTTP/1.1 200 X\r\n")) << last;
  EXPECT_TRUE(last.contains("X-Yours: 2\r\n") && last.contains("Via: 1.1 wba-agent\r\n"));
  EXPECT_FALSE(last.contains("X-Mine"));
  EXPECT_EQ(a->connections(), 1);
  // HTTP/1.0 knows neither chunks nor this.
  const auto old = AgentProxy::ask("GET " + plain(*a, "/chunked") + " HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.ends_with("Connection: close\r\n\r\nin chunks")) << old;
}

TEST_F(AgentProxySends, RedirectsAreTheToolsAndStaySigned) {
  start();
  const auto seen = curl({"--head", "-X", "GET", plain(*a, "/moved")});
  EXPECT_TRUE(seen.out.contains("Location: " + plain(*a, "/there") + "\r\n")) << seen.out;
  EXPECT_EQ(curl({"--location", plain(*a, "/moved")}).out, "none");
  EXPECT_EQ(a->judged().back().request.target, "/there");
  EXPECT_TRUE(logged("tunnelled").empty());
}

TEST_F(AgentProxySends, BodiesAreDigestedWhereARuleAsks) {
  start();
  EXPECT_EQ(curl({"-d", "hello", plain(*b, "/may/x")}).out, "none");
  auto judged = b->judged().back();
  EXPECT_EQ(judged.request.body, "hello");
  EXPECT_TRUE(judged.covers("\"content-digest\""));
  EXPECT_EQ(curl({"-X", "POST", "-T", "-", plain(*b, "/may/x")}, "streamed").out, "none");
  judged = b->judged().back();
  EXPECT_EQ(judged.request.body, "streamed");
  EXPECT_EQ(judged.request.field("content-length"), "8");
  EXPECT_TRUE(judged.covers("\"content-digest\""));
  EXPECT_EQ(curl({"-X", "POST", plain(*b, "/may/x")}).out, "none");
  EXPECT_TRUE(b->judged().back().covers("\"content-digest\""));
  const std::string large((1U << 20U) + 1, 'x');
  EXPECT_EQ(curl({"-d", "@-", plain(*b, "/may/x")}, large).out,
            "{\"error\":\"body-too-large-to-digest\"}\n");
  EXPECT_EQ(curl({"-X", "POST", "-T", "-", plain(*b, "/may/x")}, large).out,
            "{\"error\":\"body-too-large-to-digest\"}\n");
  EXPECT_EQ(b->judged().size(), 3U);
  EXPECT_EQ(logged("refused").size(), 2U);
}

TEST_F(AgentProxySends, BodiesOfEveryMethodAreDigestedWhereARuleAsks) {
  start();
  for (const auto* method : {"GET", "DELETE", "OPTIONS", "PURGE"}) {
    const std::string url = plain(*a, "/digested/x");
    EXPECT_EQ(curl({"-X", method, "-d", "hello", url}).out, "none") << method;
    const auto judged = a->judged().back();
    EXPECT_EQ(judged.request.method, method);
    EXPECT_EQ(judged.request.body, "hello");
    EXPECT_TRUE(judged.covers("\"content-digest\"")) << method;
    EXPECT_EQ(curl({"-X", method, "-T", "-", url}, "streamed").out, "none") << method;
    EXPECT_EQ(a->judged().back().request.body, "streamed");
    EXPECT_TRUE(a->judged().back().covers("\"content-digest\"")) << method;
  }
  EXPECT_EQ(curl({plain(*a, "/digested/x")}).out, "none");
  EXPECT_FALSE(a->judged().back().covers("\"content-digest\""));
}

TEST_F(AgentProxySends, NothingThatPolicyRefuses) {
  start();
  const auto refused = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--write-out", "%{http_code}"});
    return curl(arguments).out;
  };
  EXPECT_EQ(refused({"http://evil.test/"}), "{\"error\":\"authority-not-allowed\"}\n403");
  EXPECT_EQ(refused({"http://a.test/"}), "{\"error\":\"authority-not-allowed\"}\n403");
  EXPECT_EQ(refused({plain(*b, "/may/x")}), "{\"error\":\"method-not-allowed\"}\n403");
  EXPECT_EQ(refused({"-d", "x", plain(*b, "/x")}), "{\"error\":\"path-not-allowed\"}\n403");
  EXPECT_EQ(refused({"-d", "x", "--path-as-is", plain(*b, "/may/../x")}),
            "{\"error\":\"path-ambiguous\"}\n403");
  EXPECT_TRUE(a->judged().empty() && b->judged().empty());
  const auto log = logged("refused");
  ASSERT_EQ(log.size(), 5U);
  EXPECT_EQ(log[0].at("through"), "proxy");
  EXPECT_EQ(log[0].at("authority"), "evil.test");
}

TEST_F(AgentProxySends, NothingWhoseMethodOrPathTheServerMayTakeForAnother) {
  start();
  const auto refused = [&](std::string_view target, std::string_view field = {}) {
    const auto answer = ask("POST " + plain(*b, target) + " HTTP/1.1\r\nHost: x\r\n" +
                            std::string(field) + "Connection: close\r\nContent-Length: 0\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ")) << answer;
    return answer.substr(answer.find("\r\n\r\n") + 4);
  };
  for (const auto* target :
       {"/may/..;/admin", "/may/..;x=1/admin", "/may/.;/..;/admin", "/may/..%3b/admin",
        "/may/%u002e%u002e/admin", "/may/..%09/admin", "/may/..%0a/admin",
        "/may/%c0%ae%c0%ae/admin", "/may/..%c0%afadmin", "/may/%252e%252e/admin", "/MAY/x"}) {
    EXPECT_EQ(refused(target), "{\"error\":\"path-ambiguous\"}\n") << target;
  }
  for (const auto* field : {"X-HTTP-Method-Override: DELETE\r\n", "X-HTTP-Method: DELETE\r\n",
                            "X-Method-Override: DELETE\r\n", "x_http_method_override: DELETE\r\n",
                            "X-Original-Method: DELETE\r\n"}) {
    EXPECT_EQ(refused("/may/x", field), "{\"error\":\"method-overridden\"}\n") << field;
  }
  for (const auto* field : {"X-Original-URL: /admin\r\n", "X-Rewrite-URL: /admin\r\n",
                            "X-Original-URI: /admin\r\n", "X-Original-URL: /caf\xc3\xa9\r\n"}) {
    EXPECT_EQ(refused("/may/x", field), "{\"error\":\"path-overridden\"}\n") << field;
  }
  EXPECT_EQ(refused("/may/x", "X-Forwarded-Host: evil.test\r\n"),
            "{\"error\":\"authority-overridden\"}\n");
  EXPECT_TRUE(b->judged().empty());
  // No rule for this authority bounds methods.
  EXPECT_EQ(curl({"-H", "X-HTTP-Method-Override: DELETE", plain(*a, "/")}).out, "none");
  EXPECT_EQ(a->judged().back().request.field("x-http-method-override"), "DELETE");
}

TEST_F(AgentProxySends, AnApplicationsOwnSignatureStays) {
  start();
  EXPECT_EQ(curl({"-H", "Signature-Input: mine=(\"@path\");keyid=\"k\"", "-H",
                  "Signature: mine=:AAAA:", plain(*a, "/")})
                .out,
            "none");
  const auto judged = a->judged().back();
  EXPECT_EQ(judged.count("signature-input"), 2U);
  EXPECT_EQ(judged.request.field("signature"), "mine=:AAAA:");
}

TEST_F(AgentProxySends, TunnelsUnsignedWhereARuleAllowsAndSaysSo) {
  start();
  const auto https = [&](const std::string& url) {
    return curl({"--cacert", ca.file().string(), "--write-out", "%{http_connect}", url});
  };
  EXPECT_EQ(https(a->url("/t")).out, "no-signature200");
  ASSERT_EQ(logged("tunnelled").size(), 1U);
  const auto entry = logged("tunnelled")[0];
  EXPECT_EQ(entry.at("signed"), false);
  EXPECT_EQ(entry.at("authority"), authority(*a));
  EXPECT_EQ(entry.at("rule"), "a");
  EXPECT_TRUE(logged("signed").empty());
  // A rule that bounds methods or paths cannot bound what it does not see.
  EXPECT_EQ(https(b->url("/may/x")).out, "403");
  EXPECT_EQ(https("https://a.test/").out, "403");
  EXPECT_EQ(https("https://evil.test/").out, "403");
  EXPECT_EQ(logged("refused").size(), 3U);
  EXPECT_TRUE(b->judged().empty());
}

TEST_F(AgentProxySends, NothingToAddressesThatAreNotPublic) {
  start({});
  EXPECT_EQ(curl({plain(*a, "/")}).out, "{\"error\":\"address-not-public\"}\n");
  EXPECT_EQ(curl({"--write-out", "%{http_connect}", a->url("/")}).out, "403");
  EXPECT_TRUE(a->judged().empty());
  EXPECT_EQ(a->connections(), 0);
  EXPECT_EQ(logged("failed").size(), 2U);
}

TEST_F(AgentProxySends, NothingForAUserWithoutARule) {
  write_policy(::getuid() + 1);
  start();
  const auto result = curl({"--write-out", "%{http_code}", plain(*a, "/")});
  EXPECT_EQ(result.out, "{\"error\":\"user-unknown\"}\n403") << result.err;
  EXPECT_TRUE(a->judged().empty());
  EXPECT_EQ(stop(), 0);
  EXPECT_TRUE(contents(file("log")).contains("user-unknown"));
}

TEST_F(AgentProxySends, RequestsOfAnotherUserAreJudgedAsHis) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be another user";
  constexpr uid_t kOther = 65534;
  write_policy(kOther);
  start();
  EXPECT_TRUE(curl({plain(*a, "/")}).out.contains("user-unknown"));
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setuid(kOther) != 0) ::_exit(64);
    ::_exit(ask("GET " + plain(*a, "/") + " HTTP/1.0\r\n\r\n").ends_with("\r\n\r\nnone") ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
  ASSERT_EQ(logged("signed").size(), 1U);
  EXPECT_EQ(logged("signed")[0].at("user"), kOther);
}

TEST_F(AgentProxySends, WhatProgramsThatKnowNothingOfItAsk) {
  start();
  const std::string example = std::string(WBA_SOURCE_DIR) + "/tools/examples/proxied.py";
  int run = 0;
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"python3", example},
                                             {"curl", "--silent"},
                                             {"wget", "--quiet", "--output-document=-"}}) {
    if (!is_installed(arguments.front())) {
      std::printf("SKIPPED: %s is not installed\n", arguments.front().c_str());
      continue;
    }
    ++run;
    std::vector<std::string> call{"env", "http_proxy=" + proxy(), "no_proxy="};
    call.insert(call.end(), arguments.begin(), arguments.end());
    call.push_back(plain(*a, "/by-" + arguments.front()));
    const auto result = run_command(call);
    EXPECT_EQ(result.out, "none") << arguments.front() << result.err;
  }
  EXPECT_EQ(a->judged().size(), static_cast<std::size_t>(run));
}

TEST_F(AgentProxySends, OnlyWhatIsOnLoopback) {
  for (const auto* address :
       {"0.0.0.0:0", "192.0.2.1:0", "[::]:0", "nonsense", "127.0.0.1:", "127.0.0.1:x"}) {
    const auto result =
        run_command({WBA_COMMAND, "agent", "--policy", file("policy.toml"), "--proxy", address});
    EXPECT_EQ(result.status, 2) << address;
    EXPECT_TRUE(result.err.starts_with("wba: error: --proxy ")) << result.err;
  }
}

}  // namespace
}  // namespace wba::test
