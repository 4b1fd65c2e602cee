#include <algorithm>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "base/ascii.h"
#include "base/words.h"

namespace wba::test {
namespace {

// every_octet calls `body` with each octet and each of the eight places in a word.
template <typename Body>
void every_octet(Body body) {
  for (unsigned octet = 0; octet < 256; ++octet) {
    for (int place = 0; place < 8; ++place) body(octet, place);
  }
}

// Each octet among neighbours that would carry into it or borrow from it.
TEST(Words, MarksAreExactWhateverStandsBesideAnOctet) {
  for (const unsigned beside : {0x00U, 0x7fU, 0x80U, 0xffU}) {
    every_octet([beside](unsigned octet, int place) {
      const std::uint64_t own = std::uint64_t{0xff} << 8 * place;
      const std::uint64_t word = (beside * words::ones & ~own) | std::uint64_t{octet} << 8 * place;
      const std::uint64_t top = own & words::tops;
      for (const unsigned least : {1U, 0x20U, 0x41U, 0x7fU, 0x80U}) {
        EXPECT_EQ((words::at_least(word, least) & own) == top, octet >= least) << octet;
        EXPECT_EQ(words::at_least(word, least) & ~words::tops, 0U);
      }
      EXPECT_EQ((words::between(word, 'A', 'Z') & own) == top, octet >= 'A' && octet <= 'Z');
      const bool upper = octet >= 'A' && octet <= 'Z';
      EXPECT_EQ(words::to_lower(word) & own,
                std::uint64_t{upper ? octet + 32 : octet} << 8 * place);
    });
  }
}

TEST(Words, AnySeesEachOctetAtEachLength) {
  const auto tab = [](std::uint64_t word) { return words::between(word, '\t', '\t'); };
  for (std::size_t size = 0; size <= 40; ++size) {
    std::string text(size, 'x');
    EXPECT_FALSE(words::any(text, tab)) << size;
    for (char& c : text) {
      c = '\t';
      EXPECT_TRUE(words::any(text, tab)) << size;
      c = 'x';
    }
  }
  EXPECT_FALSE(words::any(std::string_view(), [](std::uint64_t) { return words::tops; }));
}

TEST(Ascii, NamesAreEqualWithoutRegardToTheCaseOfLettersOnly) {
  for (std::size_t size = 1; size <= 24; ++size) {
    every_octet([size](unsigned octet, int place) {
      const std::string text(size, 'a');
      std::string one = text;
      std::string other = text;
      const std::size_t at = static_cast<std::size_t>(place) * (size - 1) / 7;
      one[at] = static_cast<char>(octet);
      // The octet of other case, where it is a letter; else one that differs in the same bit.
      other[at] = static_cast<char>(octet ^ 0x20);
      const unsigned lower = octet | 0x20;
      EXPECT_EQ(ascii::equals_ignoring_case(one, other), lower >= 'a' && lower <= 'z') << octet;
      EXPECT_TRUE(ascii::equals_ignoring_case(one, one)) << octet;
      EXPECT_FALSE(ascii::equals_ignoring_case(one, one + 'a'));
    });
  }
}

}  // namespace
}  // namespace wba::test
