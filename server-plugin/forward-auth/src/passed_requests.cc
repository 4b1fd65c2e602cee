#include "passed_requests.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "crypto/hash.h"
#include "crypto/random.h"

namespace wba::forward_auth {
namespace {

// An error page comes after the backend's time-out: nginx waits for 60 seconds by default.
constexpr std::chrono::minutes kRemembered{2};
// nginx gives a request up after so many internal redirects.
constexpr unsigned kMostAskings = 10;

}  // namespace

PassedRequests::PassedRequests(std::size_t entries)
    : sets_(std::max<std::size_t>(1, entries / kWays)) {
  // Without randomness only the protection against chosen sets is lost.
  static_cast<void>(crypto::random_bytes(std::as_writable_bytes(std::span(seed_))));
}

PassedRequests::Key PassedRequests::key_of(const OriginalRequest& original,
                                           std::string_view peer) const noexcept {
  crypto::Sha256 hash;
  // Each part with its length: no two lists of parts give one text.
  const auto add = [&hash](std::string_view part) {
    const std::uint64_t size = part.size();
    std::array<char, sizeof size> length{};
    std::memcpy(length.data(), &size, sizeof size);
    hash.update({length.data(), length.size()});
    hash.update(part);
  };
  const Request& request = original.request;
  for (const auto part :
       {std::string_view(seed_.data(), seed_.size()), peer, original.request_id, original.client,
        request.method, request.scheme, request.authority, request.target}) {
    add(part);
  }
  for (const auto& line : request.fields) {
    add(line.name);
    add(line.value);
  }
  const auto digest = hash.finish();
  Key key{};
  std::memcpy(key.data(), digest.data(), sizeof key);
  return key;
}

std::uint64_t PassedRequests::find(const Key& key, guard::Now now) noexcept {
  const std::size_t at = key[0] % sets_.size();
  const std::lock_guard lock(locks_[at % kLocks]);
  for (Entry& entry : sets_[at]) {
    if (entry.key != key || entry.until <= now || entry.askings_left == 0) continue;
    --entry.askings_left;
    return entry.number;
  }
  return 0;
}

void PassedRequests::remember(const Key& key, std::uint64_t number, guard::Now now) noexcept {
  const std::size_t at = key[0] % sets_.size();
  const std::lock_guard lock(locks_[at % kLocks]);
  auto& entry = *std::ranges::min_element(sets_[at], {}, &Entry::until);
  entry = {.key = key, .until = now + kRemembered, .number = number, .askings_left = kMostAskings};
}

}  // namespace wba::forward_auth
