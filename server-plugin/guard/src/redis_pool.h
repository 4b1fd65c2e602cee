#ifndef WBA_GUARD_REDIS_POOL_H_
#define WBA_GUARD_REDIS_POOL_H_

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <wba/guard/redis.h>

#include "redis_connection.h"
#include "redis_host.h"

namespace wba::guard {

// RedisPool lends connections, one for each command under way.
class RedisPool final : public Redis {
 public:
  RedisPool(RedisSettings settings, std::string password, RedisHost::Lookup look_up = look_up_host,
            std::unique_ptr<const crypto::TlsClient> tls = nullptr)
      : settings_(std::move(settings)),
        password_(std::move(password)),
        host_(settings_.host, std::move(look_up)),
        tls_(std::move(tls)) {}

  // command sends one command and gives the reply, which may be an error about this command;
  // nullptr if there is none. It takes the configured timeout at most, connecting included. Where
  // Redis is away, or takes commands from no client, it answers nullptr at once until it is time to
  // try again, and then one caller tries.
  RedisReply command(const std::vector<std::string_view>& words) noexcept;

  [[nodiscard]] std::string eviction_policy() override;
  [[nodiscard]] std::uint64_t failures() const noexcept override { return failures_; }
  [[nodiscard]] const RedisSettings& settings() const noexcept { return settings_; }

 private:
  using Connection = std::unique_ptr<RedisConnection>;
  using Deadline = RedisConnection::Deadline;

  [[nodiscard]] bool may_try() noexcept;
  void failed() noexcept;
  Connection borrow(bool& idle, Deadline deadline);
  void give_back(Connection connection) noexcept;
  Connection connect(Deadline deadline);
  Connection reach(Deadline deadline);
  [[nodiscard]] bool introduce(RedisConnection& connection, Deadline deadline) const;
  RedisReply ask(Connection& connection, const std::vector<std::string_view>& words,
                 Deadline deadline);

  RedisSettings settings_;
  std::string password_;
  RedisHost host_;
  std::unique_ptr<const crypto::TlsClient> tls_;  // nullptr: none
  std::mutex mutex_;
  std::vector<Connection> idle_;
  std::atomic<std::int64_t> try_again_at_{0};  // steady milliseconds; 0: Redis is well
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace wba::guard

#endif  // WBA_GUARD_REDIS_POOL_H_
