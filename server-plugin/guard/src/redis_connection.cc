#include "redis_connection.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

namespace wba::guard {

std::unique_ptr<RedisConnection> RedisConnection::to_address(const std::string& address,
                                                             std::uint16_t port,
                                                             Deadline deadline) {
  return finish(Context(redisConnectNonBlock(address.c_str(), port)), deadline);
}

std::unique_ptr<RedisConnection> RedisConnection::to_socket(const std::string& path,
                                                            Deadline deadline) {
  return finish(Context(redisConnectUnixNonBlock(path.c_str())), deadline);
}

std::unique_ptr<RedisConnection> RedisConnection::finish(Context context, Deadline deadline) {
  if (context == nullptr || context->err != 0) return nullptr;
  std::unique_ptr<RedisConnection> connection(new RedisConnection(std::move(context)));
  if (!connection->wait(POLLOUT, deadline)) return nullptr;
  int error = 0;
  socklen_t size = sizeof error;
  const bool told =
      ::getsockopt(connection->context_->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0;
  return told && error == 0 ? std::move(connection) : nullptr;
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

RedisReply RedisConnection::exchange(const std::vector<std::string_view>& words,
                                     Deadline deadline) {
  std::vector<const char*> starts;
  std::vector<std::size_t> sizes;
  for (const auto word : words) {
    starts.push_back(word.data());
    sizes.push_back(word.size());
  }
  redisContext* context = context_.get();
  if (redisAppendCommandArgv(context, static_cast<int>(words.size()), starts.data(),
                             sizes.data()) != REDIS_OK) {
    return nullptr;
  }
  int written = 0;
  while (true) {
    if (redisBufferWrite(context, &written) != REDIS_OK) return nullptr;
    if (written != 0) break;
    if (!wait(POLLOUT, deadline)) return nullptr;
  }
  while (true) {
    void* reply = nullptr;
    if (redisGetReplyFromReader(context, &reply) != REDIS_OK) return nullptr;
    if (reply != nullptr) return RedisReply(static_cast<redisReply*>(reply));
    if (!wait(POLLIN, deadline)) return nullptr;
    if (redisBufferRead(context) != REDIS_OK) return nullptr;
  }
}

}  // namespace wba::guard
