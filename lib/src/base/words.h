#ifndef WBA_SRC_BASE_WORDS_H_
#define WBA_SRC_BASE_WORDS_H_

// Eight octets at a time in one register: the values of a request are short, too short for vector
// code and its leftovers. Masks have the top bit of each octet that is meant, and no other bit.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace wba::words {

inline constexpr std::uint64_t ones = 0x0101010101010101;
inline constexpr std::uint64_t tops = 0x80 * ones;

[[nodiscard]] inline std::uint64_t load(const char* at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// at_least marks the octets that are `least`, 1 to 128, or more.
[[nodiscard]] constexpr std::uint64_t at_least(std::uint64_t word, unsigned least) noexcept {
  // Seven bits and at most 127 make no carry into the next octet.
  return (((word & ~tops) + (0x80 - least) * ones) | word) & tops;
}

// between marks the octets from `first` to `last`, both below 128.
[[nodiscard]] constexpr std::uint64_t between(std::uint64_t word, char first, char last) noexcept {
  return at_least(word, static_cast<unsigned>(first)) &
         ~at_least(word, static_cast<unsigned>(last) + 1);
}

// to_lower maps A-Z to a-z.
[[nodiscard]] constexpr std::uint64_t to_lower(std::uint64_t word) noexcept {
  return word | between(word, 'A', 'Z') >> 2;
}

// any says whether `marks`, a function from a word to a mask, marks an octet of `text`. It may see
// octets several times, in any place of a word.
template <typename Marks>
[[nodiscard]] bool any(std::string_view text, Marks marks) noexcept {
  const std::size_t size = text.size();
  const char* const at = text.data();
  if (size >= 8) {
    std::uint64_t found = marks(load(at + size - 8));
    for (std::size_t i = 0; i + 8 < size; i += 8) found |= marks(load(at + i));
    return found != 0;
  }
  if (size >= 4) {
    std::uint32_t front = 0;
    std::uint32_t back = 0;
    std::memcpy(&front, at, sizeof front);
    std::memcpy(&back, at + size - 4, sizeof back);
    return marks(std::uint64_t{front} << 32 | back) != 0;
  }
  for (const char c : text) {
    if (marks(ones * static_cast<unsigned char>(c)) != 0) return true;
  }
  return false;
}

}  // namespace wba::words

#endif  // WBA_SRC_BASE_WORDS_H_
