#ifndef WBA_TESTS_UNIT_SF_SUPPORT_H_
#define WBA_TESTS_UNIT_SF_SUPPORT_H_

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <wba/structured_field.h>

#include "support/exact_buffer.h"

namespace wba::sf {

// Parsed holds a field together with the exact-size copy of the input it views.
struct Parsed {
  explicit Parsed(std::string_view text) : input(text) {}

  test::ExactBuffer input;
  Field field;
  Result<void> result;

  [[nodiscard]] const Member& member(std::size_t i = 0) const { return field.members()[i]; }
  [[nodiscard]] const BareItem& value(std::size_t i = 0) const { return member(i).value; }
};

inline Parsed item(std::string_view text, const Limits& limits = {}) {
  Parsed parsed(text);
  parsed.result = parse_item(parsed.input.view(), parsed.field, limits);
  return parsed;
}

inline Parsed list(std::string_view text, const Limits& limits = {}) {
  Parsed parsed(text);
  parsed.result = parse_list(parsed.input.view(), parsed.field, limits);
  return parsed;
}

inline Parsed dictionary(std::string_view text, const Limits& limits = {}) {
  Parsed parsed(text);
  parsed.result = parse_dictionary(parsed.input.view(), parsed.field, limits);
  return parsed;
}

inline testing::AssertionResult accepted(const Parsed& parsed) {
  if (parsed.result) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << to_string(parsed.result.error().code) << " at " << parsed.result.error().offset;
}

// refused checks the rule, the place, and that nothing is left in the field.
inline testing::AssertionResult refused(const Parsed& parsed, ErrorCode code,
                                        std::uint32_t offset) {
  if (parsed.result) return testing::AssertionFailure() << "was accepted";
  const Error& error = parsed.result.error();
  if (error.code != code || error.offset != offset) {
    return testing::AssertionFailure() << to_string(error.code) << " at " << error.offset;
  }
  if (!parsed.field.members().empty()) return testing::AssertionFailure() << "left members";
  return testing::AssertionSuccess();
}

}  // namespace wba::sf

#endif  // WBA_TESTS_UNIT_SF_SUPPORT_H_
