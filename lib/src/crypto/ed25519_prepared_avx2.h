#ifndef WBA_CRYPTO_ED25519_PREPARED_AVX2_H_
#define WBA_CRYPTO_ED25519_PREPARED_AVX2_H_

// The AVX2 path. Call the sum only where avx2_is_there.

#include "crypto/ed25519_prepared_group.h"

namespace wba::crypto::prepared {

// avx2_is_there says whether this processor and system can run it.
[[nodiscard]] bool avx2_is_there() noexcept;

// sum_avx2 gives s B + k P, as sum_portable does. It has no form for several sums: its lanes are
// all taken by one.
[[nodiscard]] Projective sum_avx2(const Table& base, const Digits& s, const Table& key,
                                  const Digits& k) noexcept;

}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_AVX2_H_
