// Bare items, RFC 9651 §4.2.3.1 and §4.2.4 to §4.2.10.

#include <cstring>

#include "base/utf8.h"
#include "crypto/base64.h"
#include "sf/characters.h"
#include "sf/parser.h"

namespace wba::sf {
namespace {

constexpr std::size_t integer_digits = 15;
constexpr std::size_t decimal_integer_digits = 12;
constexpr std::size_t decimal_fraction_digits = 3;

// hex_digit gives the value of a lower-case hex digit, or -1.
int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

// §4.2.3.1.
const char* Parser::parse_bare_item(const char* at, BareItem& item, bool& canonical) {
  if (at == end_) return fail(ErrorCode::sf_unexpected_end, at);
  switch (*at) {
    case '"':
      return parse_string(at, item);
    case ':':
      return parse_byte_sequence(at, item, canonical);
    case '?':
      item.type = Type::boolean;
      if (++at == end_) return fail(ErrorCode::sf_unexpected_end, at);
      if (*at != '0' && *at != '1') return fail(ErrorCode::sf_invalid_boolean, at);
      item.number = *at - '0';
      return at + 1;
    case '@':
      return parse_date(at, item, canonical);
    case '%':
      return parse_display_string(at, item, canonical);
    default:
      break;
  }
  if (*at == '-' || is(*at, digit)) return parse_number(at, item, canonical);
  if (!is(*at, token_start)) return fail(ErrorCode::sf_invalid_bare_item, at);
  const char* start = at++;
  while (at != end_ && is(*at, token_character)) ++at;
  item.type = Type::token;
  item.number = 0;
  item.text = {start, at};
  return at;
}

// parse_integer_digits reads an optional sign and up to integer_digits digits. §4.2.4.
const char* Parser::parse_integer_digits(const char* at, std::int64_t& value, bool& canonical) {
  const bool negative = at != end_ && *at == '-';
  if (negative) ++at;
  const char* first = at;
  std::int64_t magnitude = 0;
  while (at != end_ && is(*at, digit)) {
    if (at - first == integer_digits) return fail(ErrorCode::sf_number_out_of_range, at);
    magnitude = 10 * magnitude + (*at - '0');
    ++at;
  }
  if (at == first) return fail(ErrorCode::sf_invalid_number, at);
  if (*first == '0' && (at - first > 1)) canonical = false;
  value = negative ? -magnitude : magnitude;
  return at;
}

// §4.2.4.
const char* Parser::parse_number(const char* at, BareItem& item, bool& canonical) {
  const char* first = *at == '-' ? at + 1 : at;
  const bool negative = first != at;
  at = parse_integer_digits(at, item.number, canonical);
  if (at == nullptr) return nullptr;
  if (at == end_ || *at != '.') {
    item.type = Type::integer;
    if (negative && item.number == 0) canonical = false;  // -0 is serialised as 0
    return at;
  }
  if (at - first > static_cast<std::ptrdiff_t>(decimal_integer_digits)) {
    return fail(ErrorCode::sf_number_out_of_range, at);
  }
  item.type = Type::decimal;
  const char* fraction = ++at;
  std::int64_t thousandths = 0;
  while (at != end_ && is(*at, digit)) {
    if (at - fraction == decimal_fraction_digits)
      return fail(ErrorCode::sf_number_out_of_range, at);
    thousandths = 10 * thousandths + (*at - '0');
    ++at;
  }
  if (at == fraction) return fail(ErrorCode::sf_invalid_number, at);
  // No trailing zero but the one right behind the dot.
  if (at[-1] == '0' && at - fraction > 1) canonical = false;
  for (std::ptrdiff_t digits = at - fraction; digits < 3; ++digits) thousandths *= 10;
  item.number = 1000 * item.number + (negative ? -thousandths : thousandths);
  if (negative && item.number == 0) canonical = false;
  return at;
}

// §4.2.5.
const char* Parser::parse_string(const char* at, BareItem& item) {
  item.type = Type::string;
  item.number = 0;
  const char* start = ++at;
  at = skip_string_plain(at, end_);
  if (at != end_ && *at == '"') {
    item.text = {start, at};
    return at + 1;
  }
  if (at == end_) return fail(ErrorCode::sf_unexpected_end, at);
  if (*at != '\\') return fail(ErrorCode::sf_invalid_string, at);
  return parse_escaped_string(start, at, item);
}

// parse_escaped_string reads a String whose content starts at `at` and has its first escape at
// `escape`; its text is put together in the field's own memory.
const char* Parser::parse_escaped_string(const char* at, const char* escape, BareItem& item) {
  char* const room = decoded_room();
  std::size_t size = 0;
  const char* plain = at;
  at = escape;
  while (true) {
    const auto run = static_cast<std::size_t>(at - plain);
    std::memcpy(room + size, plain, run);
    size += run;
    if (at == end_) return fail(ErrorCode::sf_unexpected_end, at);
    if (*at == '"') break;
    if (*at != '\\') return fail(ErrorCode::sf_invalid_string, at);
    if (++at == end_) return fail(ErrorCode::sf_unexpected_end, at);
    if (*at != '"' && *at != '\\') return fail(ErrorCode::sf_invalid_escape, at);
    room[size++] = *at++;
    plain = at;
    at = skip_string_plain(at, end_);
  }
  item.text = {room, size};
  decoded_used_ += size;
  return at + 1;
}

// §4.2.7. Missing padding and pad bits that are not zero are taken: a Byte Sequence is its octets,
// and nothing that follows compares its spelling.
const char* Parser::parse_byte_sequence(const char* at, BareItem& item, bool& canonical) {
  item.type = Type::byte_sequence;
  item.number = 0;
  const char* start = at++;
  const auto* close = static_cast<const char*>(
      at == end_ ? nullptr : std::memchr(at, ':', static_cast<std::size_t>(end_ - at)));
  if (close == nullptr) return fail(ErrorCode::sf_unexpected_end, end_);
  const std::string_view encoded(at, close);
  if (encoded.empty()) {
    item.text = encoded;
    return close + 1;
  }
  char* const room = decoded_room();
  const auto octets = std::as_writable_bytes(std::span(room, encoded.size()));
  auto size = crypto::base64_decode(encoded, crypto::Base64::standard, octets);
  if (!size) {
    canonical = false;
    size = crypto::base64_decode_tolerant(encoded, octets);
  }
  if (!size) return fail(ErrorCode::sf_invalid_byte_sequence, start);
  item.text = {room, *size};
  decoded_used_ += *size;
  return close + 1;
}

// §4.2.9.
const char* Parser::parse_date(const char* at, BareItem& item, bool& canonical) {
  const char* number = at + 1;
  if (number == end_ || (*number != '-' && !is(*number, digit))) {
    return fail(ErrorCode::sf_invalid_date, number);
  }
  at = parse_number(number, item, canonical);
  if (at == nullptr) return nullptr;
  if (item.type != Type::integer) return fail(ErrorCode::sf_invalid_date, number);
  item.type = Type::date;
  return at;
}

// §4.2.10.
const char* Parser::parse_display_string(const char* at, BareItem& item, bool& canonical) {
  item.type = Type::display_string;
  item.number = 0;
  const char* percent = at++;
  if (at == end_) return fail(ErrorCode::sf_unexpected_end, at);
  if (*at != '"') return fail(ErrorCode::sf_invalid_display_string, at);
  const char* start = ++at;
  while (at != end_ && is(*at, display_plain)) ++at;
  if (at != end_ && *at == '"') {
    item.text = {start, at};
    return at + 1;
  }
  char* const room = decoded_room();
  auto size = static_cast<std::size_t>(at - start);
  std::memcpy(room, start, size);
  while (true) {
    if (at == end_) return fail(ErrorCode::sf_unexpected_end, at);
    if (*at == '"') break;
    if (is(*at, display_plain)) {
      room[size++] = *at++;
      continue;
    }
    if (*at != '%') return fail(ErrorCode::sf_invalid_display_string, at);
    if (end_ - at < 3) return fail(ErrorCode::sf_unexpected_end, end_);
    const int high = hex_digit(at[1]);
    const int low = hex_digit(at[2]);
    if (high < 0) return fail(ErrorCode::sf_invalid_display_string, at + 1);
    if (low < 0) return fail(ErrorCode::sf_invalid_display_string, at + 2);
    const char decoded = static_cast<char>(16 * high + low);
    if (is(decoded, display_plain)) canonical = false;  // serialised without escape
    room[size++] = decoded;
    at += 3;
  }
  if (!is_utf8({room, size})) return fail(ErrorCode::sf_invalid_display_string, percent);
  item.text = {room, size};
  decoded_used_ += size;
  return at + 1;
}

char* Parser::decoded_room() {
  // Before the first decoded value of this parse, so that no view moves.
  if (decoded_used_ == 0) {
    const auto input_size = static_cast<std::size_t>(end_ - begin_);
    if (field_.decoded_.size() < input_size) field_.decoded_.resize(input_size);
  }
  return field_.decoded_.data() + decoded_used_;
}

}  // namespace wba::sf
