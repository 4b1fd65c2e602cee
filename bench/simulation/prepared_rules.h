#ifndef WBA_BENCH_SIMULATION_PREPARED_RULES_H_
#define WBA_BENCH_SIMULATION_PREPARED_RULES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "crypto/ed25519_prepared.h"
#include "scenario.h"

namespace wba::simulation {

// What prepared keys go by, beside PreparedKeyOptions.
inline constexpr double half_life = 10;             // seconds, of the count of late uses
inline constexpr std::uint32_t counted_every = 16;  // uses of tables, for all together
inline constexpr std::size_t beside_table = 4096;   // octets left free beside a table
// Time to build and check a table: see SCALING.md.
inline constexpr double build_seconds_full = 1.69e-3;
inline constexpr double build_seconds_compact = 0.355e-3;

// PreparedRules follows which keys have tables.
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
      if (++uncounted_ == counted_every) {
        slot.lately += uncounted_;
        uncounted_ = 0;
      }
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
    std::uint32_t lately = 0;
    Used table = Used::libsodium;
    bool waiting = false;
  };

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
        slots_[key].lately = policy_.uses_before_table;
        bytes_ += size_of(kind);
        held_.push_back(key);
        ++built_;
        took = kind == Used::full ? build_seconds_full : build_seconds_compact;
      }
      ready_ += took;
    }
  }

  Used make_room(double now) {
    if (bytes_ + size_of(Used::full) + beside_table <= policy_.memory / 4 * 3) return Used::full;
    const std::size_t needed = size_of(Used::compact) + beside_table;
    if (needed > policy_.memory) return Used::libsodium;
    fade(now);
    while (bytes_ + needed > policy_.memory) {
      std::size_t least = held_.size();
      for (std::size_t i = 0; i < held_.size(); ++i) {
        if (least == held_.size() || slots_[held_[i]].lately < slots_[held_[least]].lately)
          least = i;
      }
      if (least == held_.size() || slots_[held_[least]].lately >= policy_.uses_before_table)
        return Used::libsodium;
      Slot& slot = slots_[held_[least]];
      bytes_ -= size_of(slot.table);
      slot.table = Used::libsodium;
      held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(least));
    }
    return Used::compact;
  }

  void fade(double now) {
    const auto halvings = static_cast<std::uint32_t>((now - faded_) / half_life);
    if (halvings < 1) return;
    faded_ += halvings * half_life;
    for (const std::size_t key : held_) {
      slots_[key].lately = halvings < 32 ? slots_[key].lately >> halvings : 0;
    }
  }

  PreparedKeyOptions policy_;
  std::vector<Slot> slots_;
  std::deque<std::size_t> line_;
  std::vector<std::size_t> held_;  // in the order of building
  std::size_t bytes_ = 0;
  std::uint32_t uncounted_ = 0;
  std::uint64_t built_ = 0;
  double ready_ = 0;
  double faded_ = 0;
};

}  // namespace wba::simulation

#endif  // WBA_BENCH_SIMULATION_PREPARED_RULES_H_
