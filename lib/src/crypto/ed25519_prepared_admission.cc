#include "crypto/ed25519_prepared_admission.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include <pthread.h>

#include "crypto/ed25519_prepared_memory.h"

namespace wba::crypto {

TableAdmission& TableAdmission::instance() noexcept {
  static TableAdmission& admission = *new TableAdmission;
  return admission;
}

std::uint32_t TableAdmission::number_of_this_thread() noexcept {
  static constinit std::atomic<std::uint32_t> threads = 0;
  thread_local const std::uint32_t number = threads.fetch_add(1, std::memory_order_relaxed);
  return number;
}

std::uint32_t TableAdmission::period() const noexcept {
  const std::int64_t stopped = period_for_test_.load(std::memory_order_relaxed);
  return static_cast<std::uint32_t>(stopped >= 0 ? stopped
                                                 : Clock::now().time_since_epoch() / use_half_life);
}

void TableAdmission::set_options(const PreparedKeyOptions& options) {
  PreparedKeyOptions copy = options;
  const std::lock_guard lock(mutex_);
  std::swap(options_, copy);
  mode_.store(options_.mode, std::memory_order_seq_cst);
  uses_before_table_.store(std::max(options_.uses_before_table, std::uint32_t{1}),
                           std::memory_order_relaxed);
  const std::size_t allowed = options_.mode == PreparedKeyMode::off ? 0 : options_.memory;
  std::size_t kept = 0;
  for (Held& held : held_) {
    if (held.slot == nullptr) continue;
    if (kept + held.table->bytes() > allowed) {
      take_out_of_use(held);
    } else {
      kept += held.table->bytes();
    }
  }
  if (has_unused() && start_thread()) work_.notify_one();
}

PreparedKeyStatistics TableAdmission::statistics() {
  const std::lock_guard lock(mutex_);
  PreparedKeyStatistics out = counts_;
  out.bytes = bytes_;
  out.tables = static_cast<std::size_t>(
      std::ranges::count_if(held_, [](const Held& held) { return held.slot != nullptr; }));
  return out;
}

bool TableAdmission::wait(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  // A process that has just forked has what its parent left to do, and no thread yet.
  if (!idle()) static_cast<void>(start_thread());
  return done_.wait_for(lock, limit, [this] { return idle(); });
}

bool TableAdmission::ask(const TableSlot& slot, bool insist) noexcept {
  std::unique_lock lock(mutex_, std::defer_lock);
  if (insist) {
    lock.lock();
  } else if (!lock.try_lock()) {
    return false;
  }
  if (mode() == PreparedKeyMode::off || slot.waiting_ || slot.listed_ || building_ == &slot ||
      slot.barred_.load(std::memory_order_relaxed))
    return true;
  if (!start_thread()) return false;
  put_in_line(slot);
  work_.notify_one();
  return true;
}

void TableAdmission::forget(const TableSlot& slot) noexcept {
  Table table;  // freed after the lock: nobody reads it any more
  const std::lock_guard lock(mutex_);
  if (slot.waiting_) take_out_of_line(slot);
  if (building_ == &slot) building_ = nullptr;
  if (!slot.listed_) return;
  const auto held = std::ranges::find(held_, &slot, &Held::slot);
  bytes_ -= held->table->bytes();
  table = std::move(held->table);
  held_.erase(held);
}

void TableAdmission::bar(const TableSlot& slot) noexcept {
  std::function<void(std::span<const std::byte>)> report;
  try {
    const std::lock_guard lock(mutex_);
    ++counts_.differences;
    slot.barred_.store(true, std::memory_order_relaxed);
    const auto held = std::ranges::find(held_, &slot, &Held::slot);
    if (held != held_.end()) {
      take_out_of_use(*held);
      if (start_thread()) work_.notify_one();
    }
    report = options_.on_difference;
    // NOLINTNEXTLINE(bugprone-empty-catch): no memory to copy the callback; it is counted already
  } catch (const std::exception&) {
  }
  try {
    if (report) report(slot.octets());
    // NOLINTNEXTLINE(bugprone-empty-catch): what it must not do does not end the verification
  } catch (...) {
  }
}

TableAdmission::TableAdmission() noexcept
    : may_start_(pthread_atfork([] { instance().before_fork(); }, [] { instance().in_parent(); },
                                [] { instance().in_child(); }) == 0) {}

void TableAdmission::before_fork() noexcept {
  mutex_.lock();
  prepared::lock_table_memory();
}

void TableAdmission::in_parent() noexcept {
  prepared::unlock_table_memory();
  mutex_.unlock();
}

// All other threads stayed with the parent: the admission's own, those that read tables, and those
// that wait. A condition variable that they waited on can neither be used again nor be destroyed.
// The thread that forks reads no table: nobody else's code runs in a TableReading.
void TableAdmission::in_child() noexcept {
  prepared::unlock_table_memory();
  std::construct_at(&work_);
  std::construct_at(&done_);
  for (Readers& readers : readers_) readers.count.store(0, std::memory_order_relaxed);
  bytes_ = 0;
  for (const Held& held : held_) bytes_ += held.table->bytes();
  running_ = false;
  busy_ = false;
  if (building_ != nullptr) put_in_line(*building_);
  building_ = nullptr;
  mutex_.unlock();
}

// A plain thread, which allocates less on the way of a request than std::thread does. It is never
// joined: what it uses is never destroyed.
bool TableAdmission::start_thread() noexcept {
  if (running_) return true;
  pthread_t thread;
  if (!may_start_ || pthread_create(&thread, nullptr, run_thread, this) != 0) return false;
  pthread_detach(thread);
  running_ = true;
  return true;
}

void* TableAdmission::run_thread(void* admission) noexcept {
  static_cast<TableAdmission*>(admission)->run();
  return nullptr;
}

void TableAdmission::run() noexcept {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return first_ != nullptr || has_unused(); });
    if (has_unused()) {
      free_unused(lock);
    } else {
      try {
        build_next(lock);
      } catch (const std::exception&) {
        ++counts_.failed;
      }
    }
    if (idle()) done_.notify_all();
  }
}

void TableAdmission::build_next(std::unique_lock<std::mutex>& lock) {
  const TableSlot* slot = first_;
  take_out_of_line(*slot);
  if (mode() == PreparedKeyMode::off || slot->barred_.load(std::memory_order_relaxed)) return;
  std::array<std::byte, 32> key;
  std::ranges::copy(slot->octets(), key.begin());
  held_.reserve(held_.size() + 1);

  building_ = slot;
  busy_ = true;
  TableKind kind = TableKind::full;
  if (!make_room(lock, kind)) {
    ++counts_.without_room;
  } else if (building_ != nullptr) {
    const std::size_t reserved = table_bytes(kind);
    bytes_ += reserved;
    lock.unlock();
    auto made = PreparedEd25519Key::prepare(key, kind);
    lock.lock();
    bytes_ -= reserved;
    if (made) {
      if (building_ != nullptr) publish(*building_, std::move(*made));
    } else {
      if (made.error() != PrepareFailure::key_refused) ++counts_.failed;
      if (building_ != nullptr && made.error() != PrepareFailure::out_of_memory)
        building_->barred_.store(true, std::memory_order_relaxed);
    }
  }
  building_ = nullptr;
  busy_ = false;
}

// publish puts a table into use, if what changed while it was built still allows it.
void TableAdmission::publish(const TableSlot& slot, Table table) {
  if (mode() == PreparedKeyMode::off || slot.barred_.load(std::memory_order_relaxed)) return;
  if (bytes_ + table->bytes() > options_.memory) {
    put_in_line(slot);  // by the new options there may be room for a smaller one
    return;
  }
  const PreparedEd25519Key* const made = table.get();
  held_.push_back({&slot, std::move(table), false});
  bytes_ += made->bytes();
  ++counts_.built;
  slot.listed_ = true;
  slot.lately_.store({period(), uses_before_table()}, std::memory_order_relaxed);
  slot.table_.store(made, std::memory_order_seq_cst);
}

// make_room finds what kind of table there is room for, and makes room by taking tables out of use
// that were used less than a key's that has just earned one.
bool TableAdmission::make_room(std::unique_lock<std::mutex>& lock, TableKind& kind) noexcept {
  const std::optional<TableKind> found = table_kind(bytes_, options_.memory);
  if (!found) return false;
  kind = *found;
  while (bytes_ + table_bytes(kind) + beside_table > options_.memory) {
    const std::uint32_t now = period();
    Held* const least = used_least(now);
    if (least == nullptr || !may_give_way(least->slot->lately_.load(std::memory_order_relaxed),
                                          uses_before_table(), now))
      return false;
    take_out_of_use(*least);
    ++counts_.evicted;
    free_unused(lock);
  }
  return true;
}

void TableAdmission::take_out_of_use(Held& held) noexcept {
  held.slot->table_.store(nullptr, std::memory_order_seq_cst);
  held.slot->listed_ = false;
  held.slot = nullptr;
}

void TableAdmission::put_in_line(const TableSlot& slot) noexcept {
  slot.waiting_ = true;
  slot.next_ = nullptr;
  (last_ != nullptr ? last_->next_ : first_) = &slot;
  last_ = &slot;
}

void TableAdmission::take_out_of_line(const TableSlot& slot) noexcept {
  const TableSlot* before = nullptr;
  for (const TableSlot* at = first_; at != &slot; at = at->next_) before = at;
  (before != nullptr ? before->next_ : first_) = slot.next_;
  if (last_ == &slot) last_ = before;
  slot.next_ = nullptr;
  slot.waiting_ = false;
}

// free_unused waits until nobody can read what is out of use now, and frees it.
void TableAdmission::free_unused(std::unique_lock<std::mutex>& lock) noexcept {
  for (Held& held : held_) held.leaving = held.slot == nullptr;
  lock.unlock();
  for (const Readers& readers : readers_)
    while (readers.count.load(std::memory_order_seq_cst) != 0)
      std::this_thread::sleep_for(std::chrono::microseconds(20));
  lock.lock();
  std::erase_if(held_, [this](const Held& held) {
    if (held.leaving) bytes_ -= held.table->bytes();
    return held.leaving;
  });
}

TableAdmission::Held* TableAdmission::used_least(std::uint32_t now) noexcept {
  Held* least = nullptr;
  for (Held& held : held_) {
    if (held.slot == nullptr) continue;
    if (least == nullptr || used_less(held.slot->lately_.load(std::memory_order_relaxed),
                                      least->slot->lately_.load(std::memory_order_relaxed), now))
      least = &held;
  }
  return least;
}

bool TableAdmission::has_unused() const noexcept {
  return std::ranges::any_of(held_, [](const Held& held) { return held.slot == nullptr; });
}

bool TableAdmission::idle() const noexcept { return first_ == nullptr && !busy_ && !has_unused(); }

}  // namespace wba::crypto
