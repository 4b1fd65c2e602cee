#ifndef WBA_TOOLS_AGENT_PROXY_CHANNEL_H_
#define WBA_TOOLS_AGENT_PROXY_CHANNEL_H_

// A client's connection as its requests come over it: plain, or inside TLS that ends here.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "crypto/tls_interception.h"
#include "proxy_socket.h"

namespace wba::agent {

class ProxyChannel {
 public:
  explicit ProxyChannel(int fd) noexcept : socket_(fd) {}

  // begin_tls has everything from here on be TLS; `received` has come already.
  void begin_tls(std::unique_ptr<crypto::TlsServer> tls, std::string received) noexcept;

  // As ProxySocket's.
  bool receive(std::string& in, std::size_t most);
  bool send(std::string& out);
  [[nodiscard]] bool ended() const noexcept;
  [[nodiscard]] bool broken() const noexcept { return broken_ || socket_.broken(); }
  void finish();
  void reset() noexcept { socket_.reset(); }
  void add_to(std::vector<curl_waitfd>& sockets, bool reading, bool writing) const;

  // holds_back: something was received that receive has not given yet; no call of the socket will
  // tell so.
  [[nodiscard]] bool holds_back() const noexcept;
  // flushed: what send took has left. mute: nothing can be sent, since nobody has shaken hands.
  [[nodiscard]] bool flushed() const noexcept { return raw_out_.empty(); }
  [[nodiscard]] bool mute() const noexcept { return tls_ != nullptr && !tls_->established(); }

 private:
  ProxySocket socket_;
  std::unique_ptr<crypto::TlsServer> tls_;
  std::string raw_in_;
  std::string raw_out_;
  bool broken_ = false;
};

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_PROXY_CHANNEL_H_
