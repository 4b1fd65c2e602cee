// Nonces and rates in Redis.

#include <charconv>
#include <optional>

#include <wba/guard/redis.h>

#include "rate_bucket.h"
#include "redis_pool.h"
#include "state_digest.h"

namespace wba::guard {
namespace {

std::string state_name(std::string_view prefix, std::string_view kind,
                       std::initializer_list<std::string_view> parts) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string name(prefix);
  name.append(kind);
  for (const auto octet : state_digest_octets(parts)) {
    name.push_back(kDigits[std::to_integer<unsigned>(octet) >> 4U]);
    name.push_back(kDigits[std::to_integer<unsigned>(octet) & 0xfU]);
  }
  return name;
}

class RedisReplayStore final : public ReplayStore {
 public:
  RedisReplayStore(std::shared_ptr<RedisPool> redis, std::string scope)
      : redis_(std::move(redis)), scope_(std::move(scope)) {}

  ReplayAnswer check_and_record(const ReplayKey& key, Now until, Now now) noexcept override {
    try {
      const std::string name = state_name(redis_->settings().prefix,
                                          "nonce:", {scope_, key.agent, key.keyid, key.nonce});
      // At least a second: clocks differ, and Redis takes no time of zero.
      const std::string life = std::to_string(std::max<std::int64_t>(1000, (until - now).count()));
      const auto reply = redis_->command({"SET", name, "1", "NX", "PX", life});
      if (reply == nullptr) return ReplayAnswer::away;
      return reply->type == REDIS_REPLY_STATUS ? ReplayAnswer::fresh : ReplayAnswer::repeated;
    } catch (const std::bad_alloc&) {
      return ReplayAnswer::away;
    }
  }

  // What Redis itself forgets over a restart of its own is its configuration's matter: see redis.h.
  [[nodiscard]] Now since() const noexcept override { return Now::min(); }
  [[nodiscard]] std::size_t size() const noexcept override { return 0; }

 private:
  std::shared_ptr<RedisPool> redis_;
  std::string scope_;
};

// take_from_bucket as a script, which Redis runs as one step. Answers the time to wait.
constexpr std::string_view kTakeScript =
    "local now, cost, depth = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]) "
    "local full_at = tonumber(redis.call('GET', KEYS[1]) or '0') "
    "local from = math.min(math.max(full_at, now), now + depth) "
    "local after = from + cost "
    "if after > now + depth then return after - now - depth end "
    "redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', "
    "math.ceil((after - now) / 1000) + 1000) "
    "return 0";

class RedisRateLimiter final : public RateLimiter {
 public:
  explicit RedisRateLimiter(std::shared_ptr<RedisPool> redis) : redis_(std::move(redis)) {}

  RateAnswer take(std::string_view name, std::string_view subject, const RateLimit& limit,
                  Now now) noexcept override {
    try {
      const auto timing = bucket_timing(limit);
      const std::string key = state_name(redis_->settings().prefix, "rate:", {name, subject});
      const std::string at = std::to_string(now.time_since_epoch().count() * 1000);
      const std::string cost = std::to_string(timing.cost);
      const std::string depth = std::to_string(timing.depth);
      const auto reply = redis_->command({"EVAL", kTakeScript, "1", key, at, cost, depth});
      if (reply == nullptr || reply->type != REDIS_REPLY_INTEGER) return {};
      if (reply->integer <= 0) return {.kind = RateAnswer::Kind::within};
      return {.kind = RateAnswer::Kind::over,
              .wait = std::chrono::milliseconds((reply->integer + 999) / 1000)};
    } catch (const std::bad_alloc&) {
      return {};
    }
  }

  [[nodiscard]] std::size_t size() const noexcept override { return 0; }

 private:
  std::shared_ptr<RedisPool> redis_;
};

}  // namespace

// Redis has no other implementation.
std::shared_ptr<ReplayStore> make_redis_replay_store(std::shared_ptr<Redis> redis,
                                                     std::string scope) {
  return std::make_shared<RedisReplayStore>(std::static_pointer_cast<RedisPool>(std::move(redis)),
                                            std::move(scope));
}

std::shared_ptr<RateLimiter> make_redis_rate_limiter(std::shared_ptr<Redis> redis) {
  return std::make_shared<RedisRateLimiter>(std::static_pointer_cast<RedisPool>(std::move(redis)));
}

}  // namespace wba::guard
