#include "crypto/ed25519_prepared.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <utility>

#include <sodium.h>

#include "crypto/ed25519_prepared_hash.h"
#include "crypto/ed25519_prepared_ifma.h"
#include "crypto/ed25519_prepared_state.h"

namespace wba::crypto {

namespace {

using prepared::Digits;
using prepared::Fe;
using prepared::Projective;
using prepared::SumTerms;
using prepared::Table;

using State = PreparedEd25519Key::State;
using Signature = std::span<const std::byte, 64>;
using Message = std::span<const std::byte>;

constexpr std::size_t lanes = prepared::lane_count;

const std::uint8_t* octets_of(Signature signature) noexcept {
  return reinterpret_cast<const std::uint8_t*>(signature.data());
}

bool verify_by_libsodium(const State& key, Message message, Signature signature) noexcept {
  return crypto_sign_verify_detached(octets_of(signature),
                                     reinterpret_cast<const std::uint8_t*>(message.data()),
                                     message.size(), key.key.data()) == 0;
}

constexpr unsigned window_of(TableKind kind) noexcept { return kind == TableKind::full ? 8 : 4; }

// read_signature makes the checks that need no curve arithmetic, in any order: only whether all
// pass is told. The table entries are asked for as soon as they are known.
bool read_signature(const State& key, Message message, const std::uint8_t* signature,
                    SumTerms& terms) noexcept {
  terms.base = key.base;
  terms.key = &key.table;
  const prepared::Scalar s = prepared::scalar_from_bytes(signature + 32);
  if (!prepared::is_canonical(s) || !prepared::bytes_are_canonical(signature) ||
      prepared::has_small_order(signature))
    return false;
  prepared::recode(s, prepared::base_window, terms.s);
  key.base->prefetch(terms.s);
  const prepared::Scalar k = prepared::challenge(signature, key.key.data(), message);
  prepared::recode(k, key.table.window(), terms.k);
  key.table.prefetch(terms.k);
  return true;
}

// y_matches says whether the sum has R's y, without an inversion.
bool y_matches(const Projective& sum, const std::uint8_t* r) noexcept {
  return prepared::equal(prepared::mul(prepared::fe_from_bytes(r), sum.z), sum.y);
}

// x_matches says whether x has R's sign, given 1/z. With the same y that makes the encodings equal.
bool x_matches(const Projective& sum, const Fe& z_inverse, const std::uint8_t* r) noexcept {
  return prepared::is_odd(prepared::mul(sum.x, z_inverse)) == ((r[31] & 0x80) != 0);
}

// Eight lanes take as long as this many sums made one by one.
constexpr std::size_t lanes_pay_from = 7;

void make_sums(Ed25519Path path, std::span<const SumTerms> terms, Projective* sums) noexcept {
  if (path == Ed25519Path::ifma && terms.size() >= lanes_pay_from) {
    prepared::sums_ifma(terms, sums);
    return;
  }
  for (const SumTerms& one : terms)
    *sums++ = prepared::sum(path, *one.base, one.s, *one.key, one.k);
}

// verify_lanes answers up to eight pending verifications with one inversion for all.
void verify_lanes(Ed25519Path path, std::span<PendingEd25519> pending) noexcept {
  std::array<SumTerms, lanes> terms;
  std::array<Projective, lanes> sums;
  std::array<PendingEd25519*, lanes> open;
  std::array<Fe, lanes> products;
  std::size_t count = 0;
  for (PendingEd25519& one : pending) {
    one.verified = false;
    if (read_signature(one.key->state(), one.message, octets_of(one.signature), terms[count]))
      open[count++] = &one;
  }
  make_sums(path, std::span(terms).first(count), sums.data());
  for (std::size_t i = 0; i < count; ++i)
    products[i] = i > 0 ? prepared::mul(products[i - 1], sums[i].z) : sums[i].z;
  if (count == 0) return;
  Fe inverse = prepared::invert(products[count - 1]);
  for (std::size_t i = count; i-- > 0;) {
    const Fe z_inverse = i > 0 ? prepared::mul(inverse, products[i - 1]) : inverse;
    inverse = prepared::mul(inverse, sums[i].z);
    const std::uint8_t* const r = octets_of(open[i]->signature);
    open[i]->verified = y_matches(sums[i], r) && x_matches(sums[i], z_inverse, r);
  }
}

Ed25519Path fastest() noexcept {
  return cpu_has(Ed25519Path::ifma) ? Ed25519Path::ifma : Ed25519Path::portable;
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
  return path == Ed25519Path::ifma ? sum_ifma(base, s, key, k) : sum_portable(base, s, key, k);
}

std::string_view to_string(Ed25519Path path) noexcept {
  switch (path) {
    case Ed25519Path::libsodium:
      return "libsodium";
    case Ed25519Path::portable:
      return "portable";
    case Ed25519Path::ifma:
      return "ifma";
  }
  return "";
}

std::optional<Ed25519Path> ed25519_path_from_name(std::string_view name) noexcept {
  for (const Ed25519Path path : {Ed25519Path::libsodium, Ed25519Path::portable, Ed25519Path::ifma})
    if (name == to_string(path)) return path;
  return std::nullopt;
}

bool cpu_has(Ed25519Path path) noexcept {
  static const bool ifma = prepared::ifma_is_there();
  return path != Ed25519Path::ifma || ifma;
}

Ed25519Path ed25519_path() noexcept { return path_in_use().load(std::memory_order_relaxed); }

bool force_ed25519_path(std::optional<Ed25519Path> path) noexcept {
  if (path && !cpu_has(*path)) return false;
  path_in_use().store(path ? *path : fastest(), std::memory_order_relaxed);
  return true;
}

std::size_t table_bytes(TableKind kind) noexcept { return Table::bytes_for(window_of(kind)); }

std::expected<std::unique_ptr<const PreparedEd25519Key>, PrepareFailure>
PreparedEd25519Key::prepare(std::span<const std::byte, 32> key, TableKind kind) {
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
  SumTerms terms;
  const std::uint8_t* octets = octets_of(signature);
  if (!read_signature(*state_, message, octets, terms)) return false;
  const Projective sum = prepared::sum(path, *state_->base, terms.s, state_->table, terms.k);
  return y_matches(sum, octets) && x_matches(sum, prepared::invert(sum.z), octets);
}

void verify_many(std::span<PendingEd25519> pending) noexcept {
  verify_many(ed25519_path(), pending);
}

void verify_many(Ed25519Path path, std::span<PendingEd25519> pending) noexcept {
  if (path == Ed25519Path::libsodium) {
    for (PendingEd25519& one : pending)
      one.verified = verify_by_libsodium(one.key->state(), one.message, one.signature);
    return;
  }
  for (std::size_t first = 0; first < pending.size(); first += lanes)
    verify_lanes(path, pending.subspan(first, std::min(lanes, pending.size() - first)));
}

}  // namespace wba::crypto
