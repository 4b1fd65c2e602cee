#include "crypto/ed25519_prepared.h"

#include <atomic>
#include <cstring>
#include <new>
#include <utility>

#include <sodium.h>

#include "crypto/ed25519_prepared_avx2.h"
#include "crypto/ed25519_prepared_known.h"
#include "crypto/ed25519_prepared_steps.h"

namespace wba::crypto {

namespace {

using prepared::Digits;
using prepared::Projective;
using prepared::Table;

using State = PreparedEd25519Key::State;
using Signature = std::span<const std::byte, 64>;
using Message = std::span<const std::byte>;

bool verify_by_libsodium(const State& key, Message message, Signature signature) noexcept {
  return crypto_sign_verify_detached(prepared::octets_of(signature),
                                     reinterpret_cast<const std::uint8_t*>(message.data()),
                                     message.size(), key.key.data()) == 0;
}

constexpr unsigned window_of(TableKind kind) noexcept { return kind == TableKind::full ? 8 : 4; }

Ed25519Path fastest() noexcept {
  for (const Ed25519Path path : {Ed25519Path::ifma, Ed25519Path::avx2})
    if (cpu_has(path)) return path;
  return Ed25519Path::portable;
}

std::atomic<Ed25519Path>& path_in_use() noexcept {
  static std::atomic<Ed25519Path> path = fastest();
  return path;
}

// base_table_checked is B's table, once it has passed its check; nullptr where it cannot be used.
const Table* base_table_checked() noexcept {
  static const Table* const table = []() -> const Table* {
    const Table* built = prepared::base_table();
    return built != nullptr && prepared::self_check_of_base(*built) ? built : nullptr;
  }();
  return table;
}

}  // namespace

prepared::Projective prepared::sum(Ed25519Path path, const Table& base, const Digits& s,
                                   const Table& key, const Digits& k) noexcept {
  switch (path) {
    case Ed25519Path::ifma:
      return sum_ifma(base, s, key, k);
    case Ed25519Path::avx2:
      return sum_avx2(base, s, key, k);
    default:
      return sum_portable(base, s, key, k);
  }
}

std::string_view to_string(Ed25519Path path) noexcept {
  switch (path) {
    case Ed25519Path::libsodium:
      return "libsodium";
    case Ed25519Path::portable:
      return "portable";
    case Ed25519Path::avx2:
      return "avx2";
    case Ed25519Path::ifma:
      return "ifma";
  }
  return "";
}

std::optional<Ed25519Path> ed25519_path_from_name(std::string_view name) noexcept {
  for (const Ed25519Path path :
       {Ed25519Path::libsodium, Ed25519Path::portable, Ed25519Path::avx2, Ed25519Path::ifma})
    if (name == to_string(path)) return path;
  return std::nullopt;
}

bool cpu_has(Ed25519Path path) noexcept {
  static const bool avx2 = prepared::avx2_is_there();
  static const bool ifma = prepared::ifma_is_there();
  return (path != Ed25519Path::avx2 || avx2) && (path != Ed25519Path::ifma || ifma);
}

Ed25519Path ed25519_path() noexcept { return path_in_use().load(std::memory_order_relaxed); }

bool force_ed25519_path(std::optional<Ed25519Path> path) noexcept {
  if (path && (!cpu_has(*path) || prepared::failure_of_path(*path))) return false;
  path_in_use().store(path ? *path : fastest(), std::memory_order_relaxed);
  return true;
}

std::size_t table_bytes(TableKind kind) noexcept { return Table::bytes_for(window_of(kind)); }

std::expected<std::unique_ptr<const PreparedEd25519Key>, PrepareFailure>
PreparedEd25519Key::prepare(std::span<const std::byte, 32> key, TableKind kind) {
  auto made = build(key, kind);
  if (!made) return made;
  if (const auto failure = prepared::failure_of_path(ed25519_path()))
    return std::unexpected(*failure);
  return made;
}

std::expected<std::unique_ptr<const PreparedEd25519Key>, PrepareFailure> PreparedEd25519Key::build(
    std::span<const std::byte, 32> key, TableKind kind) noexcept {
  std::array<std::uint8_t, 32> octets;
  std::memcpy(octets.data(), key.data(), octets.size());
  if (sodium_init() < 0) return std::unexpected(PrepareFailure::self_check_failed);
  if (!prepared::bytes_are_canonical(octets.data()) || prepared::has_small_order(octets.data()))
    return std::unexpected(PrepareFailure::key_refused);
  const std::optional<prepared::Point> point = prepared::decompress(octets.data());
  if (!point) return std::unexpected(PrepareFailure::key_refused);
  const Table* base = base_table_checked();
  if (base == nullptr) return std::unexpected(PrepareFailure::self_check_failed);
  std::optional<Table> table = Table::build(prepared::negate(*point), window_of(kind));
  if (!table) return std::unexpected(PrepareFailure::out_of_memory);
  if (!prepared::self_check(*table, octets))
    return std::unexpected(PrepareFailure::self_check_failed);
  std::unique_ptr<const State> state(new (std::nothrow)
                                         State{octets, kind, std::move(*table), base});
  if (!state) return std::unexpected(PrepareFailure::out_of_memory);
  std::unique_ptr<const PreparedEd25519Key> made(new (std::nothrow)
                                                     PreparedEd25519Key(std::move(state)));
  if (!made) return std::unexpected(PrepareFailure::out_of_memory);
  return made;
}

PreparedEd25519Key::PreparedEd25519Key(std::unique_ptr<const State> state) noexcept
    : state_(std::move(state)) {}

PreparedEd25519Key::~PreparedEd25519Key() = default;

TableKind PreparedEd25519Key::kind() const noexcept { return state_->kind; }

std::size_t PreparedEd25519Key::bytes() const noexcept {
  return sizeof(*this) + sizeof(State) + state_->table.bytes();
}

std::span<const std::byte, 32> PreparedEd25519Key::octets() const noexcept {
  return std::as_bytes(std::span<const std::uint8_t, 32>(state_->key));
}

bool PreparedEd25519Key::verify(Ed25519Path path, Message message,
                                Signature signature) const noexcept {
  if (path == Ed25519Path::libsodium) return verify_by_libsodium(*state_, message, signature);
  prepared::SumTerms terms;
  const std::uint8_t* const octets = prepared::octets_of(signature);
  if (!prepared::set_s(*state_, octets, terms)) return false;
  prepared::set_k(prepared::challenge(octets, state_->key.data(), message), terms);
  prepared::tell_table_observer(path, 1);
  const Projective sum = prepared::sum(path, *terms.base, terms.s, *terms.key, terms.k);
  return prepared::y_matches(sum, octets) &&
         prepared::x_matches(sum, prepared::invert(sum.z), octets);
}

}  // namespace wba::crypto
