#ifndef WBA_SRC_CRYPTO_VERIFYING_KEY_H_
#define WBA_SRC_CRYPTO_VERIFYING_KEY_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <wba/algorithm.h>
#include <wba/error.h>
#include <wba/key.h>

#include "crypto/parts.h"
#include "crypto/secret.h"

namespace wba::crypto {

class TableSlot;

// VerifyingKey checks signatures with one key. Immutable, shared by all threads.
class VerifyingKey {
 public:
  VerifyingKey(const VerifyingKey&) = delete;
  VerifyingKey& operator=(const VerifyingKey&) = delete;
  virtual ~VerifyingKey() = default;

  [[nodiscard]] KeyType type() const noexcept { return type_; }

  // verify checks `signature` over `message`.
  // Errors: algorithm_key_mismatch, signature_wrong, crypto_failure. RFC 9421 §3.3.
  [[nodiscard]] virtual Result<void> verify(
      Algorithm algorithm, std::string_view message,
      std::span<const std::byte> signature) const noexcept = 0;

  // table_slot is the key's place for a table of multiples; nullptr where it has none.
  [[nodiscard]] virtual const TableSlot* table_slot() const noexcept { return nullptr; }

 protected:
  explicit VerifyingKey(KeyType type) noexcept : type_(type) {}

 private:
  KeyType type_;
};

// make_verifying_key checks the parts and makes a key that verifies; not for hmac.
// Errors: key_member_invalid (lengths, a point that is not on the curve, an even modulus, an
// exponent that is even, 1 or over 32 bits), key_too_weak, key_too_large, crypto_failure,
// out_of_memory.
[[nodiscard]] Result<std::unique_ptr<VerifyingKey>> make_verifying_key(const PublicParts& parts);

// make_hmac_verifying_key takes a shared secret of at least 32 octets. Error: key_too_weak.
[[nodiscard]] Result<std::unique_ptr<VerifyingKey>> make_hmac_verifying_key(
    std::span<const std::byte> secret);

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_VERIFYING_KEY_H_
