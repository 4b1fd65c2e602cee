#ifndef WBA_GUARD_PATH_MATCH_H_
#define WBA_GUARD_PATH_MATCH_H_

// Paths of routes and rules. A path can be read in two ways, and servers behind the guard do
// either: as it stands (only the encoding of unreserved characters undone, which never means
// anything), or wholly decoded, slashes merged and dot segments resolved, as nginx does. A rule
// that only looks at one reading is walked around by the other.

#include <string>
#include <string_view>
#include <vector>

namespace wba::guard {

// PathReadings are the two readings of one path. `same` says that they are equal.
struct PathReadings {
  std::string literal;
  std::string decoded;
  bool same = true;

  // read replaces both; it allocates nothing once they have grown.
  void read(std::string_view path);
};

// request_path gives the path of a request target without its query: of origin-form and
// absolute-form; "/" for an empty path; "*" and authority-form as they are.
[[nodiscard]] std::string_view request_path(std::string_view target) noexcept;

// is_path_pattern says whether the text is a pattern: "/", "/a/b", "/a/*"; "/*" fits every path.
[[nodiscard]] bool is_path_pattern(std::string_view text) noexcept;

// PathPattern is one pattern in both readings.
class PathPattern {
 public:
  explicit PathPattern(std::string_view pattern);

  [[nodiscard]] bool fits_literal(std::string_view path) const noexcept {
    return fits(literal_, path);
  }
  [[nodiscard]] bool fits_decoded(std::string_view path) const noexcept {
    return fits(decoded_, path);
  }

 private:
  [[nodiscard]] bool fits(std::string_view pattern, std::string_view path) const noexcept;

  std::string literal_;  // without "/*"
  std::string decoded_;
  bool below_ = false;
};

}  // namespace wba::guard

#endif  // WBA_GUARD_PATH_MATCH_H_
