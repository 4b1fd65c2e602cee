#ifndef WBA_BENCH_SIMULATION_PREPARED_RULES_H_
#define WBA_BENCH_SIMULATION_PREPARED_RULES_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "crypto/ed25519_prepared_rules.h"
#include "scenario.h"

namespace wba::simulation {

// What prepared keys go by, beside PreparedKeyOptions.
inline constexpr double half_life = std::chrono::duration<double>(crypto::use_half_life).count();
using crypto::beside_table;
using crypto::counted_every;
// Time to build and check a table: see SCALING.md.
inline constexpr double build_seconds_full = 1.69e-3;
inline constexpr double build_seconds_compact = 0.355e-3;

// PreparedRules follows which keys have tables, by the admission's own rules.
class PreparedRules {
 public:
  enum class Used : std::uint8_t { libsodium, compact, full };

  PreparedRules(const PreparedKeyOptions& policy, std::size_t keys)
      : policy_(policy), slots_(keys) {}

  // verify takes one signature of `key` that verifies at `now`, in seconds.
  Used verify(std::size_t key, double now) {
    build_until(now);
    Slot& slot = slots_[key];
    if (slot.table != Used::libsodium) {
      if (sampling_.counts()) slot.lately = slot.lately.plus(counted_every, period(now));
      return slot.table;
    }
    if (!slot.waiting && ++slot.verified >= policy_.uses_before_table) {
      slot.verified = 0;
      slot.waiting = true;
      line_.push_back(key);
      if (line_.size() == 1) ready_ = now + build_seconds_compact;
    }
    return Used::libsodium;
  }

  [[nodiscard]] std::size_t tables() const { return held_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t built() const { return built_; }

 private:
  struct Slot {
    std::uint32_t verified = 0;
    crypto::LateUses lately;
    Used table = Used::libsodium;
    bool waiting = false;
  };

  static std::uint32_t period(double now) { return static_cast<std::uint32_t>(now / half_life); }

  static std::size_t size_of(Used table) {
    return crypto::table_bytes(table == Used::full ? crypto::TableKind::full
                                                   : crypto::TableKind::compact);
  }

  void build_until(double now) {
    while (!line_.empty() && ready_ <= now) {
      const std::size_t key = line_.front();
      line_.pop_front();
      slots_[key].waiting = false;
      double took = 0;
      if (const Used kind = make_room(ready_); kind != Used::libsodium) {
        slots_[key].table = kind;
        slots_[key].lately = {period(ready_), policy_.uses_before_table};
        bytes_ += size_of(kind);
        held_.push_back(key);
        ++built_;
        took = kind == Used::full ? build_seconds_full : build_seconds_compact;
      }
      ready_ += took;
    }
  }

  Used make_room(double time) {
    const auto kind = crypto::table_kind(bytes_, policy_.memory);
    if (!kind) return Used::libsodium;
    const Used used = *kind == crypto::TableKind::full ? Used::full : Used::compact;
    const std::uint32_t now = period(time);
    while (bytes_ + size_of(used) + beside_table > policy_.memory) {
      const auto least = std::ranges::min_element(
          held_,
          [&](const crypto::LateUses a, const crypto::LateUses b) { return used_less(a, b, now); },
          [this](std::size_t key) { return slots_[key].lately; });
      if (least == held_.end() ||
          !may_give_way(slots_[*least].lately, policy_.uses_before_table, now))
        return Used::libsodium;
      Slot& slot = slots_[*least];
      bytes_ -= size_of(slot.table);
      slot.table = Used::libsodium;
      held_.erase(least);
    }
    return used;
  }

  PreparedKeyOptions policy_;
  std::vector<Slot> slots_;
  std::deque<std::size_t> line_;
  std::vector<std::size_t> held_;  // in the order of building
  std::size_t bytes_ = 0;
  crypto::UseSampling sampling_{0};
  std::uint64_t built_ = 0;
  double ready_ = 0;
};

}  // namespace wba::simulation

#endif  // WBA_BENCH_SIMULATION_PREPARED_RULES_H_
