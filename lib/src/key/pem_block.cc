#include "key/pem_block.h"

#include <utility>

#include "base/byte_order_mark.h"
#include "crypto/base64.h"
#include "key/secret_writer.h"

namespace wba {
namespace {

constexpr std::string_view begin_mark = "-----BEGIN ";
constexpr std::string_view end_mark = "-----END ";
constexpr std::string_view dashes = "-----";

std::unexpected<Error> fail(ErrorCode code) { return std::unexpected(Error{code}); }

// begins_line is true if nothing but spaces and tabs stands before `at` on its line. RFC 7468 §3.
bool begins_line(std::string_view text, std::size_t at) noexcept {
  const std::string_view before = without_byte_order_mark(text.substr(0, at));
  const std::size_t last = before.find_last_not_of(" \t");
  return last == std::string_view::npos || before[last] == '\n' || before[last] == '\r';
}

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

Result<std::optional<PemBlock>> next_pem_block(std::string_view& text) {
  std::size_t begin = 0;
  for (;; ++begin) {
    begin = text.find(begin_mark, begin);
    if (begin == std::string_view::npos) return std::nullopt;
    if (begins_line(text, begin)) break;
  }
  text.remove_prefix(begin + begin_mark.size());
  const std::size_t label_end = text.find_first_of("-\r\n");
  if (label_end == std::string_view::npos || !text.substr(label_end).starts_with(dashes)) {
    return fail(ErrorCode::key_pem_invalid);
  }
  PemBlock block{.label = text.substr(0, label_end), .body = {}};
  text.remove_prefix(label_end + dashes.size());
  const std::size_t end = text.find(end_mark);
  if (end == std::string_view::npos) return fail(ErrorCode::key_pem_invalid);
  block.body = text.substr(0, end);
  text.remove_prefix(end + end_mark.size());
  if (!text.starts_with(block.label) || !text.substr(block.label.size()).starts_with(dashes)) {
    return fail(ErrorCode::key_pem_invalid);
  }
  text.remove_prefix(block.label.size() + dashes.size());
  return block;
}

Result<crypto::SecretBytes> decode_pem_body(std::string_view body) {
  auto compact = crypto::SecretBytes::allocate(body.size());
  auto octets = crypto::SecretBytes::allocate(crypto::base64_decoded_capacity(body.size()) + 3);
  if (!compact) return compact;
  if (!octets) return octets;
  std::size_t size = 0;
  for (const char c : body) {
    if (!is_blank(c)) compact->writable()[size++] = static_cast<std::byte>(c);
  }
  compact->shrink(size);
  const auto decoded =
      crypto::base64_decode_secret(compact->text(), crypto::Base64::standard, octets->writable());
  if (!decoded || *decoded == 0) return fail(ErrorCode::key_pem_invalid);
  octets->shrink(*decoded);
  octets->seal();
  return octets;
}

Result<crypto::SecretBytes> write_pem_block(std::string_view label,
                                            std::span<const std::byte> octets) {
  auto writer = SecretWriter::create();
  if (!writer) return std::unexpected(writer.error());
  writer->append("-----BEGIN ");
  writer->append(label);
  writer->append("-----\n");
  writer->append_base64_lines(octets);
  writer->append("-----END ");
  writer->append(label);
  writer->append("-----\n");
  return std::move(*writer).finish();
}

}  // namespace wba
