#ifndef WBA_TOOLS_AGENT_PROXY_SERVER_H_
#define WBA_TOOLS_AGENT_PROXY_SERVER_H_

// The signing forward proxy: for programs that cannot sign, and need not know how.
//
//   GET http://example.com/a    is sent on as https://example.com/a, signed by the daemon's policy
//   GET https://example.com/a   likewise
//   CONNECT example.com:443     becomes a tunnel, where a rule allows it. In it nothing is signed,
//                               unless an authority for interception is given: then TLS ends
//                               here, and each request inside goes on as those above.

#include <atomic>
#include <cstdint>
#include <expected>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "proxy_connection.h"
#include "proxy_policy.h"
#include "proxy_upstream.h"

namespace wba::agent {

class ProxyServer {
 public:
  // start listens on `address`, "127.0.0.1:3128" or "[::1]:3128", and serves on a thread of its
  // own. Who calls is known on loopback only: no other address is taken. Port 0 is any free one.
  [[nodiscard]] static std::expected<std::unique_ptr<ProxyServer>, std::string> start(
      const std::string& address, ProxyPolicy policy, UpstreamSettings settings,
      ProxyLimits limits = {},
      std::optional<crypto::InterceptionAuthority> interception = std::nullopt);
  ProxyServer(const ProxyServer&) = delete;
  ProxyServer& operator=(const ProxyServer&) = delete;
  ~ProxyServer();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  // begin_stop takes no more requests. The destructor waits for those that are under way, for the
  // time that the limits give.
  void begin_stop() noexcept;

 private:
  ProxyServer(std::unique_ptr<Upstream> upstream, ProxyPolicy policy, ProxyLimits limits,
              std::optional<crypto::InterceptionAuthority> interception);
  void run();
  void accept_all();
  [[nodiscard]] bool has_room() const;
  // wait gives whether the listening socket can be read.
  [[nodiscard]] bool wait(bool at_once);

  std::unique_ptr<Upstream> upstream_;
  ProxyShared shared_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stop_{false};
  std::list<ProxyConnection> connections_;
  std::thread thread_;
};

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_PROXY_SERVER_H_
