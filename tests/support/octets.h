#ifndef WBA_TESTS_SUPPORT_OCTETS_H_
#define WBA_TESTS_SUPPORT_OCTETS_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace wba::test {

// bytes_of views the characters of `text` as octets.
inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// from_hex decodes lower-case hexadecimal; what is none fails the test.
inline std::string from_hex(std::string_view hex) {
  std::string out;
  EXPECT_EQ(hex.size() % 2, 0U);
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned value = 0;
    for (const char c : hex.substr(i, 2)) {
      EXPECT_TRUE((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) << hex;
      value = value * 16 + static_cast<unsigned>(c >= 'a' ? c - 'a' + 10 : c - '0');
    }
    out += static_cast<char>(value);
  }
  return out;
}

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_OCTETS_H_
