// Rates in this process: the generic cell rate algorithm, one time for each subject.

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <unordered_map>

#include <wba/guard/rate_limiter.h>

#include "rate_bucket.h"
#include "state_digest.h"

namespace wba::guard {
namespace {

constexpr std::size_t kShards = 64;

class MemoryRateLimiter final : public RateLimiter {
 public:
  explicit MemoryRateLimiter(std::size_t entries)
      : entries_(std::max<std::size_t>(1, (entries + kShards - 1) / kShards)),
        seed_(random_seed()) {}

  RateAnswer take(std::string_view name, std::string_view subject, const RateLimit& limit,
                  Now now) noexcept override {
    const auto digest = state_digest({std::string_view(seed_.data(), seed_.size()), name, subject});
    Shard& shard = shards_[digest[1] % kShards];
    const std::lock_guard lock(shard.mutex);
    const auto known = shard.buckets.find(digest);
    std::int64_t full_at = known == shard.buckets.end() ? 0 : known->second;
    const auto taken = take_from_bucket(limit, microseconds_of(now), full_at);
    if (taken.wait > 0) {
      return {.kind = RateAnswer::Kind::over,
              .wait = std::chrono::milliseconds((taken.wait + 999) / 1000)};
    }
    if (known != shard.buckets.end()) {
      known->second = full_at;
      return {.kind = RateAnswer::Kind::within};
    }
    if (shard.buckets.size() >= entries_ && !shard.forget(microseconds_of(now))) {
      return {.kind = RateAnswer::Kind::full};
    }
    try {
      shard.buckets.emplace(digest, full_at);
    } catch (const std::bad_alloc&) {
      return {.kind = RateAnswer::Kind::full};
    }
    return {.kind = RateAnswer::Kind::within};
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
  static std::int64_t microseconds_of(Now now) noexcept {
    return std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  }

  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unordered_map<StateDigest, std::int64_t, StateDigestHash> buckets;
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
