// `wba fetch` with keys that it does not hold, and the addresses it may reach.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "agent_daemon.h"

namespace wba::test {
namespace {

class FetchElsewhere : public AgentDaemon {
 protected:
  CommandResult fetch(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {WBA_COMMAND, "fetch"});
    arguments.insert(arguments.end(), {"--ca", ca.file().string(), "--resolve", origin->resolve()});
    return run_command(arguments);
  }
  CommandResult by_daemon(const std::string& url, std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {"--agent-socket", socket(), url});
    return fetch(std::move(arguments));
  }
  CommandResult here(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"--key", file("key.pem"), "--agent", agent.url, "--profile", "draft-01"});
    return fetch(std::move(arguments));
  }
};

TEST_F(FetchElsewhere, AgentSignsWithinItsPolicy) {
  start();
  const auto result = by_daemon(origin->url("/x"), {"--cover", "@authority", "--cover", "accept"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, "none");
  ASSERT_EQ(origin->judged().size(), 1U);
  EXPECT_TRUE(origin->judged()[0].covers("\"accept\""));
  EXPECT_TRUE(origin->judged()[0].covers("\"@method\"")) << "its rule bounds methods";
  const auto refused = by_daemon("https://evil.test/");
  EXPECT_EQ(refused.status, 2);
  EXPECT_TRUE(refused.err.contains("authority-not-allowed")) << refused.err;
  const auto method = by_daemon(origin->url("/"), {"-X", "DELETE"});
  EXPECT_TRUE(method.err.contains("method-not-allowed")) << method.err;
  EXPECT_EQ(origin->judged().size(), 1U);
}

TEST_F(FetchElsewhere, VerboseShowsTheBaseThatTheAgentSigned) {
  start();
  const auto result = by_daemon(origin->url("/x"), {"--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(result.out.contains("@signature-params")) << result.out;
}

TEST_F(FetchElsewhere, AgentThatIsNotThereOrHasNoSuchKeyIsTold) {
  EXPECT_TRUE(by_daemon(origin->url("/")).err.contains("start it: wba agent"));
  start();
  EXPECT_TRUE(by_daemon(origin->url("/"), {"--agent-key", "other"}).err.contains("no such key"));
  EXPECT_TRUE(by_daemon(origin->url("/"), {"--agent", agent.url}).err.contains("are not for"));
  EXPECT_EQ(by_daemon(origin->url("/"), {"--key", file("key.pem")}).status, 2);
  EXPECT_TRUE(fetch({origin->url("/")}).err.contains("--key is missing"));
  EXPECT_TRUE(
      fetch({origin->url("/"), "--key", file("key.pem")}).err.contains("--agent is missing"));
}

TEST_F(FetchElsewhere, CommandSigns) {
  std::ofstream(file("public.pem")) << agent.signer->public_key().pem().value();
  const std::string command =
      "openssl pkeyutl -sign -rawin -in /dev/stdin -inkey " + file("key.pem");
  const auto by_command = [&](const std::string& key, const std::string& program) {
    return fetch({"--key", key, "--key-command", program, "--agent", agent.url, "--profile",
                  "draft-01", origin->url("/")});
  };
  const auto result = by_command(file("public.pem"), command);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, "none");
  std::ofstream(file("other.pem"))
      << PrivateKey::generate(KeyType::ed25519)->public_key().pem().value();
  const auto wrong = by_command(file("other.pem"), command);
  EXPECT_EQ(wrong.status, 2);
  EXPECT_TRUE(wrong.err.contains("must be the public half")) << wrong.err;
  EXPECT_EQ(by_command(file("public.pem"), "false").status, 2);
  EXPECT_EQ(origin->judged().size(), 1U) << "nothing unsigned was sent";
}

TEST_F(FetchElsewhere, PublicOnlyReachesNoOtherAddressUnlessAllowed) {
  const std::string url = origin->url("/");
  EXPECT_EQ(here({url}).status, 0) << "as curl does";
  const auto refused = here({"--public-only", url});
  EXPECT_EQ(refused.status, 2);
  EXPECT_TRUE(refused.err.contains("is not public")) << refused.err;
  EXPECT_EQ(origin->judged().size(), 1U);
  EXPECT_EQ(here({"--public-only", "--allow-address", "127.0.0.0/8", url}).status, 0);
  EXPECT_EQ(here({"--public-only", "--allow-address", "10.0.0.0/8", url}).status, 2);
  EXPECT_EQ(here({"--allow-address", "127.0.0.1/8", url}).status, 2) << "no range";
  EXPECT_EQ(origin->judged().size(), 2U);
}

}  // namespace
}  // namespace wba::test
