#ifndef WBA_SF_CHARACTERS_H_
#define WBA_SF_CHARACTERS_H_

// The character classes of RFC 9651 §3, one table for all of them.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/words.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace wba::sf {

enum CharacterClass : std::uint8_t {
  key_start = 1 << 0,        // lcalpha / "*"
  key_character = 1 << 1,    // key_start / DIGIT / "_" / "-" / "."
  token_start = 1 << 2,      // ALPHA / "*"
  token_character = 1 << 3,  // tchar / ":" / "/"
  digit = 1 << 4,            // DIGIT
  string_plain = 1 << 5,     // unescaped of a String: %x20-7E without " and backslash
  display_plain = 1 << 6,    // unescaped of a Display String: %x20-7E without " and %
};

inline constexpr std::array<std::uint8_t, 256> character_classes = [] {
  std::array<std::uint8_t, 256> table{};
  const auto add = [&table](std::string_view characters, unsigned classes) {
    for (const char c : characters) {
      auto& entry = table[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | classes);
    }
  };
  add("abcdefghijklmnopqrstuvwxyz", key_start | key_character | token_start | token_character);
  add("ABCDEFGHIJKLMNOPQRSTUVWXYZ", token_start | token_character);
  add("*", key_start | key_character | token_start | token_character);
  add("0123456789", digit | key_character | token_character);
  add("_-.", key_character | token_character);
  add("!#$%&'+^`|~:/", token_character);
  for (std::size_t c = 0x20; c <= 0x7e; ++c) {
    unsigned classes = 0;
    if (c != '"' && c != '\\') classes |= string_plain;
    if (c != '"' && c != '%') classes |= display_plain;
    table[c] = static_cast<std::uint8_t>(table[c] | classes);
  }
  return table;
}();

[[nodiscard]] constexpr bool is(char c, CharacterClass character_class) noexcept {
  return (character_classes[static_cast<unsigned char>(c)] & character_class) != 0;
}

// skip_string_plain gives the first position that holds no unescaped character of a String. Nearly
// all bytes of a signature field stand in Strings, so it looks at 16 or 8 at a time.
[[nodiscard]] inline const char* skip_string_plain(const char* at, const char* end) noexcept {
#ifdef __SSE2__
  while (end - at >= 16) {
    __m128i bytes;
    std::memcpy(&bytes, at, sizeof bytes);
    // As signed numbers, the octets above 127 are below 0x20 too.
    const __m128i stop = _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                                                   _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f))),
                                      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                   _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    const auto stops = static_cast<unsigned>(_mm_movemask_epi8(stop));
    if (stops != 0) return at + std::countr_zero(stops);
    at += 16;
  }
#endif
  if constexpr (std::endian::native == std::endian::little) {
    while (end - at >= 8) {
      const std::uint64_t word = words::load(at);
      const std::uint64_t stop = (words::tops & ~words::between(word, ' ', '~')) |
                                 words::between(word, '"', '"') | words::between(word, '\\', '\\');
      if (stop != 0) return at + std::countr_zero(stop) / 8;
      at += 8;
    }
  }
  while (at != end && is(*at, string_plain)) ++at;
  return at;
}

}  // namespace wba::sf

#endif  // WBA_SF_CHARACTERS_H_
