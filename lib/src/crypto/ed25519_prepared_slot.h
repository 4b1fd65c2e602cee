#ifndef WBA_CRYPTO_ED25519_PREPARED_SLOT_H_
#define WBA_CRYPTO_ED25519_PREPARED_SLOT_H_

// A public key's place for a table, and how its verifications come by one.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/ed25519_prepared.h"
#include "crypto/ed25519_prepared_rules.h"

namespace wba::crypto {

class TableAdmission;

// TableSlot verifies for one public key: with a table where one stands, else with libsodium. It
// reads one pointer; no lock is taken, but for one that is free, once, when the key earns its
// table.
class TableSlot {
 public:
  explicit TableSlot(std::span<const std::byte, 32> key) noexcept;
  // The table goes with it. No verification may be under way.
  ~TableSlot();
  TableSlot(const TableSlot&) = delete;
  TableSlot& operator=(const TableSlot&) = delete;

  [[nodiscard]] bool verify(std::span<const std::byte> message,
                            std::span<const std::byte, 64> signature) const noexcept;

  // verify_without_table is for one that was found to have none.
  [[nodiscard]] bool verify_without_table(std::span<const std::byte> message,
                                          std::span<const std::byte, 64> signature) const noexcept;

  [[nodiscard]] std::span<const std::byte, 32> octets() const noexcept { return key_; }

  // ask_for_table asks as if the key had earned one.
  void ask_for_table() const noexcept;

  // compare gives libsodium's verdict, and reports where a table's differed. The callback that it
  // reports to may wait for tables to be freed: no TableReading may be under way.
  [[nodiscard]] bool compare(bool accepted, std::span<const std::byte> message,
                             std::span<const std::byte, 64> signature) const noexcept;

  // count_table_use is told of each use of a table; it counts one in some.
  void count_table_use() const noexcept;

  // has_table is for tests.
  [[nodiscard]] bool has_table() const noexcept {
    return table_.load(std::memory_order_acquire) != nullptr;
  }

 private:
  friend class TableAdmission;
  friend class TableReading;
  static_assert(std::atomic<LateUses>::is_always_lock_free);

  [[nodiscard]] bool verify_by_libsodium(std::span<const std::byte> message,
                                         std::span<const std::byte, 64> signature) const noexcept;
  void count_verified() const noexcept;

  std::array<std::byte, 32> key_;
  mutable std::atomic<const PreparedEd25519Key*> table_ = nullptr;
  mutable std::atomic<std::uint32_t> verified_ = 0;    // without a table, since the last asking
  mutable std::atomic<LateUses> lately_ = LateUses{};  // of the table
  mutable std::atomic<bool> barred_ = false;  // no table again: a check or a verdict failed

  // Of the admission, under its lock.
  mutable const TableSlot* next_ = nullptr;  // in the line of those that wait
  mutable bool waiting_ = false;
  mutable bool listed_ = false;
};

// TableReading is one thread's reading of tables: what it gets from a slot stays valid until it
// ends. Keep it short: tables that went out of use stay in memory meanwhile. Nothing that waits,
// and nobody else's code, may run in it.
class TableReading {
 public:
  TableReading() noexcept;
  ~TableReading();
  TableReading(const TableReading&) = delete;
  TableReading& operator=(const TableReading&) = delete;

  // table gives the slot's table, or nullptr where there is none or tables are off.
  [[nodiscard]] static const PreparedEd25519Key* table(const TableSlot& slot) noexcept;

 private:
  std::atomic<std::uint32_t>& readers_;
};

// tables_are_shadowed says whether libsodium's verdict is wanted beside each table's.
[[nodiscard]] bool tables_are_shadowed() noexcept;

}  // namespace wba::crypto

#endif  // WBA_CRYPTO_ED25519_PREPARED_SLOT_H_
