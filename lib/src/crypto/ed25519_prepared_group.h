#ifndef WBA_CRYPTO_ED25519_PREPARED_GROUP_H_
#define WBA_CRYPTO_ED25519_PREPARED_GROUP_H_

// Points of edwards25519 (-x^2 + y^2 = 1 + d x^2 y^2) and tables of their multiples, public data
// only. The formulas are those of Hisil, Wong, Carter and Dawson for extended coordinates; they are
// complete on this curve, so that no input is a special case, points of small order included.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "crypto/ed25519_prepared_field.h"
#include "crypto/ed25519_prepared_memory.h"
#include "crypto/ed25519_prepared_scalar.h"

namespace wba::crypto::prepared {

// BasicPoint is (x/z, y/z) with t = xy/z. Coordinates are reduced.
template <typename Word>
struct BasicPoint {
  BasicFe<Word> x, y, z, t;
};

using Point = BasicPoint<std::uint64_t>;

// curve_2d is twice the curve's d.
inline constexpr Fe curve_2d = {
    {0x69b9426b2f159, 0x35050762add7a, 0x3cf44c0038052, 0x6738cc7407977, 0x2406d9dc56dff}};

inline constexpr Point identity = {fe_zero, fe_one, fe_one, fe_zero};

// Projective is what a verification compares with R: (x/z, y/z).
struct Projective {
  Fe x, y, z;
};

// Entry is one affine multiple in a table: word[3 i + c] is limb i of y - x (c = 0), y + x (1) and
// 2dxy (2), each below p; the last word is not used. Two whole cache lines, so that one layout
// serves the portable path, which reads single limbs, and the vector paths, which read three at
// once.
struct alignas(64) Entry {
  std::array<std::uint64_t, 16> word;
};

// Its value for the point at infinity's stand-in, (0, 1).
inline constexpr Entry identity_entry = {{1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}};

inline void prefetch_entry(const Entry& entry) noexcept {
  const auto* const first = reinterpret_cast<const char*>(&entry);
  __builtin_prefetch(first);
  __builtin_prefetch(first + 64);
}

// mixed_add adds the affine point given as (y - x, y + x, 2dxy), limbs at most 2^52.
template <typename Word>
[[nodiscard]] inline BasicPoint<Word> mixed_add(const BasicPoint<Word>& p,
                                                const BasicFe<Word>& minus,
                                                const BasicFe<Word>& plus,
                                                const BasicFe<Word>& t2d) noexcept {
  const auto a = mul(sub(p.y, p.x), minus);
  const auto b = mul(add(p.y, p.x), plus);
  const auto c = mul(t2d, p.t);
  const auto z2 = add(p.z, p.z);
  const auto e = sub(b, a);
  const auto f = sub(z2, c);
  const auto g = add(z2, c);
  const auto h = add(b, a);
  return {mul(e, f), mul(g, h), mul(g, f), mul(e, h)};
}

// add_entry adds `entry`, or subtracts it: the negative of (x, y) is (-x, y).
inline void add_entry(Point& p, const Entry& entry, bool negative) noexcept {
  const std::size_t first = negative ? 1 : 0;
  const std::uint64_t flip = negative ? ~std::uint64_t{0} : 0;
  Fe minus;
  Fe plus;
  Fe t2d;
  for (std::size_t i = 0; i < 5; ++i) {
    minus.limb[i] = entry.word[3 * i + first];
    plus.limb[i] = entry.word[3 * i + (1 - first)];
    // t, or 2p - t: ~t + 1 is -t.
    t2d.limb[i] = (entry.word[3 * i + 2] ^ flip) + ((two_p[i] + 1) & flip);
  }
  p = mixed_add(p, minus, plus, t2d);
}

[[nodiscard]] Point add_points(const Point& p, const Point& q) noexcept;
[[nodiscard]] Point double_point(const Point& p) noexcept;
[[nodiscard]] Point negate(const Point& p) noexcept;

// decompress reads a point's 32 octets as libsodium does: y is taken modulo p, and x = 0 with the
// sign bit set gives x = 0. nullopt where no such point is on the curve.
[[nodiscard]] std::optional<Point> decompress(const std::uint8_t* bytes) noexcept;

// compress writes the canonical 32 octets.
void compress(const Projective& p, std::uint8_t* bytes) noexcept;

// has_small_order says whether the encoding's y, taken modulo p, belongs to one of the eight points
// whose order divides 8. The sign bit does not matter.
[[nodiscard]] bool has_small_order(const std::uint8_t* bytes) noexcept;

// base_point is B of RFC 8032.
[[nodiscard]] const Point& base_point() noexcept;

// Table holds, for each digit of a scalar in radix 2^window, the multiples 1 to 2^(window-1) of
// 2^(window i) times a point: a scalar times the point is then one addition a digit and no
// doubling. Immutable once built.
class Table {
 public:
  // build makes the table; nullopt where there is no memory. Takes 0.1 ms (window 4) to 1 ms
  // (window 8).
  [[nodiscard]] static std::optional<Table> build(const Point& point, unsigned window) noexcept;

  [[nodiscard]] unsigned window() const noexcept { return window_; }
  [[nodiscard]] std::size_t rows() const noexcept { return digit_count(window_); }
  [[nodiscard]] std::size_t row_size() const noexcept { return std::size_t{1} << (window_ - 1); }
  [[nodiscard]] std::size_t bytes() const noexcept { return rows() * row_size() * sizeof(Entry); }

  // entry gives `multiple`, in 1..row_size(), of row `row`; 0 gives (0, 1).
  [[nodiscard]] const Entry& entry(std::size_t row, unsigned multiple) const noexcept {
    // Without a branch, which would often be guessed wrong: so a place in the row for 0 as well.
    const Entry* const found =
        &entries_[(row << (window_ - 1)) + multiple - (multiple != 0 ? 1 : 0)];
    return multiple == 0 ? identity_entry : *found;
  }

  // prefetch asks for the entries that `digits` will need; prefetch_row for that of one row.
  void prefetch(const Digits& digits) const noexcept;
  void prefetch_row(const Digits& digits, std::size_t row) const noexcept {
    const int digit = digits.digit[row];
    prefetch_entry(entry(row, static_cast<unsigned>(digit < 0 ? -digit : digit)));
  }

  // bytes_for is what a table of that window takes.
  [[nodiscard]] static constexpr std::size_t bytes_for(unsigned window) noexcept {
    return digit_count(window) * (std::size_t{1} << (window - 1)) * sizeof(Entry);
  }

  // corrupt_for_test flips one bit of one entry: what the self-check must notice.
  void corrupt_for_test(std::size_t row, unsigned multiple) noexcept {
    entries_[place(row, multiple)].word[4] ^= 1U << 7;
  }

  // swap_for_test puts two entries in each other's place: what it must notice as well.
  void swap_for_test(std::size_t row, unsigned multiple, std::size_t other_row,
                     unsigned other_multiple) noexcept {
    std::swap(entries_[place(row, multiple)], entries_[place(other_row, other_multiple)]);
  }

 private:
  Table(TableMemory entries, unsigned window) noexcept
      : entries_(std::move(entries)), window_(window) {}

  // place is where a multiple of at least 1 stands.
  [[nodiscard]] std::size_t place(std::size_t row, unsigned multiple) const noexcept {
    return ((row << (window_ - 1)) + multiple) - 1;
  }

  TableMemory entries_;
  unsigned window_;
};

// base_table is B's table, built at the first call; nullptr where there was no memory for it.
inline constexpr unsigned base_window = 10;
[[nodiscard]] const Table* base_table() noexcept;

// The sums below add B's multiples first. Meanwhile they ask for the key's: those of a key that was
// not used for a while are in memory, and to ask for all of them at once would be to wait for them.

// sum_portable gives s B + k P, with the digits of s and k in the windows of their tables.
[[nodiscard]] Projective sum_portable(const Table& base, const Digits& s, const Table& key,
                                      const Digits& k) noexcept;

}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_GROUP_H_
