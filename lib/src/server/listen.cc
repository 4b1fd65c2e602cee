#include "server/listen.h"

#include <cerrno>
#include <string_view>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wba::server {
namespace {

constexpr int kBacklog = 4096;

std::string system_error(std::string_view what) {
  return std::string(what) + ": " + std::generic_category().message(errno);
}

}  // namespace

std::expected<int, std::string> bind_to(const std::string& address, std::uint16_t port,
                                        Sharing sharing) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  if (auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
      ::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    size = sizeof(sockaddr_in);
  } else if (auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
             ::inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    size = sizeof(sockaddr_in6);
  } else {
    return std::unexpected("no IP address to listen on");
  }
  const int listener = ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) return std::unexpected(system_error("socket"));
  const int on = 1;
  const int shared = sharing == Sharing::shared ? 1 : 0;
  if (::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof shared) != 0 ||
      ::setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
      ::bind(listener, reinterpret_cast<const sockaddr*>(&storage), size) != 0) {
    std::string error = system_error("cannot listen on port " + std::to_string(port));
    ::close(listener);
    return std::unexpected(std::move(error));
  }
  return listener;
}

std::expected<int, std::string> listen_on(const std::string& address, std::uint16_t port,
                                          Sharing sharing) {
  auto listener = bind_to(address, port, sharing);
  if (!listener || ::listen(*listener, kBacklog) == 0) return listener;
  std::string error = system_error("cannot listen on port " + std::to_string(port));
  ::close(*listener);
  return std::unexpected(std::move(error));
}

std::uint16_t port_of(int socket) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  return ntohs(storage.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

}  // namespace wba::server
