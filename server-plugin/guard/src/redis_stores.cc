// Nonces and rates in Redis.

#include <algorithm>
#include <new>

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

// is_out_of_room returns true if Redis has reached its maxmemory. Redis 7 begins with the code, an
// older one quotes what the script ran into.
bool is_out_of_room(const redisReply& reply) noexcept {
  const std::string_view text(reply.str, reply.len);
  return text.starts_with("OOM ") || text.find(" -OOM ") != std::string_view::npos;
}

// Nonces of one owner are a sorted set, by the time until which each is held: so their number is
// bounded in the same step that records one. All times of it are those of Redis' clock.
//
// What writes first must be ZADD: only to the first write of a script does Redis apply maxmemory.
// Answers 1: recorded, 0: repeated, 2: the owner has no room.
constexpr std::string_view kRecordScript =
    "local time = redis.call('TIME') "
    "local now = time[1] * 1000 + math.floor(time[2] / 1000) "
    "local life, most = tonumber(ARGV[2]), tonumber(ARGV[3]) "
    "local until_ = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '0') "
    "if until_ > now then return 0 end "
    "if redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', now), '+inf') >= most then return 2 "
    "end "
    "local added = redis.pcall('ZADD', KEYS[1], string.format('%.0f', now + life), ARGV[1]) "
    "redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now)) "
    "if type(added) == 'table' and added.err then return added end "
    "if redis.call('PTTL', KEYS[1]) < life then redis.call('PEXPIRE', KEYS[1], life) end "
    "return 1";

class RedisReplayStore final : public ReplayStore {
 public:
  RedisReplayStore(std::shared_ptr<RedisPool> redis, std::string scope, std::size_t per_owner)
      : redis_(std::move(redis)), scope_(std::move(scope)), per_owner_(std::to_string(per_owner)) {}

  ReplayAnswer check_and_record(const ReplayKey& key, Now until, Now now) noexcept override {
    try {
      const std::string name =
          state_name(redis_->settings().prefix, "nonces:", {scope_, key.owner});
      const std::string nonce = state_name("", "", {key.agent, key.keyid, key.nonce});
      const std::string life = std::to_string(std::max<std::int64_t>(1, (until - now).count()));
      const auto reply =
          redis_->command({"EVAL", kRecordScript, "1", name, nonce, life, per_owner_});
      if (reply == nullptr) return ReplayAnswer::away;
      if (reply->type == REDIS_REPLY_ERROR && is_out_of_room(*reply)) return ReplayAnswer::full;
      // Nothing but the script's own answer counts as one.
      if (reply->type != REDIS_REPLY_INTEGER) return ReplayAnswer::away;
      switch (reply->integer) {
        case 1:
          return ReplayAnswer::fresh;
        case 0:
          return ReplayAnswer::repeated;
        case 2:
          return ReplayAnswer::full;
        default:
          return ReplayAnswer::away;
      }
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
  std::string per_owner_;
};

// Subjects of one limit are a sorted set, by the time at which the bucket of each is full again.
// Where it has no room for a new one, those that are full go; if none is, the group is counted.
// ZREMRANGEBYSCORE comes behind ZADD as above; a set that is at its bound may exceed it by one.
// Answers the time to wait.
constexpr std::string_view kRateScript =
    "local subject = ARGV[1] "
    "local now, cost, depth = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]) "
    "local full_at = redis.call('ZSCORE', KEYS[1], subject) "
    "local crowded = not full_at and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[6]) "
    "if crowded and redis.call('ZCOUNT', KEYS[1], '-inf', ARGV[3]) == 0 then "
    "subject = ARGV[2] "
    "full_at = redis.call('ZSCORE', KEYS[1], subject) "
    "end "
    "local from = math.min(math.max(tonumber(full_at or '0'), now), now + depth) "
    "local after = from + cost "
    "if after > now + depth then return after - now - depth end "
    "if ARGV[7] == '0' then return 0 end "
    "local added = redis.pcall('ZADD', KEYS[1], string.format('%.0f', after), subject) "
    "if crowded then redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3]) end "
    "if type(added) == 'table' and added.err then return added end "
    "local life = math.ceil((after - now) / 1000) + 1000 "
    "if redis.call('PTTL', KEYS[1]) < life then redis.call('PEXPIRE', KEYS[1], life) end "
    "return 0";

class RedisRateLimiter final : public RateLimiter {
 public:
  RedisRateLimiter(std::shared_ptr<RedisPool> redis, std::size_t entries)
      : redis_(std::move(redis)), entries_(std::to_string(entries)) {}

  RateAnswer take(std::string_view name, const RateSubject& subject, const RateLimit& limit,
                  Now now) noexcept override {
    return answer(name, subject, limit, now, "1");
  }

  RateAnswer look(std::string_view name, const RateSubject& subject, const RateLimit& limit,
                  Now now) noexcept override {
    return answer(name, subject, limit, now, "0");
  }

  [[nodiscard]] std::size_t size() const noexcept override { return 0; }

 private:
  RateAnswer answer(std::string_view name, const RateSubject& subject, const RateLimit& limit,
                    Now now, std::string_view counts) noexcept {
    try {
      const auto timing = bucket_timing(limit);
      const std::string key = state_name(redis_->settings().prefix, "rates:", {name});
      const std::string own = state_name("", "", {subject.name});
      const std::string group =
          "group " + std::to_string(state_digest({subject.group})[0] % rate_groups);
      const std::string at = std::to_string(now.time_since_epoch().count() * 1000);
      const std::string cost = std::to_string(timing.cost);
      const std::string depth = std::to_string(timing.depth);
      const auto reply = redis_->command(
          {"EVAL", kRateScript, "1", key, own, group, at, cost, depth, entries_, counts});
      if (reply == nullptr) return {};
      if (reply->type == REDIS_REPLY_ERROR && is_out_of_room(*reply)) {
        return {.kind = RateAnswer::Kind::full};
      }
      // Nothing but the script's own answer counts as one.
      const bool expected = reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0 &&
                            reply->integer <= timing.depth + timing.cost;
      return expected ? rate_answer(reply->integer) : RateAnswer{};
    } catch (const std::bad_alloc&) {
      return {};
    }
  }

  std::shared_ptr<RedisPool> redis_;
  std::string entries_;
};

}  // namespace

// Redis has no other implementation.
std::shared_ptr<ReplayStore> make_redis_replay_store(std::shared_ptr<Redis> redis,
                                                     std::string scope,
                                                     std::size_t entries_per_agent) {
  return std::make_shared<RedisReplayStore>(std::static_pointer_cast<RedisPool>(std::move(redis)),
                                            std::move(scope), entries_per_agent);
}

std::shared_ptr<RateLimiter> make_redis_rate_limiter(std::shared_ptr<Redis> redis,
                                                     std::size_t entries) {
  return std::make_shared<RedisRateLimiter>(std::static_pointer_cast<RedisPool>(std::move(redis)),
                                            entries);
}

}  // namespace wba::guard
