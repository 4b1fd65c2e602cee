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

  // `origin` is what the agent calls the server; empty: as url does.
  httplib::Headers sign(const std::string& method, const std::string& target,
                        std::vector<std::string> more = {}, const std::string& agent = kAgent,
                        const std::string& origin = {}) {
    std::vector<std::string> arguments = {
        WBA_COMMAND, "sign",      "--key",   folder_.file("key.pem"), "--agent", agent, "--output",
        "headers",   "--profile", "draft-01"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.push_back(method);
    arguments.push_back(origin.empty() ? url(target) : "https://" + origin + target);
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
  // The target names another host than Host.
  response = get("https://evil.example/.whoami", sign("GET", "/.whoami"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 400);
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

// Without a word about it, the names of the certificate at the port listened on.
TEST_F(OriginCommand, ASignatureForAnotherSiteIsRefused) {
  const std::string keys = std::string(kAgent) + "=" + folder_.file("keys.json");
  const auto status_of = [this](const std::string& host) {
    auto headers = sign("GET", "/page.txt", {}, kAgent, host);
    headers.emplace("Host", host);
    const auto response = get("/page.txt", headers);
    return response ? response->status : 0;
  };
  start({"--directory", keys});
  const auto at = [this](const std::string& host) { return host + ":" + std::to_string(port_); };
  EXPECT_EQ(status_of(at("127.0.0.1")), 200);
  EXPECT_EQ(status_of(at("evil.example")), 403);
  EXPECT_EQ(origin_.stop(), 0);
  EXPECT_THAT(contents(folder_.file("audit.log.unverified")),
              testing::HasSubstr("\"authority-not-ours\""));

  start({"--directory", keys, "--authority", "shop.example", "--authority", "*.shop.example:8443"});
  for (const auto& host :
       {std::string("shop.example"), at("shop.example"), std::string("www.shop.example:8443")}) {
    EXPECT_EQ(status_of(host), 200) << host;
  }
  for (const auto& host : {at("127.0.0.1"), std::string("shop.example:8443"),
                           std::string("www.shop.example"), std::string("evil.example")}) {
    EXPECT_EQ(status_of(host), 403) << host;
  }
  EXPECT_EQ(origin_.stop(), 0);

  write("guard.toml",
        "[server]\nauthorities = \"shop.example\"\n[defaults]\nunsigned = \"deny\"\n");
  start({"--directory", keys, "--config", folder_.file("guard.toml")});
  EXPECT_EQ(status_of("shop.example"), 200);
  EXPECT_EQ(status_of(at("shop.example")), 403);
}

TEST_F(OriginCommand, AnyFreePortIsOneOfItsAuthorities) {
  const auto out = folder_.file("origin.out");
  origin_ = ChildProcess({WBA_COMMAND, "origin", folder_.file("site"), "--certificate",
                          folder_.file("tls/certificate.pem"), "--key", folder_.file("tls/key.pem"),
                          "--directory", std::string(kAgent) + "=" + folder_.file("keys.json")},
                         {.out = out, .err = {}});
  std::string said;
  for (int i = 0; i < 1000 && !said.ends_with('\n'); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    said = contents(out);
  }
  ASSERT_TRUE(said.starts_with("listening on https://127.0.0.1:")) << said;
  port_ = static_cast<std::uint16_t>(std::stoi(said.substr(said.rfind(':') + 1)));
  int status = 503;  // what was signed in the second of the start may be older
  for (int i = 0; i < 40 && status == 503; ++i) {
    const auto response = get("/page.txt", sign("GET", "/page.txt"));
    ASSERT_TRUE(response);
    status = response->status;
  }
  EXPECT_EQ(status, 200);
}

TEST_F(OriginCommand, WhatIsNoAuthorityIsAnError) {
  const auto ended = run_command({WBA_COMMAND, "origin", folder_.file("site"), "--directory",
                                  std::string(kAgent) + "=" + folder_.file("keys.json"),
                                  "--authority", "https://shop.example"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, testing::HasSubstr("give --authority HOST or HOST:PORT"));
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
