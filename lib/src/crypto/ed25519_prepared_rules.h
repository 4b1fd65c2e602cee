#ifndef WBA_CRYPTO_ED25519_PREPARED_RULES_H_
#define WBA_CRYPTO_ED25519_PREPARED_RULES_H_

// Which table a key gets, and which one gives way: the admission's rules, apart from its threads
// and its clock.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "crypto/ed25519_prepared.h"

namespace wba::crypto {

// A count of late uses is halved at the end of each half-life.
inline constexpr std::chrono::seconds use_half_life{10};

// One use of a table in so many is counted, for all of them: all threads share the counts.
inline constexpr std::uint32_t counted_every = 16;

// A little beside the table itself belongs to a prepared key.
inline constexpr std::size_t beside_table = 4096;

// LateUses is how much a table was used lately.
struct LateUses {
  std::uint32_t period = 0;  // the last half-life in which a use was counted
  std::uint32_t count = 0;   // at that time

  // left is what is left of the count in the half-life `now`.
  [[nodiscard]] constexpr std::uint32_t left(std::uint32_t now) const noexcept {
    const std::uint32_t halvings = now > period ? now - period : 0;
    return halvings < 32 ? count >> halvings : 0;
  }

  [[nodiscard]] constexpr LateUses plus(std::uint32_t uses, std::uint32_t now) const noexcept {
    const std::uint32_t before = left(now);
    const std::uint32_t most = std::numeric_limits<std::uint32_t>::max() - before;
    return {std::max(period, now), before + std::min(uses, most)};
  }
};

// used_less orders tables by who gives way first. Where the counts are equal, as they are once they
// have faded to nothing, it is the one that has not been used for longer.
[[nodiscard]] constexpr bool used_less(LateUses a, LateUses b, std::uint32_t now) noexcept {
  return std::pair(a.left(now), a.period) < std::pair(b.left(now), b.period);
}

// may_give_way says whether the table used least was used less than the key of a new one, which has
// just earned it by `uses_before_table` uses.
[[nodiscard]] constexpr bool may_give_way(LateUses least, std::uint32_t uses_before_table,
                                          std::uint32_t now) noexcept {
  return least.left(now) < uses_before_table;
}

// UseSampling picks the uses that are counted, as if by chance: a fixed rhythm would always meet
// the same ones of keys that take turns.
class UseSampling {
 public:
  // Each thread has its own, told apart by a number: one that lives for one use counts it no more
  // often than others do.
  explicit constexpr UseSampling(std::uint32_t thread) noexcept
      : state_(thread * std::uint64_t{0x9e3779b97f4a7c15}) {}

  // counts says whether the present use is counted, as `counted_every` uses.
  [[nodiscard]] constexpr bool counts() noexcept {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;  // Knuth's MMIX
    return state_ <= std::numeric_limits<std::uint64_t>::max() / counted_every;
  }

 private:
  std::uint64_t state_;
};

// table_kind is what kind of table there is room for, where tables take `bytes` of `memory`: a full
// one while three quarters are not used up, else a compact one, in the place of others if need be.
[[nodiscard]] inline std::optional<TableKind> table_kind(std::size_t bytes,
                                                         std::size_t memory) noexcept {
  if (bytes + table_bytes(TableKind::full) + beside_table <= memory / 4 * 3) return TableKind::full;
  if (table_bytes(TableKind::compact) + beside_table <= memory) return TableKind::compact;
  return std::nullopt;
}

}  // namespace wba::crypto

#endif  // WBA_CRYPTO_ED25519_PREPARED_RULES_H_
