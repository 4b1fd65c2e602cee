#include "key/secret_writer.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include <wba/key.h>

#include "crypto/base64.h"

namespace wba {

Result<SecretWriter> SecretWriter::create() noexcept {
  auto buffer = crypto::SecretBytes::allocate(capacity);
  if (!buffer) return std::unexpected(buffer.error());
  return SecretWriter(std::move(*buffer));
}

void SecretWriter::append(std::string_view text) noexcept {
  if (text.empty()) return;
  if (overflow_ || text.size() > buffer_.size() - size_) {
    overflow_ = true;
    return;
  }
  std::memcpy(buffer_.writable().data() + size_, text.data(), text.size());
  size_ += text.size();
}

void SecretWriter::append_base64url(std::span<const std::byte> octets) {
  std::string encoded;
  // Room for all of it: a string that grows leaves copies behind.
  encoded.reserve(octets.size() * 4 / 3 + 8);
  crypto::base64_append_secret(octets, crypto::Base64::url_no_padding, encoded);
  append(encoded);
  wipe(encoded);
}

void SecretWriter::append_base64_lines(std::span<const std::byte> octets) {
  constexpr std::size_t line_octets = 48;
  std::string line;
  line.reserve(line_octets * 4 / 3 + 8);
  while (!octets.empty()) {
    const auto now = octets.first(std::min(line_octets, octets.size()));
    octets = octets.subspan(now.size());
    line.clear();
    crypto::base64_append_secret(now, crypto::Base64::standard, line);
    append(line);
    append("\n");
  }
  line.resize(line.capacity());
  wipe(line);
}

Result<crypto::SecretBytes> SecretWriter::finish() && noexcept {
  if (overflow_) return std::unexpected(Error{ErrorCode::out_of_memory});
  buffer_.shrink(size_);
  buffer_.seal();
  return std::move(buffer_);
}

}  // namespace wba
