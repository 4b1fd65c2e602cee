#ifndef WBA_FORWARD_AUTH_PASSED_REQUESTS_H_
#define WBA_FORWARD_AUTH_PASSED_REQUESTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include <wba/guard/decision.h>

#include "original_request.h"

namespace wba::forward_auth {

// PassedRequests remembers for a short time which requests passed. nginx asks again about a request
// after an internal redirect (index, try_files, error_page): that is no second use of its nonce and
// no second count of its rate. It is shared by all threads and never grows: where there is no room
// the oldest goes, and asking again about that one counts.
class PassedRequests {
 public:
  // Key names one request: a digest of who asks, of the proxy's id for it, and of all that was
  // asked about. Another request under the same id has another key.
  using Key = std::array<std::uint64_t, 2>;

  explicit PassedRequests(std::size_t entries = 65536);

  [[nodiscard]] Key key_of(const OriginalRequest& original, std::string_view peer) const noexcept;

  // find returns the number that a request was remembered with, 0 if it is not known. Each request
  // is found as often as nginx redirects it at most.
  [[nodiscard]] std::uint64_t find(const Key& key, guard::Now now) noexcept;

  // remember remembers a request that passed with a number that is not 0.
  void remember(const Key& key, std::uint64_t number, guard::Now now) noexcept;

 private:
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kLocks = 64;

  struct Entry {
    Key key{};
    guard::Now until = guard::Now::min();
    std::uint64_t number = 0;
    unsigned askings_left = 0;
  };
  using Set = std::array<Entry, kWays>;

  std::array<char, 16> seed_{};
  std::vector<Set> sets_;
  std::array<std::mutex, kLocks> locks_;
};

}  // namespace wba::forward_auth

#endif  // WBA_FORWARD_AUTH_PASSED_REQUESTS_H_
