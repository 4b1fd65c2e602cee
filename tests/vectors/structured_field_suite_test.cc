// Runs the HTTP working group's structured field tests: each case is parsed and compared with its
// expected value, and that value serialised and compared with its canonical form.

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <wba/structured_field.h>

#include "paths.h"
#include "support/exact_buffer.h"
#include "support/json_file.h"

namespace wba::sf {
namespace {

using Json = nlohmann::ordered_json;

struct SuiteFile {
  std::string_view name;
  std::size_t cases;
};

constexpr std::array<SuiteFile, 24> suite_files{{
    {"binary", 15},
    {"boolean", 12},
    {"date", 17},
    {"dictionary", 26},
    {"display-string", 22},
    {"examples", 21},
    {"item", 5},
    {"key-generated", 640},
    {"large-generated", 11},
    {"list", 11},
    {"listlist", 12},
    {"number", 37},
    {"number-generated", 193},
    {"param-dict", 14},
    {"param-list", 20},
    {"param-listlist", 3},
    {"string", 14},
    {"string-generated", 256},
    {"token", 6},
    {"token-generated", 256},
    {"serialisation-tests/key-generated", 378},
    {"serialisation-tests/number", 9},
    {"serialisation-tests/string-generated", 33},
    {"serialisation-tests/token-generated", 124},
}};
constexpr std::size_t suite_cases = 2135;

// The cases that the suite allows to fail. None of them is refused here.
const std::set<std::string> may_fail{
    "binary/bad padding",
    "binary/non-zero pad bits",
    "date/syntactic max date - 999,999,999,999,999",
    "date/syntactic min date - -999,999,999,999,999",
    "display-string/two lines display string",
    "string/two lines string",
};

// base32_decode reads the suite's form of a Byte Sequence, RFC 4648 §6.
std::string base32_decode(std::string_view encoded) {
  std::string octets;
  unsigned bits = 0;
  int held = 0;
  for (const char c : encoded) {
    if (c == '=') break;
    const int value = c >= 'A' && c <= 'Z' ? c - 'A' : c - '2' + 26;
    EXPECT_TRUE(value >= 0 && value < 32) << encoded;
    bits = bits << 5 | static_cast<unsigned>(value);
    held += 5;
    if (held < 8) continue;
    held -= 8;
    octets += static_cast<char>(bits >> held & 0xff);
  }
  return octets;
}

// Value is an expected bare item with the bytes its text views.
struct Value {
  Type type = Type::boolean;
  std::int64_t number = 0;
  std::string text;

  [[nodiscard]] BareItem bare_item() const { return {type, number, text}; }
};

Value expected_value(const Json& json) {
  if (json.is_boolean()) return {Type::boolean, json.get<bool>() ? 1 : 0, {}};
  if (json.is_number_float()) {
    // §4.1.5 step 2: halves go to the even neighbour, as rounding does here by default.
    return {Type::decimal, std::llrint(json.get<double>() * 1000), {}};
  }
  if (json.is_number()) return {Type::integer, json.get<std::int64_t>(), {}};
  if (json.is_string()) return {Type::string, 0, json.get<std::string>()};
  test::expect_known_keys(json, {"__type", "value"}, json.dump());
  const auto type = json.at("__type").get<std::string>();
  const Json& value = json.at("value");
  if (type == "token") return {Type::token, 0, value.get<std::string>()};
  if (type == "binary") return {Type::byte_sequence, 0, base32_decode(value.get<std::string>())};
  if (type == "date") return {Type::date, value.get<std::int64_t>(), {}};
  if (type == "displaystring") return {Type::display_string, 0, value.get<std::string>()};
  ADD_FAILURE() << "unknown __type " << type;
  return {};
}

void expect_value(const BareItem& actual, const Json& expected) {
  const Value value = expected_value(expected);
  EXPECT_EQ(actual.type, value.type);
  EXPECT_EQ(actual.number, value.number);
  EXPECT_EQ(actual.text, value.text);
}

void expect_parameters(std::span<const Parameter> actual, const Json& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    EXPECT_EQ(actual[i].key, expected[i][0].get<std::string>());
    expect_value(actual[i].value, expected[i][1]);
  }
}

void expect_member(const Field& field, const Member& member, const Json& expected) {
  ASSERT_EQ(expected.size(), 2U);
  EXPECT_EQ(member.is_inner_list, expected[0].is_array());
  if (member.is_inner_list) {
    const auto items = field.items(member);
    ASSERT_EQ(items.size(), expected[0].size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      expect_value(items[i].value, expected[0][i][0]);
      expect_parameters(field.parameters(items[i]), expected[0][i][1]);
    }
  } else {
    expect_value(member.value, expected[0]);
  }
  expect_parameters(field.parameters(member), expected[1]);
}

void expect_field(const Field& field, const std::string& kind, const Json& expected) {
  if (kind == "item") {
    ASSERT_EQ(field.members().size(), 1U);
    expect_member(field, field.members().front(), expected);
    return;
  }
  ASSERT_EQ(field.members().size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Member& member = field.members()[i];
    if (kind == "list") {
      EXPECT_EQ(member.key, "");
      expect_member(field, member, expected[i]);
      continue;
    }
    EXPECT_EQ(member.key, expected[i][0].get<std::string>());
    EXPECT_EQ(field.find(member.key), &member);
    expect_member(field, member, expected[i][1]);
  }
}

// The writers for values that a caller made, put together as §4.1 says.
Result<void> append_expected_parameters(const Json& parameters, std::string& out) {
  for (const Json& parameter : parameters) {
    const Value value = expected_value(parameter[1]);
    const auto appended = append_parameter(parameter[0].get<std::string>(), value.bare_item(), out);
    if (!appended) return appended;
  }
  return {};
}

Result<void> append_expected_member(const Json& member, std::string& out) {
  if (member[0].is_array()) {
    out += '(';
    bool first = true;
    for (const Json& item : member[0]) {
      if (!first) out += ' ';
      first = false;
      const auto appended = append_expected_member(item, out);
      if (!appended) return appended;
    }
    out += ')';
  } else {
    const auto appended = append_bare_item(expected_value(member[0]).bare_item(), out);
    if (!appended) return appended;
  }
  return append_expected_parameters(member[1], out);
}

Result<void> append_expected(const std::string& kind, const Json& expected, std::string& out) {
  if (kind == "item") return append_expected_member(expected, out);
  bool first = true;
  for (const Json& member : expected) {
    if (!first) out += ", ";
    first = false;
    Result<void> appended;
    if (kind == "list") {
      appended = append_expected_member(member, out);
    } else {
      appended = append_key(member[0].get<std::string>(), out);
      if (!appended) return appended;
      const Json& value = member[1];
      if (value[0].is_boolean() && value[0].get<bool>()) {
        appended = append_expected_parameters(value[1], out);
      } else {
        out += '=';
        appended = append_expected_member(value, out);
      }
    }
    if (!appended) return appended;
  }
  return {};
}

Result<void> parse(const std::string& kind, std::span<const std::string_view> lines, Field& field) {
  if (kind == "item") return parse_item(lines, field);
  if (kind == "list") return parse_list(lines, field);
  EXPECT_EQ(kind, "dictionary");
  return parse_dictionary(lines, field);
}

std::string serialise(const std::string& kind, const Field& field) {
  std::string out;
  if (kind == "item") serialise_item(field, out);
  if (kind == "list") serialise_list(field, out);
  if (kind == "dictionary") serialise_dictionary(field, out);
  return out;
}

std::string join(const std::vector<std::string>& lines) {
  std::string joined;
  for (const std::string& line : lines) {
    if (&line != &lines.front()) joined += ", ";
    joined += line;
  }
  return joined;
}

// run_case gives whether the case parsed (or, of a serialisation case, was serialised).
bool run_case(const Json& test, Field& field) {
  const auto kind = test.at("header_type").get<std::string>();
  const bool must_fail = test.value("must_fail", false);
  const bool serialise_only = !test.contains("raw");
  std::string canonical;
  if (test.contains("canonical")) {
    canonical = join(test["canonical"].get<std::vector<std::string>>());
  } else if (!serialise_only) {
    canonical = join(test["raw"].get<std::vector<std::string>>());
  }
  if (!serialise_only) {
    std::vector<test::ExactBuffer> buffers;
    for (const auto& line : test["raw"].get<std::vector<std::string>>()) buffers.emplace_back(line);
    std::vector<std::string_view> lines;
    for (const auto& buffer : buffers) lines.push_back(buffer.view());
    const auto parsed = parse(kind, lines, field);
    if (!parsed) {
      EXPECT_TRUE(field.members().empty());
      return false;
    }
    if (must_fail) return true;
    expect_field(field, kind, test.at("expected"));
    EXPECT_EQ(serialise(kind, field), canonical);
  }
  std::string out;
  const auto appended = append_expected(kind, test.at("expected"), out);
  if (!appended) return false;
  if (!must_fail) {
    EXPECT_EQ(out, canonical);
  }
  return true;
}

class StructuredFieldSuite : public testing::Test {
 protected:
  void SetUp() override {
    if (std::string_view(WBA_EXTERNAL_VECTORS_DIR).empty()) {
      GTEST_SKIP() << "the structured field tests stand outside this project: configure with "
                      "-DWBA_EXTERNAL_VECTORS=FOLDER to run them";
    }
  }
};

TEST_F(StructuredFieldSuite, EveryCaseParsesAndSerialisesAsExpected) {
  std::size_t cases = 0;
  std::set<std::string> seen_may_fail;
  Field field;
  for (const SuiteFile& file : suite_files) {
    const std::string name(file.name);
    const Json tests = test::read_json_file(std::string(WBA_EXTERNAL_VECTORS_DIR) +
                                            "/structured-field-tests/" + name + ".json");
    ASSERT_TRUE(tests.is_array()) << name;
    EXPECT_EQ(tests.size(), file.cases) << name;
    for (const Json& test : tests) {
      const std::string id = name + "/" + test.at("name").get<std::string>();
      const testing::ScopedTrace trace(__FILE__, __LINE__, id);
      test::expect_known_keys(
          test, {"name", "raw", "header_type", "expected", "canonical", "must_fail", "can_fail"},
          id);
      const bool done = run_case(test, field);
      ++cases;
      if (test.value("can_fail", false)) {
        seen_may_fail.insert(id);
      }
      EXPECT_EQ(done, !test.value("must_fail", false));
    }
  }
  EXPECT_EQ(cases, suite_cases);
  EXPECT_EQ(seen_may_fail, may_fail);
}

}  // namespace
}  // namespace wba::sf
