#include "crypto/ed25519_prepared_scalar.h"

#include "crypto/ed25519_prepared_field.h"

namespace wba::crypto::prepared {

namespace {

constexpr std::uint64_t mask60 = (std::uint64_t{1} << 60) - 1;

// L - 2^252.
constexpr std::array<std::uint64_t, 2> order_low = {group_order[0], group_order[1]};

// times_order_low gives the product of `count` words and L - 2^252, in count + 2 words.
template <std::size_t count>
std::array<std::uint64_t, count + 2> times_order_low(
    const std::array<std::uint64_t, count>& a) noexcept {
  std::array<std::uint64_t, count + 2> out{};
  for (std::size_t i = 0; i < count; ++i) {
    Wide sum = product(a[i], order_low[0]) + out[i];
    out[i] = static_cast<std::uint64_t>(sum);
    sum = product(a[i], order_low[1]) + out[i + 1] + static_cast<std::uint64_t>(sum >> 64);
    out[i + 1] = static_cast<std::uint64_t>(sum);
    out[i + 2] = static_cast<std::uint64_t>(sum >> 64);
  }
  return out;
}

// accumulate adds (or subtracts) `b` to `a` and gives the carry (or borrow).
bool accumulate(Scalar& a, const Scalar& b, bool subtract) noexcept {
  std::uint64_t carry = subtract ? 1 : 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const Wide sum = static_cast<Wide>(a[i]) + (subtract ? ~b[i] : b[i]) + carry;
    a[i] = static_cast<std::uint64_t>(sum);
    carry = static_cast<std::uint64_t>(sum >> 64);
  }
  return (carry != 0) != subtract;
}

Scalar low252(std::uint64_t w0, std::uint64_t w1, std::uint64_t w2, std::uint64_t w3) noexcept {
  return {w0, w1, w2, w3 & mask60};
}

}  // namespace

Scalar scalar_from_bytes(const std::uint8_t* bytes) noexcept {
  return {load64(bytes), load64(bytes + 8), load64(bytes + 16), load64(bytes + 24)};
}

bool is_canonical(const Scalar& a) noexcept {
  Scalar copy = a;
  return accumulate(copy, group_order, true);
}

// With c = L - 2^252, 2^252 is -c modulo L. Three foldings of what stands above bit 252:
// x = h 2^252 + l = l - h c;  h c = h1 2^252 + l1;  h1 c = h2 2^252 + l2;
// so x = l - l1 + l2 - h2 c modulo L, with h2 below 2^7 and the l below 2^252.
Scalar reduce(const std::uint8_t* bytes) noexcept {
  std::array<std::uint64_t, 8> x;
  for (std::size_t i = 0; i < 8; ++i) x[i] = load64(bytes + 8 * i);
  const std::array<std::uint64_t, 5> h = {x[3] >> 60 | x[4] << 4, x[4] >> 60 | x[5] << 4,
                                          x[5] >> 60 | x[6] << 4, x[6] >> 60 | x[7] << 4,
                                          x[7] >> 60};
  const auto y = times_order_low(h);
  const std::array<std::uint64_t, 3> h1 = {y[3] >> 60 | y[4] << 4, y[4] >> 60 | y[5] << 4,
                                           y[5] >> 60 | y[6] << 4};
  const auto z = times_order_low(h1);
  const std::array<std::uint64_t, 1> h2 = {z[3] >> 60 | z[4] << 4};
  const auto last = times_order_low(h2);

  // From above: L + l + l2 is below 4 L; subtracting at most 2^252 + 2^132 keeps it above 0, for
  // 2^252 + 2^132 is below 2 L; so start from 2 L. All of it is below 2^255.
  Scalar sum = low252(x[0], x[1], x[2], x[3]);
  accumulate(sum, group_order, false);
  accumulate(sum, group_order, false);
  accumulate(sum, low252(z[0], z[1], z[2], z[3]), false);
  accumulate(sum, low252(y[0], y[1], y[2], y[3]), true);
  accumulate(sum, {last[0], last[1], last[2], 0}, true);
  for (int i = 0; i < 3; ++i) {
    Scalar smaller = sum;
    if (!accumulate(smaller, group_order, true)) sum = smaller;
  }
  return sum;
}

void recode(const Scalar& a, unsigned window, Digits& digits) noexcept {
  const std::size_t count = digit_count(window);
  const std::uint64_t mask = (std::uint64_t{1} << window) - 1;
  const std::uint64_t half = std::uint64_t{1} << (window - 1);
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t bit = i * window;
    const std::size_t word = bit / 64;
    const std::size_t shift = bit % 64;
    std::uint64_t value = a[word] >> shift;
    if (shift + window > 64 && word < 3) value |= a[word + 1] << (64 - shift);
    value = (value & mask) + carry;
    carry = value > half ? 1 : 0;
    digits.digit[i] = static_cast<std::int16_t>(static_cast<std::int64_t>(value) -
                                                static_cast<std::int64_t>(carry << window));
  }
}

}  // namespace wba::crypto::prepared
