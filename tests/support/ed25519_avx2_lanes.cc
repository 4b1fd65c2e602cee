#include "support/ed25519_avx2_lanes.h"

#include "crypto/ed25519_prepared_avx2.h"

#if defined(__x86_64__)

#include "crypto/ed25519_prepared_avx2_machine.h"

namespace wba::test {

namespace {

using crypto::prepared::Avx2;
using crypto::prepared::QuadEntry;
using crypto::prepared::QuadFe;
using crypto::prepared::QuadPoint;

WBA_QUAD QuadFe<Avx2> load(const QuadElement& a) {
  QuadFe<Avx2> out;
  for (std::size_t i = 0; i < 10; ++i)
    out.limb[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a[i].data()));
  return out;
}

WBA_QUAD void store(const QuadFe<Avx2>& a, QuadElement& out) {
  for (std::size_t i = 0; i < 10; ++i)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out[i].data()), a.limb[i]);
}

WBA_QUAD void store(const QuadPoint<Avx2>& a, std::array<QuadElement, 4>& out) {
  store(a.x, out[0]);
  store(a.y, out[1]);
  store(a.z, out[2]);
  store(a.t, out[3]);
}

WBA_AVX2_TARGET void run_product(const QuadElement& a, const QuadElement& b, QuadElement& out) {
  QuadFe<Avx2> product;
  crypto::prepared::quad_product<Avx2>(product, load(a),
                                       crypto::prepared::quad_factor<Avx2>(load(b)));
  store(product, out);
}

WBA_AVX2_TARGET void run_start(std::array<QuadElement, 4>& point,
                               const std::array<QuadElement, 3>& entry) {
  const QuadEntry<Avx2> from = {load(entry[0]), load(entry[1]), load(entry[2])};
  store(crypto::prepared::quad_start<Avx2>(from), point);
}

WBA_AVX2_TARGET void run_add(std::array<QuadElement, 4>& point,
                             const std::array<QuadElement, 3>& entry) {
  QuadPoint<Avx2> to = {load(point[0]), load(point[1]), load(point[2]), load(point[3])};
  const QuadEntry<Avx2> added = {load(entry[0]), load(entry[1]), load(entry[2])};
  crypto::prepared::quad_add<Avx2>(to, added);
  store(to, point);
}

}  // namespace

bool avx2_product(const QuadElement& a, const QuadElement& b, QuadElement& out) {
  if (!crypto::prepared::avx2_is_there()) return false;
  run_product(a, b, out);
  return true;
}

bool avx2_start(std::array<QuadElement, 4>& point, const std::array<QuadElement, 3>& entry) {
  if (!crypto::prepared::avx2_is_there()) return false;
  run_start(point, entry);
  return true;
}

bool avx2_add(std::array<QuadElement, 4>& point, const std::array<QuadElement, 3>& entry) {
  if (!crypto::prepared::avx2_is_there()) return false;
  run_add(point, entry);
  return true;
}

}  // namespace wba::test

#else

namespace wba::test {

bool avx2_product(const QuadElement&, const QuadElement&, QuadElement&) { return false; }
bool avx2_start(std::array<QuadElement, 4>&, const std::array<QuadElement, 3>&) { return false; }
bool avx2_add(std::array<QuadElement, 4>&, const std::array<QuadElement, 3>&) { return false; }

}  // namespace wba::test

#endif
