// The check of a whole table. Each entry must be the sum of the one before it in its row and the
// row's first, and each row's first twice the last of the row before, by the affine addition law,
// which is not how tables are built; and the very first and the very last entry must be libsodium's
// multiples. So no entry can be wrong, or in another's place.

#include <array>
#include <cstring>

#include <sodium.h>

#include "crypto/ed25519_prepared_state.h"

namespace wba::crypto::prepared {

namespace {

using Octets = std::array<std::uint8_t, 32>;

// Affine is an entry: (y - x, y + x, 2dxy).
struct Affine {
  Fe minus, plus, t2d;
};

Affine read(const Entry& entry) noexcept {
  Affine out;
  for (std::size_t i = 0; i < 5; ++i) {
    out.minus.limb[i] = entry.word[3 * i];
    out.plus.limb[i] = entry.word[3 * i + 1];
    out.t2d.limb[i] = entry.word[3 * i + 2];
  }
  return out;
}

constexpr Fe fe_two = {{2, 0, 0, 0, 0}};

Fe twice_x(const Affine& a) noexcept { return sub(a.plus, a.minus); }
Fe twice_y(const Affine& a) noexcept { return add(a.plus, a.minus); }

// Addend is an affine point as the right summand. It takes xy from the coordinates, so that what
// the entry says of 2dxy is believed only where it is the left one.
struct Addend {
  Fe minus, plus, xy;
};

Addend addend(const Affine& a, const Fe& quarter) noexcept {
  return {a.minus, a.plus, mul(mul(twice_x(a), twice_y(a)), quarter)};
}

bool is_zero_frozen(const Fe& a) noexcept { return freeze(a).limb == fe_zero.limb; }

// is_sum says whether x = e / g and y = h / f, with the names of add_points for z = 1. Neither f
// nor g is zero for points of the curve.
bool is_sum(const Affine& sum, const Affine& p, const Addend& q) noexcept {
  const Fe a = mul(p.minus, q.minus);
  const Fe b = mul(p.plus, q.plus);
  const Fe c = mul(p.t2d, q.xy);
  const Fe e = sub(b, a);
  const Fe h = add(b, a);
  return is_zero_frozen(sub(add(e, e), mul(twice_x(sum), add(fe_two, c)))) &&
         is_zero_frozen(sub(add(h, h), mul(twice_y(sum), sub(fe_two, c))));
}

// entries_follow says whether each entry follows from those before it.
bool entries_follow(const Table& table) noexcept {
  const Fe quarter = invert(add(fe_two, fe_two));
  Affine last = read(table.entry(0, 1));
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const Affine first = read(table.entry(row, 1));
    if (row > 0 && !is_sum(first, last, addend(last, quarter))) return false;
    const Addend step = addend(first, quarter);
    last = first;
    for (unsigned multiple = 2; multiple <= table.row_size(); ++multiple) {
      const Affine next = read(table.entry(row, multiple));
      if (!is_sum(next, last, step)) return false;
      last = next;
    }
  }
  // Nothing follows from the last.
  return equal(last.t2d, mul(addend(last, quarter).xy, curve_2d));
}

Octets encode(const Entry& entry) noexcept {
  const Affine point = read(entry);
  Octets out;
  compress({twice_x(point), twice_y(point), fe_two}, out.data());
  return out;
}

// double_often gives 2^times P by libsodium's group operations. The quick way is libsodium's scalar
// multiplication, which refuses points outside the prime-order subgroup; for these it is done by
// additions.
bool double_often(unsigned times, const Octets& point, Octets& out) noexcept {
  std::array<std::uint8_t, crypto_core_ed25519_NONREDUCEDSCALARBYTES> wide{};
  wide[times / 8] = static_cast<std::uint8_t>(1U << (times % 8));
  Octets scalar;
  crypto_core_ed25519_scalar_reduce(scalar.data(), wide.data());
  if (crypto_scalarmult_ed25519_noclamp(out.data(), scalar.data(), point.data()) == 0) return true;
  out = point;
  for (; times > 0; --times)
    if (crypto_core_ed25519_add(out.data(), out.data(), out.data()) != 0) return false;
  return true;
}

// check compares with the multiples of `point`, or of its negative.
bool check(const Table& table, const Octets& point, bool negative) noexcept {
  // The last entry is 2^(window - 1) times 2^(window (rows - 1)).
  const auto times = static_cast<unsigned>(table.window() * table.rows() - 1);
  const auto row_size = static_cast<unsigned>(table.row_size());
  Octets first = point;
  Octets last;
  if (!double_often(times, point, last)) return false;
  if (negative) {
    first[31] ^= 0x80;
    last[31] ^= 0x80;
  }
  return encode(table.entry(0, 1)) == first &&
         encode(table.entry(table.rows() - 1, row_size)) == last && entries_follow(table);
}

}  // namespace

bool self_check(const Table& table, const Octets& key) noexcept { return check(table, key, true); }

bool self_check_of_base(const Table& table) noexcept {
  Octets base;
  const Octets one = {1};
  return crypto_scalarmult_ed25519_base_noclamp(base.data(), one.data()) == 0 &&
         check(table, base, false);
}

}  // namespace wba::crypto::prepared
