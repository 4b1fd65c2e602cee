#ifndef WBA_TESTS_INTEROP_FORWARD_AUTH_PROXIES_H_
#define WBA_TESTS_INTEROP_FORWARD_AUTH_PROXIES_H_

// The real servers, each run with the configuration that is shipped for it.

#include <filesystem>

#include "forward_auth_support.h"

namespace wba::forward_auth {

inline constexpr long kVersions[] = {CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2TLS};

// Proxy is a server, how wba-authd is to be run for it, and what a client meets without wba-authd.
struct Proxy {
  std::string name;
  std::string program;
  HeaderStyle style;
  RefusalStatus refusal;
  std::vector<std::string> examples;  // the configuration first
  std::vector<std::string> command;   // @RUN@ is the test's folder
  long away_status;
};

inline void PrintTo(const Proxy& proxy, std::ostream* out) { *out << proxy.name; }

inline const Proxy proxies[] = {
    {.name = "nginx",
     .program = "nginx",
     .style = HeaderStyle::original,
     .refusal = RefusalStatus::forbidden,
     .examples = {"nginx.conf"},
     .command = {"nginx", "-e", "@RUN@/error.log", "-p", "@RUN@", "-c", "@RUN@/nginx.conf", "-g",
                 "daemon off;"},
     .away_status = 500},
    {.name = "Caddy",
     .program = "caddy",
     .style = HeaderStyle::forwarded,
     .refusal = RefusalStatus::exact,
     .examples = {"Caddyfile"},
     .command = {"caddy", "run", "--config", "@RUN@/Caddyfile", "--adapter", "caddyfile"},
     .away_status = 502},
    {.name = "HAProxy",
     .program = "haproxy",
     .style = HeaderStyle::original,
     .refusal = RefusalStatus::exact,
     .examples = {"haproxy.cfg", "haproxy.lua"},
     .command = {"haproxy", "-db", "-f", "@RUN@/haproxy.cfg"},
     .away_status = 503},
    {.name = "Apache",
     .program = "apache2",
     .style = HeaderStyle::original,
     .refusal = RefusalStatus::exact,
     .examples = {"apache.conf", "apache.lua"},
     .command = {"apache2", "-DFOREGROUND", "-f", "@RUN@/apache.conf"},
     .away_status = 503},
};

// Apache's workers load libraries and scripts after they have given root up.
inline bool root_is_open() {
  const auto mode = std::filesystem::status("/").permissions();
  return (mode & std::filesystem::perms::others_exec) != std::filesystem::perms::none;
}

class ForwardAuthTest : public ProxyTest, public testing::WithParamInterface<Proxy> {
 protected:
  void SetUp() override {
    const auto& proxy = GetParam();
    if (!test::is_installed(proxy.program)) GTEST_SKIP() << proxy.program << " is not installed";
    if (proxy.name == "Apache" && !std::filesystem::exists("/usr/share/lua/5.3/socket.lua")) {
      GTEST_SKIP() << "lua-socket is not installed";
    }
    if (proxy.name == "Apache" && ::geteuid() == 0 && !root_is_open()) {
      GTEST_SKIP() << "the root folder is closed to the user that Apache gives root up for";
    }
    start_authd(proxy.style, proxy.refusal);
    start_proxy(authd_->port());
  }

  // start_proxy has it ask whoever listens on `authd_port`; `replace` is done to its last example.
  void start_proxy(std::uint16_t authd_port, std::string_view what = {},
                   std::string_view replacement = {}) {
    const auto& proxy = GetParam();
    const auto& run = folder_.path().string();
    // Servers that start as root give it up.
    if (::geteuid() == 0) std::filesystem::permissions(run, std::filesystem::perms{0755});
    for (const auto& name : proxy.examples) {
      std::string text = example(name, authd_port);
      if (name == "nginx.conf" && ::geteuid() == 0) text.insert(0, "user root;\n");
      if (name == proxy.examples.back() && !what.empty()) {
        ASSERT_NE(text.find(what), std::string::npos);
        replace_all(text, what, replacement);
      }
      std::ofstream(folder_.path() / name) << text;
    }
    auto command = proxy.command;
    for (auto& argument : command) replace_all(argument, "@RUN@", run);
    proxy_ = test::ChildProcess(command);
    ASSERT_TRUE(test::wait_for_port(port_)) << log();
  }

  [[nodiscard]] bool is(std::string_view name) const { return GetParam().name == name; }

  // expect_nothing_passes sends a good request.
  void expect_nothing_passes(long status) {
    for (const long version : kVersions) {
      EXPECT_EQ(send(make_signed(), version).status, status) << log();
      EXPECT_EQ(send(make_signed("/open/a"), version).status, status) << log();
    }
    EXPECT_EQ(backend_.count(), 0);
  }
};

}  // namespace wba::forward_auth

#endif  // WBA_TESTS_INTEROP_FORWARD_AUTH_PROXIES_H_
