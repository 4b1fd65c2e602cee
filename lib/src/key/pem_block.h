#ifndef WBA_SRC_KEY_PEM_BLOCK_H_
#define WBA_SRC_KEY_PEM_BLOCK_H_

// The armour around keys, whatever is in it: RFC 7468.

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include <wba/error.h>

#include "crypto/secret.h"

namespace wba {

// PemBlock views the text that it was read from.
struct PemBlock {
  std::string_view label;
  std::string_view body;  // base64 in lines, white space and all
};

// encrypted_key_label is that of encrypted_key.h's format.
inline constexpr std::string_view encrypted_key_label = "WBA ENCRYPTED PRIVATE KEY";

// next_pem_block takes the next block off the front of `text`; nullopt where none begins. A block
// has its first mark at the start of a line, behind spaces, tabs or a byte order mark at most. Text
// around blocks is explanatory: RFC 7468 §2.
// Error: key_pem_invalid.
[[nodiscard]] Result<std::optional<PemBlock>> next_pem_block(std::string_view& text);

// decode_pem_body takes the white space out and decodes, all of it in guarded memory.
// Errors: key_pem_invalid (empty, or not base64), those of SecretBytes::allocate.
[[nodiscard]] Result<crypto::SecretBytes> decode_pem_body(std::string_view body);

// write_pem_block gives the block, a line break behind it. Errors: those of SecretWriter.
[[nodiscard]] Result<crypto::SecretBytes> write_pem_block(std::string_view label,
                                                          std::span<const std::byte> octets);

}  // namespace wba

#endif  // WBA_SRC_KEY_PEM_BLOCK_H_
