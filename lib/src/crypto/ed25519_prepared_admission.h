#ifndef WBA_CRYPTO_ED25519_PREPARED_ADMISSION_H_
#define WBA_CRYPTO_ED25519_PREPARED_ADMISSION_H_

// Which keys have tables: one for the process.
//
// Readers announce themselves on one of many counters (each thread has its own, as far as they
// go). Whoever takes a table out of use waits until every counter was seen at zero before it frees
// it: nobody who could have read the old pointer is left then.

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <wba/prepared_keys.h>

#include "crypto/ed25519_prepared_slot.h"

namespace wba::crypto {

class TableAdmission {
 public:
  // instance is never destroyed: its thread may run until the process ends.
  [[nodiscard]] static TableAdmission& instance() noexcept;

  void set_options(const PreparedKeyOptions& options);
  [[nodiscard]] PreparedKeyStatistics statistics();
  bool wait(std::chrono::milliseconds limit);

  // ask puts the slot in line for a table. `insist` waits for the lock; without it, asking may
  // fail, and the next use asks again.
  bool ask(const TableSlot& slot, bool insist) noexcept;

  // forget drops the slot's table and its place in line.
  void forget(const TableSlot& slot) noexcept;

  // bar takes the slot's table out of use for good, after a difference.
  void bar(const TableSlot& slot) noexcept;

  [[nodiscard]] PreparedKeyMode mode() const noexcept {
    return mode_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint32_t uses_before_table() const noexcept {
    return uses_before_table_.load(std::memory_order_relaxed);
  }
  // number_of_this_thread is another for each thread.
  [[nodiscard]] static std::uint32_t number_of_this_thread() noexcept;
  [[nodiscard]] std::atomic<std::uint32_t>& readers_of_this_thread() noexcept {
    return readers_[number_of_this_thread() % reader_counters].count;
  }

  // period is the half-life of late uses that runs now.
  [[nodiscard]] std::uint32_t period() const noexcept;
  // set_period_for_test stops the clock, and nullopt lets it go on.
  void set_period_for_test(std::optional<std::uint32_t> period) noexcept {
    period_for_test_.store(period ? *period : std::int64_t{-1}, std::memory_order_relaxed);
  }

 private:
  using Table = std::unique_ptr<const PreparedEd25519Key>;
  using Clock = std::chrono::steady_clock;

  struct alignas(64) Readers {
    std::atomic<std::uint32_t> count = 0;
  };
  struct Held {
    const TableSlot* slot;  // nullptr once it is out of use
    Table table;
    bool leaving;  // out of use before the present wait for readers began
  };

  TableAdmission() noexcept;

  void before_fork() noexcept;
  void in_parent() noexcept;
  void in_child() noexcept;

  // All of these are called with the lock held; `lock` is let go where it is given.
  bool start_thread() noexcept;
  static void* run_thread(void* admission) noexcept;
  void run() noexcept;
  void build_next(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool make_room(std::unique_lock<std::mutex>& lock, TableKind& kind) noexcept;
  void publish(const TableSlot& slot, Table table);
  void take_out_of_use(Held& held) noexcept;
  void put_in_line(const TableSlot& slot) noexcept;
  void take_out_of_line(const TableSlot& slot) noexcept;
  void free_unused(std::unique_lock<std::mutex>& lock) noexcept;
  [[nodiscard]] Held* used_least(std::uint32_t now) noexcept;
  [[nodiscard]] bool has_unused() const noexcept;
  [[nodiscard]] bool idle() const noexcept;

  static constexpr std::size_t reader_counters = 64;

  std::atomic<PreparedKeyMode> mode_ = PreparedKeyMode::on;
  std::atomic<std::uint32_t> uses_before_table_ = PreparedKeyOptions{}.uses_before_table;
  std::array<Readers, reader_counters> readers_;
  std::atomic<std::int64_t> period_for_test_ = -1;
  const bool may_start_;  // the thread: this process can fork with it

  std::mutex mutex_;  // of all that follows; never held while a table is built
  std::condition_variable work_;
  std::condition_variable done_;
  PreparedKeyOptions options_;
  PreparedKeyStatistics counts_;
  const TableSlot* first_ = nullptr;  // in line
  const TableSlot* last_ = nullptr;
  const TableSlot* building_ = nullptr;  // nullptr where its slot has gone meanwhile
  bool busy_ = false;
  bool running_ = false;
  std::vector<Held> held_;
  std::size_t bytes_ = 0;  // of the tables held, and of one being built
};

}  // namespace wba::crypto

#endif  // WBA_CRYPTO_ED25519_PREPARED_ADMISSION_H_
