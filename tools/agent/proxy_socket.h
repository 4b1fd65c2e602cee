#ifndef WBA_TOOLS_AGENT_PROXY_SOCKET_H_
#define WBA_TOOLS_AGENT_PROXY_SOCKET_H_

// A non-blocking socket and what has been read from it and is still to be written to it.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <curl/curl.h>

namespace wba::agent {

class ProxySocket {
 public:
  // It takes the descriptor over and makes it non-blocking. -1 is a socket that is broken.
  explicit ProxySocket(int fd) noexcept;
  ProxySocket(ProxySocket&& other) noexcept;
  ProxySocket& operator=(ProxySocket&&) = delete;
  ~ProxySocket();

  [[nodiscard]] int fd() const noexcept { return fd_; }

  // receive appends to `in` what there is, until that holds `most`; send writes what it can of the
  // front of `out` and takes it away. Each gives whether anything moved.
  bool receive(std::string& in, std::size_t most);
  bool send(std::string& out);

  // ended: the other end will send nothing more. broken: it takes nothing either.
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] bool broken() const noexcept { return broken_; }

  // finish says that nothing more will be sent. reset makes closing look like a fault to the other
  // end, where nothing else tells it that an answer is not whole.
  void finish() noexcept;
  void reset() noexcept;

  // add_to asks for a call when the socket can be read or written, as wanted. One that is neither
  // is not waited for: its end would be reported again and again.
  void add_to(std::vector<curl_waitfd>& sockets, bool reading, bool writing) const;

 private:
  int fd_;
  bool ended_ = false;
  bool broken_;
  bool finished_ = false;
};

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_PROXY_SOCKET_H_
