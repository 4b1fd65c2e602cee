#ifndef WBA_CRYPTO_ED25519_PREPARED_TERMS_H_
#define WBA_CRYPTO_ED25519_PREPARED_TERMS_H_

// The terms of a sum, for the paths that take them in another order than one by one.

#include <cstddef>

#include "crypto/ed25519_prepared_group.h"

namespace wba::crypto::prepared {

// EntryTerm is one addition of a sum: an entry, or its negative.
struct EntryTerm {
  const Entry* entry;
  bool negative;
};

inline constexpr std::size_t max_terms = 2 * max_digits;

// append_terms writes one term a digit and gives their number.
inline std::size_t append_terms(const Table& table, const Digits& digits, EntryTerm* out) noexcept {
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const int digit = digits.digit[row];
    out[row] = {&table.entry(row, static_cast<unsigned>(digit < 0 ? -digit : digit)), digit < 0};
  }
  return table.rows();
}

}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_TERMS_H_
