// Structured fields: what parses serialises to something that parses to the same values, the
// canonical flags tell the truth, and no limit is passed.
// Input: one byte that picks the kind of field and the limits, then the field's lines.

#include <string>
#include <string_view>
#include <vector>

#include <wba/structured_field.h>

#include "fuzz/fuzz_input.h"

namespace {

using wba::fuzz::require;
using wba::sf::BareItem;
using wba::sf::Field;
using wba::sf::Item;
using wba::sf::Limits;
using wba::sf::Member;
using wba::sf::Parameter;
using wba::sf::Type;

enum class Kind : std::uint8_t { item, list, dictionary };

wba::Result<void> parse(Kind kind, std::span<const std::string_view> lines, Field& field,
                        const Limits& limits) {
  switch (kind) {
    case Kind::item:
      return parse_item(lines, field, limits);
    case Kind::list:
      return parse_list(lines, field, limits);
    case Kind::dictionary:
      break;
  }
  return parse_dictionary(lines, field, limits);
}

std::string serialise(Kind kind, const Field& field) {
  std::string out;
  if (kind == Kind::item) serialise_item(field, out);
  if (kind == Kind::list) serialise_list(field, out);
  if (kind == Kind::dictionary) serialise_dictionary(field, out);
  return out;
}

bool is_true(const BareItem& item) { return item.type == Type::boolean && item.number == 1; }

bool same_parameters(std::span<const Parameter> a, std::span<const Parameter> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void require_same(const Field& a, const Field& b) {
  require(a.members().size() == b.members().size());
  for (std::size_t i = 0; i < a.members().size(); ++i) {
    const Member& left = a.members()[i];
    const Member& right = b.members()[i];
    require(left.key == right.key);
    require(left.is_inner_list == right.is_inner_list);
    require(left.value == right.value);
    require(same_parameters(a.parameters(left), b.parameters(right)));
    const auto left_items = a.items(left);
    const auto right_items = b.items(right);
    require(left_items.size() == right_items.size());
    for (std::size_t j = 0; j < left_items.size(); ++j) {
      require(left_items[j].value == right_items[j].value);
      require(same_parameters(a.parameters(left_items[j]), b.parameters(right_items[j])));
    }
  }
}

void check_value(const BareItem& value) {
  std::string out;
  require(wba::sf::append_bare_item(value, out).has_value());
  require(!out.empty());
}

void check_parameters(std::span<const Parameter> parameters, const Limits& limits) {
  require(parameters.size() <= limits.parameters);
  for (const Parameter& parameter : parameters) {
    check_value(parameter.value);
    require(wba::sf::find_parameter(parameters, parameter.key) == &parameter);
  }
}

void check_members(Kind kind, const Field& field, const Limits& limits) {
  require(field.members().size() <= limits.members);
  for (const Member& member : field.members()) {
    require((kind == Kind::dictionary) == !member.key.empty());
    if (kind == Kind::dictionary) require(field.find(member.key) == &member);
    check_parameters(field.parameters(member), limits);
    require(field.items(member).size() <= limits.inner_list_items);
    std::string out;
    for (const Item& item : field.items(member)) {
      check_value(item.value);
      check_parameters(field.parameters(item), limits);
      out.clear();
      append_item(field, item, out);
      require(item.canonical == (out == item.raw));
    }
    if (!member.is_inner_list) check_value(member.value);
    out.clear();
    append_member_value(field, member, out);
    require(member.canonical == (out == member.raw));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wba::fuzz::Input input(data, size);
  const std::uint8_t choice = input.take_byte();
  const auto kind = static_cast<Kind>(choice % 3);
  Limits limits;
  if ((choice & 0x80) != 0)
    limits = {.bytes = 100, .members = 5, .parameters = 3, .inner_list_items = 3};
  std::vector<std::string_view> lines;
  std::size_t joined = 0;
  do {
    lines.push_back(input.take_until('\n'));
    joined += lines.back().size() + (lines.size() == 1 ? 0 : 2);
  } while (!input.empty());

  Field field;
  const auto parsed = parse(kind, lines, field, limits);
  if (!parsed) {
    require(field.members().empty());
    require(parsed.error().offset <= joined);
    require(to_string(parsed.error().code).starts_with("sf-"));
    return 0;
  }
  require(joined <= limits.bytes);
  check_members(kind, field, limits);

  // The strict form parses to the same and is its own strict form. It may be longer: ", " for ",".
  Limits more = limits;
  more.bytes = 2 * limits.bytes;
  const std::string strict = serialise(kind, field);
  const std::string_view strict_view = strict;
  Field again;
  require(parse(kind, {&strict_view, 1}, again, more).has_value());
  require_same(field, again);
  require(!again.has_duplicate_key());
  require(serialise(kind, again) == strict);
  for (const Member& member : again.members()) {
    require(member.canonical || (kind == Kind::dictionary && is_true(member.value)));
  }

  // A field that was used before gives the same.
  require(parse(kind, lines, again, limits).has_value());
  require_same(field, again);
  return 0;
}
