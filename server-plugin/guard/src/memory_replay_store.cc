// Nonces in this process.

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <queue>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <wba/guard/replay_store.h>

#include "crypto/random.h"
#include "state_digest.h"

namespace wba::guard {

Seed random_seed() noexcept {
  Seed seed{};
  // Without randomness only the protection against chosen buckets is lost.
  if (auto filled = crypto::random_bytes(std::as_writable_bytes(std::span(seed))); !filled) {
    seed = {};
  }
  return seed;
}

namespace {

constexpr std::size_t kShards = 64;

class MemoryReplayStore final : public ReplayStore {
 public:
  MemoryReplayStore(const MemoryReplayLimits& limits, Now since)
      : entries_(std::max<std::size_t>(1, (limits.entries + kShards - 1) / kShards)),
        per_owner_(std::max<std::size_t>(1, (limits.entries_per_agent + kShards - 1) / kShards)),
        since_(since),
        seed_(random_seed()) {}

  ReplayAnswer check_and_record(const ReplayKey& key, Now until, Now now) noexcept override {
    const std::string_view seed(seed_.data(), seed_.size());
    const auto digest = state_digest({seed, key.agent, key.keyid, key.nonce});
    const auto owner = state_digest({seed, key.owner})[0];
    Shard& shard = shards_[digest[1] % kShards];
    const std::lock_guard lock(shard.mutex);
    shard.expire(now);
    if (shard.nonces.contains(digest)) return ReplayAnswer::repeated;
    // A signature whose time is over cannot have verified at `now`; nothing to keep.
    if (until <= now) return ReplayAnswer::fresh;
    if (shard.nonces.size() >= entries_) return ReplayAnswer::full;
    const std::size_t free = entries_ - shard.nonces.size();
    const auto held = shard.owners.find(owner);
    if (held != shard.owners.end() && held->second >= std::min(per_owner_, free)) {
      return ReplayAnswer::full;
    }
    return shard.record(digest, owner, until) ? ReplayAnswer::fresh : ReplayAnswer::full;
  }

  [[nodiscard]] Now since() const noexcept override { return since_; }

  [[nodiscard]] std::size_t size() const noexcept override {
    std::size_t sum = 0;
    for (const auto& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      sum += shard.nonces.size();
    }
    return sum;
  }

 private:
  struct Expiry {
    Now until;
    StateDigest digest;
    std::uint64_t owner;

    bool operator>(const Expiry& other) const noexcept { return until > other.until; }
  };

  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unordered_set<StateDigest, StateDigestHash> nonces;
    std::unordered_map<std::uint64_t, std::size_t> owners;
    std::priority_queue<Expiry, std::vector<Expiry>, std::greater<>> expiries;

    void expire(Now now) noexcept {
      while (!expiries.empty() && expiries.top().until <= now) {
        const Expiry& oldest = expiries.top();
        nonces.erase(oldest.digest);
        const auto count = owners.find(oldest.owner);
        if (count != owners.end() && --count->second == 0) owners.erase(count);
        expiries.pop();
      }
    }

    bool record(const StateDigest& digest, std::uint64_t owner, Now until) noexcept {
      bool counted = false;
      bool queued = false;
      try {
        ++owners[owner];
        counted = true;
        expiries.push({until, digest, owner});
        queued = true;
        nonces.insert(digest);
        return true;
      } catch (const std::bad_alloc&) {
        // What was queued expires later and takes its count along then.
        if (counted && !queued) {
          const auto count = owners.find(owner);
          if (--count->second == 0) owners.erase(count);
        }
        return false;
      }
    }
  };

  std::size_t entries_;
  std::size_t per_owner_;
  Now since_;
  Seed seed_;
  std::array<Shard, kShards> shards_;
};

}  // namespace

std::shared_ptr<ReplayStore> make_memory_replay_store(const MemoryReplayLimits& limits, Now since) {
  return std::make_shared<MemoryReplayStore>(limits, since);
}

}  // namespace wba::guard
