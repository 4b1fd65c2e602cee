#include "socket_server.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy_caller.h"
#include "request_head.h"

namespace wba::agent {
namespace {

constexpr int accepts_at_once = 32;
constexpr int max_token_looks = 8;

// 0 is a user that is not known.
server::Holder holder_of_user(uid_t user) noexcept { return server::Holder{user} + 1; }

std::string_view phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 429:
      return "Too Many Requests";
    default:
      return "Service Unavailable";
  }
}

std::string error_body(std::string_view reason) {
  return std::string(R"({"error":")").append(reason).append(R"("})");
}

std::string failed(std::string_view what, const std::string& path) {
  std::string text(what);
  return text.append(" ").append(path).append(": ").append(std::strerror(errno));
}

}  // namespace

std::expected<SocketServer, std::string> SocketServer::listen(std::string path,
                                                              ServerLimits limits) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return std::unexpected("the path of a socket has 1 to 107 octets");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return std::unexpected(failed("cannot make a socket for", path));
  SocketServer server(fd, "", limits);
  struct stat status = {};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) return std::unexpected(path + " exists and is no socket");
    if (::connect(fd, generic, sizeof address) == 0) {
      return std::unexpected("another daemon listens on " + path);
    }
    ::unlink(path.c_str());
  }
  // The file is never there with another mode than 0600.
  const mode_t mask = ::umask(0177);
  const bool bound = ::bind(fd, generic, sizeof address) == 0;
  ::umask(mask);
  if (!bound) return std::unexpected(failed("cannot listen on", path));
  server.path_ = std::move(path);
  if (::listen(fd, 512) != 0) return std::unexpected(failed("cannot listen on", server.path_));
  return server;
}

SocketServer::SocketServer(SocketServer&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::exchange(other.path_, {})),
      loopback_(std::move(other.loopback_)),
      limits_(other.limits_),
      connections_(std::exchange(other.connections_, {})) {}

SocketServer& SocketServer::operator=(SocketServer&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  std::swap(loopback_, other.loopback_);
  std::swap(limits_, other.limits_);
  std::swap(connections_, other.connections_);
  return *this;
}

SocketServer::~SocketServer() {
  for (const auto& connection : connections_) ::close(connection.fd);
  if (fd_ >= 0) ::close(fd_);
  if (!path_.empty()) ::unlink(path_.c_str());
}

std::expected<std::string, std::string> SocketServer::listen_loopback(std::string_view address) {
  auto listener = LoopbackListener::listen(address);
  if (!listener) return std::unexpected(listener.error());
  loopback_ = *std::move(listener);
  return loopback_.address();
}

void SocketServer::accept_unix(const Admit& admit) {
  for (;;) {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    ucred peer{};
    socklen_t size = sizeof peer;
    const bool known = ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    if (!known || !admit(peer.uid, peer.pid)) {
      ::close(fd);
      continue;
    }
    add({.fd = fd,
         .user = peer.uid,
         .process = peer.pid,
         .held = {.holder = holder_of_user(peer.uid)}});
  }
}

void SocketServer::accept_tcp(const Handlers& handlers) {
  // Not all that come: those that are there are served in between.
  for (int i = 0; i < accepts_at_once; ++i) {
    const int fd = ::accept4(loopback_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    const auto user = user_of_peer(fd);
    add({.fd = fd, .tcp = true, .held = {.holder = user ? holder_of_user(*user) : 0}});
    // At once: who has asked already must not look like who says nothing.
    read_from(connections_.back(), handlers);
  }
}

// Every user of the machine can connect by TCP: these connections take no room from the others.
void SocketServer::add(Connection connection) {
  std::vector<server::Held> held;
  std::vector<std::list<Connection>::iterator> places;
  for (auto one = connections_.begin(); one != connections_.end(); ++one) {
    if (one->tcp != connection.tcp) continue;
    held.push_back(one->held);
    places.push_back(one);
  }
  const std::size_t limit = connection.tcp ? limits_.tcp_connections : limits_.connections;
  if (const auto victim = server::makes_room(held, connection.held.holder, {.all = limit})) {
    ::close(places[*victim]->fd);
    connections_.erase(places[*victim]);
  }
  connection.held.progress = Clock::now();
  connection.deadline = connection.held.progress + limits_.request;
  connections_.push_back(std::move(connection));
}

void SocketServer::answer(Connection& connection, const Answer& answer, bool close) {
  connection.close_after = connection.close_after || close;
  auto& out = connection.out;
  out.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
  out.append(phrase(answer.status)).append("\r\nContent-Type: application/json\r\n");
  if (answer.status == 401) out.append("WWW-Authenticate: Bearer\r\n");
  if (connection.close_after) out.append("Connection: close\r\n");
  out.append("Content-Length: ").append(std::to_string(answer.body.size())).append("\r\n\r\n");
  out.append(answer.body);
}

bool SocketServer::serve_one(Connection& connection, const Handlers& handlers) {
  const std::string_view in = connection.in;
  const auto end = in.find("\r\n\r\n");
  if (end == std::string_view::npos || end > limits_.head) {
    if (in.size() > limits_.head) {
      answer(connection, {.status = 413, .body = error_body("head-too-large")}, true);
    }
    return false;
  }
  const auto head = read_head(in.substr(0, end));
  if (!head) {
    answer(connection, {.status = 400, .body = error_body("not-http")}, true);
    return false;
  }
  std::string_view token;
  if (connection.tcp) {
    if (const char* reason = loopback_.refusal(*head); reason != nullptr) {
      answer(connection, {.status = 403, .body = error_body(reason)}, true);
      return false;
    }
    token = handlers.authorise ? handlers.authorise(head->authorization.value_or(""))
                               : std::string_view();
    if (token.empty()) {
      answer(connection, {.status = 401, .body = error_body("token-unknown")}, true);
      return false;
    }
    connection.held.is_known = true;
  }
  if (head->body_size > limits_.body) {
    answer(connection, {.status = 413, .body = error_body("body-too-large")}, true);
    return false;
  }
  if (in.size() - end - 4 < head->body_size) return false;
  answer(connection,
         handlers.handle({.method = head->method,
                          .target = head->target,
                          .body = in.substr(end + 4, head->body_size),
                          .user = connection.user,
                          .process = connection.process,
                          .token = token}),
         head->close || stopping_);
  connection.in.erase(0, end + 4 + head->body_size);
  connection.held.progress = Clock::now();
  connection.held.has_begun = !connection.in.empty();
  connection.deadline =
      connection.held.progress + (connection.in.empty() ? limits_.idle : limits_.request);
  return !connection.close_after;
}

void SocketServer::serve(Connection& connection, const Handlers& handlers) {
  // Nothing more is answered before the answers so far are taken: they do not pile up.
  while (connection.out.empty() && !connection.close_after && serve_one(connection, handlers)) {
    write_to(connection);
  }
  write_to(connection);
}

void SocketServer::look_for_token(Connection& connection, const Handlers& handlers) const {
  if (!connection.tcp || connection.held.is_known || !handlers.authorise) return;
  const auto end = connection.in.rfind("\r\n");
  if (end == std::string::npos || end > limits_.head || connection.in.contains("\r\n\r\n")) return;
  // One that comes in many pieces is not read again for each.
  if (++connection.token_looks > max_token_looks) return;
  const auto head = read_head(std::string_view(connection.in).substr(0, end));
  connection.held.is_known = head && !handlers.authorise(head->authorization.value_or("")).empty();
}

void SocketServer::read_from(Connection& connection, const Handlers& handlers) {
  char buffer[16384];
  const ssize_t size = ::recv(connection.fd, buffer, sizeof buffer, 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    connection.closed = true;
    return;
  }
  if (connection.in.empty()) connection.deadline = Clock::now() + limits_.request;
  connection.in.append(buffer, static_cast<std::size_t>(size));
  connection.held.has_begun = true;
  look_for_token(connection, handlers);
  serve(connection, handlers);
}

void SocketServer::write_to(Connection& connection) {
  while (!connection.out.empty()) {
    const ssize_t size =
        ::send(connection.fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      connection.closed = true;
      return;
    }
    connection.out.erase(0, static_cast<std::size_t>(size));
  }
  if (connection.close_after) connection.closed = true;
}

void SocketServer::drop_ended() {
  const auto now = Clock::now();
  std::erase_if(connections_, [&](const Connection& connection) {
    const bool idle = stopping_ && connection.in.empty() && connection.out.empty();
    if (!connection.closed && !idle && now < connection.deadline) return false;
    ::close(connection.fd);
    return true;
  });
}

void SocketServer::run(int signal_fd, const std::function<bool()>& on_signal,
                       const Handlers& handlers) {
  std::vector<pollfd> polled;
  std::vector<Connection*> order;
  while (!stopping_ || !connections_.empty()) {
    polled = {{.fd = signal_fd, .events = POLLIN, .revents = 0},
              {.fd = stopping_ ? -1 : fd_, .events = POLLIN, .revents = 0},
              {.fd = stopping_ ? -1 : loopback_.fd(), .events = POLLIN, .revents = 0}};
    order.clear();
    for (auto& connection : connections_) {
      // While an answer is not taken, nothing more is read.
      const short events = connection.out.empty() ? POLLIN : POLLOUT;
      polled.push_back({.fd = connection.fd, .events = events, .revents = 0});
      order.push_back(&connection);
    }
    if (::poll(polled.data(), polled.size(), 500) < 0 && errno != EINTR) return;
    if ((polled[0].revents & POLLIN) != 0 && !on_signal()) stopping_ = true;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const short events = polled[i + 3].revents;
      Connection& connection = *order[i];
      if ((events & POLLOUT) != 0) {
        write_to(connection);
        if (connection.out.empty() && !connection.closed) serve(connection, handlers);
      } else if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
        read_from(connection, handlers);
      }
    }
    drop_ended();
    // Last, since it may end a connection that was looked at above.
    if ((polled[1].revents & POLLIN) != 0 && !stopping_) accept_unix(handlers.admit);
    if ((polled[2].revents & POLLIN) != 0 && !stopping_) accept_tcp(handlers);
    drop_ended();
  }
}

}  // namespace wba::agent
