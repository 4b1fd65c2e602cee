#ifndef WBA_FORWARD_AUTH_AUTHD_H_
#define WBA_FORWARD_AUTH_AUTHD_H_

// The daemon's server: event loops of libevent, one a thread, each with a listening socket of its
// own on the same port. A thread for each connection, as cpp-httplib has, does not hold thousands
// of idle keep-alive connections of a proxy.

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include <wba/guard/guard.h>

#include "original_request.h"

namespace wba::forward_auth {

// RefusalStatus says with which status a request that does not pass is answered.
enum class RefusalStatus : std::uint8_t {
  exact,      // the decision's own: 400, 403, 429, 503
  forbidden,  // 403 for all, the decision's own in X-Agent-Status: nginx takes no other
};

struct AuthdOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;        // 0: any free one
  std::uint16_t admin_port = 0;  // health, readiness and metrics; on 127.0.0.1
  unsigned threads = 0;          // 0: one a processor
  HeaderStyle style = HeaderStyle::original;
  RefusalStatus refusal = RefusalStatus::exact;
  std::string scheme = "https";  // where the proxy names none
  int idle_seconds = 120;        // a connection without a request is closed after so long
  int request_seconds = 10;      // and one whose request does not arrive whole
};

// Authd answers until it is stopped.
class Authd {
 public:
  // start listens and runs its threads. Error: what the system said. It throws std::system_error
  // where the system has no more threads; those that were made have ended then.
  [[nodiscard]] static std::expected<std::unique_ptr<Authd>, std::string> start(
      std::shared_ptr<guard::Guard> guard, const AuthdOptions& options);

  Authd(const Authd&) = delete;
  Authd& operator=(const Authd&) = delete;
  ~Authd();

  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] std::uint16_t admin_port() const noexcept;

  // drain makes readiness say no, so that nothing new is sent here.
  void drain() noexcept;

  // stop takes no more connections, answers what has been asked, and ends the threads.
  void stop() noexcept;

 private:
  struct State;
  explicit Authd(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace wba::forward_auth

#endif  // WBA_FORWARD_AUTH_AUTHD_H_
