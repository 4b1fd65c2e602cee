#ifndef WBA_GUARD_REDIS_POOL_H_
#define WBA_GUARD_REDIS_POOL_H_

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <hiredis/hiredis.h>

#include <wba/guard/redis.h>

namespace wba::guard {

struct RedisReplyFree {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using RedisReply = std::unique_ptr<redisReply, RedisReplyFree>;

// RedisPool lends connections, one for each command under way.
class RedisPool final : public Redis {
 public:
  RedisPool(RedisSettings settings, std::string password)
      : settings_(std::move(settings)), password_(std::move(password)) {}

  // command sends one command and gives the reply; nullptr where there was none: Redis is away, or
  // answered with an error. It waits for the configured timeout at most; after a failure it answers
  // nullptr at once until it is time to try again, and then one caller tries.
  RedisReply command(const std::vector<std::string_view>& words) noexcept;

  [[nodiscard]] std::uint64_t failures() const noexcept override { return failures_; }
  [[nodiscard]] const RedisSettings& settings() const noexcept { return settings_; }

 private:
  struct ContextFree {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
  };
  using Context = std::unique_ptr<redisContext, ContextFree>;

  [[nodiscard]] bool may_try() noexcept;
  void failed() noexcept;
  Context borrow(bool& idle) noexcept;
  void give_back(Context context) noexcept;
  Context connect() noexcept;
  [[nodiscard]] bool introduce(redisContext* context) const;
  static RedisReply send(redisContext* context, const std::vector<std::string_view>& words);

  RedisSettings settings_;
  std::string password_;
  std::mutex mutex_;
  std::vector<Context> idle_;
  std::atomic<std::int64_t> try_again_at_{0};  // steady milliseconds; 0: Redis is well
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace wba::guard

#endif  // WBA_GUARD_REDIS_POOL_H_
