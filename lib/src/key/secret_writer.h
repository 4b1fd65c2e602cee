#ifndef WBA_SRC_KEY_SECRET_WRITER_H_
#define WBA_SRC_KEY_SECRET_WRITER_H_

#include <cstddef>
#include <span>
#include <string_view>

#include <wba/error.h>

#include "crypto/secret.h"

namespace wba {

// SecretWriter puts text together in guarded memory. What does not fit (no key's text is that long)
// makes finish fail.
class SecretWriter {
 public:
  static constexpr std::size_t capacity = 32768;

  [[nodiscard]] static Result<SecretWriter> create() noexcept;

  void append(std::string_view text) noexcept;
  void append_base64url(std::span<const std::byte> octets);
  // append_base64_lines encodes with padding, in lines of 64 characters: RFC 7468 §2.
  void append_base64_lines(std::span<const std::byte> octets);

  // finish gives the text, sealed. Errors: out_of_memory (it did not fit).
  [[nodiscard]] Result<crypto::SecretBytes> finish() && noexcept;

 private:
  explicit SecretWriter(crypto::SecretBytes buffer) noexcept : buffer_(std::move(buffer)) {}

  crypto::SecretBytes buffer_;
  std::size_t size_ = 0;
  bool overflow_ = false;
};

}  // namespace wba

#endif  // WBA_SRC_KEY_SECRET_WRITER_H_
