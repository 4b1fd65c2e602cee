#ifndef WBA_TESTS_CLI_AGENT_PROXY_SUPPORT_H_
#define WBA_TESTS_CLI_AGENT_PROXY_SUPPORT_H_

// `wba agent --proxy` as it runs, and clients that cannot sign.

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/child_process.h"
#include "support/file_contents.h"
#include "support/origin.h"
#include "support/run_command.h"
#include "support/test_keys.h"

namespace wba::test {

// RawClient writes to the proxy what it is told to, octet for octet.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t size = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (size <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  void finish() const { ::shutdown(fd_, SHUT_WR); }

  // read_until reads until `end` has come, the connection ends or nothing comes for ten seconds.
  std::string read_until(std::string_view end) {
    while (received_.find(end) == std::string::npos && receive()) {
    }
    const auto at = received_.find(end);
    const auto size = at == std::string::npos ? received_.size() : at + end.size();
    std::string text = received_.substr(0, size);
    received_.erase(0, size);
    return text;
  }
  std::string read_all() { return read_until(std::string_view("\0never", 6)); }

 private:
  bool receive() {
    pollfd polled{.fd = fd_, .events = POLLIN, .revents = 0};
    char buffer[65536];
    if (::poll(&polled, 1, 10'000) != 1) return false;
    const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
    if (size > 0) received_.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
  }

  int fd_;
  std::string received_;
};

class AgentProxy : public testing::Test {
 protected:
  AgentProxy() {
    a.emplace(ca, agent, "a.test", [this](const Judged& judged) { return answer(judged); });
    b.emplace(ca, agent, "b.test");
    write_policy(::getuid());
  }

  virtual HttpReply answer(const Judged& judged) {
    return {.body = std::string(to_string(judged.reason))};
  }

  // To a.test anything, below /digested/ with a digest; to b.test what has one; a tunnel to a.test.
  void write_policy(uid_t user) const {
    const std::string who = "users = [" + std::to_string(user) + "]\nkeys = [\"main\"]\n";
    std::ofstream(file("policy.toml"))
        << "log = \"" << file("log") << "\"\n[[key]]\nname = \"main\"\nfile = \"" << file("key.pem")
        << "\"\nagent = \"" << agent.url << "\"\n[[rule]]\nname = \"digested\"\nauthorities = [\""
        << authority(*a) << "\"]\npaths = [\"/digested/*\"]\nrequire_digest = true\n"
        << who << "[[rule]]\nname = \"a\"\nauthorities = [\"" << authority(*a) << "\"]\n"
        << who << "[[rule]]\nname = \"b\"\nauthorities = [\"" << authority(*b)
        << "\"]\nmethods = [\"POST\"]\npaths = [\"/may/*\"]\nrequire_digest = true\n"
        << who;
  }

  static std::string authority(const Origin& origin) {
    return origin.url("").substr(std::string_view("https://").size());
  }
  // plain gives the URL as a tool without TLS writes it.
  static std::string plain(const Origin& origin, std::string_view target) {
    return "http://" + authority(origin) + std::string(target);
  }

  void start(std::vector<std::string> more = {"--allow-address", "127.0.0.0/8"}) {
    port = free_port();
    std::vector<std::string> arguments{WBA_COMMAND, "agent",
                                       "--policy",  file("policy.toml"),
                                       "--proxy",   "127.0.0.1:" + std::to_string(port)};
    arguments.insert(arguments.end(), {"--ca", ca.file().string(), "--resolve", a->resolve(),
                                       "--resolve", b->resolve()});
    arguments.insert(arguments.end(), more.begin(), more.end());
    daemon = ChildProcess(arguments);
    ASSERT_TRUE(wait_for_port(port)) << "the daemon did not start";
  }

  // stop gives the exit status.
  int stop() {
    const int status = daemon.stop();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }

  [[nodiscard]] std::string proxy() const { return "http://127.0.0.1:" + std::to_string(port); }

  [[nodiscard]] CommandResult curl(std::vector<std::string> arguments,
                                   std::string_view input = {}) const {
    arguments.insert(arguments.begin(),
                     {"curl", "--silent", "--show-error", "--max-time", "30", "--proxy", proxy()});
    return run_command(arguments, input);
  }

  // ask sends a request of one's own making and gives all that comes back.
  [[nodiscard]] std::string ask(std::string_view request) const {
    RawClient client(port);
    client.send(request);
    return client.read_all();
  }

  // logged gives the entries of the log with this action.
  [[nodiscard]] std::vector<nlohmann::json> logged(std::string_view action) const {
    std::ifstream stream(file("log"));
    std::vector<nlohmann::json> entries;
    for (std::string line; std::getline(stream, line);) {
      auto entry = nlohmann::json::parse(line);
      // Not those who only look whether somebody listens.
      if (entry.value("action", "") == action && entry.contains("method")) {
        entries.push_back(std::move(entry));
      }
    }
    return entries;
  }

  [[nodiscard]] std::string file(const std::string& name) const { return folder.file(name); }

  TemporaryFolder folder;
  TestCa ca;
  TestAgent agent{key_in_new_file(file("key.pem"))};
  std::optional<Origin> a;
  std::optional<Origin> b;
  ChildProcess daemon;
  std::uint16_t port = 0;
};

}  // namespace wba::test

#endif  // WBA_TESTS_CLI_AGENT_PROXY_SUPPORT_H_
