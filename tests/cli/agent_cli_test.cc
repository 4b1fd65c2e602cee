// `wba agent` as it runs, and the programs that sign through it.

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <wba/key.h>

#include "support/origin.h"
#include "support/run_command.h"

namespace wba::test {
namespace {

using namespace std::chrono_literals;

std::string contents(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream bytes;
  bytes << stream.rdbuf();
  return bytes.str();
}

class AgentCommand : public testing::Test {
 protected:
  AgentCommand() {
    auto key = PrivateKey::generate(KeyType::ed25519).value();
    std::ofstream(file("key.pem")) << key.export_pem().value().text();
    ::chmod(file("key.pem").c_str(), 0600);
    agent.signer = std::make_shared<KeySigner>(KeySigner::create(std::move(key)).value());
    agent.resolver = std::make_shared<StaticResolver>();
    agent.resolver
        ->add_directory(agent.url, "{\"keys\":[" + agent.signer->public_key().jwk().value() + "]}")
        .value();
    write_policy("localhost:" + origin_port());
  }
  ~AgentCommand() override { stop(); }

  std::string origin_port() {
    origin.emplace(ca, agent, "localhost");
    const std::string url = origin->url("");
    return url.substr(url.rfind(':') + 1);
  }

  void write_policy(const std::string& authority) {
    std::ofstream(file("policy.toml"))
        << "log = \"" << file("log") << "\"\n[[key]]\nname = \"main\"\nfile = \"" << file("key.pem")
        << "\"\nagent = \"" << agent.url << "\"\n[[rule]]\nname = \"all\"\nusers = ["
        << std::to_string(::getuid()) << "]\nkeys = [\"main\"]\nauthorities = [\"" << authority
        << "\"]\nmethods = [\"GET\"]\n";
  }

  [[nodiscard]] std::string file(const std::string& name) const { return folder.file(name); }
  [[nodiscard]] std::string socket() const { return file("socket"); }

  void start() {
    const std::vector<std::string> arguments{WBA_COMMAND,         "agent",    "--policy",
                                             file("policy.toml"), "--socket", socket()};
    std::vector<char*> pointers;
    for (const auto& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    ASSERT_EQ(::posix_spawn(&pid, WBA_COMMAND, nullptr, nullptr, pointers.data(), environ), 0);
    for (int i = 0; i < 400 && ::access(socket().c_str(), F_OK) != 0; ++i) {
      std::this_thread::sleep_for(25ms);
    }
    ASSERT_EQ(::access(socket().c_str(), F_OK), 0) << "the daemon did not start";
  }

  // stop ends the daemon and gives its exit status.
  int stop() {
    if (pid <= 0) return -1;
    ::kill(pid, SIGTERM);
    int status = 0;
    ::waitpid(pid, &status, 0);
    pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  // post gives the answer of the daemon, by libcurl.
  static std::string post(CURL* easy, const std::string& path, const std::string& body) {
    std::string answer;
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, path.c_str());
    curl_easy_setopt(easy, CURLOPT_URL, "http://localhost/sign");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(
        easy, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* out) {
          static_cast<std::string*>(out)->append(data, size);
          return size;
        });
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
    return curl_easy_perform(easy) == CURLE_OK ? answer : "";
  }
  [[nodiscard]] std::string post(const std::string& body) const {
    CURL* easy = curl_easy_init();
    const std::string answer = post(easy, socket(), body);
    curl_easy_cleanup(easy);
    return answer;
  }
  [[nodiscard]] std::string good() const {
    return R"({"method":"GET","url":")" + origin->url("/x") + "\"}";
  }

  TemporaryFolder folder;
  TestCa ca;
  TestAgent agent;
  std::optional<Origin> origin;
  pid_t pid = -1;
};

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
  ::kill(pid, SIGHUP);
  for (int i = 0; i < 200 && post(good()).contains("Signature-Input"); ++i) {
    std::this_thread::sleep_for(25ms);
  }
  EXPECT_EQ(post(good()), R"({"error":"authority-not-allowed"})");
  std::ofstream(file("policy.toml")) << "nonsense";
  ::kill(pid, SIGHUP);
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

TEST_F(AgentCommand, TwentyThousandSignaturesForFiftyClientsAreAllMade) {
  start();
  std::atomic<int> made{0};
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 50; ++i) {
      clients.emplace_back([&] {
        CURL* easy = curl_easy_init();
        for (int j = 0; j < 400; ++j) {
          if (post(easy, socket(), good()).contains("Signature-Input")) ++made;
        }
        curl_easy_cleanup(easy);
      });
    }
  }
  EXPECT_EQ(made, 20000);
  EXPECT_EQ(stop(), 0);
  const std::string log = contents(file("log"));
  EXPECT_EQ(std::ranges::count(log, '\n'), 20000);
}

TEST_F(AgentCommand, AnotherUserReadsNeitherSocketNorMemory) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be another user";
  start();
  ::chmod(folder.path().c_str(), 0755);
  // Even where the socket's mode would let it.
  ::chmod(socket().c_str(), 0666);
  const std::string memory = "/proc/" + std::to_string(pid) + "/mem";
  const std::string body = good();
  const pid_t child = ::fork();
  if (child == 0) {
    int wrong = 0;
    if (::setuid(65534) != 0) ::_exit(64);
    if (!post(body).empty()) wrong |= 1;
    if (::open(memory.c_str(), O_RDONLY) >= 0) wrong |= 2;
    ::_exit(wrong);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
  EXPECT_EQ(stop(), 0);
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
