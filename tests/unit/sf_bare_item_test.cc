// Bare items: what each type takes and refuses, RFC 9651 §3.3 and §4.2.3.1 to §4.2.10.

#include <string>

#include <gtest/gtest.h>

#include "unit/sf_support.h"

namespace wba::sf {
namespace {

using enum ErrorCode;

BareItem number(Type type, std::int64_t value) { return {type, value, {}}; }
BareItem text(Type type, std::string_view value) { return {type, 0, value}; }

TEST(StructuredFieldInteger, FifteenDigitsAreTheMost) {
  const Parsed most = item("999999999999999");
  ASSERT_TRUE(accepted(most));
  EXPECT_EQ(most.value(), number(Type::integer, 999999999999999));
  EXPECT_TRUE(refused(item("1000000000000000"), sf_number_out_of_range, 15));
  EXPECT_TRUE(refused(item("-1000000000000000"), sf_number_out_of_range, 16));
}

TEST(StructuredFieldInteger, MinusNeedsADigit) {
  const Parsed negative = item("-42");
  ASSERT_TRUE(accepted(negative));
  EXPECT_EQ(negative.value(), number(Type::integer, -42));
  EXPECT_TRUE(refused(item("-"), sf_invalid_number, 1));
  EXPECT_TRUE(refused(item("--1"), sf_invalid_number, 1));
  EXPECT_TRUE(refused(item("-a"), sf_invalid_number, 1));
}

TEST(StructuredFieldInteger, PlusIsNoSign) {
  EXPECT_TRUE(refused(item("+1"), sf_invalid_bare_item, 0));
}

TEST(StructuredFieldDecimal, IsHeldInThousandths) {
  const Parsed decimal = item("-4.5");
  ASSERT_TRUE(accepted(decimal));
  EXPECT_EQ(decimal.value(), number(Type::decimal, -4500));
  const Parsed small = item("-0.001");
  ASSERT_TRUE(accepted(small));
  EXPECT_EQ(small.value(), number(Type::decimal, -1));
}

TEST(StructuredFieldDecimal, TwelveDigitsBeforeTheDotAreTheMost) {
  const Parsed most = item("999999999999.999");
  ASSERT_TRUE(accepted(most));
  EXPECT_EQ(most.value(), number(Type::decimal, 999999999999999));
  EXPECT_TRUE(refused(item("1234567890123.0"), sf_number_out_of_range, 13));
}

TEST(StructuredFieldDecimal, OneToThreeDigitsStandBehindTheDot) {
  EXPECT_TRUE(accepted(item("1.123")));
  EXPECT_TRUE(refused(item("1.1234"), sf_number_out_of_range, 5));
  EXPECT_TRUE(refused(item("1."), sf_invalid_number, 2));
  EXPECT_TRUE(refused(item("1.a"), sf_invalid_number, 2));
  EXPECT_TRUE(refused(item(".1"), sf_invalid_bare_item, 0));
  EXPECT_TRUE(refused(item("1.1.1"), sf_trailing_characters, 3));
}

TEST(StructuredFieldString, ViewsTheInputWhereNothingIsEscaped) {
  const Parsed string = item("\"hello world, all eight and more\"");
  ASSERT_TRUE(accepted(string));
  EXPECT_EQ(string.value(), text(Type::string, "hello world, all eight and more"));
  EXPECT_EQ(string.value().text.data(), string.input.view().data() + 1);
}

TEST(StructuredFieldString, EscapesAreOfQuoteAndBackslashOnly) {
  const Parsed string = item(R"("b\"a\\r")");
  ASSERT_TRUE(accepted(string));
  EXPECT_EQ(string.value(), text(Type::string, R"(b"a\r)"));
  EXPECT_TRUE(refused(item(R"("ba\r")"), sf_invalid_escape, 4));
  EXPECT_TRUE(refused(item(R"("\")"), sf_unexpected_end, 3));
  EXPECT_TRUE(refused(item("\"\\"), sf_unexpected_end, 2));
}

TEST(StructuredFieldString, EndsWithAQuote) {
  EXPECT_TRUE(accepted(item("\"\"")));
  EXPECT_TRUE(refused(item("\""), sf_unexpected_end, 1));
  EXPECT_TRUE(refused(item("\"longer than eight"), sf_unexpected_end, 18));
  EXPECT_TRUE(refused(item("\"a\\\"b"), sf_unexpected_end, 5));
  EXPECT_TRUE(refused(item("'a'"), sf_invalid_bare_item, 0));
}

// Each byte at each place, where 16, 8 and one byte are looked at, alone and behind an escape.
TEST(StructuredFieldString, HoldsPrintableAsciiOnly) {
  for (int c = 0; c < 256; ++c) {
    const bool plain = c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
    for (std::uint32_t place = 0; place < 27; ++place) {
      std::string content(27, 'x');
      content[place] = static_cast<char>(c);
      const testing::ScopedTrace trace(__FILE__, __LINE__, std::to_string(c));
      const Parsed string = item("\"" + content + "\"");
      const Parsed escaped = item("\"\\\\" + content + "\"");
      if (plain) {
        ASSERT_TRUE(accepted(string));
        EXPECT_EQ(string.value().text, content);
        ASSERT_TRUE(accepted(escaped));
        EXPECT_EQ(escaped.value().text, "\\" + content);
      } else if (c == '"') {
        EXPECT_TRUE(refused(string, sf_trailing_characters, place + 2));
      } else if (c == '\\') {
        EXPECT_FALSE(accepted(string));
      } else {
        EXPECT_TRUE(refused(string, sf_invalid_string, place + 1));
        EXPECT_TRUE(refused(escaped, sf_invalid_string, place + 3));
      }
    }
  }
}

TEST(StructuredFieldToken, StartsWithALetterOrStar) {
  for (int c = 0; c < 256; ++c) {
    if (c == ' ') continue;  // dropped before a value
    const bool starts = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
    const Parsed token = item(std::string(1, static_cast<char>(c)) + "b");
    EXPECT_EQ(token.result.has_value() && token.value().type == Type::token, starts) << c;
  }
}

TEST(StructuredFieldToken, HoldsTcharColonAndSlash) {
  constexpr std::string_view all =
      "aA0!#$%&'*+-.^_`|~:/bcdefghijklmnopqrstuvwxyzBCDEFGHIJKLMNOPQRSTUVWXYZ123456789";
  const Parsed token = item(all);
  ASSERT_TRUE(accepted(token));
  EXPECT_EQ(token.value(), text(Type::token, all));
  for (int c = 0; c < 256; ++c) {
    if (c == ';' || c == ' ' || (c != 0 && all.find(static_cast<char>(c)) != all.npos)) continue;
    EXPECT_TRUE(refused(item(std::string("ab") + static_cast<char>(c)), sf_trailing_characters, 2))
        << c;
  }
}

TEST(StructuredFieldByteSequence, DecodesPaddedBase64) {
  const Parsed bytes = item(":cHJldGVuZCB0aGlzIGlzIGJpbmFyeSBjb250ZW50Lg==:");
  ASSERT_TRUE(accepted(bytes));
  EXPECT_EQ(bytes.value(), text(Type::byte_sequence, "pretend this is binary content."));
  const Parsed empty = item("::");
  ASSERT_TRUE(accepted(empty));
  EXPECT_EQ(empty.value(), text(Type::byte_sequence, ""));
}

// RFC 9651 §4.2.7.
TEST(StructuredFieldByteSequence, MissingPaddingAndOtherPadBitsAreTaken) {
  for (const std::string_view same : {":iQ==:", ":iQ:", ":iZ==:", ":iZ:", ":if==:"}) {
    const Parsed bytes = item(same);
    ASSERT_TRUE(accepted(bytes)) << same;
    EXPECT_EQ(bytes.value(), text(Type::byte_sequence, "\x89")) << same;
  }
}

TEST(StructuredFieldByteSequence, IncompletePaddingAndOtherCharactersAreRefused) {
  for (const std::string_view other :
       {":iQ=:", ":iQ===:", ":iQA==:", ":iQAA=:", ":i=Q=:", ":i=:", ":i Q==:", ":i\tQ=:", ":=:",
        ":==:", ":====:", ":iQ==iQ==:", ":_-8=:", ":A:", ":iQAAA:", ":iQ==\n:"}) {
    EXPECT_TRUE(refused(item(other), sf_invalid_byte_sequence, 0)) << other;
  }
}

TEST(StructuredFieldByteSequence, EndsWithAColon) {
  EXPECT_TRUE(refused(item(":"), sf_unexpected_end, 1));
  EXPECT_TRUE(refused(item(":aGVsbG8="), sf_unexpected_end, 9));
}

TEST(StructuredFieldBoolean, IsZeroOrOne) {
  const Parsed yes = item("?1");
  ASSERT_TRUE(accepted(yes));
  EXPECT_EQ(yes.value(), number(Type::boolean, 1));
  const Parsed no = item("?0");
  ASSERT_TRUE(accepted(no));
  EXPECT_EQ(no.value(), number(Type::boolean, 0));
  EXPECT_TRUE(refused(item("?2"), sf_invalid_boolean, 1));
  EXPECT_TRUE(refused(item("?"), sf_unexpected_end, 1));
  EXPECT_TRUE(refused(item("?T"), sf_invalid_boolean, 1));
  EXPECT_TRUE(refused(item("?10"), sf_trailing_characters, 2));
}

TEST(StructuredFieldDate, IsAnAtSignAndAnInteger) {
  const Parsed date = item("@1659578233");
  ASSERT_TRUE(accepted(date));
  EXPECT_EQ(date.value(), number(Type::date, 1659578233));
  const Parsed before = item("@-62135596800");
  ASSERT_TRUE(accepted(before));
  EXPECT_EQ(before.value(), number(Type::date, -62135596800));
  EXPECT_TRUE(refused(item("@"), sf_invalid_date, 1));
  EXPECT_TRUE(refused(item("@a"), sf_invalid_date, 1));
  EXPECT_TRUE(refused(item("@ 1"), sf_invalid_date, 1));
  EXPECT_TRUE(refused(item("@1659578233.12"), sf_invalid_date, 1));
  EXPECT_TRUE(refused(item("@-"), sf_invalid_number, 2));
  EXPECT_TRUE(refused(item("@1000000000000000"), sf_number_out_of_range, 16));
}

TEST(StructuredFieldDisplayString, DecodesLowerCasePercentEscapes) {
  const Parsed display = item("%\"This is intended for display to %c3%bcsers.\"");
  ASSERT_TRUE(accepted(display));
  EXPECT_EQ(display.value(),
            text(Type::display_string, "This is intended for display to \xc3\xbcsers."));
  EXPECT_TRUE(refused(item("%\"%C3%BC\""), sf_invalid_display_string, 3));
  EXPECT_TRUE(refused(item("%\"%cG\""), sf_invalid_display_string, 4));
}

TEST(StructuredFieldDisplayString, ViewsTheInputWhereNothingIsEscaped) {
  const Parsed display = item("%\"back\\slash\"");
  ASSERT_TRUE(accepted(display));
  EXPECT_EQ(display.value(), text(Type::display_string, "back\\slash"));
  EXPECT_EQ(display.value().text.data(), display.input.view().data() + 2);
}

TEST(StructuredFieldDisplayString, HoldsWellFormedUtf8Only) {
  for (const std::string_view good :
       {"%\"%c2%80\"", "%\"%df%bf\"", "%\"%e0%a0%80\"", "%\"%ed%9f%bf\"", "%\"%ee%80%80\"",
        "%\"%ef%bf%bf\"", "%\"%f0%90%80%80\"", "%\"%f4%8f%bf%bf\"", "%\"%00\"",
        "%\"%f0%9f%98%80x\""}) {
    EXPECT_TRUE(accepted(item(good))) << good;
  }
  for (const std::string_view bad :
       {"%\"%80\"", "%\"%bf\"", "%\"%c0%80\"", "%\"%c1%bf\"", "%\"%c2\"", "%\"%c2a\"",
        "%\"%c2%c2\"", "%\"%e0%9f%bf\"", "%\"%ed%a0%80\"", "%\"%e2%82\"", "%\"%f0%8f%bf%bf\"",
        "%\"%f4%90%80%80\"", "%\"%f5%80%80%80\"", "%\"%ff\"", "%\"%f0%9f%98\""}) {
    EXPECT_TRUE(refused(item(bad), sf_invalid_display_string, 0)) << bad;
  }
}

TEST(StructuredFieldDisplayString, IsQuotedPrintableAscii) {
  EXPECT_TRUE(accepted(item("%\"\"")));
  EXPECT_TRUE(refused(item("%"), sf_unexpected_end, 1));
  EXPECT_TRUE(refused(item("%a"), sf_invalid_display_string, 1));
  EXPECT_TRUE(refused(item("%\"a"), sf_unexpected_end, 3));
  EXPECT_TRUE(refused(item("%\"%c3%b"), sf_unexpected_end, 7));
  EXPECT_TRUE(refused(item("%\"%\""), sf_unexpected_end, 4));
  EXPECT_TRUE(refused(item("%\"a\x7f\""), sf_invalid_display_string, 3));
  EXPECT_TRUE(refused(item("%\"a\xc3\xbc\""), sf_invalid_display_string, 3));
  EXPECT_TRUE(refused(item("%\"%c3%bc\n\""), sf_invalid_display_string, 8));
}

}  // namespace
}  // namespace wba::sf
