#ifndef WBA_GUARD_RATE_LIMITER_H_
#define WBA_GUARD_RATE_LIMITER_H_

// Rate limits: of each operator, and of callers that are not verified by address.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <wba/guard/config.h>
#include <wba/guard/decision.h>

namespace wba::guard {

// RateAnswer says whether a request is within its limit; where it is not, when the next will be.
struct RateAnswer {
  enum class Kind : std::uint8_t { within, over, full, away };
  Kind kind = Kind::away;
  std::chrono::milliseconds wait = {};  // where over
};

// RateSubject is whom a request is counted for.
struct RateSubject {
  std::string_view name;
  // Whom it is counted for where the store has no room for another name. All subjects of one
  // `group` then share the rate of one.
  std::string_view group;
};

// RateLimiter counts requests. It is shared by all threads. A limit is a bucket of `burst` requests
// that fills evenly at `requests` per `period`.
//
// A store holds a bounded number of subjects. It forgets only those whose bucket is full again,
// since that is how a new one begins. Where all are in use, newcomers are counted by their group,
// so that a flood of subjects gains no rate.
class RateLimiter {
 public:
  virtual ~RateLimiter() = default;

  // take counts one request of `subject` under the limit `name`. A request that is over the limit
  // does not count.
  virtual RateAnswer take(std::string_view name, const RateSubject& subject, const RateLimit& limit,
                          Now now) noexcept = 0;

  // look gives the answer of take, and counts nothing.
  virtual RateAnswer look(std::string_view name, const RateSubject& subject, const RateLimit& limit,
                          Now now) noexcept = 0;

  // size is the number of subjects held, 0 where that is not known here.
  [[nodiscard]] virtual std::size_t size() const noexcept = 0;
};

// make_memory_rate_limiter counts in this process. It holds `entries` subjects.
[[nodiscard]] std::shared_ptr<RateLimiter> make_memory_rate_limiter(std::size_t entries);

}  // namespace wba::guard

#endif  // WBA_GUARD_RATE_LIMITER_H_
