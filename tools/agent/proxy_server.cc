#include "proxy_server.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wba::agent {
namespace {

using Clock = ProxyConnection::Clock;

struct ListenAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

// read_address reads "127.0.0.1:3128" or "[::1]:3128"; nothing else than loopback.
std::expected<ListenAddress, std::string> read_address(std::string_view text) {
  ListenAddress address;
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  if (colon == std::string_view::npos) return std::unexpected("--proxy is no ADDRESS:PORT");
  const auto digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return std::unexpected("--proxy names no port");
  }
  std::string host(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1 &&
      (ntohl(v4.sin_addr.s_addr) >> 24U) == 127) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address.size = sizeof v4;
    std::memcpy(&address.storage, &v4, sizeof v4);
  } else if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1 &&
             IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr)) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.size = sizeof v6;
    std::memcpy(&address.storage, &v6, sizeof v6);
  } else {
    return std::unexpected("--proxy listens on loopback only, where it is known who calls");
  }
  return address;
}

std::uint16_t port_of(int socket) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  return ntohs(storage.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

}  // namespace

ProxyServer::ProxyServer(std::unique_ptr<Upstream> upstream, ProxyPolicy policy, ProxyLimits limits,
                         std::optional<crypto::InterceptionAuthority> interception)
    : upstream_(std::move(upstream)),
      shared_{.policy = std::move(policy),
              .upstream = *upstream_,
              .limits = limits,
              .interception = std::move(interception)} {}

std::expected<std::unique_ptr<ProxyServer>, std::string> ProxyServer::start(
    const std::string& address, ProxyPolicy policy, UpstreamSettings settings, ProxyLimits limits,
    std::optional<crypto::InterceptionAuthority> interception) {
  const auto read = read_address(address);
  if (!read) return std::unexpected(read.error());
  auto upstream = Upstream::create(std::move(settings));
  if (upstream == nullptr) return std::unexpected("cannot set up libcurl");
  std::unique_ptr<ProxyServer> server(
      new ProxyServer(std::move(upstream), std::move(policy), limits, std::move(interception)));
  server->listener_ =
      ::socket(read->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  if (server->listener_ < 0 ||
      ::setsockopt(server->listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(server->listener_, reinterpret_cast<const sockaddr*>(&read->storage), read->size) !=
          0 ||
      ::listen(server->listener_, 512) != 0) {
    return std::unexpected("cannot listen on " + address + ": " + std::strerror(errno));
  }
  server->port_ = port_of(server->listener_);
  server->thread_ = std::thread([self = server.get()] { self->run(); });
  return server;
}

ProxyServer::~ProxyServer() {
  begin_stop();
  if (thread_.joinable()) thread_.join();
  if (listener_ >= 0) ::close(listener_);
}

void ProxyServer::begin_stop() noexcept {
  stop_ = true;
  upstream_->wake();
}

bool ProxyServer::has_room() const {
  return connections_.size() < shared_.limits.connections ||
         std::ranges::any_of(connections_, [](const ProxyConnection& one) { return one.idle(); });
}

void ProxyServer::accept_all() {
  while (has_room()) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    if (connections_.size() >= shared_.limits.connections) {
      // Of those that nobody waits for the one that would be ended first makes room.
      auto oldest = connections_.end();
      for (auto at = connections_.begin(); at != connections_.end(); ++at) {
        const bool older = oldest == connections_.end() || at->deadline() < oldest->deadline();
        if (at->idle() && older) oldest = at;
      }
      connections_.erase(oldest);
    }
    connections_.emplace_back(fd, shared_, Clock::now());
  }
}

bool ProxyServer::wait(bool at_once) {
  std::vector<curl_waitfd> sockets;
  std::vector<ProxyConnection*> owners;
  for (auto& connection : connections_) {
    connection.add_sockets(sockets);
    owners.resize(sockets.size(), &connection);
  }
  if (listener_ >= 0 && has_room()) {
    sockets.push_back({.fd = listener_, .events = CURL_WAIT_POLLIN, .revents = 0});
  }
  upstream_->poll(sockets, std::chrono::milliseconds(at_once ? 0 : 250));
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (sockets[i].revents != 0) owners[i]->on_ready();
  }
  return sockets.size() > owners.size() && sockets.back().revents != 0;
}

void ProxyServer::run() {
  bool more = false;
  Clock::time_point end = Clock::time_point::max();
  const auto work = [&] {
    for (auto& connection : connections_) more = connection.work(Clock::now()) || more;
  };
  while (!shared_.stopping || (!connections_.empty() && Clock::now() < end)) {
    const bool called = wait(std::exchange(more, false));
    if (stop_ && !std::exchange(shared_.stopping, true)) {
      end = Clock::now() + shared_.limits.stop;
      ::close(std::exchange(listener_, -1));
    }
    if (called && !shared_.stopping) accept_all();
    work();
    upstream_->work();
    work();
    std::erase_if(connections_, [](const ProxyConnection& one) { return one.closed(); });
  }
  connections_.clear();
}

}  // namespace wba::agent
