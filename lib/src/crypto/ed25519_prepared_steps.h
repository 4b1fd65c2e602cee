#ifndef WBA_CRYPTO_ED25519_PREPARED_STEPS_H_
#define WBA_CRYPTO_ED25519_PREPARED_STEPS_H_

// The steps of which one verification and many together are made.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/ed25519_prepared_ifma.h"
#include "crypto/ed25519_prepared_state.h"

namespace wba::crypto::prepared {

[[nodiscard]] inline const std::uint8_t* octets_of(
    std::span<const std::byte, 64> signature) noexcept {
  return reinterpret_cast<const std::uint8_t*>(signature.data());
}

// TableObserver is told how many verifications have read tables on a path, on the thread that made
// them. For tests, which would otherwise not know that libsodium answered in the tables' place.
using TableObserver = void (*)(Ed25519Path path, std::size_t verifications);
inline constinit std::atomic<TableObserver> table_observer = nullptr;

inline void tell_table_observer(Ed25519Path path, std::size_t verifications) noexcept {
  if (const TableObserver observer = table_observer.load(std::memory_order_relaxed))
    observer(path, verifications);
}

// set_s makes the checks that need no arithmetic on the curve, in any order, for only whether all
// pass is told; and sets all of `terms` but k. B's table entries are asked for at once: they arrive
// while the message is hashed. Those of the key come from further away, and the sums ask for them.
[[nodiscard]] inline bool set_s(const PreparedEd25519Key::State& key, const std::uint8_t* signature,
                                SumTerms& terms) noexcept {
  terms.base = key.base;
  terms.key = &key.table;
  const Scalar s = scalar_from_bytes(signature + 32);
  if (!is_canonical(s) || !bytes_are_canonical(signature) || has_small_order(signature))
    return false;
  recode(s, key.base->window(), terms.s);
  key.base->prefetch(terms.s);
  return true;
}

inline void set_k(const Scalar& k, SumTerms& terms) noexcept {
  recode(k, terms.key->window(), terms.k);
}

// y_matches says whether the sum has R's y, without an inversion.
[[nodiscard]] inline bool y_matches(const Projective& sum, const std::uint8_t* r) noexcept {
  return equal(mul(fe_from_bytes(r), sum.z), sum.y);
}

// x_matches says whether x has R's sign, given 1/z. With the same y that makes the encodings equal.
[[nodiscard]] inline bool x_matches(const Projective& sum, const Fe& z_inverse,
                                    const std::uint8_t* r) noexcept {
  return is_odd(mul(sum.x, z_inverse)) == ((r[31] & 0x80) != 0);
}

}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_STEPS_H_
