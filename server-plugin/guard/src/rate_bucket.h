#ifndef WBA_GUARD_RATE_BUCKET_H_
#define WBA_GUARD_RATE_BUCKET_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <wba/guard/config.h>
#include <wba/guard/rate_limiter.h>

namespace wba::guard {

// BucketTiming is a limit in microseconds: what one request costs, and how far ahead of the time a
// bucket may be in debt.
struct BucketTiming {
  std::int64_t cost;
  std::int64_t depth;
};

// max_bucket_depth is a year: with it no time overflows, and all are exact in Redis' scripts, whose
// numbers are doubles. A configuration with more is a mistake.
inline constexpr std::int64_t max_bucket_depth = std::int64_t{365} * 24 * 3600 * 1'000'000;

[[nodiscard]] inline std::int64_t bucket_cost(const RateLimit& limit) noexcept {
  const std::int64_t period = limit.period.count() * 1000;
  return std::max<std::int64_t>(1, period / std::max(1U, limit.requests));
}

[[nodiscard]] inline BucketTiming bucket_timing(const RateLimit& limit) noexcept {
  const std::int64_t cost = bucket_cost(limit);
  return {.cost = cost, .depth = cost * std::max(1U, limit.burst)};
}

struct BucketAnswer {
  std::int64_t wait = 0;  // microseconds; 0: taken
};

// take_from_bucket takes one request from a bucket that is full again at `full_at` (0: new), times
// in microseconds. A request that is over the limit changes nothing.
[[nodiscard]] inline BucketAnswer take_from_bucket(const RateLimit& limit, std::int64_t now,
                                                   std::int64_t& full_at) noexcept {
  const auto timing = bucket_timing(limit);
  // A clock that was set back must not lock an agent out for longer than an empty bucket would.
  const std::int64_t from = std::clamp(full_at, now, now + timing.depth);
  const std::int64_t next = from + timing.cost;
  if (next > now + timing.depth) return {.wait = next - now - timing.depth};
  full_at = next;
  return {};
}

// rate_groups bounds how many buckets of groups a store holds. Groups may meet in one.
inline constexpr std::size_t rate_groups = 1024;

[[nodiscard]] inline RateAnswer rate_answer(std::int64_t wait) noexcept {
  if (wait <= 0) return {.kind = RateAnswer::Kind::within};
  return {.kind = RateAnswer::Kind::over, .wait = std::chrono::milliseconds((wait + 999) / 1000)};
}

}  // namespace wba::guard

#endif  // WBA_GUARD_RATE_BUCKET_H_
