// `wba verify --fetch`: a request signed by the real command, its directory on a real HTTPS server.

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/https_server.h"
#include "support/run_command.h"

namespace wba::test {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;

class VerifyFetchCommand : public testing::Test {
 protected:
  VerifyFetchCommand() {
    EXPECT_EQ(command({"key", "new", "--out", folder_.file("key.pem")}).status, 0);
    const auto shown = command({"key", "show", "--json", folder_.file("key.pem")});
    jwk_ = Json::parse(shown.out).at("jwk").dump();
    serve([this](const HttpRequest&) { return directory_reply("{\"keys\":[" + jwk_ + "]}"); });
  }

  void serve(HttpHandler handler) {
    server_ = std::make_unique<HttpsServer>(ca_, std::vector<std::string>{"bot.agent.test"},
                                            std::move(handler));
  }

  static CommandResult command(std::vector<std::string> arguments, std::string_view input = {}) {
    arguments.insert(arguments.begin(), WBA_COMMAND);
    return run_command(arguments, input);
  }

  // verify signs a request for the server's agent, by `profile`, and verifies it.
  [[nodiscard]] CommandResult verify(const std::vector<std::string>& more,
                                     const std::string& profile = "draft-01",
                                     const std::string& path = "") const {
    const CommandResult message = command(
        {"sign", "--key", folder_.file("key.pem"), "--agent", server_->url("bot.agent.test", path),
         "--profile", profile, "--output", "message", "GET", "https://example.com/page"});
    EXPECT_EQ(message.status, 0) << message.err;
    std::vector<std::string> arguments = {"verify", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.emplace_back("-");
    return command(arguments, message.out);
  }

  [[nodiscard]] std::vector<std::string> fetching() const {
    return {"--fetch",
            "--ca",
            ca_.file(),
            "--resolve",
            server_->resolve("bot.agent.test"),
            "--allow-address",
            "127.0.0.0/8"};
  }

  TemporaryFolder folder_;
  TestCa ca_;
  std::string jwk_;
  std::unique_ptr<HttpsServer> server_;
};

TEST_F(VerifyFetchCommand, AgentIsVerifiedByTheDirectoryThatItNames) {
  for (const char* profile : {"draft-01", "draft-00", "cloudflare"}) {
    const CommandResult result = verify(fetching(), profile);
    ASSERT_EQ(result.status, 0) << profile << result.out << result.err;
    const Json report = Json::parse(result.out);
    EXPECT_EQ(report["outcome"], "verified");
    EXPECT_EQ(report["agent"]["url"], server_->url("bot.agent.test", "/"));
    EXPECT_EQ(report["agent"]["domain"], "agent.test");
  }
  EXPECT_EQ(server_->requests(), 3);
  EXPECT_EQ(server_->last_request().target, "/.well-known/http-message-signatures-directory");
}

TEST_F(VerifyFetchCommand, UrlOfAKeySetIsFetchedItself) {
  const CommandResult result = verify(fetching(), "draft-01", "/keys.json");
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_EQ(server_->last_request().target, "/keys.json");
}

TEST_F(VerifyFetchCommand, WithoutItNothingIsFetched) {
  const CommandResult result = verify({});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(server_->connections(), 0);
}

TEST_F(VerifyFetchCommand, EveryFaultIsUnverifiedAndNamed) {
  const std::pair<Fault, const char*> faults[] = {
      {Fault::no_reply, "directory-unreachable"},
      {Fault::redirect, "directory-bad-status"},
      {Fault::not_found, "directory-bad-status"},
      {Fault::too_many_requests, "directory-bad-status"},
      {Fault::gzip_bomb, "directory-too-large"},
      {Fault::html, "directory-wrong-media-type"},
      {Fault::not_json, "directory-unreadable"},
      {Fault::empty_set, "directory-no-keys"},
  };
  for (const auto& [kind, reason] : faults) {
    server_->set_handler([&](const HttpRequest&) { return fault(kind, jwk_); });
    const CommandResult result = verify(fetching());
    EXPECT_EQ(result.status, 3) << reason;
    EXPECT_EQ(Json::parse(result.out)["reason"], reason);
  }
}

TEST_F(VerifyFetchCommand, KeyOfAnotherIsNotInTheDirectory) {
  ASSERT_EQ(command({"key", "new", "--out", folder_.file("other.pem")}).status, 0);
  const std::string other =
      Json::parse(command({"key", "show", "--json", folder_.file("other.pem")}).out)
          .at("jwk")
          .dump();
  server_->set_handler(
      [&](const HttpRequest&) { return directory_reply("{\"keys\":[" + other + "]}"); });
  const CommandResult result = verify(fetching());
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(Json::parse(result.out)["reason"], "key-not-in-directory");
}

TEST_F(VerifyFetchCommand, LoopbackIsForbiddenUnlessAllowed) {
  std::vector<std::string> options = fetching();
  options.resize(options.size() - 2);
  const CommandResult result = verify(options);
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(Json::parse(result.out)["reason"], "directory-address-forbidden");
  EXPECT_EQ(server_->connections(), 0);
}

TEST_F(VerifyFetchCommand, DirectoryThatWasGivenIsNotFetched) {
  const std::string file = folder_.file("keys.json");
  std::ofstream(file) << "{\"keys\":[" << jwk_ << "]}";
  std::vector<std::string> options = fetching();
  options.insert(options.end(),
                 {"--directory",
                  server_->url("bot.agent.test", "/.well-known/http-message-signatures-directory") +
                      "=" + file});
  EXPECT_EQ(verify(options).status, 0);
  EXPECT_EQ(server_->connections(), 0);
}

TEST_F(VerifyFetchCommand, NetworkOptionsAloneAreAMistake) {
  std::vector<std::string> options = fetching();
  options.erase(options.begin());
  const CommandResult result = verify(options);
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("need --fetch"));
}

}  // namespace
}  // namespace wba::test
