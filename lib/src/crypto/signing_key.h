#ifndef WBA_SRC_CRYPTO_SIGNING_KEY_H_
#define WBA_SRC_CRYPTO_SIGNING_KEY_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <wba/algorithm.h>
#include <wba/error.h>
#include <wba/key.h>

#include "crypto/parts.h"

namespace wba::crypto {

// SigningKey makes signatures with one key, whose secret parts it keeps in guarded memory. Shared
// by all threads.
class SigningKey {
 public:
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  virtual ~SigningKey() = default;

  [[nodiscard]] KeyType type() const noexcept { return type_; }

  // sign writes the signature of `message` to the front of `out` and gives its length.
  // Errors: algorithm_key_mismatch, argument_invalid (no room), crypto_failure. RFC 9421 §3.3.
  [[nodiscard]] virtual Result<std::size_t> sign(Algorithm algorithm, std::string_view message,
                                                 std::span<std::byte> out) const noexcept = 0;

  // parts are the secret numbers, for writing a key's file.
  [[nodiscard]] const PrivateParts& parts() const noexcept { return parts_; }

 protected:
  SigningKey(KeyType type, PrivateParts parts) noexcept;

 private:
  KeyType type_;
  PrivateParts parts_;
};

// make_signing_key makes a key that signs. The halves must belong together.
// Errors: key_pair_mismatch, key_member_invalid, key_too_weak (hmac), crypto_failure,
// out_of_memory.
[[nodiscard]] Result<std::unique_ptr<SigningKey>> make_signing_key(const PublicParts& public_parts,
                                                                   PrivateParts private_parts);

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_SIGNING_KEY_H_
