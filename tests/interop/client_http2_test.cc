// The client over HTTP/2: nginx speaks it, with TLS, in front of origins that verify every request.

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "support/child_process.h"
#include "support/run_command.h"
#include "unit/client_support.h"

namespace wba::test {
namespace {

using namespace std::chrono_literals;

class ClientHttp2 : public testing::Test {
 protected:
  void SetUp() override {
    if (!is_installed("nginx")) GTEST_SKIP() << "nginx is not installed";
    // Servers that start as root give it up.
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0755});
    ca.write_server_files(folder.path(), {"a.test", "b.test"});
    std::ofstream(folder.file("nginx.conf")) << configuration();
    nginx = ChildProcess({"nginx", "-e", folder.file("error.log"), "-p", folder.path(), "-c",
                          folder.file("nginx.conf"), "-g", "daemon off;"});
    ASSERT_TRUE(wait_for_port(port)) << "nginx did not start";
    for (const auto* host : {"a.test", "b.test"}) {
      resolve =
          curl_slist_append(resolve, (host + (":" + std::to_string(port)) + ":127.0.0.1").c_str());
    }
    set_up(easy);
  }
  ~ClientHttp2() override {
    curl_easy_cleanup(easy);
    curl_slist_free_all(resolve);
  }

  [[nodiscard]] std::string configuration() const {
    const auto server = [&](const std::string& host, const Origin& origin) {
      return "server { listen 127.0.0.1:" + std::to_string(port) + " ssl http2; server_name " +
             host + "; location / { proxy_pass " + origin.url("").replace(8, 6, "127.0.0.1") +
             "; } }\n";
    };
    const auto& run = folder.path();
    return std::string(::geteuid() == 0 ? "user root;\n" : "") + "worker_processes 1;\npid " + run +
           "/pid;\nevents { worker_connections 1024; }\nhttp {\n" +
           "log_format seen '$server_protocol $connection';\naccess_log " + run + "/log seen;\n" +
           "client_body_temp_path " + run + "/1;\nproxy_temp_path " + run +
           "/2;\nfastcgi_temp_path " + run + "/3;\nuwsgi_temp_path " + run +
           "/4;\nscgi_temp_path " + run + "/5;\nssl_certificate " + run +
           "/certificate.pem;\nssl_certificate_key " + run + "/key.pem;\n" +
           "keepalive_requests 100000;\nproxy_http_version 1.1;\nproxy_set_header Host " +
           "$http_host;\nproxy_request_buffering off;\n" + server("a.test", a) +
           server("b.test", b) + "}\n";
  }

  [[nodiscard]] std::string url(const std::string& host, const std::string& target) const {
    return "https://" + host + ":" + std::to_string(port) + target;
  }

  void set_up(CURL* handle) const {
    curl_easy_setopt(handle, CURLOPT_CAINFO, ca.file().c_str());
    curl_easy_setopt(handle, CURLOPT_RESOLVE, resolve);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, 60000L);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
    curl_easy_setopt(handle, CURLOPT_PIPEWAIT, 1L);  // rather on a connection that there is
  }

  // perform checks that all of it went by HTTP/2 and was verified.
  ClientResponse perform(ClientRequest request) {
    if (!session) session.emplace(SigningSession::create(config).value());
    const auto before = a.judged().size() + b.judged().size();
    body.clear();
    CURLcode code = CURLE_OK;
    auto response = session->perform(easy, std::move(request),
                                     {.head = {},
                                      .body =
                                          [this](std::string_view part) {
                                            body += part;
                                            return true;
                                          }},
                                     &code);
    EXPECT_TRUE(response) << curl_easy_strerror(code);
    if (!response) return {};
    EXPECT_EQ(response->http_version, 20);
    for (const auto* origin : {&a, &b}) {
      for (const auto& judged : origin->judged()) {
        EXPECT_TRUE(judged.verified()) << to_string(judged.reason);
      }
    }
    EXPECT_EQ(a.judged().size() + b.judged().size(),
              before + 1 + response->redirects + response->challenges);
    return *response;
  }

  // connections gives those that nginx answered requests on, by its log; each line is HTTP/2.
  [[nodiscard]] std::set<std::string> connections(std::size_t requests) const {
    std::set<std::string> seen;
    std::size_t lines = 0;
    // A line is written behind the answer.
    for (int i = 0; i < 200 && lines < requests; ++i) {
      std::ifstream stream(folder.file("log"));
      lines = 0;
      for (std::string line; std::getline(stream, line); ++lines) {
        EXPECT_TRUE(line.starts_with("HTTP/2.0 ")) << line;
        seen.insert(line);
      }
      if (lines < requests) std::this_thread::sleep_for(25ms);
    }
    EXPECT_EQ(lines, requests);
    return seen;
  }

  HttpReply answer(const Judged& judged) const {
    if (judged.request.target == "/moved") {
      return {.status = 307, .fields = {{"Location", url("b.test", "/there")}}};
    }
    if (judged.request.target == "/asks" && judged.nonce != "abc") {
      return {.status = 403,
              .fields = {{"Accept-Signature", "sig1=(\"@authority\" \"@query\");nonce=\"abc\""}}};
    }
    return {.body = std::string(to_string(judged.reason))};
  }

  TemporaryFolder folder;
  TestCa ca;
  TestAgent agent;
  std::uint16_t port = free_port();
  Origin a{ca, agent, "a.test", [this](const Judged& judged) { return answer(judged); }};
  Origin b{ca, agent, "b.test"};
  ChildProcess nginx;
  curl_slist* resolve = nullptr;
  CURL* easy = curl_easy_init();
  ClientConfig config{.signer = agent.signer,
                      .profile = {.profile = SignerProfile::draft_01, .agent_url = agent.url}};
  std::optional<SigningSession> session;
  std::string body;
};

TEST_F(ClientHttp2, EveryKindOfRequestIsVerified) {
  config.profile.digest = DigestAlgorithm::sha_256;
  EXPECT_EQ(perform({.url = url("a.test", "/x?y=z")}).status, 200);
  EXPECT_EQ(body, "none");
  EXPECT_EQ(a.judged().back().request.target, "/x?y=z");
  perform({.method = "POST", .url = url("a.test", "/"), .body = "hello"});
  EXPECT_EQ(body, "none");
  EXPECT_EQ(a.judged().back().request.body, "hello");
  EXPECT_TRUE(a.judged().back().covers("\"content-digest\""));
  const std::string large(300'000, 'x');
  for (const bool sized : {true, false}) {
    perform({.method = "PUT",
             .url = url("a.test", "/"),
             .stream = std::make_shared<Text>(large, true, sized)});
    EXPECT_EQ(a.judged().back().request.method, "PUT");
    EXPECT_EQ(a.judged().back().request.body, large);
    EXPECT_TRUE(a.judged().back().covers("\"content-digest\""));
  }
  EXPECT_EQ(perform({.method = "HEAD", .url = url("a.test", "/")}).status, 200);
  EXPECT_EQ(body, "");
  EXPECT_EQ(connections(5).size(), 1U);
}

TEST_F(ClientHttp2, RedirectsOverTwoOriginsAreSignedForEach) {
  const auto response =
      perform({.method = "POST", .url = url("a.test", "/moved"), .body = "hello"});
  EXPECT_EQ(response.redirects, 1U);
  EXPECT_EQ(response.url, url("b.test", "/there"));
  EXPECT_EQ(b.judged().at(0).request.body, "hello");
  EXPECT_EQ(b.judged().at(0).request.field("host"), "b.test:" + std::to_string(port));
}

TEST_F(ClientHttp2, ChallengesAreAnsweredWithTheirNonce) {
  EXPECT_EQ(perform({.url = url("a.test", "/asks")}).challenges, 1U);
  EXPECT_EQ(a.judged().back().nonce, "abc");
  EXPECT_TRUE(a.judged().back().covers("\"@query\""));
}

TEST_F(ClientHttp2, AThousandRequestsShareAConnection) {
  auto signing = SigningSession::create(config).value();
  MultiSession multi(
      signing, [this](CURL* handle) { set_up(handle); }, 32);
  std::map<long, int> versions;
  for (int i = 0; i < 1000; ++i) {
    ClientRequest request{.url = url("a.test", "/" + std::to_string(i))};
    if (i % 2 == 0) {
      request.method = "POST";
      request.body = std::to_string(i);
    }
    multi.add(std::move(request), {}, [&](const Result<ClientResponse>& response, CURLcode code) {
      ++versions[response && response->status == 200 ? response->http_version : -code];
    });
  }
  EXPECT_EQ(multi.run(240s), 0U);
  EXPECT_EQ(versions, (std::map<long, int>{{20, 1000}}));
  EXPECT_EQ(signing.signatures_made(), 1000U);
  const auto all = a.judged();
  EXPECT_EQ(all.size(), 1000U);
  std::set<std::string> nonces;
  for (const auto& judged : all) {
    EXPECT_TRUE(judged.verified()) << to_string(judged.reason);
    nonces.insert(judged.nonce);
  }
  EXPECT_EQ(nonces.size(), 1000U);
  EXPECT_EQ(connections(1000).size(), 1U);
}

}  // namespace
}  // namespace wba::test
