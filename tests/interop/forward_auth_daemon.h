#ifndef WBA_TESTS_INTEROP_FORWARD_AUTH_DAEMON_H_
#define WBA_TESTS_INTEROP_FORWARD_AUTH_DAEMON_H_

// wba-authd as a process of its own, asked as a proxy on this machine asks.

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "support/child_process.h"
#include "unit/guard_support.h"

namespace wba::forward_auth {

using test::Agent;
using test::OwnedRequest;

inline guard::Now wall_clock() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

// Daemon runs in `folder`, where its configuration, key directory and audit log are.
class Daemon {
 public:
  Daemon(const std::filesystem::path& folder, std::string name, const Agent& agent)
      : folder_(folder), name_(std::move(name)), agent_url_(agent.url()) {
    std::ofstream(folder_ / "directory.json") << agent.directory();
  }

  // write_config writes the configuration; what every test needs stands before `rest`.
  void write_config(std::string_view rest) const {
    std::ofstream(config_file()) << "[server]\nauthorities = [\"shop.example\"]\ntrusted_proxies = "
                                    "[\"127.0.0.1\"]\n[audit]\npath = \""
                                 << log_file().string() << "\"\n"
                                 << rest;
  }

  // limit has it run from now on with what a shell's `ulimit` says, and its standard error in a
  // file.
  void limit(const std::string& ulimit) {
    before_ = {"sh", "-c", "ulimit " + ulimit + "; exec \"$@\" 2>\"$0\"", error_file().string()};
  }
  [[nodiscard]] std::filesystem::path error_file() const { return folder_ / (name_ + ".err"); }
  // errors gives the lines of that.
  [[nodiscard]] std::vector<std::string> errors() const {
    std::ifstream stream(error_file());
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  // start runs it and waits until it answers.
  [[nodiscard]] bool start(const std::vector<std::string>& more = {}) {
    port_ = test::free_port();
    admin_port_ = test::free_port();
    return start_again(more);
  }

  // start_again takes the ports that it had.
  [[nodiscard]] bool start_again(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {WBA_AUTHD,
                                          "--config",
                                          config_file().string(),
                                          "--headers",
                                          "original",
                                          "--listen",
                                          "127.0.0.1:" + std::to_string(port_),
                                          "--admin-port",
                                          std::to_string(admin_port_),
                                          "--threads",
                                          "2",
                                          "--directory",
                                          agent_url_ + "=" + (folder_ / "directory.json").string()};
    arguments.insert(arguments.begin(), before_.begin(), before_.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    process_ = test::ChildProcess(arguments);
    return test::wait_for_port(port_) && test::wait_for_port(admin_port_);
  }

  [[nodiscard]] test::ChildProcess& process() noexcept { return process_; }
  [[nodiscard]] std::filesystem::path config_file() const { return folder_ / (name_ + ".toml"); }
  [[nodiscard]] std::filesystem::path log_file() const { return folder_ / (name_ + ".log"); }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  // connect gives a connection that is kept, of one thread.
  [[nodiscard]] std::unique_ptr<httplib::Client> connect() const { return client_to(port_); }

  // admin gives the answer of the port for whoever watches: status and body, 0 where there is none.
  [[nodiscard]] std::pair<int, std::string> admin(const std::string& path) const {
    const auto response = client_to(admin_port_)->Get(path);
    return response ? std::pair(response->status, response->body) : std::pair(0, std::string());
  }

  // lines gives the audit log's lines, those of rotated files too. What is no line, as a kill may
  // leave it, is left out.
  [[nodiscard]] std::vector<nlohmann::json> lines() const {
    std::vector<nlohmann::json> lines;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (!entry.path().filename().string().starts_with(name_ + ".log")) continue;
      std::ifstream stream(entry.path());
      for (std::string line; std::getline(stream, line);) {
        auto parsed = nlohmann::json::parse(line, nullptr, false);
        if (!parsed.is_discarded()) lines.push_back(std::move(parsed));
      }
    }
    return lines;
  }

 private:
  static std::unique_ptr<httplib::Client> client_to(std::uint16_t port) {
    auto client = std::make_unique<httplib::Client>("127.0.0.1", port);
    client->set_keep_alive(true);
    client->set_tcp_nodelay(true);
    client->set_read_timeout(20);
    return client;
  }

  std::filesystem::path folder_;
  std::string name_;
  std::string agent_url_;
  std::vector<std::string> before_;
  std::uint16_t port_ = 0;
  std::uint16_t admin_port_ = 0;
  test::ChildProcess process_;
};

// ask puts the question about a request, as nginx does.
inline httplib::Result ask(httplib::Client& client, const OwnedRequest& request) {
  httplib::Headers headers = {{"X-Original-Method", request.method},
                              {"X-Original-Host", request.authority},
                              {"X-Original-URI", request.target},
                              {"X-Original-Client", "192.0.2.7"}};
  for (const auto& [name, value] : request.fields) headers.emplace(name, value);
  return client.Get("/", headers);
}

}  // namespace wba::forward_auth

#endif  // WBA_TESTS_INTEROP_FORWARD_AUTH_DAEMON_H_
