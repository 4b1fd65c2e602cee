// `wba verify --fetch`: a request signed by the real command, its directory on a real HTTPS server.

#include <array>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <ostream>
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
    EXPECT_EQ(report["agent"]["url"],
              server_->url("bot.agent.test", "/.well-known/http-message-signatures-directory"));
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

TEST_F(VerifyFetchCommand, KeySetElsewhereNeedsAJsonMediaType) {
  std::string type;
  server_->set_handler([&](const HttpRequest&) {
    return HttpReply{.fields = {{"Content-Type", type}}, .body = "{\"keys\":[" + jwk_ + "]}"};
  });
  type = "application/json";
  EXPECT_EQ(verify(fetching(), "draft-01", "/uploads/avatar-4711.png").status, 0);
  type = "image/png";
  const CommandResult result = verify(fetching(), "draft-01", "/uploads/avatar-4711.png");
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(Json::parse(result.out)["reason"], "directory-wrong-media-type");
}

// The certificate, the resolved name and the identity are those of the host without it.
TEST_F(VerifyFetchCommand, DotAtTheEndOfTheHostIsTheSameAgent) {
  const std::string port = std::to_string(server_->port());
  const CommandResult message = command({"sign", "--key", folder_.file("key.pem"), "--agent",
                                         "https://Bot.agent.test.:" + port, "--profile", "draft-00",
                                         "--output", "message", "GET", "https://example.com/page"});
  ASSERT_EQ(message.status, 0) << message.err;
  for (const std::string& host : {std::string("bot.agent.test"), std::string("bot.Agent.test.")}) {
    std::vector<std::string> arguments = {"verify", "--json"};
    for (const std::string& option : fetching()) arguments.push_back(option);
    for (std::string& argument : arguments) {
      if (argument.starts_with("bot.agent.test:")) argument = host + ":" + port + ":127.0.0.1";
    }
    arguments.emplace_back("-");
    const CommandResult result = command(arguments, message.out);
    ASSERT_EQ(result.status, 0) << result.out << result.err;
    const Json agent = Json::parse(result.out)["agent"];
    EXPECT_EQ(agent["url"],
              server_->url("bot.agent.test", "/.well-known/http-message-signatures-directory"));
    EXPECT_EQ(agent["domain"], "agent.test");
  }
}

TEST_F(VerifyFetchCommand, WithoutItNothingIsFetched) {
  const CommandResult result = verify({});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(server_->connections(), 0);
}

struct FaultCase {
  Fault fault;
  std::string_view reason;
};

// PrintTo keeps addresses out of what a failure says.
void PrintTo(const FaultCase& row, std::ostream* out) { *out << to_string(row.fault); }

class VerifyFetchFault : public VerifyFetchCommand,
                         public testing::WithParamInterface<FaultCase> {};

TEST_P(VerifyFetchFault, IsUnverifiedAndNamed) {
  server_->set_handler(
      [this](const HttpRequest&) { return fault(GetParam().fault, "{\"keys\":[" + jwk_ + "]}"); });
  const CommandResult result = verify(fetching());
  EXPECT_EQ(result.status, 3) << result.out << result.err;
  const Json report = Json::parse(result.out);
  EXPECT_EQ(report["outcome"], "unverified");
  EXPECT_EQ(report["reason"], GetParam().reason);
  EXPECT_EQ(server_->requests(), 1) << "nothing is followed or tried again";
}

constexpr std::array<FaultCase, std::size(all_faults)> fault_cases = {{
    {Fault::stall, "directory-unreachable"},
    {Fault::drip, "directory-unreachable"},
    {Fault::close_early, "directory-unreachable"},
    {Fault::no_reply, "directory-unreachable"},
    {Fault::long_length, "directory-unreachable"},
    {Fault::short_length, "directory-unreadable"},
    {Fault::endless_chunks, "directory-too-large"},
    {Fault::gzip_bomb, "directory-too-large"},
    {Fault::redirect, "directory-bad-status"},
    {Fault::not_modified, "directory-bad-status"},
    {Fault::not_found, "directory-bad-status"},
    {Fault::not_acceptable, "directory-bad-status"},
    {Fault::too_many_requests, "directory-bad-status"},
    {Fault::server_error, "directory-bad-status"},
    {Fault::no_content, "directory-bad-status"},
    {Fault::wrong_media_type, "directory-wrong-media-type"},
    {Fault::html, "directory-wrong-media-type"},
    {Fault::not_json, "directory-unreadable"},
    {Fault::empty_set, "directory-no-keys"},
    {Fault::many_keys, "directory-too-large"},
    {Fault::deep_json, "directory-too-large"},
}};

INSTANTIATE_TEST_SUITE_P(Each, VerifyFetchFault, testing::ValuesIn(fault_cases),
                         [](const auto& row) {
                           std::string name(to_string(row.param.fault));
                           std::erase(name, '-');
                           return name;
                         });

TEST_F(VerifyFetchCommand, CertificateMustBeGoodForTheHostNow) {
  const auto reason = [&](const std::vector<std::string>& names, HttpsServerOptions options) {
    server_ = std::make_unique<HttpsServer>(
        ca_, names,
        [this](const HttpRequest&) { return directory_reply("{\"keys\":[" + jwk_ + "]}"); },
        options);
    const CommandResult result = verify(fetching());
    EXPECT_EQ(server_->requests(), result.status == 0 ? 1 : 0);
    return Json::parse(result.out)["reason"];
  };
  EXPECT_EQ(reason({"bot.agent.test"}, {}), nullptr);
  EXPECT_EQ(reason({"bot.agent.test"}, {.expired_certificate = true}), "directory-unreachable");
  EXPECT_EQ(reason({"other.agent.test"}, {}), "directory-unreachable");
}

TEST_F(VerifyFetchCommand, ProxyInTheEnvironmentIsPassedOver) {
  const char* const names[] = {"https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"};
  for (const char* name : names) setenv(name, "http://127.0.0.1:9", 1);
  const CommandResult result = verify(fetching());
  for (const char* name : names) unsetenv(name);
  EXPECT_EQ(result.status, 0) << result.out;
  EXPECT_EQ(server_->requests(), 1);
}

// A name with several addresses, of which only one may be connected to.
TEST_F(VerifyFetchCommand, OfAMixedAnswerOnlyTheAllowedAddressIsConnectedTo) {
  const auto with = [&](const std::string& addresses) {
    std::vector<std::string> options = fetching();
    options[4] = "bot.agent.test:" + std::to_string(server_->port()) + ":" + addresses;
    options.back() = "127.0.0.1";
    return verify(options);
  };
  EXPECT_EQ(with("127.0.0.2,[::1],10.0.0.1,127.0.0.1").status, 0);
  EXPECT_EQ(server_->connections(), 1);
  const CommandResult none = with("127.0.0.2,[::1],[::ffff:127.0.0.1],[64:ff9b::7f00:1]");
  EXPECT_EQ(Json::parse(none.out)["reason"], "directory-address-forbidden");
  EXPECT_EQ(server_->connections(), 1);
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
