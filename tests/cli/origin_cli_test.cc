// `wba origin`: the whole loop against a protected origin over TLS.

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "support/child_process.h"
#include "support/file_contents.h"
#include "support/https_server.h"
#include "support/run_command.h"
#include "support/test_ca.h"

namespace wba::test {
namespace {

constexpr const char* kAgent = "https://bot.example/keys";

class OriginCommand : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder_.file("site"));
    write("site/page.txt", "a page");
    std::filesystem::create_directory(folder_.file("tls"));
    ca_.write_server_files(folder_.file("tls"), {"127.0.0.1"});
    ASSERT_EQ(run_command({WBA_COMMAND, "key", "new", "--out", folder_.file("key.pem")}).status, 0);
    write("keys.json", R"({"keys":[)" + jwk("key.pem") + "]}");
  }

  std::string jwk(const std::string& key) {
    const auto shown = run_command({WBA_COMMAND, "key", "show", "--json", folder_.file(key)});
    return nlohmann::json::parse(shown.out).at("jwk").dump();
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.file(name), std::ios::binary) << text;
  }

  // start takes the options that say where keys come from.
  void start(const std::vector<std::string>& keys) {
    port_ = free_port();
    std::vector<std::string> arguments = {WBA_COMMAND,
                                          "origin",
                                          folder_.file("site"),
                                          "--port",
                                          std::to_string(port_),
                                          "--certificate",
                                          folder_.file("tls/certificate.pem"),
                                          "--key",
                                          folder_.file("tls/key.pem"),
                                          "--audit",
                                          folder_.file("audit.log")};
    arguments.insert(arguments.end(), keys.begin(), keys.end());
    origin_ = ChildProcess(arguments);
    ASSERT_TRUE(wait_for_port(port_));
    // Signatures made in the second of the start are taken for older ones: replay is not checked.
    const auto now = std::chrono::system_clock::now();
    std::this_thread::sleep_until(std::chrono::floor<std::chrono::seconds>(now) +
                                  std::chrono::seconds(1));
  }

  std::string url(const std::string& target) const {
    return "https://127.0.0.1:" + std::to_string(port_) + target;
  }

  httplib::Headers sign(const std::string& method, const std::string& target,
                        std::vector<std::string> more = {}, const std::string& agent = kAgent) {
    std::vector<std::string> arguments = {
        WBA_COMMAND, "sign",      "--key",   folder_.file("key.pem"), "--agent", agent, "--output",
        "headers",   "--profile", "draft-01"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.push_back(method);
    arguments.push_back(url(target));
    const auto made = run_command(arguments);
    EXPECT_EQ(made.status, 0) << made.err;
    httplib::Headers headers;
    std::istringstream lines(made.out);
    for (std::string line; std::getline(lines, line);) {
      const auto colon = line.find(": ");
      if (colon == std::string::npos) continue;
      if (line.back() == '\r') line.pop_back();
      headers.emplace(line.substr(0, colon), line.substr(colon + 2));
    }
    return headers;
  }

  // actions_in gives what was done by the lines of a log.
  std::vector<std::string> actions_in(const std::string& log) {
    std::istringstream stream(contents(folder_.file(log)));
    std::vector<std::string> actions;
    for (std::string line; std::getline(stream, line);) {
      actions.push_back(nlohmann::json::parse(line).at("action"));
    }
    return actions;
  }

  httplib::Result get(const std::string& target, const httplib::Headers& headers) {
    httplib::SSLClient client("127.0.0.1", port_);
    client.set_ca_cert_path(ca_.file().c_str());
    return client.Get(target, headers);
  }

  TemporaryFolder folder_;
  TestCa ca_;
  ChildProcess origin_;
  std::uint16_t port_ = 0;
};

TEST_F(OriginCommand, SignedPassesUnsignedIsChallengedReplayedIsSlowedDown) {
  start({"--directory", std::string(kAgent) + "=" + folder_.file("keys.json")});
  const auto headers = sign("GET", "/page.txt");
  auto response = get("/page.txt", headers);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "a page");
  response = get("/page.txt", headers);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 429);
  response = get("/page.txt", {});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 403);
  EXPECT_THAT(response->get_header_value("Accept-Signature"), testing::HasSubstr("@authority"));
  response = get("/other.txt", sign("GET", "/page.txt"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 403);
  response = get("/page.txt", sign("GET", "/page.txt", {"--created", "1700000000"}));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 403);
  response = get("/.whoami", sign("GET", "/.whoami"));
  ASSERT_TRUE(response);
  EXPECT_EQ(nlohmann::json::parse(response->body).at("agent"), kAgent);

  // a reload that is a mistake leaves things as they are
  ::kill(origin_.pid(), SIGHUP);
  EXPECT_EQ(get("/page.txt", sign("GET", "/page.txt"))->status, 200);
  EXPECT_EQ(origin_.stop(), 0);
  EXPECT_THAT(actions_in("audit.log"), testing::ElementsAre("pass", "slow-down", "pass", "pass"));
  EXPECT_THAT(actions_in("audit.log.unverified"),
              testing::ElementsAre("challenge", "refuse", "refuse"));
}

// RFC 9112 section 3.2.2: a server takes absolute-form too.
TEST_F(OriginCommand, AbsoluteFormIsRoutedByItsPath) {
  start({"--directory", std::string(kAgent) + "=" + folder_.file("keys.json")});
  auto response = get(url("/.whoami"), sign("GET", "/.whoami"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(nlohmann::json::parse(response->body).at("agent"), kAgent);
  response = get(url("/page.txt"), sign("GET", "/page.txt"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "a page");
  // What was signed for this host is not good for another that the target names.
  response = get("https://evil.example/.whoami", sign("GET", "/.whoami"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 403);
  response = get("ftp://127.0.0.1/.whoami", sign("GET", "/.whoami"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 400);
}

TEST_F(OriginCommand, APortThatAnotherServerHasIsRefused) {
  start({"--directory", std::string(kAgent) + "=" + folder_.file("keys.json")});
  const auto second =
      run_command({WBA_COMMAND, "origin", folder_.file("site"), "--port", std::to_string(port_),
                   "--directory", std::string(kAgent) + "=" + folder_.file("keys.json")});
  EXPECT_EQ(second.status, 2);
  EXPECT_EQ(second.out, "");
  EXPECT_THAT(second.err, testing::HasSubstr("cannot listen on"));
}

TEST_F(OriginCommand, TheDirectoryOfANamedAgentIsFetchedBeforeItComes) {
  HttpsServer directory(ca_, {"bot.example"}, [&](const HttpRequest&) {
    return directory_reply(contents(folder_.file("keys.json")));
  });
  const std::string agent = directory.url("bot.example", "/keys");
  start({"--agent", agent, "--ca", ca_.file().string(), "--resolve",
         directory.resolve("bot.example"), "--allow-address", "127.0.0.0/8"});
  for (int i = 0; i < 1000 && directory.requests() == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_EQ(directory.requests(), 1);
  // Until the answer is there the origin cannot tell, and says so.
  int status = 503;
  for (int i = 0; i < 100 && status == 503; ++i) {
    const auto response = get("/page.txt", sign("GET", "/page.txt", {}, agent));
    ASSERT_TRUE(response);
    status = response->status;
  }
  EXPECT_EQ(status, 200);
  EXPECT_EQ(directory.requests(), 1);
}

TEST_F(OriginCommand, WhereFilesStandForDirectoriesNoneIsFetched) {
  const auto ended =
      run_command({WBA_COMMAND, "origin", folder_.file("site"), "--agent", kAgent, "--directory",
                   std::string(kAgent) + "=" + folder_.file("keys.json")});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, testing::HasSubstr("--directory and --agent do not go together"));
}

TEST_F(OriginCommand, AConfigurationWithMistakesIsToldWithItsLines) {
  write("guard.toml", "[defaults]\nunsigned = \"maybe\"\n");
  const auto ended = run_command(
      {WBA_COMMAND, "origin", folder_.file("site"), "--config", folder_.file("guard.toml")});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, testing::HasSubstr("line 2: [defaults] unsigned: must be one of"));
  EXPECT_TRUE(ended.out.empty());
}

TEST_F(OriginCommand, AFolderThatIsNotThereIsAnError) {
  const auto ended = run_command({WBA_COMMAND, "origin", folder_.file("nowhere")});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, testing::HasSubstr("no such folder"));
}

TEST_F(OriginCommand, CertificateAndKeyGoTogether) {
  const auto ended =
      run_command({WBA_COMMAND, "origin", folder_.file("site"), "--certificate", "c.pem"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, testing::HasSubstr("go together"));
}

}  // namespace
}  // namespace wba::test
