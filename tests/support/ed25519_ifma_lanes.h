#ifndef WBA_TESTS_SUPPORT_ED25519_IFMA_LANES_H_
#define WBA_TESTS_SUPPORT_ED25519_IFMA_LANES_H_

// The lane arithmetic on the real instructions, for comparing with emulated lanes.

#include <array>
#include <cstdint>

namespace wba::test {

using Lanes = std::array<std::uint64_t, 8>;
using LaneElement = std::array<Lanes, 5>;

// Each gives false where this machine has no such instructions.
bool ifma_columns(const LaneElement& a, const LaneElement& b, LaneElement& out);
bool ifma_entry_step(const LaneElement& point, const LaneElement& entry, LaneElement& out);
// point: y - x, y + x, t, z, and the same after adding `entry`: y - x, y + x, 2dxy.
bool ifma_add_affine(std::array<LaneElement, 4>& point, const std::array<LaneElement, 3>& entry);

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_ED25519_IFMA_LANES_H_
