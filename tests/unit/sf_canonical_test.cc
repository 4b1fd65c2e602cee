// Whether the bytes that came are the strict serialisation, RFC 9651 §4.1: the flag must say what
// the serialiser does.

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "unit/sf_support.h"

namespace wba::sf {
namespace {

struct Row {
  std::string_view raw;
  std::string_view strict;
};

// expect_row checks a member value in a List, a Dictionary and, unless an Inner List, an Item.
void expect_member(const Parsed& parsed, const Row& row) {
  ASSERT_TRUE(accepted(parsed)) << row.raw;
  const Member& member = parsed.member();
  EXPECT_EQ(member.raw, row.raw);
  EXPECT_EQ(member.canonical, row.raw == row.strict) << row.raw;
  std::string out;
  append_member_value(parsed.field, member, out);
  EXPECT_EQ(out, row.strict);
}

void expect_row(const Row& row) {
  expect_member(list(row.raw), row);
  expect_member(list(std::string(row.raw) + " \t, x"), row);
  expect_member(dictionary("k=" + std::string(row.raw)), row);
  if (row.raw.starts_with('(')) return;
  expect_member(item(" " + std::string(row.raw) + " "), row);

  // The same inside an Inner List.
  const Parsed inner = list("(" + std::string(row.raw) + ")");
  ASSERT_TRUE(accepted(inner));
  const Item& only = inner.field.items(inner.member())[0];
  EXPECT_EQ(only.raw, row.raw);
  EXPECT_EQ(only.canonical, row.raw == row.strict);
  EXPECT_EQ(inner.member().canonical, row.raw == row.strict);
  std::string out;
  append_item(inner.field, only, out);
  EXPECT_EQ(out, row.strict);
}

TEST(StructuredFieldCanonical, NumbersHaveNoNeedlessDigits) {
  for (const Row& row : {
           Row{"0", "0"},      Row{"10", "10"},     Row{"-1", "-1"},     Row{"00", "0"},
           Row{"042", "42"},   Row{"-042", "-42"},  Row{"-0", "0"},      Row{"-00", "0"},
           Row{"0.0", "0.0"},  Row{"-0.5", "-0.5"}, Row{"-0.0", "0.0"},  Row{"-0.001", "-0.001"},
           Row{"1.50", "1.5"}, Row{"1.500", "1.5"}, Row{"1.05", "1.05"}, Row{"1.050", "1.05"},
           Row{"1.00", "1.0"}, Row{"00.1", "0.1"},  Row{"01.5", "1.5"},  Row{"100.0", "100.0"},
           Row{"@0", "@0"},    Row{"@-0", "@0"},    Row{"@01", "@1"},    Row{"@-1", "@-1"},
       }) {
    expect_row(row);
  }
}

TEST(StructuredFieldCanonical, TextsHaveOneSpellingEach) {
  for (const Row& row : {
           Row{R"("a\"b\\c")", R"("a\"b\\c")"},
           Row{"\"\"", "\"\""},
           Row{"tok/en:*", "tok/en:*"},
           Row{"::", "::"},
           Row{":AAE=:", ":AAE=:"},
           Row{":AAE:", ":AAE=:"},
           Row{":AAF=:", ":AAE=:"},
           Row{":AB:", ":AA==:"},
           Row{"?1", "?1"},
           Row{"?0", "?0"},
           Row{"%\"\"", "%\"\""},
           Row{"%\"%c3%bc%22%25%0a%7f\"", "%\"%c3%bc%22%25%0a%7f\""},
           Row{"%\"%41\"", "%\"A\""},
           Row{"%\"%20%5c%7e\"", "%\" \\~\""},
           Row{"%\"%c3%bc%61\"", "%\"%c3%bca\""},
       }) {
    expect_row(row);
  }
}

TEST(StructuredFieldCanonical, ParametersHaveNoSpacesNoTrueAndNoDuplicates) {
  for (const Row& row : {
           Row{"a;b;c=1", "a;b;c=1"},
           Row{"a; b", "a;b"},
           Row{"a;b=?1", "a;b"},
           Row{"a;b=?0", "a;b=?0"},
           Row{"a;b=01", "a;b=1"},
           Row{"a;b=1;b=1", "a;b=1"},
           Row{"a;b;b", "a;b"},
           Row{"a;b=00;c;b=2", "a;b=2;c"},
           Row{"a;b=%\"%41\"", "a;b=%\"A\""},
       }) {
    expect_row(row);
  }
}

TEST(StructuredFieldCanonical, InnerListsHaveOneSpaceBetweenItemsOnly) {
  for (const Row& row : {
           Row{"()", "()"},
           Row{"(a)", "(a)"},
           Row{"(a b);c", "(a b);c"},
           Row{"( )", "()"},
           Row{"( a)", "(a)"},
           Row{"(a )", "(a)"},
           Row{"(a  )", "(a)"},
           Row{"(a  b)", "(a b)"},
           Row{"(a b)", "(a b)"},
           Row{"(a;x b); c", "(a;x b);c"},
           Row{"(a; x b)", "(a;x b)"},
           Row{"(a 01)", "(a 1)"},
           Row{"();a=?1", "();a"},
       }) {
    expect_row(row);
  }
}

TEST(StructuredFieldCanonical, AnItemOfAnInnerListIsJudgedOnItsOwn) {
  const Parsed parsed = list("(a; b  c)");
  ASSERT_TRUE(accepted(parsed));
  const auto items = parsed.field.items(parsed.member());
  EXPECT_FALSE(items[0].canonical);
  EXPECT_TRUE(items[1].canonical);
  EXPECT_FALSE(parsed.member().canonical);
}

TEST(StructuredFieldCanonical, ABareKeyDoesNotShowTheValueItStandsFor) {
  const Parsed parsed = dictionary("a, b;x, c=?1;x");
  ASSERT_TRUE(accepted(parsed));
  EXPECT_FALSE(parsed.member(0).canonical);
  EXPECT_FALSE(parsed.member(1).canonical);
  EXPECT_TRUE(parsed.member(2).canonical);
  std::string out;
  append_member_value(parsed.field, parsed.member(0), out);
  append_member_value(parsed.field, parsed.member(1), out);
  EXPECT_EQ(out, "?1?1;x");
}

}  // namespace
}  // namespace wba::sf
