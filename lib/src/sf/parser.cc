#include "sf/parser.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>

#include "sf/characters.h"

namespace wba::sf {
namespace {

// The sizes that a Field gets before its first use; a usual field then never grows one.
constexpr std::size_t first_members = 8;
constexpr std::size_t first_items = 16;
constexpr std::size_t first_parameters = 16;

// Keys are never empty, so the first characters can be compared before the rest.
bool same_key(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && a.front() == b.front() && a == b;
}

// locate gives the position of `key` among `elements`, or their number where it is new. From
// keys_compared_one_by_one elements on, `index` holds their positions sorted by key, and the new
// one is put into it.
template <typename Element>
std::size_t locate(std::span<const Element> elements, std::string_view key,
                   std::vector<std::uint32_t>& index) {
  if (elements.size() < keys_compared_one_by_one) {
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (same_key(elements[i].key, key)) return i;
    }
    return elements.size();
  }
  const auto key_of = [elements](std::uint32_t position) { return elements[position].key; };
  if (elements.size() == keys_compared_one_by_one) {
    index.resize(elements.size());
    for (std::uint32_t i = 0; i < elements.size(); ++i) index[i] = i;
    std::ranges::sort(index, {}, key_of);
  }
  const auto place = std::ranges::lower_bound(index, key, {}, key_of);
  if (place != index.end() && key_of(*place) == key) return *place;
  index.insert(place, static_cast<std::uint32_t>(elements.size()));
  return elements.size();
}

// join writes `lines` with ", " between them into `joined`, which only ever grows.
std::string_view join(std::span<const std::string_view> lines, std::size_t size,
                      std::vector<char>& joined) {
  if (joined.size() < size) joined.resize(size);
  char* out = joined.data();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i != 0) {
      *out++ = ',';
      *out++ = ' ';
    }
    out = std::ranges::copy(lines[i], out).out;
  }
  return {joined.data(), size};
}

}  // namespace

Result<void> Parser::parse(FieldKind kind, std::span<const std::string_view> lines, Field& field,
                           const Limits& limits) {
  field.clear();
  // Offsets and slices are 32 bits wide.
  const std::size_t limit =
      std::min<std::size_t>(limits.bytes, std::numeric_limits<std::uint32_t>::max());
  std::size_t size = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t more = lines[i].size() + (i == 0 ? 0 : 2);
    if (more > limit - size) {
      return std::unexpected(Error{ErrorCode::sf_too_long, static_cast<std::uint32_t>(limit)});
    }
    size += more;
  }
  try {
    if (field.members_.capacity() == 0) {
      field.members_.reserve(first_members);
      field.items_.reserve(first_items);
      field.parameters_.reserve(first_parameters);
    }
    std::string_view input;
    if (lines.size() == 1) {
      input = lines.front();
    } else if (size != 0) {
      input = join(lines, size, field.joined_);
    }
    Parser parser(input, field, limits);
    if (parser.parse_field(kind) != nullptr) return {};
    field.clear();
    return std::unexpected(parser.error_);
  } catch (const std::bad_alloc&) {
    field.clear();
  } catch (const std::length_error&) {
    field.clear();
  }
  return std::unexpected(Error{ErrorCode::out_of_memory});
}

// RFC 9651 §4.2. An empty input may have a null address; what the parser returns must not.
const char* Parser::parse_field(FieldKind kind) {
  if (begin_ == nullptr) begin_ = end_ = "";
  const char* at = begin_;
  while (at != end_ && *at == ' ') ++at;
  switch (kind) {
    case FieldKind::list:
      return at == end_ ? at : parse_list(at);
    case FieldKind::dictionary:
      return at == end_ ? at : parse_dictionary(at);
    case FieldKind::item:
      break;
  }
  Member& member = field_.members_.emplace_back();
  const char* value = at;
  member.canonical = true;
  at = parse_bare_item(at, member.value, member.canonical);
  if (at == nullptr) return nullptr;
  at = parse_parameters(at, member.parameters, member.canonical);
  if (at == nullptr) return nullptr;
  member.raw = {value, at};
  while (at != end_ && *at == ' ') ++at;
  return at == end_ ? at : fail(ErrorCode::sf_trailing_characters, at);
}

// RFC 9651 §4.2.1.
const char* Parser::parse_list(const char* at) {
  while (true) {
    if (field_.members_.size() >= limits_.members) {
      return fail(ErrorCode::sf_too_many_members, at);
    }
    at = parse_member_value(at, field_.members_.emplace_back());
    if (at == nullptr) return nullptr;
    at = next_member(at);
    if (at == nullptr || at == end_) return at;
  }
}

// RFC 9651 §4.2.2.
const char* Parser::parse_dictionary(const char* at) {
  while (true) {
    std::string_view key;
    const char* start = at;
    at = parse_key(at, key);
    if (at == nullptr) return nullptr;
    Member* member = dictionary_member(key);
    if (member == nullptr) return fail(ErrorCode::sf_too_many_members, start);
    if (at != end_ && *at == '=') {
      at = parse_member_value(at + 1, *member);
    } else {
      // The Boolean true; its serialisation as a value is "?1", which does not stand here.
      member->value.type = Type::boolean;
      member->value.number = 1;
      const char* value = at;
      at = parse_parameters(at, member->parameters, member->canonical);
      member->canonical = false;
      if (at != nullptr) member->raw = {value, at};
    }
    if (at == nullptr) return nullptr;
    at = next_member(at);
    if (at == nullptr || at == end_) return at;
  }
}

// next_member reads from behind a member to the next one, or to the end.
const char* Parser::next_member(const char* at) {
  while (at != end_ && (*at == ' ' || *at == '\t')) ++at;
  if (at == end_) return at;
  const char* comma = at;
  if (*at != ',') return fail(ErrorCode::sf_expected_comma, at);
  ++at;
  while (at != end_ && (*at == ' ' || *at == '\t')) ++at;
  return at == end_ ? fail(ErrorCode::sf_trailing_comma, comma) : at;
}

// RFC 9651 §4.2.1.1.
const char* Parser::parse_member_value(const char* at, Member& member) {
  const char* value = at;
  member.canonical = true;
  if (at != end_ && *at == '(') {
    at = parse_inner_list(at + 1, member);
  } else {
    at = parse_bare_item(at, member.value, member.canonical);
  }
  if (at == nullptr) return nullptr;
  at = parse_parameters(at, member.parameters, member.canonical);
  if (at != nullptr) member.raw = {value, at};
  return at;
}

// RFC 9651 §4.2.1.2, from behind the opening parenthesis. Serialising gives one space between items
// and none elsewhere.
const char* Parser::parse_inner_list(const char* at, Member& member) {
  member.is_inner_list = true;
  member.items.first = static_cast<std::uint32_t>(field_.items_.size());
  while (true) {
    while (at != end_ && *at == ' ') {
      ++at;
      member.canonical = false;
    }
    if (at == end_) return fail(ErrorCode::sf_unexpected_end, at);
    if (*at == ')') return at + 1;
    if (*at == '(') return fail(ErrorCode::sf_nested_inner_list, at);
    if (member.items.count >= limits_.inner_list_items) {
      return fail(ErrorCode::sf_too_many_inner_items, at);
    }
    ++member.items.count;
    Item& item = field_.items_.emplace_back();
    const char* start = at;
    item.canonical = true;
    at = parse_bare_item(at, item.value, item.canonical);
    if (at == nullptr) return nullptr;
    at = parse_parameters(at, item.parameters, item.canonical);
    if (at == nullptr) return nullptr;
    item.raw = {start, at};
    member.canonical = member.canonical && item.canonical;
    if (at == end_) return fail(ErrorCode::sf_unexpected_end, at);
    if (*at == ')') return at + 1;
    if (*at != ' ') return fail(ErrorCode::sf_inner_list_separator, at);
    ++at;
    if (at != end_ && *at == ')') member.canonical = false;
  }
}

// RFC 9651 §4.2.3.2.
const char* Parser::parse_parameters(const char* at, Slice& slice, bool& canonical) {
  slice.first = static_cast<std::uint32_t>(field_.parameters_.size());
  slice.count = 0;
  while (at != end_ && *at == ';') {
    ++at;
    while (at != end_ && *at == ' ') {
      ++at;
      canonical = false;
    }
    std::string_view key;
    const char* start = at;
    at = parse_key(at, key);
    if (at == nullptr) return nullptr;
    Parameter* const slot = parameter(key, slice, canonical);
    if (slot == nullptr) return fail(ErrorCode::sf_too_many_parameters, start);
    if (at != end_ && *at == '=') {
      at = parse_bare_item(at + 1, slot->value, canonical);
      if (at == nullptr) return nullptr;
      // A parameter that is true is serialised without its value.
      if (slot->value.type == Type::boolean && slot->value.number != 0) canonical = false;
    }
  }
  return at;
}

// RFC 9651 §4.2.3.3.
const char* Parser::parse_key(const char* at, std::string_view& key) {
  if (at == end_) return fail(ErrorCode::sf_unexpected_end, at);
  if (!is(*at, key_start)) return fail(ErrorCode::sf_invalid_key, at);
  const char* start = at++;
  while (at != end_ && is(*at, key_character)) ++at;
  key = {start, at};
  return at;
}

// dictionary_member gives the member to read a value into: a new one, or the one that had the key
// before, whose value is dropped. nullptr where there is no room for a new one.
Member* Parser::dictionary_member(std::string_view key) {
  auto& members = field_.members_;
  const std::size_t position = locate(std::span<const Member>(members), key, field_.index_);
  if (position != members.size()) {
    field_.has_duplicate_key_ = true;
    Member& member = members[position];
    member = Member{};
    member.key = key;
    return &member;
  }
  if (members.size() >= limits_.members) return nullptr;
  Member& member = members.emplace_back();
  member.key = key;
  return &member;
}

// parameter does the same for a parameter of the item or list that is being read.
Parameter* Parser::parameter(std::string_view key, Slice& slice, bool& canonical) {
  auto& parameters = field_.parameters_;
  const auto own = std::span<const Parameter>(parameters).subspan(slice.first, slice.count);
  const std::size_t position = locate(own, key, field_.parameter_index_);
  if (position != slice.count) {
    canonical = false;
    Parameter& same = parameters[slice.first + position];
    same.value = BareItem{};
    return &same;
  }
  if (slice.count >= limits_.parameters) return nullptr;
  ++slice.count;
  return &parameters.emplace_back(Parameter{key, BareItem{}});
}

Result<void> parse_item(std::span<const std::string_view> lines, Field& field,
                        const Limits& limits) {
  return Parser::parse(FieldKind::item, lines, field, limits);
}

Result<void> parse_list(std::span<const std::string_view> lines, Field& field,
                        const Limits& limits) {
  return Parser::parse(FieldKind::list, lines, field, limits);
}

Result<void> parse_dictionary(std::span<const std::string_view> lines, Field& field,
                              const Limits& limits) {
  return Parser::parse(FieldKind::dictionary, lines, field, limits);
}

Result<void> parse_item(std::string_view line, Field& field, const Limits& limits) {
  return Parser::parse(FieldKind::item, std::span(&line, 1), field, limits);
}

Result<void> parse_list(std::string_view line, Field& field, const Limits& limits) {
  return Parser::parse(FieldKind::list, std::span(&line, 1), field, limits);
}

Result<void> parse_dictionary(std::string_view line, Field& field, const Limits& limits) {
  return Parser::parse(FieldKind::dictionary, std::span(&line, 1), field, limits);
}

}  // namespace wba::sf
