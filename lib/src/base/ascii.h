#ifndef WBA_SRC_BASE_ASCII_H_
#define WBA_SRC_BASE_ASCII_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/words.h"

namespace wba::ascii {

// to_lower maps A-Z to a-z by arithmetic: no table that could miss the cache, no locale.
[[nodiscard]] constexpr char to_lower(char c) noexcept {
  const auto u = static_cast<unsigned char>(c);
  return static_cast<char>(u | (static_cast<unsigned char>(u - 'A') < 26 ? 0x20 : 0));
}

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_alpha(char c) noexcept {
  const char l = to_lower(c);
  return l >= 'a' && l <= 'z';
}

// hex_value is the value of a hex digit of either case, or -1.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char l = to_lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// equals_ignoring_case compares without regard to ASCII case.
[[nodiscard]] inline bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  if (size < 8) {
    for (std::size_t i = 0; i < size; ++i) {
      if (to_lower(a[i]) != to_lower(b[i])) return false;
    }
    return true;
  }
  const auto differ = [&](std::size_t i) {
    return words::to_lower(words::load(&a[i])) != words::to_lower(words::load(&b[i]));
  };
  for (std::size_t i = 0; i + 8 < size; i += 8) {
    if (differ(i)) return false;
  }
  return !differ(size - 8);
}

// is_visible says whether all of it is printable and no space: VCHAR of RFC 5234, B.1.
[[nodiscard]] inline bool is_visible(std::string_view text) noexcept {
  return !words::any(
      text, [](std::uint64_t word) { return words::tops & ~words::between(word, '!', '~'); });
}

// is_token says whether `text` is a token, as methods and field names are. RFC 9110 §5.6.2.
[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  for (const char c : text) {
    if (!is_alpha(c) && !is_digit(c) && kOthers.find(c) == std::string_view::npos) return false;
  }
  return !text.empty();
}

// trim drops optional white space at both ends. RFC 9110 §5.6.3.
[[nodiscard]] constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace wba::ascii

#endif  // WBA_SRC_BASE_ASCII_H_
