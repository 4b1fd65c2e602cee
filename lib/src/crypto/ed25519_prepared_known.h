#ifndef WBA_CRYPTO_ED25519_PREPARED_KNOWN_H_
#define WBA_CRYPTO_ED25519_PREPARED_KNOWN_H_

// Known signatures, which a path must answer rightly before it is relied on: a table may be right
// and the vector code that reads it, or the processor's, wrong.

#include <cstddef>
#include <optional>
#include <span>

#include "crypto/ed25519_prepared.h"

namespace wba::crypto::prepared {

// Verifiers is a path's way to verify one and many.
struct Verifiers {
  bool (*one)(Ed25519Path path, const PreparedEd25519Key& key, std::span<const std::byte> message,
              std::span<const std::byte, 64> signature);
  void (*many)(Ed25519Path path, std::span<PendingEd25519> pending);
};

// failure_of_answers verifies signatures of RFC 8032 §7.1 and the same with a bit changed, singly
// and in eight lanes with the wrong one in each lane in turn, with tables of both kinds.
// self_check_failed where an answer is wrong, out_of_memory where there is none for the tables;
// nullopt where all is right.
[[nodiscard]] std::optional<PrepareFailure> failure_of_answers(Ed25519Path path,
                                                               const Verifiers& how) noexcept;

// failure_of_path is that of the path as it is used. What was right or wrong stays so for the
// process: the second time costs nothing. The first takes some milliseconds.
[[nodiscard]] std::optional<PrepareFailure> failure_of_path(Ed25519Path path) noexcept;

}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_KNOWN_H_
