#ifndef WBA_ENCRYPTED_KEY_H_
#define WBA_ENCRYPTED_KEY_H_

// Private keys under a passphrase, for keeping them in files.
//
// Argon2id (RFC 9106, version 0x13, one lane) makes a key of passphrase and salt, and
// XChaCha20-Poly1305 encrypts the key's text with it. The file is one PEM block labelled
// "WBA ENCRYPTED PRIVATE KEY" around these octets, numbers in network order:
//
//   offset  size
//        0     1  version: 1
//        1     4  memory that Argon2id takes, in KiB
//        5     4  passes that Argon2id makes
//        9    16  salt
//       25    24  nonce
//       49     n  the private key's text, PEM or JWK, encrypted
//   49 + n    16  tag, over the first 49 octets as well
//
// The passphrase is any octets: what somebody types, or the contents of a key file.

#include <cstdint>
#include <string>
#include <string_view>

#include <wba/error.h>
#include <wba/key.h>

namespace wba {

// PassphraseCost is what each guess at a passphrase costs. The default is what RFC 9106 §4 advises
// where memory is constrained, on one lane: about a fifth of a second.
struct PassphraseCost {
  std::uint32_t memory_kib = 64 * 1024;  // at least 8
  std::uint32_t passes = 3;              // at least 1
};

// PassphraseLimits bound what a file may ask for, before anything is computed.
struct PassphraseLimits {
  std::uint32_t memory_kib = 1024 * 1024;
  // Memory times passes: the time it takes, seconds for the default.
  std::uint64_t work_kib = std::uint64_t{4} * 1024 * 1024;
};

// is_encrypted_key says whether `text` holds a block of this format.
[[nodiscard]] bool is_encrypted_key(std::string_view text) noexcept;

// encrypt_key gives the encrypted form of `key`, a private key's text of at most 16 KiB.
// Errors: argument_invalid (an empty passphrase; a cost outside PassphraseLimits' defaults), the
// key_ codes where `key` is no private key, crypto_failure, out_of_memory.
[[nodiscard]] Result<std::string> encrypt_key(std::string_view key, std::string_view passphrase,
                                              const PassphraseCost& cost = {});

// decrypt_key gives the text that was encrypted, in guarded memory; PrivateKey::from_text reads it.
// The first block of this format counts, text and other blocks around it are passed over.
// Errors: key_unreadable (no such block), key_pem_invalid, key_encryption_unknown,
// key_encryption_costly, key_passphrase_wrong, key_too_large, out_of_memory.
[[nodiscard]] Result<PrivateKey::Exported> decrypt_key(std::string_view text,
                                                       std::string_view passphrase,
                                                       const PassphraseLimits& limits = {});

}  // namespace wba

#endif  // WBA_ENCRYPTED_KEY_H_
