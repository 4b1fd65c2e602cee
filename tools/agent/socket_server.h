#ifndef WBA_TOOLS_AGENT_SOCKET_SERVER_H_
#define WBA_TOOLS_AGENT_SOCKET_SERVER_H_

// HTTP/1.1 on a Unix socket or on loopback TCP, one thread: a caller that hangs holds up nobody.
// When there are too many connections, the user who has most of them loses one, and by TCP those
// go first that have shown no token.

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <list>
#include <string>
#include <string_view>

#include <poll.h>

#include "loopback.h"
#include "server/fair_share.h"
#include "service.h"

namespace wba::agent {

struct ServerLimits {
  std::size_t connections = 512;
  std::size_t tcp_connections = 128;
  std::size_t head = std::size_t{16} << 10U;
  std::size_t body = SigningService::max_body;
  // For a request to arrive and its answer to be taken, and between two requests.
  std::chrono::milliseconds request = std::chrono::seconds(10);
  std::chrono::milliseconds idle = std::chrono::seconds(60);
};

class SocketServer {
 public:
  // Admit says whether this user may talk at all. Authorise gives the name of who holds the token
  // of an Authorization field, empty where nobody does: by TCP nobody else is heard. It lives until
  // Handle, which answers, returned.
  using Admit = std::function<bool(uid_t user, pid_t process)>;
  using Authorise = std::function<std::string_view(std::string_view authorization)>;
  using Handle = std::function<Answer(const Call&)>;
  struct Handlers {
    Admit admit;
    Handle handle;
    Authorise authorise = {};
  };

  // One that listens nowhere yet.
  explicit SocketServer(ServerLimits limits = {}) noexcept : limits_(limits) {}

  // listen makes the socket `path`, mode 0600. One that nobody listens on is replaced; any other
  // file is not.
  [[nodiscard]] static std::expected<SocketServer, std::string> listen(std::string path,
                                                                       ServerLimits limits = {});
  SocketServer(SocketServer&&) noexcept;
  SocketServer& operator=(SocketServer&&) noexcept;
  // The socket file is removed.
  ~SocketServer();

  // listen_loopback listens on TCP too, and gives the address with the port that it got. It takes
  // what LoopbackListener::listen takes.
  [[nodiscard]] std::expected<std::string, std::string> listen_loopback(std::string_view address);

  // run serves until `signal_fd` can be read and `on_signal` then says false. Answers that are
  // under way are finished, within the time for a request.
  void run(int signal_fd, const std::function<bool()>& on_signal, const Handlers& handlers);

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    int fd;
    uid_t user = 0;  // by a Unix socket
    pid_t process = 0;
    bool tcp = false;
    std::string in = {};
    std::string out = {};
    Clock::time_point deadline = {};
    server::Held held = {};
    int token_looks = 0;  // times that a part of a head was searched for a token
    bool close_after = false;
    bool closed = false;
  };

  SocketServer(int fd, std::string path, ServerLimits limits) noexcept
      : fd_(fd), path_(std::move(path)), limits_(limits) {}

  void accept_unix(const Admit& admit);
  void accept_tcp(const Handlers& handlers);
  void add(Connection connection);
  // look_for_token notes a good token as soon as its line is there, so that a caller keeps its
  // connection while the rest of its request is on its way.
  void look_for_token(Connection& connection, const Handlers& handlers) const;
  void read_from(Connection& connection, const Handlers& handlers);
  void write_to(Connection& connection);
  // serve answers the requests that have arrived whole.
  void serve(Connection& connection, const Handlers& handlers);
  [[nodiscard]] bool serve_one(Connection& connection, const Handlers& handlers);
  void answer(Connection& connection, const Answer& answer, bool close);
  void drop_ended();

  int fd_ = -1;
  std::string path_;
  LoopbackListener loopback_;
  ServerLimits limits_;
  bool stopping_ = false;
  std::list<Connection> connections_;
};

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_SOCKET_SERVER_H_
