#include "redis_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include <poll.h>
#include <sys/socket.h>

namespace wba::guard {
namespace {

// More than any reply here has.
constexpr std::size_t kMaxReply = 65536;

}  // namespace

std::unique_ptr<RedisConnection> RedisConnection::to_address(const std::string& address,
                                                             std::uint16_t port,
                                                             const crypto::TlsClient* tls,
                                                             Deadline deadline) {
  return finish(Context(redisConnectNonBlock(address.c_str(), port)), tls, deadline);
}

std::unique_ptr<RedisConnection> RedisConnection::to_socket(const std::string& path,
                                                            Deadline deadline) {
  return finish(Context(redisConnectUnixNonBlock(path.c_str())), nullptr, deadline);
}

std::unique_ptr<RedisConnection> RedisConnection::finish(Context context,
                                                         const crypto::TlsClient* tls,
                                                         Deadline deadline) {
  if (context == nullptr || context->err != 0) return nullptr;
  std::unique_ptr<RedisConnection> connection(new RedisConnection(std::move(context)));
  if (!connection->wait(POLLOUT, deadline)) return nullptr;
  int error = 0;
  socklen_t size = sizeof error;
  const bool told =
      ::getsockopt(connection->context_->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0;
  if (!told || error != 0) return nullptr;
  if (tls != nullptr) {
    connection->tls_ = tls->session();
    if (connection->tls_ == nullptr) return nullptr;
    const auto shake_hands = [&] { return connection->tls_->shake_hands(); };
    if (!connection->drive(shake_hands, deadline)) return nullptr;
  }
  return connection;
}

bool RedisConnection::wait(short event, Deadline deadline) const noexcept {
  pollfd socket{.fd = context_->fd, .events = event, .revents = 0};
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int ready = ::poll(&socket, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

bool RedisConnection::send(std::string_view octets, Deadline deadline) const noexcept {
  while (!octets.empty()) {
    const auto sent = ::send(context_->fd, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      octets.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait(POLLOUT, deadline)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

// receive appends what comes first.
bool RedisConnection::receive(std::string& out, Deadline deadline) {
  std::array<char, 4096> octets;
  while (true) {
    const auto size = ::recv(context_->fd, octets.data(), octets.size(), 0);
    if (size > 0) {
      out.append(octets.data(), static_cast<std::size_t>(size));
      return true;
    }
    if (size == 0) {
      closed_ = true;
      return false;
    }
    if (errno == EAGAIN) {
      if (!wait(POLLIN, deadline)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
}

// drive repeats a step of TLS, with what it has to send and to receive, until it is done.
template <typename Step>
bool RedisConnection::drive(Step step, Deadline deadline) {
  while (true) {
    const Progress progress = step();
    tls_->to_send(octets_);
    if (!send(octets_, deadline)) return false;
    if (progress == Progress::done) return true;
    if (progress == Progress::closed) closed_ = true;
    if (progress != Progress::wants_octets) return false;
    octets_.clear();
    if (!receive(octets_, deadline) || !tls_->received(octets_)) return false;
  }
}

bool RedisConnection::write(std::string_view octets, Deadline deadline) {
  if (tls_ == nullptr) return send(octets, deadline);
  return drive([&] { return tls_->write(octets); }, deadline);
}

bool RedisConnection::read(std::string& out, Deadline deadline) {
  if (tls_ == nullptr) return receive(out, deadline);
  return drive([&] { return tls_->read(out); }, deadline);
}

RedisReply RedisConnection::exchange(const std::vector<std::string_view>& words,
                                     Deadline deadline) {
  std::vector<const char*> starts;
  std::vector<std::size_t> sizes;
  for (const auto word : words) {
    starts.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* command = nullptr;
  const int size =
      redisFormatCommandArgv(&command, static_cast<int>(words.size()), starts.data(), sizes.data());
  if (size < 0) return nullptr;
  const std::unique_ptr<char, decltype(&redisFreeCommand)> owned(command, &redisFreeCommand);
  if (!write({command, static_cast<std::size_t>(size)}, deadline)) return nullptr;
  std::string received;
  std::size_t fed = 0;
  while (true) {
    void* reply = nullptr;
    if (redisReaderGetReply(context_->reader, &reply) != REDIS_OK) return nullptr;
    if (reply != nullptr) return RedisReply(static_cast<redisReply*>(reply));
    received.clear();
    if (!read(received, deadline)) return nullptr;
    // An array is no reply to any command here: hiredis would make room for as many as it says.
    if (fed == 0 && received.starts_with('*')) return nullptr;
    fed += received.size();
    if (fed > kMaxReply) return nullptr;
    if (redisReaderFeed(context_->reader, received.data(), received.size()) != REDIS_OK) {
      return nullptr;
    }
  }
}

}  // namespace wba::guard
