#ifndef WBA_TESTS_SUPPORT_ED25519_AVX2_LANES_H_
#define WBA_TESTS_SUPPORT_ED25519_AVX2_LANES_H_

// The arithmetic in four lanes on the machine's own AVX2 instructions. Each gives false, and does
// nothing, where there are none.

#include <array>
#include <cstdint>

namespace wba::test {

using QuadLanes = std::array<std::uint64_t, 4>;
using QuadElement = std::array<QuadLanes, 10>;

bool avx2_product(const QuadElement& a, const QuadElement& b, QuadElement& out);
// x, y, z, t; and the entries as y - x, y + x, 2dxy.
bool avx2_start(std::array<QuadElement, 4>& point, const std::array<QuadElement, 3>& entry);
bool avx2_add(std::array<QuadElement, 4>& point, const std::array<QuadElement, 3>& entry);

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_ED25519_AVX2_LANES_H_
