#ifndef WBA_TOOLS_AGENT_SOCKET_SERVER_H_
#define WBA_TOOLS_AGENT_SOCKET_SERVER_H_

// HTTP/1.1 on a Unix socket, one thread: a caller that hangs holds up nobody.

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <list>
#include <string>
#include <string_view>

#include <poll.h>

#include "service.h"

namespace wba::agent {

struct ServerLimits {
  std::size_t connections = 512;
  std::size_t head = std::size_t{16} << 10U;
  std::size_t body = SigningService::max_body;
  // For a request to arrive and its answer to be taken, and between two requests.
  std::chrono::milliseconds request = std::chrono::seconds(10);
  std::chrono::milliseconds idle = std::chrono::seconds(60);
};

class SocketServer {
 public:
  // Admit says whether this user may talk at all; Handle answers.
  using Admit = std::function<bool(uid_t user, pid_t process)>;
  using Handle = std::function<Answer(const Call&)>;

  // listen makes the socket `path`, mode 0600. One that nobody listens on is replaced; any other
  // file is not.
  [[nodiscard]] static std::expected<SocketServer, std::string> listen(std::string path,
                                                                       ServerLimits limits = {});
  SocketServer(SocketServer&&) noexcept;
  SocketServer& operator=(SocketServer&&) = delete;
  // The socket file is removed.
  ~SocketServer();

  // run serves until `signal_fd` can be read and `on_signal` then says false. Answers that are
  // under way are finished, within the time for a request.
  void run(int signal_fd, const std::function<bool()>& on_signal, const Admit& admit,
           const Handle& handle);

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    int fd;
    uid_t user;
    pid_t process;
    std::string in;
    std::string out;
    Clock::time_point deadline;
    bool close_after = false;
    bool closed = false;
  };

  SocketServer(int fd, std::string path, ServerLimits limits) noexcept
      : fd_(fd), path_(std::move(path)), limits_(limits) {}

  void accept_all(const Admit& admit);
  void read_from(Connection& connection, const Handle& handle);
  void write_to(Connection& connection);
  // serve answers the requests that have arrived whole.
  void serve(Connection& connection, const Handle& handle);
  [[nodiscard]] bool serve_one(Connection& connection, const Handle& handle);
  void answer(Connection& connection, const Answer& answer, bool close);
  void drop_ended();

  int fd_;
  std::string path_;
  ServerLimits limits_;
  bool stopping_ = false;
  std::list<Connection> connections_;
};

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_SOCKET_SERVER_H_
