#ifndef WBA_SF_PARSER_H_
#define WBA_SF_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <wba/structured_field.h>

namespace wba::sf {

enum class FieldKind : std::uint8_t { item, list, dictionary };

// Up to this many keys are compared one by one; beyond, an index kept sorted finds them. Sorted and
// not hashed, so that no chosen keys can make it slow.
inline constexpr std::size_t keys_compared_one_by_one = 16;

// Parser reads one field value in a single pass. Its steps take the position to read at and return
// the position behind what they read, or nullptr with `error_` set: the position stays in a
// register, and each step can be read beside its section of RFC 9651 §4.2.
class Parser {
 public:
  // parse reads `lines` into `field`, which is left empty on error.
  [[nodiscard]] static Result<void> parse(FieldKind kind, std::span<const std::string_view> lines,
                                          Field& field, const Limits& limits);

 private:
  Parser(std::string_view input, Field& field, const Limits& limits) noexcept
      : begin_(input.data()), end_(begin_ + input.size()), field_(field), limits_(limits) {}

  // Structure, parser.cc.
  [[nodiscard]] const char* parse_field(FieldKind kind);
  [[nodiscard]] const char* parse_list(const char* at);
  [[nodiscard]] const char* parse_dictionary(const char* at);
  [[nodiscard]] const char* next_member(const char* at);
  [[nodiscard]] const char* parse_member_value(const char* at, Member& member);
  [[nodiscard]] const char* parse_inner_list(const char* at, Member& member);
  [[nodiscard]] const char* parse_parameters(const char* at, Slice& slice, bool& canonical);
  [[nodiscard]] const char* parse_key(const char* at, std::string_view& key);
  [[nodiscard]] Member* dictionary_member(std::string_view key);
  [[nodiscard]] Parameter* parameter(std::string_view key, Slice& slice, bool& canonical);

  // Bare items, bare_item.cc. `canonical` becomes false where serialising gives other bytes.
  [[nodiscard]] const char* parse_bare_item(const char* at, BareItem& item, bool& canonical);
  [[nodiscard]] const char* parse_number(const char* at, BareItem& item, bool& canonical);
  [[nodiscard]] const char* parse_integer_digits(const char* at, std::int64_t& value,
                                                 bool& canonical);
  [[nodiscard]] const char* parse_string(const char* at, BareItem& item);
  [[nodiscard]] const char* parse_escaped_string(const char* at, const char* escape,
                                                 BareItem& item);
  [[nodiscard]] const char* parse_byte_sequence(const char* at, BareItem& item, bool& canonical);
  [[nodiscard]] const char* parse_date(const char* at, BareItem& item, bool& canonical);
  [[nodiscard]] const char* parse_display_string(const char* at, BareItem& item, bool& canonical);

  // decoded_room gives the free part of the field's memory for decoded bytes: as many as the input
  // has, since decoding never makes more of them. It does not move while one value is parsed.
  [[nodiscard]] char* decoded_room();

  [[nodiscard]] const char* fail(ErrorCode code, const char* at) noexcept {
    error_ = Error{code, static_cast<std::uint32_t>(at - begin_)};
    return nullptr;
  }

  const char* begin_;
  const char* end_;
  Field& field_;
  const Limits& limits_;
  std::size_t decoded_used_ = 0;
  Error error_{};
};

}  // namespace wba::sf

#endif  // WBA_SF_PARSER_H_
