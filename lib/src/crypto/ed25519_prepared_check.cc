#include <array>
#include <cstring>

#include <sodium.h>

#include "crypto/ed25519_prepared_state.h"

namespace wba::crypto::prepared {

namespace {

using Octets = std::array<std::uint8_t, 32>;

// A number in 64-bit words, least significant first, wide enough for the sum of all multipliers
// (at most 2^(253 + 2 * window)).
using Number = std::array<std::uint64_t, 5>;

void double_number(Number& a) noexcept {
  std::uint64_t carry = 0;
  for (std::uint64_t& word : a) {
    const std::uint64_t next = word >> 63;
    word = word << 1 | carry;
    carry = next;
  }
}

void add_small(Number& a, std::uint64_t b) noexcept {
  for (std::uint64_t& word : a) {
    word += b;
    b = word < b ? 1 : 0;
  }
}

// multiplier_of_sum is what the sum of all entries is times the point: n(n+1)/2 in each of the
// digits, n being the row size.
Number multiplier_of_sum(const Table& table) noexcept {
  const std::uint64_t n = table.row_size();
  Number sum{};
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (unsigned bit = 0; bit < table.window(); ++bit) double_number(sum);
    add_small(sum, n * (n + 1) / 2);
  }
  return sum;
}

// times gives `multiplier` times the point `key` by libsodium's group operations. The quick way is
// libsodium's scalar multiplication, which refuses points outside the prime-order subgroup; for
// these it is done by additions.
bool times(const Number& multiplier, const Octets& key, Octets& out) noexcept {
  std::array<std::uint8_t, crypto_core_ed25519_NONREDUCEDSCALARBYTES> wide{};
  for (std::size_t i = 0; i < 40; ++i)
    wide[i] = static_cast<std::uint8_t>(multiplier[i / 8] >> (8 * (i % 8)));
  Octets scalar;
  crypto_core_ed25519_scalar_reduce(scalar.data(), wide.data());
  if (crypto_scalarmult_ed25519_noclamp(out.data(), scalar.data(), key.data()) == 0) return true;
  out = {1};  // (0, 1)
  for (std::size_t bit = 320; bit-- > 0;) {
    Octets sum;
    if (crypto_core_ed25519_add(sum.data(), out.data(), out.data()) != 0) return false;
    if ((multiplier[bit / 64] >> (bit % 64) & 1) != 0) {
      if (crypto_core_ed25519_add(out.data(), sum.data(), key.data()) != 0) return false;
    } else {
      out = sum;
    }
  }
  return true;
}

Octets sum_of_entries(const Table& table) noexcept {
  Point sum = identity;
  for (std::size_t row = 0; row < table.rows(); ++row)
    for (unsigned i = 1; i <= table.row_size(); ++i) add_entry(sum, table.entry(row, i), false);
  Octets out;
  compress({sum.x, sum.y, sum.z}, out.data());
  return out;
}

}  // namespace

bool self_check(const Table& table, const Octets& key) noexcept {
  Octets expected;
  if (!times(multiplier_of_sum(table), key, expected)) return false;
  expected[31] ^= 0x80;  // the table is of -A
  return sum_of_entries(table) == expected;
}

bool self_check_of_base(const Table& table) noexcept {
  Octets base;
  Octets expected;
  const Octets one = {1};
  return crypto_scalarmult_ed25519_base_noclamp(base.data(), one.data()) == 0 &&
         times(multiplier_of_sum(table), base, expected) && sum_of_entries(table) == expected;
}

}  // namespace wba::crypto::prepared
