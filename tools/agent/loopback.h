#ifndef WBA_TOOLS_AGENT_LOOPBACK_H_
#define WBA_TOOLS_AGENT_LOOPBACK_H_

// TCP on this machine alone, for callers that cannot use a Unix socket.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "request_head.h"

namespace wba::agent {

// LoopbackListener is a listening TCP socket of 127.0.0.0/8 or ::1.
class LoopbackListener {
 public:
  LoopbackListener() noexcept = default;

  // listen takes "127.0.0.1:8080" or "[::1]:8080"; port 0 is any free one. Names are not looked up,
  // and no address but loopback is taken.
  [[nodiscard]] static std::expected<LoopbackListener, std::string> listen(
      std::string_view address);

  LoopbackListener(LoopbackListener&& other) noexcept;
  LoopbackListener& operator=(LoopbackListener&& other) noexcept;
  ~LoopbackListener();

  [[nodiscard]] int fd() const noexcept { return fd_; }  // -1: it does not listen
  // address is where it listens, with the port that it got.
  [[nodiscard]] const std::string& address() const noexcept { return hosts_.front(); }

  // refusal gives the token of why a request with this head is not heard, nullptr where it is:
  // a page in a browser can send requests here, and can make its own name point here. The first
  // bear Origin, the others that name in Host.
  [[nodiscard]] const char* refusal(const RequestHead& head) const noexcept;

 private:
  int fd_ = -1;
  std::vector<std::string> hosts_;  // what Host may be
};

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_LOOPBACK_H_
