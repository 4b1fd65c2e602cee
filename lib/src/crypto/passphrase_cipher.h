#ifndef WBA_SRC_CRYPTO_PASSPHRASE_CIPHER_H_
#define WBA_SRC_CRYPTO_PASSPHRASE_CIPHER_H_

// Argon2id and XChaCha20-Poly1305, by libsodium.

#include <cstddef>
#include <span>
#include <string_view>

#include <wba/encrypted_key.h>
#include <wba/error.h>

#include "crypto/secret.h"

namespace wba::crypto {

using Octets = std::span<const std::byte>;

// PassphraseCipher encrypts under a passphrase. `header` is authenticated and not encrypted; `cost`
// was checked by the caller.
struct PassphraseCipher {
  static constexpr std::size_t salt_size = 16;
  static constexpr std::size_t nonce_size = 24;
  static constexpr std::size_t tag_size = 16;

  PassphraseCost cost;
  std::span<const std::byte, salt_size> salt;
  std::span<const std::byte, nonce_size> nonce;
  Octets header;

  // seal writes the encrypted `text` and its tag to `out`, tag_size octets longer than `text`.
  // Errors: crypto_failure, out_of_memory (Argon2id's own memory included).
  [[nodiscard]] Result<void> seal(std::string_view passphrase, Octets text,
                                  std::span<std::byte> out) const;

  // open gives the text. Errors: key_passphrase_wrong, crypto_failure, out_of_memory.
  [[nodiscard]] Result<SecretBytes> open(std::string_view passphrase, Octets sealed) const;

 private:
  [[nodiscard]] Result<SecretBytes> derive(std::string_view passphrase) const;
};

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_PASSPHRASE_CIPHER_H_
