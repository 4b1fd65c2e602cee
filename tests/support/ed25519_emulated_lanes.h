#ifndef WBA_TESTS_SUPPORT_ED25519_EMULATED_LANES_H_
#define WBA_TESTS_SUPPORT_ED25519_EMULATED_LANES_H_

// What the emulations of the vector paths' lanes have in common, and what they are tried on.

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>

#include "crypto/ed25519_prepared_group.h"

namespace wba::test {

// EmulatedLanes is the part of a machine of the lane arithmetic that all of them have.
template <std::size_t count>
struct EmulatedLanes {
  using Vector = std::array<std::uint64_t, count>;

  template <typename Operation>
  static Vector map(Operation operation) {
    Vector out;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = operation(i);
    return out;
  }
  static Vector every(std::uint64_t a) {
    return map([a](std::size_t) { return a; });
  }
  static Vector add(const Vector& a, const Vector& b) {
    return map([&](std::size_t i) { return a[i] + b[i]; });
  }
  static Vector sub(const Vector& a, const Vector& b) {
    return map([&](std::size_t i) { return a[i] - b[i]; });
  }
  static Vector times19(const Vector& a) {
    return map([&](std::size_t i) { return a[i] * 19; });
  }
};

// some_point gives a point that is some multiple of the base point, with a z of its own.
inline crypto::prepared::Point some_point(std::mt19937_64& random) {
  crypto::prepared::Point point = crypto::prepared::base_point();
  for (int i = 0; i < 6; ++i) {
    point = double_point(point);
    if (random() % 2 == 0) point = add_points(point, crypto::prepared::base_point());
  }
  return point;
}

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_ED25519_EMULATED_LANES_H_
