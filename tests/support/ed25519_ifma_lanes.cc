#include "support/ed25519_ifma_lanes.h"

#include "crypto/ed25519_prepared_ifma.h"

#if defined(__x86_64__)

#include "crypto/ed25519_prepared_ifma_machine.h"

namespace wba::test {

namespace {

using crypto::prepared::Ifma;
using crypto::prepared::LaneFe;
using crypto::prepared::LanePoint;

WBA_LANES LaneFe<Ifma> load(const LaneElement& a) {
  LaneFe<Ifma> out;
  for (std::size_t i = 0; i < 5; ++i) out.limb[i] = _mm512_loadu_si512(a[i].data());
  return out;
}

WBA_LANES void store(const LaneFe<Ifma>& a, LaneElement& out) {
  for (std::size_t i = 0; i < 5; ++i) _mm512_storeu_si512(out[i].data(), a.limb[i]);
}

WBA_IFMA_TARGET void run_columns(const LaneElement& a, const LaneElement& b, LaneElement& out) {
  store(crypto::prepared::columns<Ifma>(load(a), load(b)), out);
}

WBA_IFMA_TARGET void run_entry_step(const LaneElement& point, const LaneElement& entry,
                                    LaneElement& out) {
  store(crypto::prepared::entry_step<Ifma>(load(point), load(entry)), out);
}

WBA_IFMA_TARGET void run_add_affine(std::array<LaneElement, 4>& point,
                                    const std::array<LaneElement, 3>& entry) {
  LanePoint<Ifma> lanes = {load(point[0]), load(point[1]), load(point[2]), load(point[3])};
  crypto::prepared::add_affine<Ifma>(lanes, load(entry[0]), load(entry[1]), load(entry[2]));
  store(lanes.minus, point[0]);
  store(lanes.plus, point[1]);
  store(lanes.t, point[2]);
  store(lanes.z, point[3]);
}

}  // namespace

bool ifma_columns(const LaneElement& a, const LaneElement& b, LaneElement& out) {
  if (!crypto::prepared::ifma_is_there()) return false;
  run_columns(a, b, out);
  return true;
}

bool ifma_entry_step(const LaneElement& point, const LaneElement& entry, LaneElement& out) {
  if (!crypto::prepared::ifma_is_there()) return false;
  run_entry_step(point, entry, out);
  return true;
}

bool ifma_add_affine(std::array<LaneElement, 4>& point, const std::array<LaneElement, 3>& entry) {
  if (!crypto::prepared::ifma_is_there()) return false;
  run_add_affine(point, entry);
  return true;
}

}  // namespace wba::test

#else

namespace wba::test {

bool ifma_columns(const LaneElement&, const LaneElement&, LaneElement&) { return false; }
bool ifma_entry_step(const LaneElement&, const LaneElement&, LaneElement&) { return false; }
bool ifma_add_affine(std::array<LaneElement, 4>&, const std::array<LaneElement, 3>&) {
  return false;
}

}  // namespace wba::test

#endif
