// Serialising, RFC 9651 §4.1. What was parsed is valid and is written as it is; what a caller made
// is checked first, so that nothing half-written stays in `out`.

#include <array>
#include <charconv>
#include <new>
#include <stdexcept>

#include <wba/structured_field.h>

#include "base/utf8.h"
#include "crypto/base64.h"
#include "sf/characters.h"

namespace wba::sf {
namespace {

// Of an Integer and a Date, and of a Decimal's thousandths: 15 digits, §3.3.1 and §3.3.2.
constexpr std::int64_t largest_number = 999'999'999'999'999;

void write_integer(std::int64_t value, std::string& out) {
  std::array<char, 24> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), written.ptr);
}

void write_decimal(std::int64_t thousandths, std::string& out) {
  if (thousandths < 0) out += '-';
  const std::int64_t magnitude = thousandths < 0 ? -thousandths : thousandths;
  write_integer(magnitude / 1000, out);
  const auto fraction = static_cast<int>(magnitude % 1000);
  out += '.';
  out += static_cast<char>('0' + fraction / 100);
  if (fraction % 100 != 0) out += static_cast<char>('0' + fraction / 10 % 10);
  if (fraction % 10 != 0) out += static_cast<char>('0' + fraction % 10);
}

// write_string gives false where `text` has a character that no String has.
bool write_string(std::string_view text, std::string& out) {
  const char* plain = text.data();
  const char* const end = plain + text.size();
  const char* at = skip_string_plain(plain, end);
  if (at == end) {  // as nearly always
    const std::size_t before = out.size();
    const std::size_t size = before + text.size() + 2;
    out.resize_and_overwrite(size, [&](char* start, std::size_t) noexcept {
      start[before] = '"';
      text.copy(start + before + 1, text.size());
      start[size - 1] = '"';
      return size;
    });
    return true;
  }
  out += '"';
  while (true) {
    out.append(plain, at);
    if (at == end) break;
    if (*at != '"' && *at != '\\') return false;
    out += '\\';
    out += *at++;
    plain = at;
    at = skip_string_plain(plain, end);
  }
  out += '"';
  return true;
}

void write_display_string(std::string_view utf8, std::string& out) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += "%\"";
  for (const char c : utf8) {
    if (is(c, display_plain)) {
      out += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    out += '%';
    out += hex[octet >> 4];
    out += hex[octet & 0xf];
  }
  out += '"';
}

// write_bare_item gives false for a String that write_string refuses; what was parsed it writes.
bool write_bare_item(const BareItem& item, std::string& out) {
  switch (item.type) {
    case Type::string:
      return write_string(item.text, out);
    case Type::integer:
      write_integer(item.number, out);
      break;
    case Type::decimal:
      write_decimal(item.number, out);
      break;
    case Type::token:
      out += item.text;
      break;
    case Type::byte_sequence:
      append_byte_sequence(std::as_bytes(std::span(item.text)), out);
      break;
    case Type::boolean:
      append_boolean(item.number != 0, out);
      break;
    case Type::date:
      out += '@';
      write_integer(item.number, out);
      break;
    case Type::display_string:
      write_display_string(item.text, out);
      break;
  }
  return true;
}

bool is_true(const BareItem& item) noexcept {
  return item.type == Type::boolean && item.number != 0;
}

bool write_parameter(std::string_view key, const BareItem& value, std::string& out) {
  out += ';';
  out += key;
  if (is_true(value)) return true;
  out += '=';
  return write_bare_item(value, out);
}

bool is_key(std::string_view key) noexcept {
  if (key.empty() || !is(key.front(), key_start)) return false;
  for (const char c : key) {
    if (!is(c, key_character)) return false;
  }
  return true;
}

bool is_token(std::string_view text) noexcept {
  if (text.empty() || !is(text.front(), token_start)) return false;
  for (const char c : text) {
    if (!is(c, token_character)) return false;
  }
  return true;
}

bool in_range(std::int64_t value) noexcept {
  return value >= -largest_number && value <= largest_number;
}

// check says whether `item` has a serialisation; a String is checked as it is written.
Result<void> check(const BareItem& item) noexcept {
  switch (item.type) {
    case Type::integer:
    case Type::decimal:
    case Type::date:
      if (!in_range(item.number)) return std::unexpected(Error{ErrorCode::sf_number_out_of_range});
      break;
    case Type::token:
      if (!is_token(item.text)) return std::unexpected(Error{ErrorCode::sf_invalid_token});
      break;
    case Type::display_string:
      if (!is_utf8(item.text)) {
        return std::unexpected(Error{ErrorCode::sf_invalid_display_string});
      }
      break;
    case Type::string:
    case Type::byte_sequence:
    case Type::boolean:
      break;
  }
  return {};
}

// append_checked runs `write`, and takes back what it wrote where it gives false or memory ran out.
template <typename Write>
Result<void> append_checked(std::string& out, const Write& write) {
  const std::size_t before = out.size();
  ErrorCode problem = ErrorCode::sf_invalid_string;
  try {
    if (write()) return {};
  } catch (const std::bad_alloc&) {
    problem = ErrorCode::out_of_memory;
  } catch (const std::length_error&) {
    problem = ErrorCode::out_of_memory;
  }
  out.resize(before);
  return std::unexpected(Error{problem});
}

}  // namespace

void serialise_item(const Field& field, std::string& out) {
  if (!field.members().empty()) append_member_value(field, field.members().front(), out);
}

// §4.1.1.
void serialise_list(const Field& field, std::string& out) {
  bool first = true;
  for (const Member& member : field.members()) {
    if (!first) out += ", ";
    first = false;
    append_member_value(field, member, out);
  }
}

// §4.1.2.
void serialise_dictionary(const Field& field, std::string& out) {
  bool first = true;
  for (const Member& member : field.members()) {
    if (!first) out += ", ";
    first = false;
    out += member.key;
    if (!member.is_inner_list && is_true(member.value)) {
      append_parameters(field.parameters(member), out);
      continue;
    }
    out += '=';
    append_member_value(field, member, out);
  }
}

// §4.1.1.1 and §4.1.3.
void append_member_value(const Field& field, const Member& member, std::string& out) {
  if (member.is_inner_list) {
    out += '(';
    bool first = true;
    for (const Item& item : field.items(member)) {
      if (!first) out += ' ';
      first = false;
      append_item(field, item, out);
    }
    out += ')';
  } else {
    static_cast<void>(write_bare_item(member.value, out));
  }
  append_parameters(field.parameters(member), out);
}

void append_item(const Field& field, const Item& item, std::string& out) {
  static_cast<void>(write_bare_item(item.value, out));
  append_parameters(field.parameters(item), out);
}

// §4.1.1.2.
void append_parameters(std::span<const Parameter> parameters, std::string& out) {
  for (const Parameter& parameter : parameters) {
    static_cast<void>(write_parameter(parameter.key, parameter.value, out));
  }
}

Result<void> append_parameter(std::string_view key, const BareItem& value, std::string& out) {
  if (!is_key(key)) return std::unexpected(Error{ErrorCode::sf_invalid_key});
  if (const auto valid = check(value); !valid) return valid;
  return append_checked(out, [&] { return write_parameter(key, value, out); });
}

// §4.1.1.3.
Result<void> append_key(std::string_view key, std::string& out) {
  if (!is_key(key)) return std::unexpected(Error{ErrorCode::sf_invalid_key});
  return append_checked(out, [&] {
    out += key;
    return true;
  });
}

// §4.1.4.
Result<void> append_integer(std::int64_t value, std::string& out) {
  return append_bare_item({.type = Type::integer, .number = value}, out);
}

// §4.1.5.
Result<void> append_decimal(std::int64_t thousandths, std::string& out) {
  return append_bare_item({.type = Type::decimal, .number = thousandths}, out);
}

// §4.1.6.
Result<void> append_string(std::string_view text, std::string& out) {
  return append_bare_item({.type = Type::string, .number = 0, .text = text}, out);
}

// §4.1.7.
Result<void> append_token(std::string_view text, std::string& out) {
  return append_bare_item({.type = Type::token, .number = 0, .text = text}, out);
}

// §4.1.8.
void append_byte_sequence(std::span<const std::byte> octets, std::string& out) {
  out += ':';
  crypto::base64_append(octets, crypto::Base64::standard, out);
  out += ':';
}

// §4.1.9.
void append_boolean(bool value, std::string& out) { out += value ? "?1" : "?0"; }

// §4.1.10.
Result<void> append_date(std::int64_t seconds, std::string& out) {
  return append_bare_item({.type = Type::date, .number = seconds}, out);
}

// §4.1.11.
Result<void> append_display_string(std::string_view utf8, std::string& out) {
  return append_bare_item({.type = Type::display_string, .number = 0, .text = utf8}, out);
}

// §4.1.3.1.
Result<void> append_bare_item(const BareItem& item, std::string& out) {
  if (const auto valid = check(item); !valid) return valid;
  return append_checked(out, [&] { return write_bare_item(item, out); });
}

}  // namespace wba::sf
