#include "message/query_param.h"

#include <algorithm>
#include <cstdint>

#include "base/ascii.h"

namespace wba {
namespace {

// The application/x-www-form-urlencoded parser, WHATWG URL §5.1, on one name or value: "+" is a
// space, "%" that starts no octet stands for itself.
void form_decode(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%' && text.size() - i > 2 && ascii::hex_value(text[i + 1]) >= 0 &&
        ascii::hex_value(text[i + 2]) >= 0) {
      out.push_back(
          static_cast<char>(ascii::hex_value(text[i + 1]) * 16 + ascii::hex_value(text[i + 2])));
      i += 2;
    } else {
      out.push_back(c == '+' ? ' ' : c);
    }
  }
}

// utf8_run gives the length of the well-formed UTF-8 sequence at the front of `text`, or, negated,
// of the maximal part of an ill-formed one that one U+FFFD stands for. Unicode §3.9, table 3-7.
int utf8_run(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  int length = 0;
  unsigned low = 0x80;
  unsigned high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  } else {
    return -1;
  }
  for (int i = 1; i < length; ++i) {
    const unsigned c = at(static_cast<std::size_t>(i));
    if (c < low || c > high) return -i;
    low = 0x80;
    high = 0xbf;
  }
  return length;
}

// The application/x-www-form-urlencoded percent-encode set leaves these alone. A space becomes %20
// and not "+": RFC 9421 §2.2.8.
bool stays_as_it_is(char c) noexcept {
  return ascii::is_alpha(c) || ascii::is_digit(c) || c == '*' || c == '-' || c == '.' || c == '_';
}

void percent_encode(std::string_view octets, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : octets) {
    if (stays_as_it_is(c)) {
      out.push_back(c);
    } else {
      const auto octet = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kHex[octet >> 4]);
      out.push_back(kHex[octet & 15]);
    }
  }
}

// The decoded octets are read as UTF-8 with replacement, then encoded again.
void form_reencode(std::string_view text, std::string& decoded, std::string& out) {
  if (std::ranges::all_of(text, stays_as_it_is)) {
    out.append(text);
    return;
  }
  form_decode(text, decoded);
  std::string_view rest = decoded;
  while (!rest.empty()) {
    const int run = utf8_run(rest);
    const auto length = static_cast<std::size_t>(run < 0 ? -run : run);
    if (run > 0) {
      percent_encode(rest.substr(0, length), out);
    } else {
      out.append("%EF%BF%BD");
    }
    rest.remove_prefix(length);
  }
}

}  // namespace

bool QueryParameters::read(std::string_view query) {
  names_.clear();
  values_.clear();
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    if (values_.size() == max_count) return false;
    const auto equals = std::min(pair.find('='), pair.size());
    form_reencode(pair.substr(0, equals), decoded_, names_.names());
    names_.add(values_.size());
    values_.push_back(pair.substr(std::min(equals + 1, pair.size())));
  }
  names_.sort();
  return true;
}

Result<void> QueryParameters::append_value(std::string_view name, std::string& out) {
  const auto found = names_.find(name);
  if (found.empty()) return std::unexpected(Error{ErrorCode::component_query_param_missing});
  // A repeated name could be read either way: RFC 9421 §2.2.8 forbids to sign it.
  if (found.size() > 1) return std::unexpected(Error{ErrorCode::component_query_param_repeated});
  form_reencode(values_[found.front().place], decoded_, out);
  return {};
}

}  // namespace wba
