#ifndef WBA_SRC_MESSAGE_MESSAGE_INDEX_H_
#define WBA_SRC_MESSAGE_MESSAGE_INDEX_H_

// What was read of one message. All components of all its signatures share it, so that no part of
// the message is read again for each of them.

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <wba/component.h>

#include "base/ascii.h"
#include "message/name_index.h"
#include "message/query_param.h"
#include "message/target.h"

namespace wba {

// StructuredValue is a field that was parsed for sf or key.
struct StructuredValue {
  std::string_view name;
  std::span<const FieldLine> section;
  std::string joined;  // its lines, where the field has several
  sf::Field field;
  bool is_malformed = false;
  std::size_t octets = 0;
};

// is_named compares lengths first, in place: of the fields of a request few have the same.
[[nodiscard]] inline bool is_named(const FieldLine& line, std::string_view name) noexcept {
  return line.name.size() == name.size() && ascii::equals_ignoring_case(line.name, name);
}

class MessageIndex {
 public:
  // start forgets the message and what was spent on it.
  void start() noexcept;

  // work counts the octets and lines that were read and written since start.
  [[nodiscard]] std::size_t work() const noexcept { return work_; }
  void spend(std::size_t octets) noexcept { work_ += octets; }

  // target is the request's target, split; nullptr where it cannot be.
  [[nodiscard]] const TargetParts* target(const Request& request) noexcept;

  // query is the query's parameters; nullptr where they are more than QueryParameters takes.
  [[nodiscard]] QueryParameters* query(std::string_view query);

  // text is for the caller to use for a while.
  [[nodiscard]] std::string& text() noexcept { return text_; }

  // find_structured gives the field if it was parsed before; else nullptr. add_structured gives a
  // place to parse it into, nullptr where there are too many: set its name once that is done.
  [[nodiscard]] StructuredValue* find_structured(std::string_view name,
                                                 std::span<const FieldLine> section) noexcept;
  [[nodiscard]] StructuredValue* add_structured() noexcept;

  // each_line calls `visit` for each line of `name`, in lower case, until it returns false, and
  // returns false then.
  template <typename Visit>
  [[nodiscard]] bool each_line(std::span<const FieldLine> section, std::string_view name,
                               Visit visit) {
    Lines& lines = lines_of(section);
    if (lines.scans < scans_before_index || section.size() <= scans_before_index) {
      ++lines.scans;
      work_ += section.size();
      for (const auto& line : section) {
        if (is_named(line, name) && !visit(line)) return false;
      }
      return true;
    }
    if (!lines.is_indexed) index(lines);
    for (const auto& entry : lines.names.find(name)) {
      if (!visit(section[entry.place])) return false;
    }
    return true;
  }

 private:
  // Sorting the lines costs as much as going through them so often.
  static constexpr std::size_t scans_before_index = 8;

  struct Lines {
    std::span<const FieldLine> section;
    std::size_t scans = 0;
    bool is_indexed = false;
    NameIndex names;  // in lower case
  };

  [[nodiscard]] Lines& lines_of(std::span<const FieldLine> section) noexcept;
  void index(Lines& lines);

  std::size_t work_ = 0;
  bool has_target_ = false;
  bool is_split_ = false;
  std::string_view target_;
  std::string_view method_;
  TargetParts parts_;
  bool has_query_ = false;
  bool is_read_ = false;
  std::string_view query_;
  QueryParameters parameters_;
  std::array<Lines, 2> lines_;  // of header and trailer section
  std::size_t last_lines_ = 1;  // the place of the section asked for last
  std::array<StructuredValue, 16> structured_;
  std::size_t structured_count_ = 0;
  std::string text_;
};

}  // namespace wba

#endif  // WBA_SRC_MESSAGE_MESSAGE_INDEX_H_
