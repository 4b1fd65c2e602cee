#include "directory/new_url_budget.h"

#include <algorithm>

namespace wba::directory {
namespace {

constexpr std::size_t kBuckets = 1024;

// A share's burst is that of six seconds: a network's fetches at once then leave slots free even if
// none of them ends before its deadline.
std::vector<TokenBucket> shares(std::size_t per_minute) {
  return {kBuckets, TokenBucket(per_minute, std::max<std::size_t>(1, per_minute / 10))};
}

}  // namespace

bool TokenBucket::has(std::size_t count, Time now) noexcept {
  if (now < since_) since_ = now;  // the clock was set back
  if (now > since_) {
    const auto passed = static_cast<double>((now - since_).count());
    tokens_ = std::min(burst_, tokens_ + passed * per_minute_ / 60);
    since_ = now;
  }
  return tokens_ >= static_cast<double>(count);
}

NewUrlBudget::NewUrlBudget(const DirectoryLimits& limits)
    : all_(limits.new_urls_per_minute, limits.new_urls_per_minute),
      kept_(limits.new_urls_per_minute / 4),
      addresses_(shares(limits.new_urls_per_minute_and_client)),
      networks_(shares(limits.new_urls_per_minute_and_network)) {}

bool NewUrlBudget::has_for(const std::optional<Client>& client, Time now) noexcept {
  return !client || (address_of(*client).has(1, now) && network_of(*client).has(1, now));
}

void NewUrlBudget::take(const std::optional<Client>& client) noexcept {
  all_.take();
  if (!client) return;
  address_of(*client).take();
  network_of(*client).take();
}

}  // namespace wba::directory
