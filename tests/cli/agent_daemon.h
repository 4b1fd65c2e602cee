#ifndef WBA_TESTS_CLI_AGENT_DAEMON_H_
#define WBA_TESTS_CLI_AGENT_DAEMON_H_

#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child_process.h"
#include "support/file_contents.h"
#include "support/origin.h"
#include "support/run_command.h"
#include "support/test_keys.h"

namespace wba::test {

using namespace std::chrono_literals;

// AgentDaemon is a test with `wba agent` as it runs, an origin, and a key that both know.
class AgentDaemon : public testing::Test {
 protected:
  AgentDaemon() { write_policy("localhost:" + origin_port()); }

  std::string origin_port() {
    origin.emplace(ca, agent, "localhost");
    const std::string url = origin->url("");
    return url.substr(url.rfind(':') + 1);
  }

  void write_policy(const std::string& authority) {
    std::ofstream(file("policy.toml"))
        << "log = \"" << file("log") << "\"\n[[key]]\nname = \"main\"\nfile = \"" << file("key.pem")
        << "\"\nagent = \"" << agent.url << "\"\n"
        << key_lines << "[[rule]]\nname = \"all\"\nusers = [" << std::to_string(::getuid())
        << "]\nkeys = [\"main\"]\nauthorities = [\"" << authority << "\"]\nmethods = [\"GET\"]\n"
        << policy_end;
  }

  [[nodiscard]] std::string file(const std::string& name) const { return folder.file(name); }
  [[nodiscard]] std::string socket() const { return file("socket"); }

  // start runs the daemon; `options` follow, and `front` is a program that runs it.
  void start(const std::vector<std::string>& options = {},
             const std::vector<std::string>& front = {}) {
    std::vector<std::string> arguments = front;
    for (const std::string& argument :
         {std::string(WBA_COMMAND), std::string("agent"), std::string("--policy"),
          file("policy.toml"), std::string("--socket"), socket()}) {
      arguments.push_back(argument);
    }
    arguments.insert(arguments.end(), options.begin(), options.end());
    daemon = ChildProcess(arguments, {.out = file("out")});
    for (int i = 0; i < 1200 && ::access(socket().c_str(), F_OK) != 0; ++i) {
      std::this_thread::sleep_for(25ms);
    }
    ASSERT_EQ(::access(socket().c_str(), F_OK), 0) << "the daemon did not start";
  }

  // stop ends the daemon and gives its exit status.
  int stop() {
    const int status = daemon.stop();
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
  TestAgent agent{key_in_new_file(file("key.pem"))};
  std::optional<Origin> origin;
  std::string key_lines;   // further lines of [[key]]
  std::string policy_end;  // further rules
  ChildProcess daemon;
};

}  // namespace wba::test

#endif  // WBA_TESTS_CLI_AGENT_DAEMON_H_
