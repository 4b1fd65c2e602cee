// Limits, memory and reuse.

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "support/allocation_counter.h"
#include "unit/sf_support.h"

namespace wba::sf {
namespace {

using enum ErrorCode;

std::string repeat(std::string_view separator, std::string_view prefix, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) out += separator;
    out += prefix;
    out += std::to_string(i);
  }
  return out;
}

TEST(StructuredFieldLimits, BytesAreCountedOverAllLines) {
  EXPECT_TRUE(accepted(list("a, b", {.bytes = 4})));
  EXPECT_TRUE(refused(list("a, bc", {.bytes = 4}), sf_too_long, 4));
  const std::array<std::string_view, 2> lines{"a", "b"};
  Field field;
  EXPECT_TRUE(parse_list(lines, field, {.bytes = 4}));
  const auto longer = parse_list(lines, field, {.bytes = 3});
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error(), (Error{sf_too_long, 3}));
  EXPECT_TRUE(field.members().empty());
}

TEST(StructuredFieldLimits, BytesAreJudgedBeforeAnythingIsRead) {
  EXPECT_TRUE(refused(list("!!!", {.bytes = 2}), sf_too_long, 2));
}

TEST(StructuredFieldLimits, EmptyLinesCountTheirSeparators) {
  const std::array<std::string_view, 4> lines{};
  Field field;
  const auto parsed = parse_list(lines, field, {.bytes = 5});
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, sf_too_long);
}

TEST(StructuredFieldLimits, MembersOfAListAndADictionary) {
  EXPECT_TRUE(accepted(list("1, 2", {.members = 2})));
  EXPECT_TRUE(refused(list("1, 2, 3", {.members = 2}), sf_too_many_members, 6));
  EXPECT_TRUE(accepted(dictionary("a, b", {.members = 2})));
  EXPECT_TRUE(refused(dictionary("a, b, c", {.members = 2}), sf_too_many_members, 6));
  EXPECT_TRUE(accepted(dictionary("a, b, a, b", {.members = 2})));
  EXPECT_TRUE(accepted(list("", {.members = 0})));
  EXPECT_TRUE(refused(list("1", {.members = 0}), sf_too_many_members, 0));
}

TEST(StructuredFieldLimits, ParametersOfEachItem) {
  EXPECT_TRUE(accepted(list("(1;a;b 2;a;b);a;b", {.parameters = 2})));
  EXPECT_TRUE(refused(list("1;a;b;c", {.parameters = 2}), sf_too_many_parameters, 6));
  EXPECT_TRUE(refused(list("(1;a;b;c)", {.parameters = 2}), sf_too_many_parameters, 7));
  EXPECT_TRUE(refused(list("();a;b; c", {.parameters = 2}), sf_too_many_parameters, 8));
  EXPECT_TRUE(accepted(item("1;a;b;a;b", {.parameters = 2})));
}

TEST(StructuredFieldLimits, ItemsOfEachInnerList) {
  EXPECT_TRUE(accepted(list("(1 2), (1 2)", {.inner_list_items = 2})));
  EXPECT_TRUE(refused(list("(1 2 3)", {.inner_list_items = 2}), sf_too_many_inner_items, 5));
  EXPECT_TRUE(accepted(list("()", {.inner_list_items = 0})));
}

// RFC 9651 §3 asks for at least this much.
TEST(StructuredFieldLimits, DefaultsAreTheSizesThatTheRfcAsksFor) {
  EXPECT_TRUE(accepted(list(repeat(",", "", 1024))));
  EXPECT_TRUE(refused(list(repeat(",", "", 1025)), sf_too_many_members, 4010));
  EXPECT_TRUE(accepted(dictionary(repeat(",", "k", 1024))));
  EXPECT_TRUE(accepted(item("1" + repeat("", ";k", 256))));
  EXPECT_FALSE(accepted(item("1" + repeat("", ";k", 257))));
  EXPECT_TRUE(accepted(list("(" + repeat(" ", "", 256) + ")")));
  EXPECT_FALSE(accepted(list("(" + repeat(" ", "", 257) + ")")));
  EXPECT_TRUE(accepted(item("\"" + std::string(65534, 'x') + "\"")));
  EXPECT_TRUE(refused(item("\"" + std::string(65535, 'x') + "\""), sf_too_long, 65536));
}

TEST(StructuredFieldLimits, AllMembersAreFoundAmongMany) {
  const Parsed parsed = dictionary(repeat(",", "k", 1024));
  ASSERT_TRUE(accepted(parsed));
  for (const Member& member : parsed.field.members()) {
    EXPECT_EQ(parsed.field.find(member.key), &member);
  }
  EXPECT_EQ(parsed.field.find("k1024"), nullptr);
}

TEST(StructuredFieldMemory, ParsingIntoAGrownFieldAllocatesNothing) {
  const std::string_view value =
      "sig1=(\"@authority\" \"@method\" \"@path\" \"signature-agent\";key=\"sig1\")"
      ";created=1735689600;keyid=\"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U\""
      ";alg=\"ed25519\";expires=1735693200;nonce=\"a\\\"b\";tag=\"web-bot-auth\", s=:AAAA:";
  const std::array<std::string_view, 2> lines{value, "other=1"};
  Field field;
  ASSERT_TRUE(parse_dictionary(lines, field));
  const std::size_t before = test::allocation_count();
  ASSERT_TRUE(parse_dictionary(lines, field));
  ASSERT_TRUE(parse_dictionary(value, field));
  ASSERT_FALSE(parse_dictionary("!", field));
  ASSERT_TRUE(parse_item("1", field));
  EXPECT_EQ(test::allocation_count(), before);
}

TEST(StructuredFieldMemory, AFirstUsualFieldTakesFewAllocations) {
  const std::size_t before = test::allocation_count();
  Field field;
  ASSERT_TRUE(parse_dictionary("sig1=(\"@authority\");created=1;expires=2;keyid=\"x\"", field));
  EXPECT_LE(test::allocation_count() - before, 3U);
}

TEST(StructuredFieldMemory, RunningOutOfItIsAnErrorAndNoException) {
  const std::string text = repeat(",", "k", 40) + ", a=\"\\\"\", b=(1;x 2)" + repeat("", ";p", 40);
  const std::array<std::string_view, 2> lines{text, "z"};
  std::size_t granted = 0;
  for (; granted < 100; ++granted) {
    Field field;
    const auto parsed = [&] {
      const test::FailingAllocations failing(granted);
      return parse_dictionary(lines, field);
    }();
    if (parsed) break;
    ASSERT_EQ(parsed.error().code, out_of_memory);
    ASSERT_TRUE(field.members().empty());
    ASSERT_TRUE(parse_dictionary(lines, field));
    ASSERT_EQ(field.members().size(), 43U);
  }
  EXPECT_GT(granted, 5U);
  EXPECT_LT(granted, 100U);
}

TEST(StructuredFieldMemory, AWriterWithoutItLeavesTheOutputAsItWas) {
  const std::string text(100, 'x');
  std::string out = "before";
  const auto appended = [&] {
    const test::FailingAllocations failing(0);
    return append_string(text, out);
  }();
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, out_of_memory);
  EXPECT_EQ(out, "before");
}

TEST(StructuredFieldReuse, NothingIsLeftOfTheFieldBefore) {
  Field field;
  ASSERT_TRUE(parse_dictionary(repeat(",", "k", 30) + ", k1", field));
  EXPECT_TRUE(field.has_duplicate_key());
  ASSERT_TRUE(parse_dictionary("a=(1;x);y", field));
  EXPECT_FALSE(field.has_duplicate_key());
  EXPECT_EQ(field.members().size(), 1U);
  EXPECT_EQ(field.find("k1"), nullptr);
  ASSERT_TRUE(parse_list("1, 2", field));
  EXPECT_EQ(field.find("a"), nullptr);
  field.clear();
  EXPECT_TRUE(field.members().empty());
}

TEST(StructuredFieldReuse, AFieldIsAsGoodAsNewAfterAnError) {
  const std::string_view good = "a=(\"x\\\\y\" 1;p);q=:AAEC:, b";
  Field fresh;
  ASSERT_TRUE(parse_dictionary(good, fresh));
  std::string expected;
  serialise_dictionary(fresh, expected);
  Field used;
  for (const std::string_view bad :
       {"a=(1 2;x", "a=1, a=2, a=", "a=\"\\\"", "a;b;c=%\"%c3\"", "!", "a=1 b"}) {
    ASSERT_FALSE(parse_dictionary(bad, used)) << bad;
    EXPECT_TRUE(used.members().empty());
    EXPECT_FALSE(used.has_duplicate_key());
    ASSERT_TRUE(parse_dictionary(good, used));
    std::string out;
    serialise_dictionary(used, out);
    EXPECT_EQ(out, expected);
  }
}

TEST(StructuredFieldReuse, MovingAFieldKeepsItsViews) {
  const std::array<std::string_view, 2> lines{"a=\"\\\"\"", "b=1"};
  Field first;
  ASSERT_TRUE(parse_dictionary(lines, first));
  const Field second = std::move(first);
  EXPECT_EQ(second.members()[0].value.text, "\"");
  EXPECT_EQ(second.members()[0].key, "a");
  EXPECT_EQ(second.members()[1].key, "b");
}

TEST(StructuredFieldReuse, SeveralDecodedValuesStandBesideEachOther) {
  Field field;
  ASSERT_TRUE(parse_list("\"\\\"a\", :AAEC:, %\"%c3%bc\", \"\\\\\", ::", field));
  EXPECT_EQ(field.members()[0].value.text, "\"a");
  EXPECT_EQ(field.members()[1].value.text, std::string_view("\0\1\2", 3));
  EXPECT_EQ(field.members()[2].value.text, "\xc3\xbc");
  EXPECT_EQ(field.members()[3].value.text, "\\");
  EXPECT_EQ(field.members()[4].value.text, "");
}

// Time grows with the input and not with its square: 16 times the keys may take 16 times as long
// and a logarithm, and not 256 times. The bound is far from both.
template <typename Parse>
std::chrono::nanoseconds quickest(const Parse& parse) {
  auto best = std::chrono::nanoseconds::max();
  for (int i = 0; i < 20; ++i) {
    const auto start = std::chrono::steady_clock::now();
    parse();
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took);
  }
  return best;
}

TEST(StructuredFieldTime, ManyKeysAreNotComparedWithEachOther) {
  const std::string prefix(40, 'k');
  const std::string few = repeat(",", prefix, 64);
  const std::string many = repeat(",", prefix, 1024);
  Field field;
  const auto time_of = [&](const std::string& text) {
    return quickest([&] { ASSERT_TRUE(parse_dictionary(text, field)); });
  };
  EXPECT_LT(time_of(many).count(), 80 * time_of(few).count());
}

TEST(StructuredFieldTime, ManyParametersAreNotComparedWithEachOther) {
  // 24 items of 256 parameters each, against as many parameters on sixteen times the items.
  std::string wide;
  for (int i = 0; i < 24; ++i) wide += (i == 0 ? "a" : ",a") + repeat("", ";key", 256);
  std::string narrow;
  for (int i = 0; i < 384; ++i) narrow += (i == 0 ? "a" : ",a") + repeat("", ";key", 16);
  Field field;
  const Limits limits{.bytes = 1 << 20};
  const auto time_of = [&](const std::string& text) {
    return quickest([&] { ASSERT_TRUE(parse_list(text, field, limits)); });
  };
  EXPECT_LT(time_of(wide).count(), 8 * time_of(narrow).count());
}

}  // namespace
}  // namespace wba::sf
