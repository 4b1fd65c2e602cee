#ifndef WBA_STRUCTURED_FIELD_H_
#define WBA_STRUCTURED_FIELD_H_

// Structured Field Values for HTTP, RFC 9651: strict parsing and serialising.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/error.h>

namespace wba::sf {

// Limits bound what a parser takes. The defaults are the sizes that RFC 9651 §3 asks every
// implementation to support; callers that know their field pass less.
struct Limits {
  std::size_t bytes = 65536;           // of the whole field value, lines joined
  std::size_t members = 1024;          // of a List or Dictionary
  std::size_t parameters = 256;        // of one Item, Inner List or member
  std::size_t inner_list_items = 256;  // of one Inner List
};

enum class Type : std::uint8_t {
  integer,
  decimal,
  string,
  token,
  byte_sequence,
  boolean,
  date,
  display_string,
};

// BareItem is one value, RFC 9651 §3.3. `text` views the parsed input, or the Field that was parsed
// into where decoding changed bytes; it lives as long as both do.
struct BareItem {
  Type type = Type::boolean;
  // integer and date: the value. decimal: thousandths (1.5 is 1500). boolean: 0 or 1.
  std::int64_t number = 1;
  // string: without quotes and escapes. token: as it stands. byte_sequence: decoded octets.
  // display_string: decoded UTF-8.
  std::string_view text = {};  // NOLINT(readability-redundant-member-init): may be left out

  friend bool operator==(const BareItem&, const BareItem&) = default;
};

struct Parameter {
  std::string_view key;
  BareItem value;

  friend bool operator==(const Parameter&, const Parameter&) = default;
};

// Slice is a run of elements in one of a Field's tables.
struct Slice {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

// Item is one element of an Inner List. Its parameters: Field::parameters(item).
struct Item {
  BareItem value;
  Slice parameters;
  std::string_view raw;    // the bytes it was parsed from, parameters included
  bool canonical = false;  // whether `raw` is what serialising it gives
};

// Member is a member of a Dictionary or List, or the one value of an Item field.
struct Member {
  std::string_view key;  // of a Dictionary; empty elsewhere
  bool is_inner_list = false;
  BareItem value;  // where it is no Inner List
  Slice items;     // where it is one
  Slice parameters;
  // The bytes of the value it was parsed from, parameters included, key and "=" not. Empty for a
  // Dictionary member that is a bare key; its value is then the Boolean true, and for a bare key
  // with parameters `raw` holds only these.
  std::string_view raw;
  bool canonical = false;  // whether `raw` is what append_member_value gives
};

// Field is one parsed structured field: a List, a Dictionary or an Item. It views the parsed input
// wherever bytes do not change and owns the rest, and can be parsed into again and again: once it
// has grown to a usual field's size, parsing allocates nothing. Moving it keeps its views right; it
// cannot be copied.
class Field {
 public:
  Field() = default;
  Field(Field&&) = default;
  Field& operator=(Field&&) = default;
  Field(const Field&) = delete;
  Field& operator=(const Field&) = delete;
  ~Field() = default;

  // members in the order of the field. A Dictionary key that came twice holds its last value
  // in its first place (RFC 9651 §4.2.2); `has_duplicate_key` then says so.
  [[nodiscard]] std::span<const Member> members() const noexcept { return members_; }
  [[nodiscard]] bool has_duplicate_key() const noexcept { return has_duplicate_key_; }

  [[nodiscard]] std::span<const Item> items(const Member& member) const noexcept {
    return std::span(items_).subspan(member.items.first, member.items.count);
  }
  [[nodiscard]] std::span<const Parameter> parameters(const Member& member) const noexcept {
    return std::span(parameters_).subspan(member.parameters.first, member.parameters.count);
  }
  [[nodiscard]] std::span<const Parameter> parameters(const Item& item) const noexcept {
    return std::span(parameters_).subspan(item.parameters.first, item.parameters.count);
  }

  // find gives the Dictionary member with this key, or nullptr.
  [[nodiscard]] const Member* find(std::string_view key) const noexcept;

  // clear empties it and keeps its memory.
  void clear() noexcept;

 private:
  friend class Parser;

  std::vector<Member> members_;
  std::vector<Item> items_;
  std::vector<Parameter> parameters_;
  std::vector<std::uint32_t> index_;            // members sorted by key, where they are many
  std::vector<std::uint32_t> parameter_index_;  // the same of the parameters being parsed
  // Vectors of bytes and no strings: a short string's bytes would move with the Field.
  std::vector<char> joined_;   // the field's lines, where it has several
  std::vector<char> decoded_;  // bytes that decoding changed
  bool has_duplicate_key_ = false;
};

// find_parameter gives the parameter with this key, or nullptr.
[[nodiscard]] const Parameter* find_parameter(std::span<const Parameter> parameters,
                                              std::string_view key) noexcept;

// parse_item, parse_list and parse_dictionary read one whole field value into `field`, which is
// left empty on error. `lines` are the values of the field's lines in order, without the name;
// several are read as if joined by ", " (RFC 9110 §5.3). They must not view `field` itself. A
// Dictionary or List with no member is valid; an Item with no value is not. Nothing is allocated
// where `field` has room.
// Errors: the sf_ codes, out_of_memory; the offset counts into the joined value. RFC 9651 §4.2.
[[nodiscard]] Result<void> parse_item(std::span<const std::string_view> lines, Field& field,
                                      const Limits& limits = {});
[[nodiscard]] Result<void> parse_list(std::span<const std::string_view> lines, Field& field,
                                      const Limits& limits = {});
[[nodiscard]] Result<void> parse_dictionary(std::span<const std::string_view> lines, Field& field,
                                            const Limits& limits = {});

// The same for a field that stands on one line.
[[nodiscard]] Result<void> parse_item(std::string_view line, Field& field,
                                      const Limits& limits = {});
[[nodiscard]] Result<void> parse_list(std::string_view line, Field& field,
                                      const Limits& limits = {});
[[nodiscard]] Result<void> parse_dictionary(std::string_view line, Field& field,
                                            const Limits& limits = {});

// serialise_list and serialise_dictionary append a whole parsed field to `out` in its strict form
// (RFC 9651 §4.1); nothing is appended for an empty one. serialise_item: the one value. These and
// the next three write what a parser read, which always has a serialisation; the one thing that can
// fail is `out` growing, as in any std::string::append.
void serialise_item(const Field& field, std::string& out);
void serialise_list(const Field& field, std::string& out);
void serialise_dictionary(const Field& field, std::string& out);

// append_member_value appends a member's Inner List or Item with its parameters, "?1" for true;
// append_item an Inner List's item with its parameters; append_parameters ";k=v" for each.
void append_member_value(const Field& field, const Member& member, std::string& out);
void append_item(const Field& field, const Item& item, std::string& out);
void append_parameters(std::span<const Parameter> parameters, std::string& out);

// The writers below append one element that the caller made. Those that can meet a value with no
// serialisation return an error and leave `out` unchanged. RFC 9651 §4.1.
// Errors: sf_invalid_key, sf_number_out_of_range, sf_invalid_string, sf_invalid_token,
// sf_invalid_display_string, out_of_memory.
[[nodiscard]] Result<void> append_key(std::string_view key, std::string& out);
[[nodiscard]] Result<void> append_parameter(std::string_view key, const BareItem& value,
                                            std::string& out);
[[nodiscard]] Result<void> append_integer(std::int64_t value, std::string& out);
[[nodiscard]] Result<void> append_decimal(std::int64_t thousandths, std::string& out);
[[nodiscard]] Result<void> append_string(std::string_view text, std::string& out);
[[nodiscard]] Result<void> append_token(std::string_view text, std::string& out);
void append_byte_sequence(std::span<const std::byte> octets, std::string& out);
void append_boolean(bool value, std::string& out);
[[nodiscard]] Result<void> append_date(std::int64_t seconds, std::string& out);
[[nodiscard]] Result<void> append_display_string(std::string_view utf8, std::string& out);
[[nodiscard]] Result<void> append_bare_item(const BareItem& item, std::string& out);

}  // namespace wba::sf

#endif  // WBA_STRUCTURED_FIELD_H_
