#include "directory/new_url_budget.h"

#include <algorithm>

namespace wba::directory {
namespace {

constexpr std::size_t kBuckets = 1024;  // of each half

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

// A share's burst is that of six seconds: a network's fetches at once then leave slots free even if
// none of them ends before its deadline.
Shares::Shares(std::size_t per_minute)
    : buckets_(2 * kBuckets, TokenBucket(per_minute, std::max<std::size_t>(1, per_minute / 10))) {}

TokenBucket& Shares::first_of(std::uint64_t hash) noexcept { return buckets_[hash % kBuckets]; }

TokenBucket& Shares::second_of(std::uint64_t hash) noexcept {
  return buckets_[kBuckets + (hash >> 32U) % kBuckets];
}

bool Shares::has_one(std::uint64_t hash, Time now) noexcept {
  return first_of(hash).has(1, now) || second_of(hash).has(1, now);
}

void Shares::take(std::uint64_t hash, Time now) noexcept {
  for (TokenBucket* bucket : {&first_of(hash), &second_of(hash)}) {
    if (bucket->has(1, now)) bucket->take();
  }
}

NewUrlBudget::NewUrlBudget(const DirectoryLimits& limits)
    : all_(limits.new_urls_per_minute, limits.new_urls_per_minute),
      kept_(limits.new_urls_per_minute / 4),
      addresses_(limits.new_urls_per_minute_and_client),
      networks_(limits.new_urls_per_minute_and_network) {}

bool NewUrlBudget::has_for(const std::optional<Client>& client, Time now) noexcept {
  return !client ||
         (addresses_.has_one(client->address, now) && networks_.has_one(client->network, now));
}

void NewUrlBudget::take(const std::optional<Client>& client, Time now) noexcept {
  all_.take();
  if (!client) return;
  addresses_.take(client->address, now);
  networks_.take(client->network, now);
}

}  // namespace wba::directory
