#ifndef WBA_TOOLS_KEY_FILE_H_
#define WBA_TOOLS_KEY_FILE_H_

// Reading keys from files, encrypted or not.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <wba/encrypted_key.h>
#include <wba/key.h>

#include "context.h"
#include "files.h"

namespace wba::cli {

// max_key_file is more than any key takes.
inline constexpr std::size_t max_key_file = 65536;

// KeyFile is where a key is and, where it is encrypted, its passphrase (empty: the terminal is
// asked).
struct KeyFile {
  std::string path;
  std::string passphrase_file = {};
};

// OpenToOthers says what happens to a private key that others can read, or an encrypted one that
// others can write.
enum class OpenToOthers : std::uint8_t {
  hint,    // it is read and a hint tells
  refuse,  // so is one that belongs to another user or is no regular file
};

// decrypt_text decrypts `text`, the contents of `file`.
[[nodiscard]] Outcome<PrivateKey::Exported> decrypt_text(std::string_view text,
                                                         const KeyFile& file);

// key_failure says why there is no key in `path`, and what to do about it.
[[nodiscard]] Failure key_failure(const std::string& path, const Error& error);

// read_private_key and read_public_key read PEM or JWK; of a private key the latter gives the
// public half.
[[nodiscard]] Outcome<PrivateKey> read_private_key(const KeyFile& file,
                                                   OpenToOthers open = OpenToOthers::hint);
[[nodiscard]] Outcome<PublicKey> read_public_key(const KeyFile& file);

}  // namespace wba::cli

#endif  // WBA_TOOLS_KEY_FILE_H_
