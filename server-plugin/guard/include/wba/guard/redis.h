#ifndef WBA_GUARD_REDIS_H_
#define WBA_GUARD_REDIS_H_

// State shared by several machines, in Redis. Set its maxmemory-policy to noeviction: what Redis
// drops to make room can be replayed. So can what it forgets over a restart of its own, or a change
// to a replica that had not got it yet: appendonly yes with appendfsync always keeps nonces over
// the first, appendfsync everysec all but the last second's.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <wba/guard/config.h>
#include <wba/guard/rate_limiter.h>
#include <wba/guard/replay_store.h>

namespace wba::guard {

// Redis is a pool of connections, shared by all threads. It connects when it is first needed and
// again after a failure; meanwhile requests are answered `away` at once. None waits longer than the
// timeout, whatever has to be done.
class Redis {
 public:
  // make takes the password to use (empty: none). It looks up the host, which takes as long as it
  // takes, and does not connect. After a failure the host is looked up anew, beside the requests.
  // nullptr: the settings ask for TLS, and `ca_file` cannot be read.
  [[nodiscard]] static std::shared_ptr<Redis> make(const RedisSettings& settings,
                                                   std::string password);
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;
  virtual ~Redis() = default;

  // eviction_policy asks Redis what it drops when memory is short: "noeviction", "allkeys-lru", …
  // Empty if Redis does not answer.
  [[nodiscard]] virtual std::string eviction_policy() = 0;

  // failures counts commands that got no answer, or an error for one.
  [[nodiscard]] virtual std::uint64_t failures() const noexcept = 0;

 protected:
  Redis() = default;
};

// make_redis_replay_store keeps nonces by one script a request, under names that `scope` is part
// of: at most `entries_per_agent` of one owner.
[[nodiscard]] std::shared_ptr<ReplayStore> make_redis_replay_store(
    std::shared_ptr<Redis> redis, std::string scope,
    std::size_t entries_per_agent = ReplaySettings().entries_per_agent);

// make_redis_rate_limiter counts in Redis, by one script a request. It holds about `entries`
// subjects of each limit.
[[nodiscard]] std::shared_ptr<RateLimiter> make_redis_rate_limiter(
    std::shared_ptr<Redis> redis, std::size_t entries = RateSettings().entries);

}  // namespace wba::guard

#endif  // WBA_GUARD_REDIS_H_
