#include "crypto/ed25519_prepared_slot.h"

#include <algorithm>
#include <optional>

#include <sodium/crypto_sign_ed25519.h>

#include "crypto/ed25519_prepared_admission.h"

namespace wba::crypto {

namespace {

const unsigned char* raw(const std::byte* octets) noexcept {
  return reinterpret_cast<const unsigned char*>(octets);
}

}  // namespace

TableSlot::TableSlot(std::span<const std::byte, 32> key) noexcept : key_{} {
  std::ranges::copy(key, key_.begin());
}

TableSlot::~TableSlot() { TableAdmission::instance().forget(*this); }

bool TableSlot::verify(std::span<const std::byte> message,
                       std::span<const std::byte, 64> signature) const noexcept {
  std::optional<bool> by_table;
  {
    const TableReading reading;
    if (const PreparedEd25519Key* table = reading.table(*this); table != nullptr) {
      by_table = table->verify(message, signature);
      count_table_use();
    }
  }
  if (!by_table) return verify_without_table(message, signature);
  return tables_are_shadowed() ? compare(*by_table, message, signature) : *by_table;
}

bool TableSlot::verify_without_table(std::span<const std::byte> message,
                                     std::span<const std::byte, 64> signature) const noexcept {
  const bool accepted = verify_by_libsodium(message, signature);
  if (accepted) count_verified();
  return accepted;
}

bool TableSlot::compare(bool accepted, std::span<const std::byte> message,
                        std::span<const std::byte, 64> signature) const noexcept {
  const bool expected = verify_by_libsodium(message, signature);
  if (accepted != expected) TableAdmission::instance().bar(*this);
  return expected;
}

void TableSlot::ask_for_table() const noexcept { TableAdmission::instance().ask(*this, true); }

bool TableSlot::verify_by_libsodium(std::span<const std::byte> message,
                                    std::span<const std::byte, 64> signature) const noexcept {
  return crypto_sign_ed25519_verify_detached(raw(signature.data()), raw(message.data()),
                                             message.size(), raw(key_.data())) == 0;
}

void TableSlot::count_verified() const noexcept {
  TableAdmission& admission = TableAdmission::instance();
  if (admission.mode() == PreparedKeyMode::off || barred_.load(std::memory_order_relaxed)) return;
  const std::uint32_t uses = verified_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (uses < admission.uses_before_table()) return;
  if (admission.ask(*this, false)) verified_.store(0, std::memory_order_relaxed);
}

void TableSlot::count_table_use() const noexcept {
  thread_local UseSampling sampling(TableAdmission::number_of_this_thread());
  if (!sampling.counts()) return;
  const std::uint32_t now = TableAdmission::instance().period();
  LateUses uses = lately_.load(std::memory_order_relaxed);
  while (!lately_.compare_exchange_weak(uses, uses.plus(counted_every, now),
                                        std::memory_order_relaxed)) {
  }
}

TableReading::TableReading() noexcept
    : readers_(TableAdmission::instance().readers_of_this_thread()) {
  // In one order with the loads of `table`, and with the freeing thread's stores and loads.
  readers_.fetch_add(1, std::memory_order_seq_cst);
}

TableReading::~TableReading() { readers_.fetch_sub(1, std::memory_order_seq_cst); }

const PreparedEd25519Key* TableReading::table(const TableSlot& slot) noexcept {
  if (TableAdmission::instance().mode() == PreparedKeyMode::off) return nullptr;
  return slot.table_.load(std::memory_order_seq_cst);
}

bool tables_are_shadowed() noexcept {
  return TableAdmission::instance().mode() == PreparedKeyMode::shadow;
}

}  // namespace wba::crypto
