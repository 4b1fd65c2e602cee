// Items, Lists, Inner Lists, Dictionaries and parameters: what stands where, RFC 9651 §4.2.

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "unit/sf_support.h"

namespace wba::sf {
namespace {

using enum ErrorCode;

std::string keys(const Field& field) {
  std::string out;
  for (const Member& member : field.members()) out += std::string(member.key) + " ";
  return out;
}

TEST(StructuredFieldItem, SpacesAroundItAreDropped) {
  const Parsed spaced = item("  1;a  ");
  ASSERT_TRUE(accepted(spaced));
  EXPECT_EQ(spaced.member().raw, "1;a");
  EXPECT_TRUE(spaced.member().canonical);
  EXPECT_TRUE(refused(item("\t1"), sf_invalid_bare_item, 0));
  EXPECT_TRUE(refused(item("1\t"), sf_trailing_characters, 1));
}

TEST(StructuredFieldItem, IsExactlyOneValue) {
  EXPECT_TRUE(refused(item(""), sf_unexpected_end, 0));
  EXPECT_TRUE(refused(item("   "), sf_unexpected_end, 3));
  EXPECT_TRUE(refused(item("1 2"), sf_trailing_characters, 2));
  EXPECT_TRUE(refused(item("1, 2"), sf_trailing_characters, 1));
  EXPECT_TRUE(refused(item("(1)"), sf_invalid_bare_item, 0));
}

TEST(StructuredFieldItem, NoLineIsNoValue) {
  Field field;
  const auto parsed = parse_item(std::span<const std::string_view>{}, field);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error(), (Error{sf_unexpected_end, 0}));
}

TEST(StructuredFieldList, MayBeEmpty) {
  EXPECT_TRUE(accepted(list("")));
  EXPECT_TRUE(accepted(list("  ")));
  EXPECT_TRUE(list("").field.members().empty());
  Field field;
  EXPECT_TRUE(parse_list(std::span<const std::string_view>{}, field));
  EXPECT_TRUE(parse_list(std::string_view(), field));
}

TEST(StructuredFieldList, MembersAreSeparatedByACommaWithSpacesOrTabs) {
  const Parsed three = list("sugar,tea \t,\t rum");
  ASSERT_TRUE(accepted(three));
  ASSERT_EQ(three.field.members().size(), 3U);
  EXPECT_EQ(three.value(2).text, "rum");
  EXPECT_TRUE(refused(list("a b"), sf_expected_comma, 2));
  EXPECT_TRUE(refused(list("a;b c"), sf_expected_comma, 4));
  EXPECT_TRUE(refused(list("a,,b"), sf_invalid_bare_item, 2));
  EXPECT_TRUE(refused(list(",a"), sf_invalid_bare_item, 0));
}

TEST(StructuredFieldList, DoesNotEndWithAComma) {
  EXPECT_TRUE(accepted(list("a ")));
  EXPECT_TRUE(accepted(list("a \t")));
  EXPECT_TRUE(refused(list("a,"), sf_trailing_comma, 1));
  EXPECT_TRUE(refused(list("a, \t"), sf_trailing_comma, 1));
}

TEST(StructuredFieldInnerList, ItemsAndListHaveTheirOwnParameters) {
  const Parsed parsed = list(R"(("foo"; a=1;b=2);lvl=5, ("bar" "baz");lvl=1, ())");
  ASSERT_TRUE(accepted(parsed));
  const Field& field = parsed.field;
  ASSERT_EQ(field.members().size(), 3U);
  ASSERT_EQ(field.items(parsed.member(0)).size(), 1U);
  const Item& foo = field.items(parsed.member(0))[0];
  EXPECT_EQ(foo.raw, R"("foo"; a=1;b=2)");
  ASSERT_EQ(field.parameters(foo).size(), 2U);
  EXPECT_EQ(field.parameters(foo)[1], (Parameter{"b", {Type::integer, 2, {}}}));
  ASSERT_EQ(field.parameters(parsed.member(0)).size(), 1U);
  EXPECT_EQ(field.parameters(parsed.member(0))[0], (Parameter{"lvl", {Type::integer, 5, {}}}));
  EXPECT_EQ(field.items(parsed.member(1))[1].value.text, "baz");
  EXPECT_TRUE(parsed.member(2).is_inner_list);
  EXPECT_TRUE(field.items(parsed.member(2)).empty());
}

TEST(StructuredFieldInnerList, ItemsAreSeparatedBySpacesOnly) {
  EXPECT_TRUE(accepted(list("(a b)")));
  EXPECT_TRUE(accepted(list("( a  b )")));
  EXPECT_TRUE(refused(list("(a\tb)"), sf_inner_list_separator, 2));
  EXPECT_TRUE(refused(list("(a,b)"), sf_inner_list_separator, 2));
  EXPECT_TRUE(refused(list("(\"a\"\"b\")"), sf_inner_list_separator, 4));
  EXPECT_TRUE(refused(list("(\ta)"), sf_invalid_bare_item, 1));
}

TEST(StructuredFieldInnerList, EndsWithAParenthesis) {
  EXPECT_TRUE(refused(list("("), sf_unexpected_end, 1));
  EXPECT_TRUE(refused(list("(a"), sf_unexpected_end, 2));
  EXPECT_TRUE(refused(list("(a "), sf_unexpected_end, 3));
  EXPECT_TRUE(refused(list("(a))"), sf_expected_comma, 3));
}

TEST(StructuredFieldInnerList, HoldsNoOther) {
  EXPECT_TRUE(refused(list("(a (b))"), sf_nested_inner_list, 3));
  EXPECT_TRUE(refused(list("((a))"), sf_nested_inner_list, 1));
  EXPECT_TRUE(refused(list("a;b=(c)"), sf_invalid_bare_item, 4));
}

TEST(StructuredFieldDictionary, MembersKeepTheirOrder) {
  const Parsed parsed = dictionary("en=\"Applepie\", da=:w4ZibGV0w6ZydGU=:,\tb=(1 2);q=0.5");
  ASSERT_TRUE(accepted(parsed));
  EXPECT_EQ(keys(parsed.field), "en da b ");
  EXPECT_EQ(parsed.value(1).text,
            "\xc3\x86"
            "blet\xc3\xa6rte");
  EXPECT_EQ(parsed.member(2).raw, "(1 2);q=0.5");
  EXPECT_FALSE(parsed.field.has_duplicate_key());
  EXPECT_EQ(parsed.field.find("da"), &parsed.member(1));
  EXPECT_EQ(parsed.field.find("d"), nullptr);
  EXPECT_EQ(parsed.field.find(""), nullptr);
}

TEST(StructuredFieldDictionary, AKeyWithoutValueIsTrue) {
  const Parsed parsed = dictionary("a, b;foo=9, c=?0");
  ASSERT_TRUE(accepted(parsed));
  EXPECT_EQ(parsed.value(0), (BareItem{Type::boolean, 1, {}}));
  EXPECT_EQ(parsed.member(0).raw, "");
  EXPECT_EQ(parsed.value(1), (BareItem{Type::boolean, 1, {}}));
  EXPECT_EQ(parsed.member(1).raw, ";foo=9");
  EXPECT_EQ(parsed.value(2), (BareItem{Type::boolean, 0, {}}));
}

TEST(StructuredFieldDictionary, KeysStartLowerCaseOrWithAStar) {
  EXPECT_TRUE(accepted(dictionary("*a_-.*9=1")));
  EXPECT_TRUE(refused(dictionary("A=1"), sf_invalid_key, 0));
  EXPECT_TRUE(refused(dictionary("1a=1"), sf_invalid_key, 0));
  EXPECT_TRUE(refused(dictionary("_a=1"), sf_invalid_key, 0));
  EXPECT_TRUE(refused(dictionary("=1"), sf_invalid_key, 0));
  EXPECT_TRUE(refused(dictionary("aB=1"), sf_expected_comma, 1));
  EXPECT_TRUE(refused(dictionary("\"a\"=1"), sf_invalid_key, 0));
}

TEST(StructuredFieldDictionary, NoSpaceStandsAroundTheEqualsSign) {
  EXPECT_TRUE(accepted(dictionary("a=1")));
  EXPECT_TRUE(refused(dictionary("a =1"), sf_expected_comma, 2));
  EXPECT_TRUE(refused(dictionary("a= 1"), sf_invalid_bare_item, 2));
  EXPECT_TRUE(refused(dictionary("a="), sf_unexpected_end, 2));
  EXPECT_TRUE(refused(dictionary("a=, b=1"), sf_invalid_bare_item, 2));
}

TEST(StructuredFieldDictionary, DoesNotEndWithAComma) {
  EXPECT_TRUE(refused(dictionary("a=1, "), sf_trailing_comma, 3));
  EXPECT_TRUE(refused(dictionary("a=1,,b=1"), sf_invalid_key, 4));
}

TEST(StructuredFieldDictionary, TheLastOfSeveralValuesStandsInTheFirstPlace) {
  const Parsed parsed = dictionary("a=(1 2);x, b=2, a=3;y, c=4");
  ASSERT_TRUE(accepted(parsed));
  EXPECT_EQ(keys(parsed.field), "a b c ");
  EXPECT_FALSE(parsed.member(0).is_inner_list);
  EXPECT_EQ(parsed.value(0).number, 3);
  EXPECT_TRUE(parsed.field.items(parsed.member(0)).empty());
  ASSERT_EQ(parsed.field.parameters(parsed.member(0)).size(), 1U);
  EXPECT_EQ(parsed.field.parameters(parsed.member(0))[0].key, "y");
  EXPECT_EQ(parsed.member(0).raw, "3;y");
  EXPECT_TRUE(parsed.field.has_duplicate_key());
}

TEST(StructuredFieldDictionary, ABareKeyCanReplaceAValue) {
  const Parsed parsed = dictionary("a=(1), a");
  ASSERT_TRUE(accepted(parsed));
  EXPECT_EQ(parsed.value(0), (BareItem{Type::boolean, 1, {}}));
  EXPECT_FALSE(parsed.member(0).is_inner_list);
  EXPECT_TRUE(parsed.field.has_duplicate_key());
}

// Around the size from which keys are found by index.
TEST(StructuredFieldDictionary, DuplicatesAreFoundAmongAnyNumberOfKeys) {
  for (std::size_t count = 1; count <= 40; ++count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "k" + std::to_string(count - 1 - i) + "=1, ";
    for (std::size_t again = 0; again < count; ++again) {
      const std::string key = "k" + std::to_string(again);
      const Parsed parsed = dictionary(text + key + "=2, z=3, " + key + "=4");
      ASSERT_TRUE(accepted(parsed));
      ASSERT_TRUE(parsed.field.has_duplicate_key());
      const Member* const found = parsed.field.find(key);
      ASSERT_NE(found, nullptr);
      EXPECT_EQ(found->value.number, 4);
      const Member* const last = parsed.field.find("z");
      EXPECT_EQ(last, &parsed.field.members().back());
      EXPECT_EQ(parsed.field.find("k"), nullptr);
      EXPECT_EQ(parsed.field.find("zz"), nullptr);
    }
    EXPECT_FALSE(dictionary(text + "z").field.has_duplicate_key());
  }
}

TEST(StructuredFieldParameters, SpacesStandOnlyBehindTheSemicolon) {
  const Parsed parsed = item("1;  a; b=x;c=?0");
  ASSERT_TRUE(accepted(parsed));
  const auto parameters = parsed.field.parameters(parsed.member());
  ASSERT_EQ(parameters.size(), 3U);
  EXPECT_EQ(parameters[0], (Parameter{"a", {Type::boolean, 1, {}}}));
  EXPECT_EQ(parameters[1], (Parameter{"b", {Type::token, 0, "x"}}));
  EXPECT_EQ(parameters[2], (Parameter{"c", {Type::boolean, 0, {}}}));
  EXPECT_EQ(find_parameter(parameters, "c"), &parameters[2]);
  EXPECT_EQ(find_parameter(parameters, "d"), nullptr);
  EXPECT_TRUE(refused(item("1 ;a"), sf_trailing_characters, 2));
  EXPECT_TRUE(refused(item("1;\ta"), sf_invalid_key, 2));
  EXPECT_TRUE(refused(item("1;a =2"), sf_trailing_characters, 4));
  EXPECT_TRUE(refused(item("1;a= 2"), sf_invalid_bare_item, 4));
}

TEST(StructuredFieldParameters, HaveAKey) {
  EXPECT_TRUE(refused(item("1;"), sf_unexpected_end, 2));
  EXPECT_TRUE(refused(item("1;;a"), sf_invalid_key, 2));
  EXPECT_TRUE(refused(item("1;A=1"), sf_invalid_key, 2));
  EXPECT_TRUE(refused(item("1;=1"), sf_invalid_key, 2));
  EXPECT_TRUE(refused(item("1;a="), sf_unexpected_end, 4));
}

TEST(StructuredFieldParameters, TheLastOfSeveralValuesStandsInTheFirstPlace) {
  const Parsed parsed = item("1;a=1;b=2;a=\"x\"");
  ASSERT_TRUE(accepted(parsed));
  const auto parameters = parsed.field.parameters(parsed.member());
  ASSERT_EQ(parameters.size(), 2U);
  EXPECT_EQ(parameters[0], (Parameter{"a", {Type::string, 0, "x"}}));
  EXPECT_EQ(parameters[1].key, "b");
  EXPECT_FALSE(parsed.field.has_duplicate_key());
}

TEST(StructuredFieldParameters, DuplicatesAreFoundAmongAnyNumberOfKeys) {
  // Two items, so that the second one's keys do not meet the first one's.
  for (std::size_t count = 1; count <= 40; ++count) {
    std::string keys_text;
    for (std::size_t i = 0; i < count; ++i) keys_text += ";k" + std::to_string(count - 1 - i);
    for (std::size_t again = 0; again < count; ++again) {
      const std::string key = "k" + std::to_string(again);
      const Parsed parsed =
          list("a" + keys_text + ", b" + keys_text + ";" + key + "=2;z;" + key + "=4");
      ASSERT_TRUE(accepted(parsed));
      EXPECT_EQ(find_parameter(parsed.field.parameters(parsed.member(0)), key)->value.number, 1);
      const auto parameters = parsed.field.parameters(parsed.member(1));
      EXPECT_EQ(parameters.back().key, "z");
      EXPECT_EQ(find_parameter(parameters, key)->value.number, 4);
    }
  }
}

TEST(StructuredFieldLines, SeveralAreOneListInTheirOrder) {
  const std::array<std::string_view, 3> lines{"a=1, b=\"x\\\"y\"", "c=(1 2)", "a=4;q"};
  Field field;
  ASSERT_TRUE(parse_dictionary(lines, field));
  EXPECT_EQ(keys(field), "a b c ");
  EXPECT_EQ(field.find("a")->value.number, 4);
  EXPECT_EQ(field.find("b")->value.text, "x\"y");
  EXPECT_EQ(field.find("c")->raw, "(1 2)");
  EXPECT_TRUE(field.has_duplicate_key());
}

TEST(StructuredFieldLines, AnEmptyOneLeavesACommaTooMany) {
  const std::array<std::string_view, 2> lines{"a=1", ""};
  Field field;
  const auto parsed = parse_dictionary(lines, field);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error(), (Error{sf_trailing_comma, 3}));
}

TEST(StructuredFieldLines, OffsetsCountIntoTheJoinedValue) {
  const std::array<std::string_view, 2> lines{"a=1", "b=!"};
  Field field;
  const auto parsed = parse_dictionary(lines, field);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error(), (Error{sf_invalid_bare_item, 7}));
}

TEST(StructuredFieldLines, SeveralAreNoItem) {
  const std::array<std::string_view, 2> lines{"1", "2"};
  Field field;
  const auto parsed = parse_item(lines, field);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error(), (Error{sf_trailing_characters, 1}));
}

}  // namespace
}  // namespace wba::sf
