#ifndef WBA_GUARD_REDIS_CONNECTION_H_
#define WBA_GUARD_REDIS_CONNECTION_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hiredis/hiredis.h>

namespace wba::guard {

struct RedisReplyFree {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using RedisReply = std::unique_ptr<redisReply, RedisReplyFree>;

// RedisConnection is a connection on which no step outlasts its deadline, however slowly the other
// end answers: hiredis' own time-outs begin anew with every read.
class RedisConnection {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // to_address takes a numeric address: nothing is looked up. nullptr: not connected.
  static std::unique_ptr<RedisConnection> to_address(const std::string& address, std::uint16_t port,
                                                     Deadline deadline);
  static std::unique_ptr<RedisConnection> to_socket(const std::string& path, Deadline deadline);

  // exchange sends one command and gives the reply. nullptr: none came by then, and the connection
  // is of no more use.
  RedisReply exchange(const std::vector<std::string_view>& words, Deadline deadline);

  // was_closed says whether the last exchange found that the server had closed the connection.
  [[nodiscard]] bool was_closed() const noexcept { return context_->err == REDIS_ERR_EOF; }

 private:
  struct ContextFree {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
  };
  using Context = std::unique_ptr<redisContext, ContextFree>;

  explicit RedisConnection(Context context) noexcept : context_(std::move(context)) {}
  static std::unique_ptr<RedisConnection> finish(Context context, Deadline deadline);
  [[nodiscard]] bool wait(short event, Deadline deadline) const noexcept;

  Context context_;
};

}  // namespace wba::guard

#endif  // WBA_GUARD_REDIS_CONNECTION_H_
