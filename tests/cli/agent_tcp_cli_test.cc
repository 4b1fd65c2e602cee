// `wba agent --listen`: callers over loopback TCP, who show a token.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "agent_daemon.h"

namespace wba::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kToken = "0123456789abcdef0123456789abcdef";

class AgentTcp : public AgentDaemon {
 protected:
  AgentTcp() {
    write_token(kToken);
    key_lines = "[[token]]\nname = \"ci\"\nfile = \"" + file("token") + "\"\n";
    policy_end =
        "[[rule]]\nname = \"builds\"\ntokens = [\"ci\"]\nkeys = [\"main\"]\n"
        "authorities = [\"build.test\"]\nper_minute = 2\n";
    write_policy("localhost:1");
  }

  void write_token(std::string_view token) {
    std::ofstream(file("token")) << token << "\n";
    ASSERT_EQ(::chmod(file("token").c_str(), 0600), 0);
  }

  void start_listening() {
    start({"--listen", "127.0.0.1:0"});
    for (int i = 0; i < 400 && !contents(file("out")).ends_with('\n'); ++i) {
      std::this_thread::sleep_for(25ms);
    }
    const std::string out = contents(file("out"));
    ASSERT_TRUE(out.starts_with("listening on http://127.0.0.1:")) << out;
    url = out.substr(13, out.size() - 14);
  }

  struct Heard {
    long status = 0;
    std::string body;
  };
  [[nodiscard]] Heard ask(
      const std::vector<std::string>& headers,
      const std::string& body = R"({"method":"GET","url":"https://build.test/"})") {
    Heard heard;
    curl_slist* list = nullptr;
    for (const auto& header : headers) list = curl_slist_append(list, header.c_str());
    CURL* easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, (url + "/sign").c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(
        easy, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* out) {
          static_cast<std::string*>(out)->append(data, size);
          return size;
        });
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &heard.body);
    curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &heard.status);
    curl_easy_cleanup(easy);
    curl_slist_free_all(list);
    return heard;
  }

  CommandResult check(const std::string& address) {
    return run_command({WBA_COMMAND, "agent", "--policy", file("policy.toml"), "--listen", address},
                       {}, std::chrono::seconds(30));
  }

  const std::string bearer = "Authorization: Bearer " + std::string(kToken);
  std::string url;
};

TEST_F(AgentTcp, TokenIsWhatItsRulesAllow) {
  start_listening();
  EXPECT_TRUE(ask({bearer}).body.contains("Signature-Input"));
  EXPECT_EQ(ask({bearer}, R"({"method":"GET","url":"https://localhost:1/"})").body,
            R"({"error":"authority-not-allowed"})")
      << "that rule is for a user";
  EXPECT_EQ(post(R"({"method":"GET","url":"https://build.test/"})"),
            R"({"error":"authority-not-allowed"})")
      << "and this one for no user";
  EXPECT_TRUE(ask({bearer}).body.contains("Signature-Input"));
  EXPECT_EQ(ask({bearer}).status, 429) << "two a minute";
  EXPECT_EQ(stop(), 0);
  const std::string log = contents(file("log"));
  EXPECT_TRUE(log.contains("\"token\":\"ci\"")) << log;
  EXPECT_FALSE(log.contains(kToken));
}

TEST_F(AgentTcp, NobodyIsHeardWithoutAToken) {
  start_listening();
  for (const std::vector<std::string>& headers :
       {std::vector<std::string>{},
        {"Authorization: Bearer 0123456789abcdef0123456789abcdeF"},
        {"Authorization: Bearer 0123456789abcdef0123456789abcde"},
        {"Authorization: Basic " + std::string(kToken)},
        {"Authorization: " + std::string(kToken)},
        {"Cookie: token=" + std::string(kToken)}}) {
    const Heard heard = ask(headers);
    EXPECT_EQ(heard.status, 401);
    EXPECT_EQ(heard.body, R"({"error":"token-unknown"})");
  }
  EXPECT_EQ(stop(), 0);
  EXPECT_TRUE(contents(file("log")).contains("token-unknown"));
}

TEST_F(AgentTcp, PagesInBrowsersAreNotHeard) {
  start_listening();
  const std::string port = url.substr(url.rfind(':'));
  EXPECT_EQ(ask({bearer, "Host: localhost" + port}).status, 200);
  EXPECT_EQ(ask({bearer, "Origin: https://evil.test"}).body, R"({"error":"origin-not-allowed"})");
  EXPECT_EQ(ask({bearer, "Origin: null"}).status, 403);
  for (const std::string& host : {"evil.test" + port, std::string("127.0.0.1"),
                                  "127.0.0.1" + port + "0", "localhost.evil.test" + port}) {
    EXPECT_EQ(ask({bearer, "Host: " + host}).body, R"({"error":"host-not-allowed"})") << host;
  }
  EXPECT_EQ(ask({bearer, "Host:"}).status, 403);
}

TEST_F(AgentTcp, TokensAreReadAgainAtReload) {
  start_listening();
  write_token("another-token-of-thirty-two-characters");
  ::kill(daemon.pid(), SIGHUP);
  for (int i = 0; i < 400 && ask({bearer}, "{}").status != 401; ++i) {
    std::this_thread::sleep_for(25ms);
  }
  EXPECT_EQ(ask({bearer}).status, 401);
  EXPECT_EQ(ask({"Authorization: Bearer another-token-of-thirty-two-characters"}).status, 200);
}

TEST_F(AgentTcp, OnlyLoopbackAndGoodTokensAreTaken) {
  for (const auto* address : {"0.0.0.0:0", "192.0.2.1:0", "[::]:0", "localhost:0", "127.0.0.1",
                              "127.0.0.1:65536", "127.0.0.1:", ":8080", "127.1:0"}) {
    const auto result = check(address);
    EXPECT_EQ(result.status, 2) << address;
    EXPECT_TRUE(result.err.contains("not an address of loopback")) << result.err;
  }
  write_token("too-short");
  EXPECT_TRUE(check("127.0.0.1:0").err.contains("32 to 256")) << check("127.0.0.1:0").err;
  write_token(kToken);
  ::chmod(file("token").c_str(), 0644);
  EXPECT_TRUE(check("127.0.0.1:0").err.contains("chmod 600"));
  key_lines = "";
  policy_end = "";
  write_policy("localhost:1");
  EXPECT_TRUE(check("127.0.0.1:0").err.contains("[[token]]"));
}

}  // namespace
}  // namespace wba::test
