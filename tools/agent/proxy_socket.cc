#include "proxy_socket.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wba::agent {

ProxySocket::ProxySocket(int fd) noexcept : fd_(fd), broken_(fd < 0) {
  if (broken_) return;
  // Head and body are written apart; the second must not wait for the first's acknowledgement.
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const int flags = ::fcntl(fd_, F_GETFL);
  broken_ = flags < 0 || ::fcntl(fd_, F_SETFL, flags | O_NONBLOCK) != 0;
}

ProxySocket::ProxySocket(ProxySocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      ended_(other.ended_),
      broken_(other.broken_),
      finished_(other.finished_) {}

ProxySocket::~ProxySocket() {
  if (fd_ >= 0) ::close(fd_);
}

bool ProxySocket::receive(std::string& in, std::size_t most) {
  if (ended_ || broken_ || in.size() >= most) return false;
  char buffer[16384];
  const ssize_t size = ::recv(fd_, buffer, std::min(sizeof buffer, most - in.size()), 0);
  if (size > 0) in.append(buffer, static_cast<std::size_t>(size));
  if (size == 0) ended_ = true;
  if (size < 0 && errno != EAGAIN && errno != EINTR) broken_ = true;
  return size > 0;
}

bool ProxySocket::send(std::string& out) {
  if (broken_ || finished_ || out.empty()) return false;
  const ssize_t size = ::send(fd_, out.data(), out.size(), MSG_NOSIGNAL);
  if (size > 0) out.erase(0, static_cast<std::size_t>(size));
  if (size < 0 && errno != EAGAIN && errno != EINTR) broken_ = true;
  return size > 0;
}

void ProxySocket::finish() noexcept {
  if (!std::exchange(finished_, true)) ::shutdown(fd_, SHUT_WR);
}

void ProxySocket::reset() noexcept {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void ProxySocket::add_to(std::vector<curl_waitfd>& sockets, bool reading, bool writing) const {
  unsigned events = 0;
  if (reading && !ended_) events |= CURL_WAIT_POLLIN;
  if (writing) events |= CURL_WAIT_POLLOUT;
  if (broken_ || events == 0) return;
  sockets.push_back({.fd = fd_, .events = static_cast<short>(events), .revents = 0});
}

}  // namespace wba::agent
