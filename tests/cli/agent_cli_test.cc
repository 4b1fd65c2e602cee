// `wba agent` as it runs, and the programs that sign through it.

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <wba/agent_signer.h>
#include <wba/key.h>

#include "agent_daemon.h"
#include "paths.h"

namespace wba::test {
namespace {

using namespace std::chrono_literals;

using AgentCommand = AgentDaemon;

TEST_F(AgentCommand, SignsUntilItIsStoppedAndLeavesNoSocket) {
  start();
  struct stat status = {};
  ASSERT_EQ(::stat(socket().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_TRUE(post(good()).contains("Signature-Input"));
  EXPECT_EQ(post(R"({"method":"GET","url":"https://evil.test/"})"),
            R"({"error":"authority-not-allowed"})");
  EXPECT_EQ(stop(), 0);
  EXPECT_NE(::access(socket().c_str(), F_OK), 0);
  const std::string log = contents(file("log"));
  EXPECT_EQ(std::ranges::count(log, '\n'), 2);
  ASSERT_EQ(::stat(file("log").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  // The line of base64 in the PEM, and the seed in it.
  const std::string pem = contents(file("key.pem"));
  const std::string line = pem.substr(pem.find('\n') + 1, 64);
  EXPECT_FALSE(log.contains(line) || log.contains(line.substr(20)));
}

TEST_F(AgentCommand, ReloadsItsPolicyAndKeepsItWhereTheNewOneIsWrong) {
  start();
  EXPECT_TRUE(post(good()).contains("Signature-Input"));
  write_policy("other.test");
  ::kill(daemon.pid(), SIGHUP);
  for (int i = 0; i < 200 && post(good()).contains("Signature-Input"); ++i) {
    std::this_thread::sleep_for(25ms);
  }
  EXPECT_EQ(post(good()), R"({"error":"authority-not-allowed"})");
  std::ofstream(file("policy.toml")) << "nonsense";
  ::kill(daemon.pid(), SIGHUP);
  std::this_thread::sleep_for(100ms);
  EXPECT_TRUE(post(R"({"method":"GET","url":"https://other.test/"})").contains("Signature-Input"));
  EXPECT_EQ(stop(), 0);
}

TEST_F(AgentCommand, RefusesAKeyThatOthersCanRead) {
  const auto run = [this] {
    return run_command({WBA_COMMAND, "agent", "--policy", file("policy.toml"), "--check"});
  };
  EXPECT_EQ(run().status, 0) << run().err;
  ::chmod(file("key.pem").c_str(), 0640);
  const auto result = run();
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(result.err.contains("chmod 600")) << result.err;
}

// signed_lines counts the log's lines, each of which must say "signed".
std::size_t signed_lines(const std::string& log) {
  std::istringstream stream(log);
  std::size_t count = 0;
  for (std::string line; std::getline(stream, line); ++count) {
    const auto entry = nlohmann::json::parse(line, nullptr, false);
    EXPECT_TRUE(entry.is_object() && entry.value("action", "") == "signed") << line;
  }
  return count;
}

TEST_F(AgentCommand, TwentyThousandSignaturesForFiftyClientsAreAllMade) {
  start();
  std::vector<std::vector<std::string>> made(50);
  {
    std::vector<std::jthread> clients;
    for (auto& mine : made) {
      clients.emplace_back([&mine, this] {
        const auto signer = AgentSigner::connect(socket(), {}, 60s);
        if (!signer) return;
        const std::string url = origin->url("");
        const Request request{.method = "GET", .authority = std::string_view(url).substr(8)};
        const SigningOptions options{.profile = signer->profile(),
                                     .agent_url = signer->agent_url()};
        for (int j = 0; j < 400; ++j) {
          // AgentSigner verifies what it is given.
          SignedFields fields;
          if (signer->sign(request, options, fields)) mine.push_back(fields.lines.signature);
        }
      });
    }
  }
  std::set<std::string> different;
  for (const auto& mine : made) different.insert(mine.begin(), mine.end());
  EXPECT_EQ(different.size(), 20000U);
  EXPECT_EQ(stop(), 0);
  EXPECT_EQ(signed_lines(contents(file("log"))), 20000U);
}

TEST_F(AgentCommand, ReloadAndStopUnderLoadLoseNothing) {
  start();
  std::atomic<std::size_t> made{0};
  std::atomic<bool> stopping{false};
  std::atomic<bool> lost{false};
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 8; ++i) {
      clients.emplace_back([&] {
        CURL* easy = curl_easy_init();
        for (;;) {
          const bool before = !stopping;
          if (!post(easy, socket(), good()).contains("Signature-Input")) {
            // While nobody stops the daemon, every request is answered.
            if (before && !stopping) lost = true;
            break;
          }
          ++made;
        }
        curl_easy_cleanup(easy);
      });
    }
    for (int i = 0; i < 20; ++i) {
      ::kill(daemon.pid(), SIGHUP);
      std::this_thread::sleep_for(20ms);
    }
    stopping = true;
    EXPECT_EQ(stop(), 0);
  }
  EXPECT_FALSE(lost);
  EXPECT_GT(made, 0U);
  // What was signed was answered, and what was answered is in the log.
  EXPECT_EQ(signed_lines(contents(file("log"))), made);
}

TEST_F(AgentCommand, EncryptedKeyIsUnlockedAtStartAndStaysSo) {
  std::ofstream(file("passphrase")) << "correct horse battery\n";
  ::chmod(file("passphrase").c_str(), 0600);
  const auto encrypted = run_command(
      {WBA_COMMAND, "key", "encrypt", file("key.pem"), "--passphrase-file", file("passphrase")});
  ASSERT_EQ(encrypted.status, 0) << encrypted.err;
  key_lines = "passphrase_file = \"" + file("passphrase") + "\"\n";
  write_policy("localhost:" + origin_port());
  start();
  EXPECT_TRUE(post(good()).contains("Signature-Input"));
  // With the passphrase gone, the same key goes on.
  ASSERT_EQ(::unlink(file("passphrase").c_str()), 0);
  write_policy("other.test");
  ::kill(daemon.pid(), SIGHUP);
  for (int i = 0; i < 400 && post(good()).contains("Signature-Input"); ++i) {
    std::this_thread::sleep_for(25ms);
  }
  EXPECT_TRUE(post(R"({"method":"GET","url":"https://other.test/"})").contains("Signature-Input"));
  EXPECT_EQ(stop(), 0);
  const auto again =
      run_command({WBA_COMMAND, "agent", "--policy", file("policy.toml"), "--check"});
  EXPECT_EQ(again.status, 2) << "it is not on disk";
}

TEST_F(AgentCommand, NothingOfTheKeyIsInTheLog) {
  start();
  EXPECT_TRUE(post(good()).contains("Signature-Input"));
  // Whoever sends the key itself, in whatever place, does not find it in the log either.
  const std::string pem = contents(file("key.pem"));
  const auto key = PrivateKey::from_pem(pem).value();
  const std::string jwk(key.export_jwk()->text());
  const std::string secret = nlohmann::json::parse(jwk).at("d");
  const std::string line = pem.substr(pem.find('\n') + 1, 64);
  EXPECT_FALSE(post(R"({"method":"GET","url":"https://a.test/?)" + secret + "\"}").empty());
  EXPECT_FALSE(post(R"({"method":"GET","url":"https://a.test/","key":")" + secret + "\"}").empty());
  EXPECT_FALSE(post(R"({"method":"GET","url":"https://a.test/","headers":[["X",")" + line + "\"]]}")
                   .empty());
  EXPECT_FALSE(post(pem).empty());
  EXPECT_EQ(stop(), 0);
  const std::string log = contents(file("log"));
  EXPECT_EQ(std::ranges::count(log, '\n'), 5);
  for (const std::string& part : {secret, line, line.substr(20, 43), jwk}) {
    EXPECT_FALSE(log.contains(part)) << part;
  }
}

// refused_to runs a program as another user, who must fail.
void refused_to(uid_t user, std::vector<std::string> program) {
  const std::string id = std::to_string(user);
  program.insert(program.begin(), {"setpriv", "--reuid", id, "--regid", id, "--clear-groups"});
  const auto result = run_command(program);
  EXPECT_NE(result.status, 0) << program.back() << result.out;
  EXPECT_NE(result.status, 127) << result.err;
}

TEST_F(AgentCommand, MemoryIsForNobodyNotEvenOfItsOwnUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be other users";
  // As a daemon of user 65533, which may read what it needs.
  constexpr uid_t kUser = 65533;
  if (run_command({"setpriv", "--reuid", "65533", "--regid", "65533", "--clear-groups", WBA_COMMAND,
                   "--version"})
          .status != 0) {
    GTEST_SKIP() << "another user cannot run " WBA_COMMAND;
  }
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  ASSERT_EQ(::chown(folder.path().c_str(), kUser, kUser), 0);
  ASSERT_EQ(::chown(file("key.pem").c_str(), kUser, kUser), 0);
  start({}, {"setpriv", "--reuid", "65533", "--regid", "65533", "--clear-groups"});
  const std::string id = std::to_string(daemon.pid());
  for (const uid_t user : {kUser, uid_t{65534}}) {
    refused_to(user, {"head", "-c", "1", "/proc/" + id + "/mem"});
    refused_to(user, {"cat", "/proc/" + id + "/environ"});
    if (std::system("command -v gcore >/dev/null") == 0) {
      refused_to(user, {"gcore", "-o", "/tmp/wba-core-that-must-not-be", id});
      EXPECT_NE(::access(("/tmp/wba-core-that-must-not-be." + id).c_str(), F_OK), 0);
    } else {
      std::printf("SKIPPED: gcore is not installed\n");
    }
  }
  EXPECT_EQ(stop(), 0);
}

TEST_F(AgentCommand, AnotherUserReadsNeitherSocketNorMemory) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be another user";
  start();
  ::chmod(folder.path().c_str(), 0755);
  // Even where the socket's mode would let it.
  ::chmod(socket().c_str(), 0666);
  const std::string memory = "/proc/" + std::to_string(daemon.pid()) + "/mem";
  const std::string body = good();
  const pid_t child = ::fork();
  if (child == 0) {
    int wrong = 0;
    if (::setuid(65534) != 0) ::_exit(64);
    if (!post(body).empty()) wrong |= 1;
    if (::open(memory.c_str(), O_RDONLY) >= 0) wrong |= 2;
    // A folder further up may be closed to others, on some machines the root itself.
    if (wrong == 0 && ::access(socket().c_str(), W_OK) != 0) ::_exit(65);
    ::_exit(wrong);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(stop(), 0);
  const int ended = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (ended == 65) GTEST_SKIP() << "another user does not reach the temporary folder";
  EXPECT_EQ(ended, 0);
  EXPECT_TRUE(contents(file("log")).contains("user-unknown"));
}

TEST_F(AgentCommand, ExamplesInThreeLanguagesFetchWhatTheyMay) {
  start();
  const std::string examples = std::string(WBA_SOURCE_DIR) + "/tools/examples/";
  const std::string trusted = ca.file().string();
  int run = 0;
  for (const auto& [program, script] : std::vector<std::pair<std::string, std::string>>{
           {"python3", "fetch.py"}, {"node", "fetch.mjs"}, {"sh", "fetch.sh"}}) {
    if (std::system(("command -v " + program + " >/dev/null").c_str()) != 0) {
      std::printf("SKIPPED: %s is not installed\n", program.c_str());
      continue;
    }
    ++run;
    const auto call = [&](const std::string& url) {
      return run_command({"env", "SSL_CERT_FILE=" + trusted, "NODE_EXTRA_CA_CERTS=" + trusted,
                          "CURL_CA_BUNDLE=" + trusted, program, examples + script, socket(), url});
    };
    const auto result = call(origin->url("/from-" + program));
    EXPECT_EQ(result.status, 0) << script << result.err;
    EXPECT_EQ(result.out, "none") << script;
    EXPECT_TRUE(call("https://evil.test/").err.contains("authority-not-allowed")) << script;
  }
  EXPECT_EQ(origin->judged().size(), static_cast<std::size_t>(run));
}

}  // namespace
}  // namespace wba::test
