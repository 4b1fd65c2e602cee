#ifndef WBA_CRYPTO_ED25519_PREPARED_SCALAR_H_
#define WBA_CRYPTO_ED25519_PREPARED_SCALAR_H_

// Scalars modulo L = 2^252 + 27742317777372353535851937790883648493, the order of Ed25519's base
// point, and their signed digits. Public data only.

#include <array>
#include <cstddef>
#include <cstdint>

namespace wba::crypto::prepared {

// Scalar is a number below 2^256, in 64-bit words, least significant first.
using Scalar = std::array<std::uint64_t, 4>;

inline constexpr Scalar group_order = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0,
                                       0x1000000000000000};

[[nodiscard]] Scalar scalar_from_bytes(const std::uint8_t* bytes) noexcept;  // 32 octets

// is_canonical says whether it is below L: RFC 8032 §5.1.7 refuses any other S.
[[nodiscard]] bool is_canonical(const Scalar& a) noexcept;

// reduce gives 64 octets, little endian, modulo L.
[[nodiscard]] Scalar reduce(const std::uint8_t* bytes) noexcept;

// Digits of a scalar below 2^253 in radix 2^window: a = sum digit[i] * 2^(window i), each from
// -2^(window-1)+1 to 2^(window-1).
inline constexpr unsigned max_window = 12;
inline constexpr unsigned min_window = 4;
inline constexpr std::size_t max_digits = 64;

struct Digits {
  std::array<std::int16_t, max_digits> digit;
};

// digit_count is how many digits a scalar has: 253 bits, rounded up.
[[nodiscard]] constexpr std::size_t digit_count(unsigned window) noexcept {
  return (253 + window - 1) / window;
}

// recode writes digit_count(window) digits of `a`, which is at most L.
void recode(const Scalar& a, unsigned window, Digits& digits) noexcept;

}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_SCALAR_H_
