#include <array>
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
#include "support/test_ca.h"

namespace wba {
namespace {

using test::CommandResult;
using test::Fault;
using test::HttpReply;
using test::HttpRequest;
using test::HttpsServer;
using test::TestCa;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

constexpr std::string_view path = "/.well-known/http-message-signatures-directory";
constexpr std::string_view host = "agent.test";

// DuckDuckBot's key: vectors/webbotauth/captures.json.
constexpr std::string_view body =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"pVqc2ohmGpL_H1OJGq7mIGkxAk65mm5JkY7qSdJachE",)"
    R"("kid":"5HvpfNA946z6lcCXEIOOpzlN5l0mdZE42jdqimEwPf8"}]})";

HttpReply good_reply(const HttpRequest& request) {
  if (request.field("if-none-match") == "\"v1\"") {
    return {.status = 304, .fields = {{"ETag", "\"v1\""}}};
  }
  return test::directory_reply(std::string(body),
                               {{"ETag", "\"v1\""}, {"Cache-Control", "max-age=3600"}});
}

class DirectoryCheckCommand : public ::testing::Test {
 protected:
  void serve(test::HttpHandler handler, const std::vector<std::string>& names = {"agent.test"},
             test::HttpsServerOptions options = {}) {
    server_ = std::make_unique<HttpsServer>(ca_, names, std::move(handler), options);
  }

  // run runs `wba` for a URL of the server, trusting `ca`.
  [[nodiscard]] CommandResult run(const std::vector<std::string>& command, std::string_view target,
                                  const TestCa& ca, const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {WBA_COMMAND};
    arguments.insert(arguments.end(), command.begin(), command.end());
    for (const std::string& argument :
         {server_->url(host, target), std::string("--ca"), ca.file().string(),
          std::string("--resolve"), server_->resolve(host)}) {
      arguments.push_back(argument);
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return test::run_command(arguments, {}, std::chrono::seconds(120));
  }

  [[nodiscard]] CommandResult check(std::vector<std::string> more = {},
                                    std::string_view target = path) const {
    more.insert(more.end(), {"--allow-address", "127.0.0.0/8"});
    return run({"directory", "check"}, target, ca_, more);
  }

  // failures gives "check" or "check:subject" of every finding of level fail.
  [[nodiscard]] static std::vector<std::string> failures(const CommandResult& result) {
    EXPECT_EQ(result.err, "");
    std::vector<std::string> out;
    const Json report = Json::parse(result.out, nullptr, false);
    if (report.is_discarded()) {
      ADD_FAILURE() << result.out;
      return out;
    }
    for (const auto& finding : report["findings"]) {
      if (finding["level"] != "fail") continue;
      std::string name = finding["check"];
      if (finding["subject"].is_string()) name += ":" + finding["subject"].get<std::string>();
      EXPECT_FALSE(finding["advice"].is_null()) << name;
      out.push_back(std::move(name));
    }
    EXPECT_EQ(result.status, out.empty() ? 0 : 1);
    return out;
  }

  TestCa ca_;
  std::unique_ptr<HttpsServer> server_;
};

TEST_F(DirectoryCheckCommand, GoodDirectoryFailsNothing) {
  serve(good_reply);
  const auto result = check();
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  for (const std::string_view line :
       {"ok    reach", "ok    status", "ok    media-type", "ok    accept", "ok    user-agent",
        "ok    revalidation", "warn  proof", "taken by draft-01: yes", "taken by cloudflare: no"}) {
    EXPECT_THAT(result.out, HasSubstr(std::string(line)));
  }
}

TEST_F(DirectoryCheckCommand, OriginMeansItsWellKnownPath) {
  serve(good_reply);
  EXPECT_EQ(check({}, "").status, 0);
  EXPECT_EQ(server_->last_request().target, path);
  EXPECT_EQ(check({}, "/").status, 0);
}

struct FaultCase {
  Fault fault;
  std::string_view failure;
};

// PrintTo keeps addresses out of what a failure says.
void PrintTo(const FaultCase& row, std::ostream* out) { *out << to_string(row.fault); }

class DirectoryCheckFault : public DirectoryCheckCommand,
                            public ::testing::WithParamInterface<FaultCase> {};

TEST_P(DirectoryCheckFault, IsNamed) {
  const Fault wrong = GetParam().fault;
  serve([wrong](const HttpRequest&) { return test::fault(wrong, std::string(body)); });
  const bool waits = wrong == Fault::stall || wrong == Fault::drip;
  const auto result = check({"--json", "--timeout", waits ? "2s" : "60s"});
  EXPECT_THAT(failures(result), ::testing::Contains(std::string(GetParam().failure)));
}

constexpr std::array<FaultCase, std::size(test::all_faults)> fault_cases = {{
    {Fault::stall, "reach:timed-out"},
    {Fault::drip, "reach:timed-out"},
    {Fault::close_early, "reach:cut"},
    {Fault::no_reply, "reach:cut"},
    {Fault::long_length, "reach:cut"},
    {Fault::short_length, "json"},
    {Fault::endless_chunks, "reach:too-large"},
    {Fault::gzip_bomb, "reach:too-large"},
    {Fault::redirect, "redirect"},
    {Fault::not_modified, "status"},
    {Fault::not_found, "status"},
    {Fault::not_acceptable, "status"},
    {Fault::too_many_requests, "status"},
    {Fault::server_error, "status"},
    {Fault::no_content, "status"},
    {Fault::wrong_media_type, "media-type"},
    {Fault::html, "media-type"},
    {Fault::not_json, "json"},
    {Fault::empty_set, "keys"},
    {Fault::many_keys, "size"},
    {Fault::deep_json, "json"},
}};

INSTANTIATE_TEST_SUITE_P(Each, DirectoryCheckFault, ::testing::ValuesIn(fault_cases),
                         [](const auto& row) {
                           std::string name(to_string(row.param.fault));
                           std::erase(name, '-');
                           return name;
                         });

TEST_F(DirectoryCheckCommand, ExpiredCertificateIsNamed) {
  serve(good_reply, {"agent.test"}, {.expired_certificate = true});
  EXPECT_THAT(failures(check({"--json"})), ::testing::ElementsAre("reach:certificate-end"));
}

TEST_F(DirectoryCheckCommand, CertificateForAnotherNameIsNamed) {
  serve(good_reply, {"other.test"});
  EXPECT_THAT(failures(check({"--json"})), ::testing::ElementsAre("reach:certificate-name"));
}

TEST_F(DirectoryCheckCommand, CertificateThatNobodyTrustsIsNamed) {
  serve(good_reply);
  const TestCa other;
  EXPECT_THAT(failures(run({"directory", "check"}, path, other,
                           {"--json", "--allow-address", "127.0.0.1"})),
              ::testing::ElementsAre("reach:certificate"));
}

TEST_F(DirectoryCheckCommand, AddressThatIsNotPublicIsRefusedUnlessAllowed) {
  serve(good_reply);
  EXPECT_THAT(failures(run({"directory", "check"}, path, ca_, {"--json"})),
              ::testing::ElementsAre("reach:address"));
  EXPECT_EQ(server_->connections(), 0);
}

TEST_F(DirectoryCheckCommand, PortThatNobodyListensOnIsNamed) {
  serve(good_reply);
  const std::string url = server_->url(host, path);
  const std::string resolve = server_->resolve(host);
  server_.reset();
  const auto result =
      test::run_command({WBA_COMMAND, "directory", "check", url, "--ca", ca_.file().string(),
                         "--resolve", resolve, "--allow-address", "127.0.0.1", "--json"});
  EXPECT_THAT(failures(result), ::testing::ElementsAre("reach:refused"));
}

// Seen in the wild: 406 to `Accept: application/json`, 403 to clients that are no browsers.
TEST_F(DirectoryCheckCommand, AnswerThatDependsOnAcceptIsNamed) {
  serve([](const HttpRequest& request) {
    if (request.field("accept") == "application/json") return HttpReply{.status = 406};
    return good_reply(request);
  });
  EXPECT_THAT(failures(check({"--json"})), ::testing::ElementsAre("accept"));
}

TEST_F(DirectoryCheckCommand, AnswerThatDependsOnUserAgentIsNamed) {
  serve([](const HttpRequest& request) {
    if (request.field("user-agent").starts_with("curl/")) return HttpReply{.status = 403};
    if (request.field("user-agent").empty()) return HttpReply{.status = 400};
    return good_reply(request);
  });
  EXPECT_THAT(failures(check({"--json"})), ::testing::ElementsAre("user-agent", "user-agent"));
}

TEST_F(DirectoryCheckCommand, BotProtectionThatBlocksPlainClientsIsNamed) {
  serve([](const HttpRequest&) {
    return HttpReply{.status = 403,
                     .fields = {{"Content-Type", "text/html"}},
                     .body = "<!doctype html><title>Just a moment...</title>"};
  });
  const auto result = check();
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr("answers 403 instead of 200 -> take the path out of login, bot "
                                    "protection"));
  // Or with 200, which is worse.
  serve([](const HttpRequest&) {
    return test::directory_reply("<!doctype html><title>Just a moment...</title>");
  });
  EXPECT_THAT(check().out, HasSubstr("bot protection came instead"));
}

TEST_F(DirectoryCheckCommand, KidThatIsNoThumbprintAndMillisecondsAreNamed) {
  serve([](const HttpRequest&) {
    std::string wrong(body);
    wrong.replace(wrong.find("5Hvp"), 43, "key-1");
    wrong.insert(wrong.find("\"kid\""), R"("nbf":1700000000000,"exp":4102444800000,)");
    return test::directory_reply(wrong, {{"Cache-Control", "max-age=3600"}});
  });
  EXPECT_THAT(failures(check({"--json"})),
              ::testing::ElementsAre("kid:key 1", "nbf:key 1", "exp:key 1", "usable"));
  const auto result = check();
  EXPECT_THAT(result.out, HasSubstr("nbf is in milliseconds"));
  EXPECT_THAT(result.out, HasSubstr("-> write seconds: 1700000000"));
  EXPECT_THAT(result.out, HasSubstr("-> set kid to 5HvpfNA946z6lcCXEIOOpzlN5l0mdZE42jdqimEwPf8"));
}

TEST_F(DirectoryCheckCommand, SignatureThatEndsBeforeTheCacheDoesIsNamed) {
  const test::TemporaryFolder folder;
  const auto wba = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), WBA_COMMAND);
    auto result = test::run_command(arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    return result.out;
  };
  wba({"key", "new", "--out", folder.file("key.pem")});
  const std::string directory = wba({"directory", "new", folder.file("key.pem")});
  std::ofstream(folder.file("keys.json")) << directory;
  std::string max_age;
  std::string authority;
  serve([&](const HttpRequest&) {
    test::HttpFields fields = {{"Cache-Control", max_age}};
    const Json made = Json::parse(
        wba({"directory", "sign", "--key", folder.file("key.pem"), "--authority", authority,
             "--lifetime", "10m", "--output", "json", folder.file("keys.json")}));
    for (const char* name : {"Content-Digest", "Signature-Input", "Signature"}) {
      fields.emplace_back(name, made[name]);
    }
    return test::directory_reply(directory, fields);
  });
  authority = server_->url(host).substr(std::string_view("https://").size());
  max_age = "max-age=300";
  EXPECT_THAT(failures(check({"--json"})), ::testing::IsEmpty());
  EXPECT_THAT(check().out, HasSubstr("taken by cloudflare: yes"));
  max_age = "max-age=3600";
  EXPECT_THAT(failures(check({"--json"})),
              ::testing::ElementsAre("proof-lifetime:signature \"binding\""));
  EXPECT_THAT(check().out, HasSubstr("-> sign for longer than Cache-Control allows"));
}

TEST_F(DirectoryCheckCommand, TagThatIsNotHonouredIsAWarning) {
  serve([](const HttpRequest&) {
    return test::directory_reply(std::string(body),
                                 {{"ETag", "\"v1\""}, {"Cache-Control", "max-age=3600"}});
  });
  const auto result = check();
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, HasSubstr("warn  revalidation"));
}

TEST_F(DirectoryCheckCommand, BytesOfTheServerReachTheTerminalEscaped) {
  serve([](const HttpRequest&) {
    return HttpReply{.status = 302, .fields = {{"Location", "https://x/\x1b[2J\xff"}}};
  });
  const auto result = check();
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr("\\x1b[2J\\xff"));
  EXPECT_EQ(result.out.find('\x1b'), std::string::npos);
}

TEST_F(DirectoryCheckCommand, OptionsThatAreNoneAreUsage) {
  const auto refused = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {WBA_COMMAND, "directory", "check"});
    const auto result = test::run_command(arguments);
    EXPECT_EQ(result.status, 2) << result.out;
    EXPECT_TRUE(result.err.starts_with("wba: error: ")) << result.err;
    EXPECT_EQ(result.out, "");
  };
  refused({});
  refused({"http://agent.test/"});
  refused({"https://user@agent.test/"});
  refused({"https://agent.test/", "--resolve", "agent.test"});
  refused({"https://agent.test/", "--resolve", "agent..test:443:127.0.0.1"});
  refused({"https://agent.test/", "--resolve", "3221225985:443:127.0.0.1"});
  refused({"https://agent.test/", "--resolve", "agent.test:443:nowhere"});
  refused({"https://agent.test/", "--allow-address", "127.0.0.1/8"});
  refused({"https://agent.test/", "--ca", "/nonexistent"});
  refused({"https://agent.test/", "--ca", "/dev/null"});
  refused({"https://agent.test/", "--timeout", "soon"});
}

TEST_F(DirectoryCheckCommand, CardIsFetchedAndChecked) {
  std::string url;
  serve([&url](const HttpRequest& request) {
    if (request.target == "/moved") {
      return HttpReply{.status = 301, .fields = {{"Location", "/bot"}}};
    }
    return HttpReply{.fields = {{"Content-Type", "application/json"}},
                     .body = R"({"client_id":")" + url + R"(","jwks_uri":"https://a.test/k"})"};
  });
  url = server_->url(host, "/bot");
  const auto card = [&](const std::string& target) {
    return run({"card", "check"}, target, ca_, {"--allow-address", "127.0.0.1"});
  };
  EXPECT_EQ(card("/bot").status, 0);
  EXPECT_EQ(card("/other").status, 1);
  EXPECT_THAT(card("/moved").out, HasSubstr("fail  redirect"));
}

TEST_F(DirectoryCheckCommand, RegistryIsFetchedAndChecked) {
  serve([](const HttpRequest& request) {
    if (request.target == "/gone") return HttpReply{.status = 410};
    return HttpReply{.fields = {{"Content-Type", "text/plain"}}, .body = "https://a.test/card\n"};
  });
  const auto registry = [&](const std::string& target) {
    return run({"registry", "check"}, target, ca_, {"--allow-address", "127.0.0.1"});
  };
  EXPECT_EQ(registry("/list").status, 0);
  EXPECT_THAT(registry("/gone").out, HasSubstr("fail  status"));
}

}  // namespace
}  // namespace wba
