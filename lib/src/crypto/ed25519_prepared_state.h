#ifndef WBA_CRYPTO_ED25519_PREPARED_STATE_H_
#define WBA_CRYPTO_ED25519_PREPARED_STATE_H_

#include <array>
#include <cstdint>

#include "crypto/ed25519_prepared.h"
#include "crypto/ed25519_prepared_group.h"

namespace wba::crypto {

struct PreparedEd25519Key::State {
  std::array<std::uint8_t, 32> key;
  TableKind kind;
  prepared::Table table;        // of -A
  const prepared::Table* base;  // of B; lives as long as the process
};

namespace prepared {

// sum gives s B + k P on a path other than libsodium's, with the digits of s and k in the windows
// of their tables.
[[nodiscard]] Projective sum(Ed25519Path path, const Table& base, const Digits& s, const Table& key,
                             const Digits& k) noexcept;

// self_check says whether the whole table is of -A: its first and last entry are compared with
// libsodium's multiples, and every entry with those before it.
[[nodiscard]] bool self_check(const Table& table, const std::array<std::uint8_t, 32>& key) noexcept;

// self_check_of_base does the same for B's table.
[[nodiscard]] bool self_check_of_base(const Table& table) noexcept;

}  // namespace prepared
}  // namespace wba::crypto

#endif  // WBA_CRYPTO_ED25519_PREPARED_STATE_H_
