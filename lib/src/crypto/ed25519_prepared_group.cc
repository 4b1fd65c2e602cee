#include "crypto/ed25519_prepared_group.h"

#include <memory>
#include <new>
#include <utility>

namespace wba::crypto::prepared {

namespace {

constexpr Fe curve_d = {
    {0x34dca135978a3, 0x1a8283b156ebd, 0x5e7a26001c029, 0x739c663a03cbb, 0x52036cee2b6ff}};
constexpr Fe sqrt_minus_one = {
    {0x61b274a0ea0b0, 0x0d5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d}};

// The y coordinates of the points of small order: 0 (order 4), 1 (order 1), -1 (order 2) and the
// two of order 8.
constexpr std::array<Fe, 5> small_order_y = {{
    fe_zero,
    fe_one,
    {{mask51 - 19, mask51, mask51, mask51, mask51}},
    {{0x7b2c28f95e826, 0x6513e9868b604, 0x6b37f57c263bf, 0x4589c99e36982, 0x05fc536d88023}},
    {{0x04d3d706a17c7, 0x1aec1679749fb, 0x14c80a83d9c40, 0x3a763661c967d, 0x7a03ac9277fdc}},
}};

constexpr Point base = {
    {{0x62d608f25d51a, 0x412a4b4f6592a, 0x75b7171a4b31d, 0x1ff60527118fe, 0x216936d3cd6e5}},
    {{0x6666666666658, 0x4cccccccccccc, 0x1999999999999, 0x3333333333333, 0x6666666666666}},
    fe_one,
    fe_zero};

void write_entry(Entry& entry, const Fe& x, const Fe& y) noexcept {
  const Fe minus = freeze(sub(y, x));
  const Fe plus = freeze(add(y, x));
  const Fe t2d = freeze(mul(mul(x, y), curve_2d));
  for (std::size_t i = 0; i < 5; ++i) {
    entry.word[3 * i] = minus.limb[i];
    entry.word[3 * i + 1] = plus.limb[i];
    entry.word[3 * i + 2] = t2d.limb[i];
  }
  entry.word[15] = 0;
}

}  // namespace

Point add_points(const Point& p, const Point& q) noexcept {
  const Fe a = mul(sub(p.y, p.x), sub(q.y, q.x));
  const Fe b = mul(add(p.y, p.x), add(q.y, q.x));
  const Fe c = mul(mul(p.t, q.t), curve_2d);
  const Fe zz = mul(p.z, q.z);
  const Fe z2 = add(zz, zz);
  const Fe e = sub(b, a);
  const Fe f = sub(z2, c);
  const Fe g = add(z2, c);
  const Fe h = add(b, a);
  return {mul(e, f), mul(g, h), mul(g, f), mul(e, h)};
}

Point double_point(const Point& p) noexcept { return add_points(p, p); }

Point negate(const Point& p) noexcept {
  return {carry(sub(fe_zero, p.x)), p.y, p.z, carry(sub(fe_zero, p.t))};
}

std::optional<Point> decompress(const std::uint8_t* bytes) noexcept {
  const Fe y = fe_from_bytes(bytes);
  const Fe yy = square(y);
  const Fe u = carry(sub(yy, fe_one));
  const Fe v = carry(add(mul(yy, curve_d), fe_one));
  // x = (u/v)^((p+3)/8) = u v^3 (u v^7)^((p-5)/8), maybe times sqrt(-1). RFC 8032 §5.1.3.
  const Fe v3 = mul(square(v), v);
  const Fe v7 = mul(square(v3), v);
  Fe x = mul(mul(u, v3), power_252_3(mul(u, v7)));
  const Fe vxx = mul(v, square(x));
  if (!equal(vxx, u)) {
    if (!is_zero(add(vxx, u))) return std::nullopt;
    x = mul(x, sqrt_minus_one);
  }
  if (is_odd(x) != ((bytes[31] & 0x80) != 0)) x = carry(sub(fe_zero, x));
  return Point{x, y, fe_one, mul(x, y)};
}

void compress(const Projective& p, std::uint8_t* bytes) noexcept {
  const Fe inverse = invert(p.z);
  fe_to_bytes(mul(p.y, inverse), bytes);
  if (is_odd(mul(p.x, inverse))) bytes[31] = static_cast<std::uint8_t>(bytes[31] | 0x80);
}

bool has_small_order(const std::uint8_t* bytes) noexcept {
  const Fe y = freeze(fe_from_bytes(bytes));
  for (const Fe& small : small_order_y)
    if (y.limb == small.limb) return true;
  return false;
}

const Point& base_point() noexcept {
  static const Point point = {base.x, base.y, base.z, mul(base.x, base.y)};
  return point;
}

std::optional<Table> Table::build(const Point& point, unsigned window) noexcept {
  const std::size_t row_size = std::size_t{1} << (window - 1);
  const std::size_t rows = digit_count(window);
  TableMemory entries = take_table_memory(rows * row_size);
  const std::unique_ptr<Point[]> multiples(new (std::nothrow) Point[row_size]);
  const std::unique_ptr<Fe[]> products(new (std::nothrow) Fe[row_size]);
  if (!entries || !multiples || !products) return std::nullopt;

  Point first = point;
  for (std::size_t row = 0; row < rows; ++row) {
    multiples[0] = first;
    products[0] = first.z;
    for (std::size_t i = 1; i < row_size; ++i) {
      multiples[i] = add_points(multiples[i - 1], first);
      products[i] = mul(products[i - 1], multiples[i].z);
    }
    // One inversion for the row: 1/z of the last from the product of all, and so downwards.
    Fe inverse = invert(products[row_size - 1]);
    for (std::size_t i = row_size; i-- > 0;) {
      const Fe z_inverse = i > 0 ? mul(inverse, products[i - 1]) : inverse;
      inverse = mul(inverse, multiples[i].z);
      write_entry(entries[row * row_size + i], mul(multiples[i].x, z_inverse),
                  mul(multiples[i].y, z_inverse));
    }
    first = double_point(multiples[row_size - 1]);
  }
  return Table(std::move(entries), window);
}

void Table::prefetch(const Digits& digits) const noexcept {
  for (std::size_t row = 0; row < rows(); ++row) prefetch_row(digits, row);
}

const Table* base_table() noexcept {
  // Never destroyed: a thread may be verifying while the process ends.
  static const Table* const table = []() -> const Table* {
    std::optional<Table> built = Table::build(base_point(), base_window);
    return built ? new (std::nothrow) Table(std::move(*built)) : nullptr;
  }();
  return table;
}

Projective sum_portable(const Table& base_multiples, const Digits& s, const Table& key,
                        const Digits& k) noexcept {
  Point sum = identity;
  std::size_t asked = 0;
  const auto add_all = [&](const Table& table, const Digits& digits) {
    for (std::size_t row = 0; row < table.rows(); ++row) {
      if (asked < key.rows()) key.prefetch_row(k, asked++);
      const int digit = digits.digit[row];
      add_entry(sum, table.entry(row, static_cast<unsigned>(digit < 0 ? -digit : digit)),
                digit < 0);
    }
  };
  add_all(base_multiples, s);
  add_all(key, k);
  return {sum.x, sum.y, sum.z};
}

}  // namespace wba::crypto::prepared
