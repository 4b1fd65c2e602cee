#include <array>
#include <optional>
#include <utility>

#include <wba/prepared_keys.h>

#include "crypto/ed25519_prepared_admission.h"
#include "crypto/verifying_key.h"

namespace wba {

namespace {

using crypto::PendingEd25519;
using crypto::TableSlot;

constexpr std::size_t signature_size = 64;
constexpr std::size_t together = 64;

std::span<const std::byte> octets(std::string_view text) noexcept {
  return std::as_bytes(std::span(text));
}

// Batch gathers what has a table and verifies it at once.
class Batch {
 public:
  void add(PendingVerification& pending, const TableSlot& slot,
           const crypto::PreparedEd25519Key& table) noexcept {
    requests_[count_] = &pending;
    slots_[count_] = &slot;
    lanes_[count_++] =
        PendingEd25519{&table, octets(pending.message), pending.signature.first<signature_size>()};
  }

  [[nodiscard]] bool full() const noexcept { return count_ == together; }

  void verify() noexcept {
    crypto::verify_many(std::span(lanes_).first(count_));
    for (std::size_t i = 0; i < count_; ++i) slots_[i]->count_table_use();
  }

  // answer begins a new batch; by now the tables may have gone.
  void answer() noexcept {
    for (std::size_t i = 0; i < count_; ++i)
      requests_[i]->verified =
          crypto::tables_are_shadowed()
              ? slots_[i]->compare(lanes_[i].verified, lanes_[i].message, lanes_[i].signature)
              : lanes_[i].verified;
    count_ = 0;
  }

 private:
  static constexpr std::array<std::byte, signature_size> no_signature{};
  static constexpr auto nothing = []<std::size_t... i>(std::index_sequence<i...>) {
    return std::array{(static_cast<void>(i), PendingEd25519{nullptr, {}, no_signature})...};
  }
  (std::make_index_sequence<together>());

  std::array<PendingVerification*, together> requests_;
  std::array<const TableSlot*, together> slots_;
  std::array<PendingEd25519, together> lanes_ = nothing;
  std::size_t count_ = 0;
};

}  // namespace

void set_prepared_key_options(const PreparedKeyOptions& options) {
  crypto::TableAdmission::instance().set_options(options);
}

PreparedKeyStatistics prepared_key_statistics() {
  return crypto::TableAdmission::instance().statistics();
}

void prepare_key(const PublicKey& key) {
  if (const TableSlot* slot = key.verifying_key().table_slot(); slot != nullptr)
    slot->ask_for_table();
}

bool wait_for_prepared_keys(std::chrono::milliseconds limit) {
  return crypto::TableAdmission::instance().wait(limit);
}

Result<void> set_ed25519_path(std::string_view name) {
  std::optional<crypto::Ed25519Path> path;
  if (!name.empty()) {
    path = crypto::ed25519_path_from_name(name);
    if (!path) return std::unexpected(Error{ErrorCode::argument_invalid});
  }
  if (!crypto::force_ed25519_path(path)) return std::unexpected(Error{ErrorCode::argument_invalid});
  return {};
}

std::string_view ed25519_path() noexcept { return to_string(crypto::ed25519_path()); }

void verify_ed25519_many(std::span<PendingVerification> pending) noexcept {
  Batch batch;
  std::array<std::pair<PendingVerification*, const TableSlot*>, together> others;
  auto next = pending.begin();
  while (next != pending.end()) {
    std::size_t without_table = 0;
    {
      const crypto::TableReading reading;
      for (; next != pending.end() && !batch.full() && without_table < together; ++next) {
        next->verified = false;
        const TableSlot* const slot = next->key->verifying_key().table_slot();
        if (slot == nullptr || next->signature.size() != signature_size) continue;
        if (const auto* table = crypto::TableReading::table(*slot); table != nullptr) {
          batch.add(*next, *slot, *table);
        } else {
          others[without_table++] = {&*next, slot};
        }
      }
      batch.verify();
    }
    batch.answer();
    for (const auto& [one, slot] : std::span(others).first(without_table))
      one->verified =
          slot->verify_without_table(octets(one->message), one->signature.first<signature_size>());
  }
}

}  // namespace wba
