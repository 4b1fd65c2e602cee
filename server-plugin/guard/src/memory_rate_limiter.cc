// Rates in this process: the generic cell rate algorithm, one time for each subject.

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <optional>
#include <unordered_map>

#include <wba/guard/rate_limiter.h>

#include "rate_bucket.h"
#include "state_digest.h"

namespace wba::guard {
namespace {

constexpr std::size_t kShards = 64;
constexpr std::size_t kGroupsOfShard = rate_groups / kShards;

class MemoryRateLimiter final : public RateLimiter {
 public:
  explicit MemoryRateLimiter(std::size_t entries)
      : entries_(std::max<std::size_t>(1, (entries + kShards - 1) / kShards)),
        seed_(random_seed()) {}

  RateAnswer take(std::string_view name, const RateSubject& subject, const RateLimit& limit,
                  Now now) noexcept override {
    return answer(name, subject, limit, now, true);
  }

  RateAnswer look(std::string_view name, const RateSubject& subject, const RateLimit& limit,
                  Now now) noexcept override {
    return answer(name, subject, limit, now, false);
  }

  [[nodiscard]] std::size_t size() const noexcept override {
    std::size_t sum = 0;
    for (const auto& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      sum += shard.buckets.size();
    }
    return sum;
  }

 private:
  RateAnswer answer(std::string_view name, const RateSubject& subject, const RateLimit& limit,
                    Now now, bool counts) noexcept {
    const std::string_view seed(seed_.data(), seed_.size());
    const std::int64_t at = microseconds_of(now);
    if (const auto own =
            answer_subject(state_digest({seed, name, subject.name}), limit, at, counts)) {
      return *own;
    }
    const auto digest = state_digest({seed, name, subject.group});
    Shard& shard = shards_[digest[1] % kShards];
    const std::lock_guard lock(shard.mutex);
    std::int64_t& group = shard.groups[digest[0] % kGroupsOfShard];
    std::int64_t full_at = group;
    const auto taken = take_from_bucket(limit, at, full_at);
    if (counts) group = full_at;
    return rate_answer(taken.wait);
  }

  // answer_subject returns nothing if a new subject has no room.
  std::optional<RateAnswer> answer_subject(const StateDigest& digest, const RateLimit& limit,
                                           std::int64_t now, bool counts) noexcept {
    Shard& shard = shards_[digest[1] % kShards];
    const std::lock_guard lock(shard.mutex);
    const auto known = shard.buckets.find(digest);
    if (known == shard.buckets.end() && shard.buckets.size() >= entries_ && !shard.forget(now)) {
      return std::nullopt;
    }
    std::int64_t full_at = known == shard.buckets.end() ? 0 : known->second;
    const auto taken = take_from_bucket(limit, now, full_at);
    if (!counts || taken.wait > 0) return rate_answer(taken.wait);
    if (known != shard.buckets.end()) {
      known->second = full_at;
      return rate_answer(0);
    }
    try {
      shard.buckets.emplace(digest, full_at);
    } catch (const std::bad_alloc&) {
      return std::nullopt;
    }
    return rate_answer(0);
  }

  static std::int64_t microseconds_of(Now now) noexcept {
    return std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  }

  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unordered_map<StateDigest, std::int64_t, StateDigestHash> buckets;
    std::array<std::int64_t, kGroupsOfShard> groups{};
    std::int64_t looked_at = 0;

    // forget drops buckets that are full again. Looking through all of them happens once a second
    // at most, so that a flood of new subjects does not pay for it one by one.
    bool forget(std::int64_t now) noexcept {
      constexpr std::int64_t kSecond = 1'000'000;
      if (now >= looked_at && now - looked_at < kSecond) return false;
      looked_at = now;
      return std::erase_if(buckets, [&](const auto& entry) { return entry.second <= now; }) > 0;
    }
  };

  std::size_t entries_;
  Seed seed_;
  std::array<Shard, kShards> shards_;
};

}  // namespace

std::shared_ptr<RateLimiter> make_memory_rate_limiter(std::size_t entries) {
  return std::make_shared<MemoryRateLimiter>(entries);
}

}  // namespace wba::guard
