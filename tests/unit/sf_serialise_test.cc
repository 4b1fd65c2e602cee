// Serialising, RFC 9651 §4.1.

#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "unit/sf_support.h"

namespace wba::sf {
namespace {

using enum ErrorCode;

constexpr std::int64_t largest = 999'999'999'999'999;

// expect_refused checks the rule, and that what stood in `out` before still stands there alone.
template <typename Append>
void expect_refused(const Append& append, ErrorCode code) {
  std::string out = "before";
  const Result<void> result = append(out);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code);
  EXPECT_EQ(out, "before");
}

template <typename Append>
std::string written(const Append& append) {
  std::string out;
  EXPECT_TRUE(append(out));
  return out;
}

TEST(StructuredFieldSerialise, FieldsComeOutInTheirStrictForm) {
  std::string out;
  const Parsed three = list("sugar ,tea,\trum;x=01");
  ASSERT_TRUE(accepted(three));
  serialise_list(three.field, out);
  EXPECT_EQ(out, "sugar, tea, rum;x=1");
  out.clear();
  const Parsed map = dictionary("a=?1,b;q=?1,c=( 1 2 );d=?0,  e=?0,a=?1;z");
  ASSERT_TRUE(accepted(map));
  serialise_dictionary(map.field, out);
  EXPECT_EQ(out, "a;z, b;q, c=(1 2);d=?0, e=?0");
  out.clear();
  const Parsed one = item("  2.50; foourl=\"https://foo.example.com/\"");
  ASSERT_TRUE(accepted(one));
  serialise_item(one.field, out);
  EXPECT_EQ(out, "2.5;foourl=\"https://foo.example.com/\"");
}

TEST(StructuredFieldSerialise, NothingIsAppendedForAnEmptyField) {
  const Field empty;
  std::string out = "x";
  serialise_list(empty, out);
  serialise_dictionary(empty, out);
  serialise_item(empty, out);
  EXPECT_EQ(out, "x");
}

TEST(StructuredFieldSerialise, IntegersHaveFifteenDigitsAtMost) {
  EXPECT_EQ(written([](auto& out) { return append_integer(largest, out); }), "999999999999999");
  EXPECT_EQ(written([](auto& out) { return append_integer(-largest, out); }), "-999999999999999");
  EXPECT_EQ(written([](auto& out) { return append_integer(0, out); }), "0");
  for (const std::int64_t wrong :
       {largest + 1, -largest - 1, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()}) {
    expect_refused([wrong](auto& out) { return append_integer(wrong, out); },
                   sf_number_out_of_range);
    expect_refused([wrong](auto& out) { return append_decimal(wrong, out); },
                   sf_number_out_of_range);
    expect_refused([wrong](auto& out) { return append_date(wrong, out); }, sf_number_out_of_range);
  }
}

TEST(StructuredFieldSerialise, DecimalsHaveOneToThreeDigitsBehindTheDot) {
  EXPECT_EQ(written([](auto& out) { return append_decimal(0, out); }), "0.0");
  EXPECT_EQ(written([](auto& out) { return append_decimal(1500, out); }), "1.5");
  EXPECT_EQ(written([](auto& out) { return append_decimal(1050, out); }), "1.05");
  EXPECT_EQ(written([](auto& out) { return append_decimal(1005, out); }), "1.005");
  EXPECT_EQ(written([](auto& out) { return append_decimal(-1, out); }), "-0.001");
  EXPECT_EQ(written([](auto& out) { return append_decimal(-100, out); }), "-0.1");
  EXPECT_EQ(written([](auto& out) { return append_decimal(largest, out); }), "999999999999.999");
}

TEST(StructuredFieldSerialise, StringsHoldPrintableAsciiOnly) {
  EXPECT_EQ(written([](auto& out) { return append_string(R"(b"a\r)", out); }), R"("b\"a\\r")");
  EXPECT_EQ(written([](auto& out) { return append_string("", out); }), "\"\"");
  EXPECT_EQ(written([](auto& out) { return append_string("\\ longer than eight \"", out); }),
            R"("\\ longer than eight \"")");
  for (const std::string_view wrong :
       {std::string_view("a\nb"), std::string_view("a\0b", 3), std::string_view("\x7f"),
        std::string_view("eight...\xc3\xbc"), std::string_view("\\\\\\\t")}) {
    expect_refused([wrong](auto& out) { return append_string(wrong, out); }, sf_invalid_string);
  }
}

TEST(StructuredFieldSerialise, TokensHoldTokenCharactersOnly) {
  EXPECT_EQ(written([](auto& out) { return append_token("*a/b:c", out); }), "*a/b:c");
  for (const std::string_view wrong : {"", "1a", "a b", "a\"", "a,", "\xc3\xbc", "a\r\nb: c"}) {
    expect_refused([wrong](auto& out) { return append_token(wrong, out); }, sf_invalid_token);
  }
}

TEST(StructuredFieldSerialise, KeysAreLowerCase) {
  EXPECT_EQ(written([](auto& out) { return append_key("*k_-.9", out); }), "*k_-.9");
  for (const std::string_view wrong : {"", "A", "1", "-a", "a=b", "a\n", "aB"}) {
    expect_refused([wrong](auto& out) { return append_key(wrong, out); }, sf_invalid_key);
    expect_refused([wrong](auto& out) { return append_parameter(wrong, BareItem{}, out); },
                   sf_invalid_key);
  }
}

TEST(StructuredFieldSerialise, DisplayStringsEscapeWhatIsNotPrintable) {
  EXPECT_EQ(written([](auto& out) { return append_display_string("f\xc3\xbc\"%\n ~\\", out); }),
            "%\"f%c3%bc%22%25%0a ~\\\"");
  for (const std::string_view wrong : {"\xff", "\xc3", "\xed\xa0\x80"}) {
    expect_refused([wrong](auto& out) { return append_display_string(wrong, out); },
                   sf_invalid_display_string);
  }
}

TEST(StructuredFieldSerialise, OtherBareItems) {
  std::string out;
  append_byte_sequence(std::as_bytes(std::span(std::string_view("hello"))), out);
  append_byte_sequence({}, out);
  append_boolean(true, out);
  append_boolean(false, out);
  EXPECT_EQ(out, ":aGVsbG8=:::?1?0");
  EXPECT_EQ(written([](auto& o) { return append_date(-1659578233, o); }), "@-1659578233");
}

TEST(StructuredFieldSerialise, ATrueParameterStandsWithoutItsValue) {
  EXPECT_EQ(written([](auto& out) {
              return append_parameter("a", {Type::boolean, 1, {}}, out);
            }),
            ";a");
  EXPECT_EQ(written([](auto& out) {
              return append_parameter("a", {Type::boolean, 0, {}}, out);
            }),
            ";a=?0");
  EXPECT_EQ(written([](auto& out) {
              return append_parameter("a", {Type::string, 0, "x"}, out);
            }),
            ";a=\"x\"");
  expect_refused(
      [](auto& out) {
        return append_parameter("a", {Type::string, 0, "\n"}, out);
      },
      sf_invalid_string);
}

}  // namespace
}  // namespace wba::sf
