#ifndef WBA_GUARD_REPLAY_STORE_H_
#define WBA_GUARD_REPLAY_STORE_H_

// Nonces that were presented. A check is one atomic check-and-record, after the signature verified.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <wba/guard/decision.h>

namespace wba::guard {

// clock_margin is how far the clocks of machines that share nonces may differ, and how far one may
// be set back. A nonce is held for so long after its signature is no longer good.
inline constexpr std::chrono::seconds clock_margin{60};

// ReplayAnswer says whether a nonce is new. `full` and `away` mean that replay was not checked.
enum class ReplayAnswer : std::uint8_t {
  fresh,     // not presented since the store's `since`, and recorded now
  repeated,  // presented before
  full,      // not recorded: what is still valid is never dropped to make room
  away,      // the store does not answer
};

// ReplayKey is what may be presented once: the nonce of an agent's key.
struct ReplayKey {
  std::string_view agent;  // its identity; empty where the key names no URL
  std::string_view keyid;
  std::string_view nonce;
  // Who the nonce counts for where each may hold so many: the agent's registered domain, under
  // which identities cost nothing. Where that is not known its identity, or else the keyid.
  std::string_view owner;
};

// ReplayStore is shared by all threads.
class ReplayStore {
 public:
  virtual ~ReplayStore() = default;

  // check_and_record is atomic over everything that shares the store: of any number of
  // presentations of one key at most one is fresh, until `until`.
  virtual ReplayAnswer check_and_record(const ReplayKey& key, Now until, Now now) noexcept = 0;

  // since is when the store began to know what was presented: a signature made before may have been
  // presented before. Now::min() for a store that outlives the process.
  [[nodiscard]] virtual Now since() const noexcept = 0;

  // size is the number of nonces held, 0 where that is not known here.
  [[nodiscard]] virtual std::size_t size() const noexcept = 0;
};

// MemoryReplayLimits bound a store in memory. They are kept about: each shard keeps its part.
struct MemoryReplayLimits {
  std::size_t entries = 1'000'000;
  // Of one owner, which also never holds more than what is left free: several owners together
  // cannot fill the store for the others.
  std::size_t entries_per_agent = 100'000;
};

// make_memory_replay_store holds nonces in this process, which began to see requests at `since`, in
// shards with a lock each.
[[nodiscard]] std::shared_ptr<ReplayStore> make_memory_replay_store(
    const MemoryReplayLimits& limits, Now since);

}  // namespace wba::guard

#endif  // WBA_GUARD_REPLAY_STORE_H_
