// `wba fetch` and `wba curl` against real HTTPS origins.

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/file_contents.h"
#include "support/origin.h"
#include "support/run_command.h"
#include "support/test_keys.h"

namespace wba::test {
namespace {

using namespace std::chrono_literals;

// run_on_terminal gives what a program shows on a terminal of its own.
std::string run_on_terminal(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::string shown;
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) {
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  if (child < 0) return shown;
  char buffer[4096];
  pollfd polled{.fd = terminal, .events = POLLIN, .revents = 0};
  while (::poll(&polled, 1, 30'000) == 1) {
    const ssize_t size = ::read(terminal, buffer, sizeof buffer);
    if (size <= 0) break;  // nobody has the other side open any more
    shown.append(buffer, static_cast<std::size_t>(size));
  }
  ::kill(child, SIGKILL);  // where it has not ended
  ::close(terminal);
  ::waitpid(child, nullptr, 0);
  return shown;
}

class FetchCommand : public testing::Test {
 protected:
  FetchCommand() {
    origin.emplace(ca, agent, "a.test", [this](const Judged& judged) { return answer(judged); });
  }

  HttpReply answer(const Judged& judged) {
    if (judged.request.target == "/moved") {
      return {.status = 302, .fields = {{"Location", "/"}}, .body = "moved"};
    }
    if (judged.request.target == "/http") {
      return {.status = 302, .fields = {{"Location", "http://a.test/"}}};
    }
    if (judged.request.target == "/no") return {.status = 404, .body = "no"};
    if (judged.request.target == "/bytes") return {.body = "\xff\x01"};
    if (judged.request.target == "/long") return {.body = std::string(20, 'x'), .drip = 100ms};
    if (judged.request.target == "/cut") return {.body = "half of it", .close_after = 4};
    return {.fields = {{"X-Answer", "yes"}}, .body = std::string(to_string(judged.reason))};
  }

  [[nodiscard]] std::string file(const std::string& name) const { return folder.file(name); }

  CommandResult wba(const std::string& command, std::vector<std::string> arguments,
                    std::string_view input = {}) {
    arguments.insert(arguments.begin(), {WBA_COMMAND, command, "--key", file("key.pem"), "--agent",
                                         agent.url, "--profile", "draft-01"});
    return run_command(arguments, input);
  }

  CommandResult fetch(std::vector<std::string> arguments, std::string_view input = {}) {
    for (const auto& option :
         {std::string("--ca"), ca.file().string(), std::string("--resolve"), origin->resolve()}) {
      arguments.push_back(option);
    }
    return wba("fetch", std::move(arguments), input);
  }

  CommandResult curl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--", "--silent", "--cacert", ca.file().string(),
                                         "--resolve", origin->resolve()});
    return wba("curl", std::move(arguments));
  }

  TemporaryFolder folder;
  TestCa ca;
  TestAgent agent{key_in_new_file(file("key.pem"))};
  std::optional<Origin> origin;
};

TEST_F(FetchCommand, SendsASignedRequestAndPrintsTheBody) {
  const auto result = fetch({origin->url("/x?y")});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, "none");
  EXPECT_EQ(result.err, "");
}

TEST_F(FetchCommand, SendsMethodHeadersAndBodyWithItsDigest) {
  EXPECT_EQ(fetch({origin->url("/"), "-X", "PUT", "-H", "X-A: b", "-d", "hello"}).out, "none");
  auto judged = origin->judged().back();
  EXPECT_EQ(judged.request.method, "PUT");
  EXPECT_EQ(judged.request.body, "hello");
  EXPECT_EQ(judged.request.field("x-a"), "b");
  EXPECT_EQ(judged.request.field("content-type"), "application/x-www-form-urlencoded");
  EXPECT_TRUE(judged.covers("\"content-digest\""));
  std::ofstream(file("body")) << "from a file";
  EXPECT_EQ(fetch({origin->url("/"), "-d", "@" + file("body")}).out, "none");
  judged = origin->judged().back();
  EXPECT_EQ(judged.request.method, "POST");
  EXPECT_EQ(judged.request.body, "from a file");
  EXPECT_EQ(fetch({origin->url("/"), "-d", "@-"}, "from a pipe").out, "none");
  EXPECT_EQ(origin->judged().back().request.body, "from a pipe");
}

TEST_F(FetchCommand, FollowsRedirectsAndShowsTheLastHead) {
  const auto result = fetch({origin->url("/moved"), "-i"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(result.out.starts_with("HTTP/1.1 200\r\n")) << result.out;
  EXPECT_TRUE(result.out.contains("X-Answer: yes\r\n")) << result.out;
  EXPECT_TRUE(result.out.ends_with("\r\n\r\nnone")) << result.out;
  EXPECT_FALSE(result.out.contains("moved")) << result.out;
  const auto refused = fetch({origin->url("/http")});
  EXPECT_EQ(refused.status, 2);
  EXPECT_TRUE(refused.err.contains("something else than https")) << refused.err;
}

TEST_F(FetchCommand, HeadHasNoBody) {
  const auto result = fetch({origin->url("/"), "-I"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(result.out.ends_with("\r\n\r\n")) << result.out;
  EXPECT_EQ(origin->judged().back().request.method, "HEAD");
}

TEST_F(FetchCommand, JsonHoldsAnswerAndWhatWasSent) {
  const auto result = fetch({origin->url("/moved"), "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto object = nlohmann::json::parse(result.out);
  EXPECT_EQ(object.at("status"), 200);
  EXPECT_EQ(object.at("body"), "none");
  EXPECT_EQ(object.at("url"), origin->url("/"));
  EXPECT_EQ(object.at("http_version"), "HTTP/1.1");
  EXPECT_EQ(object.at("redirects"), 1);
  EXPECT_TRUE(object.at("stop").is_null());
  ASSERT_EQ(object.at("requests").size(), 2U);
  EXPECT_TRUE(object.at("requests")[0]
                  .at("signature_base")
                  .get<std::string>()
                  .starts_with("\"@authority\": a.test:"));
  EXPECT_EQ(nlohmann::json::parse(fetch({origin->url("/bytes"), "--json"}).out).at("body_base64"),
            "/wE=");
}

TEST_F(FetchCommand, VerboseShowsTheSignatureBase) {
  const auto result = fetch({origin->url("/"), "-v"});
  EXPECT_EQ(result.out, "none");
  EXPECT_TRUE(result.err.contains("> Signature-Input: sig1=(")) << result.err;
  EXPECT_TRUE(result.err.contains("* base: \"@authority\": a.test")) << result.err;
  EXPECT_TRUE(result.err.contains("< HTTP/1.1 200")) << result.err;
}

TEST_F(FetchCommand, FailedRunLeavesNoOutputFile) {
  EXPECT_EQ(fetch({origin->url("/"), "-o", file("out")}).status, 0);
  EXPECT_EQ(contents(file("out")), "none");
  const auto cut = fetch({origin->url("/cut"), "-o", file("cut")});
  EXPECT_EQ(cut.status, 2);
  EXPECT_TRUE(cut.err.starts_with("wba: error: request to ")) << cut.err;
  const auto refused = fetch({origin->url("/no"), "-f", "-o", file("no")});
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(fetch({origin->url("/no"), "-o", file("kept")}).status, 0);
  EXPECT_EQ(folder.entries(), (std::vector<std::string>{"kept", "key.pem", "out"}));
}

TEST_F(FetchCommand, ShowsOnATerminalHowFarALongDownloadIs) {
  const std::vector<std::string> arguments{
      WBA_COMMAND, "fetch",           "--key",    file("key.pem"), "--agent",
      agent.url,   "--profile",       "draft-01", "--ca",          ca.file().string(),
      "--resolve", origin->resolve(), "-o",       file("out"),     origin->url("/long")};
  const auto shown = run_on_terminal(arguments);
  EXPECT_EQ(contents(file("out")), std::string(20, 'x'));
  EXPECT_TRUE(shown.contains("\r0.0 kB of 0.0 kB, ")) << shown;
  EXPECT_TRUE(shown.contains(" %\x1b[K")) << shown;
  EXPECT_TRUE(shown.ends_with("\r\x1b[K")) << "it is taken away at the end: " << shown;
  // Where nobody watches, nothing is shown.
  const auto unseen = run_command(arguments);
  EXPECT_EQ(unseen.status, 0);
  EXPECT_EQ(unseen.err, "");
}

TEST_F(FetchCommand, SendsEveryHeader) {
  EXPECT_EQ(
      fetch({origin->url("/"), "-H", "X-A: 1", "-H", "X-A: 2", "-H", "X-B;", "--cover", "x-a"}).out,
      "none");
  const auto judged = origin->judged().back();
  EXPECT_EQ(judged.count("x-a"), 2U);
  EXPECT_EQ(judged.count("x-b"), 1U);
  EXPECT_TRUE(judged.covers("\"x-a\""));
}

TEST_F(FetchCommand, HeaderOptionsAreCurls) {
  // "Name;" sends an empty field, which can be covered; "Name:" none.
  EXPECT_EQ(fetch({origin->url("/"), "-H", "X-A;", "--cover", "x-a"}).out, "none");
  EXPECT_EQ(origin->judged().back().count("x-a"), 1U);
  EXPECT_EQ(origin->judged().back().request.field("x-a"), "");
  EXPECT_TRUE(origin->judged().back().covers("\"x-a\""));
  EXPECT_EQ(fetch({origin->url("/"), "-H", "X-A:", "-H", "Accept:", "-H", "user-agent:"}).out,
            "none");
  for (const std::string_view name : {"x-a", "accept", "user-agent"}) {
    EXPECT_EQ(origin->judged().back().count(name), 0U) << name;
  }
  EXPECT_EQ(fetch({origin->url("/"), "-d", "x", "-H", "Content-Type:"}).out, "none");
  EXPECT_EQ(origin->judged().back().count("content-type"), 0U);
  EXPECT_TRUE(origin->judged().back().covers("\"content-digest\""));
  EXPECT_EQ(fetch({origin->url("/"), "-X", "POST"}).out, "none");
  EXPECT_EQ(origin->judged().back().count("content-type"), 0U);
  const auto sent = origin->judged().size();
  for (const std::string header :
       {"Host:", "Content-Length:", "Transfer-Encoding:", "Connection:", "X-A: a\r\nX-B: b",
        "X-A: a\nX-B: b", "X-A;b", "X A;", ";", ":"}) {
    const auto refused = fetch({origin->url("/"), "-H", header});
    EXPECT_EQ(refused.status, 2) << header;
    EXPECT_TRUE(refused.err.starts_with("wba: error: ")) << refused.err;
  }
  EXPECT_EQ(fetch({origin->url("/"), "-H", "X-A:", "--cover", "x-a"}).status, 2);
  EXPECT_EQ(fetch({origin->url("/"), "-H", "Accept:", "--cover", "accept"}).status, 2);
  EXPECT_EQ(origin->judged().size(), sent);
}

TEST_F(FetchCommand, FieldsThatAreSentByThemselvesCanBeCovered) {
  EXPECT_EQ(fetch({origin->url("/"), "--cover", "user-agent", "--cover", "accept"}).out, "none");
  EXPECT_TRUE(origin->judged().back().covers("\"user-agent\""));
  EXPECT_TRUE(origin->judged().back().request.field("user-agent").starts_with("wba/"));
  EXPECT_EQ(origin->judged().back().count("user-agent"), 1U);
  EXPECT_EQ(fetch({origin->url("/"), "-d", "x", "--cover", "content-length", "--cover",
                   "content-type", "--cover", "user-agent", "-H", "User-Agent: bot/1"})
                .out,
            "none");
  EXPECT_EQ(origin->judged().back().request.field("user-agent"), "bot/1");
  EXPECT_EQ(origin->judged().back().count("user-agent"), 1U);
  // Each hop of a redirect has them too.
  EXPECT_EQ(fetch({origin->url("/moved"), "--cover", "user-agent"}).out, "none");
  const auto sent = origin->judged().size();
  for (const std::string name : {"host", "accept-encoding", "expect", "connection"}) {
    const auto refused = fetch({origin->url("/"), "--cover", name});
    EXPECT_EQ(refused.status, 2) << name;
    EXPECT_TRUE(refused.err.contains("wba: hint: a component that --cover names")) << refused.err;
  }
  EXPECT_EQ(origin->judged().size(), sent);
}

TEST_F(FetchCommand, CurlCommandThatSignPrintsPassesTheOrigin) {
  if (std::system("command -v curl >/dev/null") != 0) GTEST_SKIP() << "curl is not installed";
  std::ofstream(file("body")) << "it's a body";
  const auto sign_and_run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--output", "curl"});
    const auto printed = wba("sign", std::move(arguments));
    EXPECT_EQ(printed.status, 0) << printed.err;
    // As a user pastes it, with what leads to an origin on loopback.
    std::string command = printed.out;
    command.replace(
        command.find("curl "), 5,
        "curl --silent --cacert " + ca.file().string() + " --resolve " + origin->resolve() + " ");
    return run_command({"sh", "-c", command}).out;
  };
  EXPECT_EQ(sign_and_run({"GET", origin->url("/a/../b%20c?d=e&f")}), "none");
  EXPECT_EQ(origin->judged().back().request.target, "/a/../b%20c?d=e&f");
  EXPECT_TRUE(sign_and_run({"HEAD", origin->url("/")}).contains("X-Answer: yes"));
  EXPECT_EQ(sign_and_run({"-H", "X-A: it's", "--cover", "x-a", "--body", file("body"), "POST",
                          origin->url("/")}),
            "none");
  const auto judged = origin->judged().back();
  EXPECT_EQ(judged.request.body, "it's a body");
  EXPECT_EQ(judged.request.field("x-a"), "it's");
  EXPECT_TRUE(judged.covers("\"content-digest\"") && judged.covers("\"x-a\""));
  EXPECT_EQ(sign_and_run({"-H", "X-Empty:", "--cover", "x-empty", "GET", origin->url("/")}),
            "none");
  EXPECT_EQ(origin->judged().back().count("x-empty"), 1U);
  for (const auto& each : origin->judged()) EXPECT_TRUE(each.verified());
  EXPECT_EQ(origin->judged().size(), 4U);
}

TEST_F(FetchCommand, MistakesAreNamed) {
  const auto message = [&](std::vector<std::string> arguments) {
    const auto result = fetch(std::move(arguments));
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  EXPECT_TRUE(message({"http://a.test/"}).contains("not https"));
  EXPECT_TRUE(message({"https://user@a.test/"}).contains("names a user"));
  EXPECT_TRUE(message({"nonsense"}).contains("wba: hint: give an absolute https URL"));
  EXPECT_TRUE(message({origin->url("/"), "-H", "nonsense"}).starts_with("wba: error: "));
  EXPECT_TRUE(message({origin->url("/"), "--cover", "x-a"}).contains("-H"));
  EXPECT_TRUE(message({origin->url("/"), "--nonce", "abc"}).contains("no such nonce"));
  EXPECT_TRUE(message({"https://a.test:1/"}).starts_with("wba: error: request to "));
  EXPECT_TRUE(origin->judged().empty());
}

TEST_F(FetchCommand, CurlSendsTheHeadersForItsUrl) {
  if (std::system("command -v curl >/dev/null") != 0) GTEST_SKIP() << "curl is not installed";
  EXPECT_EQ(curl({origin->url("/a/../b?x")}).out, "none");
  EXPECT_EQ(origin->judged().back().request.target, "/b?x");
  EXPECT_EQ(curl({"-XDELETE", "--url", origin->url("/")}).out, "none");
  EXPECT_EQ(curl({"-sd", "body", "-H", "X-A: b", origin->url("/")}).out, "none");
  EXPECT_EQ(origin->judged().back().request.body, "body");
  EXPECT_EQ(curl({"-s", "-I", origin->url("/")}).status, 0);
  EXPECT_TRUE(origin->judged().back().verified());
  EXPECT_EQ(origin->judged().size(), 4U);
  // What its headers take away is not signed.
  EXPECT_EQ(curl({"-H", "X-A;", "-H", "Accept:", origin->url("/")}).out, "none");
  EXPECT_EQ(origin->judged().back().count("accept"), 0U);
  EXPECT_EQ(origin->judged().back().count("x-a"), 1U);
}

TEST_F(FetchCommand, CurlIsNotRunWhereItWouldSendAnotherRequest) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"-L", origin->url("/")},
           {"-sL", origin->url("/")},
           {"--location", origin->url("/")},
           {"-K", "file", origin->url("/")},
           {origin->url("/"), origin->url("/")},
           {origin->url("/"), "--next", origin->url("/")},
           {"-G", "-d", "x", origin->url("/")},
           {"-H", "@file", origin->url("/")},
           {"-s"},
           {"-X"},
           {"http://a.test/"},
       }) {
    const auto result = curl(arguments);
    EXPECT_EQ(result.status, 2) << arguments.front();
    EXPECT_TRUE(result.err.starts_with("wba: error: ")) << result.err;
  }
  EXPECT_TRUE(origin->judged().empty());
}

}  // namespace
}  // namespace wba::test
