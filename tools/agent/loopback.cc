#include "loopback.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wba/message.h>

namespace wba::agent {
namespace {

struct Address {
  std::string host;  // as it stands in a URL
  std::uint16_t port = 0;
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<Address> read_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Address address{.host = std::string(text.substr(0, colon))};
  const std::string_view port = text.substr(colon + 1);
  const auto [rest, error] = std::from_chars(port.begin(), port.end(), address.port);
  if (error != std::errc() || rest != port.end()) return std::nullopt;
  const auto place = [&address](const auto& specific) {
    std::memcpy(&address.storage, &specific, sizeof specific);
    address.size = sizeof specific;
    return std::optional(std::move(address));
  };
  if (address.host == "[::1]") {
    return place(sockaddr_in6{.sin6_family = AF_INET6,
                              .sin6_port = htons(address.port),
                              .sin6_flowinfo = 0,
                              .sin6_addr = in6addr_loopback,
                              .sin6_scope_id = 0});
  }
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(address.port);
  if (::inet_pton(AF_INET, address.host.c_str(), &four.sin_addr) != 1 ||
      ntohl(four.sin_addr.s_addr) >> 24U != IN_LOOPBACKNET) {
    return std::nullopt;
  }
  return place(four);
}

// port_of gives the port that the socket got.
std::uint16_t port_of(int fd) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  // At the same place in both.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

}  // namespace

std::expected<LoopbackListener, std::string> LoopbackListener::listen(std::string_view address) {
  const auto read = read_address(address);
  if (!read) {
    return std::unexpected("not an address of loopback with a port: 127.0.0.1:0, [::1]:8080");
  }
  LoopbackListener listener;
  listener.fd_ = ::socket(read->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int one = 1;
  if (listener.fd_ < 0 ||
      ::setsockopt(listener.fd_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
      ::bind(listener.fd_, reinterpret_cast<const sockaddr*>(&read->storage), read->size) != 0 ||
      ::listen(listener.fd_, 512) != 0) {
    return std::unexpected("cannot listen on " + std::string(address) + ": " +
                           std::strerror(errno));
  }
  const std::string port = std::to_string(port_of(listener.fd_));
  for (const auto& host : {read->host, std::string("localhost")}) {
    listener.hosts_.push_back(host + ":" + port);
    if (port == "80") listener.hosts_.push_back(host);
  }
  return listener;
}

LoopbackListener::LoopbackListener(LoopbackListener&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), hosts_(std::exchange(other.hosts_, {})) {}

LoopbackListener& LoopbackListener::operator=(LoopbackListener&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(hosts_, other.hosts_);
  return *this;
}

LoopbackListener::~LoopbackListener() {
  if (fd_ >= 0) ::close(fd_);
}

const char* LoopbackListener::refusal(const RequestHead& head) const noexcept {
  if (head.has_origin) return "origin-not-allowed";
  if (!head.host || std::ranges::none_of(hosts_, [&](const std::string& host) {
        return field_name_equals(*head.host, host);
      })) {
    return "host-not-allowed";
  }
  return nullptr;
}

}  // namespace wba::agent
