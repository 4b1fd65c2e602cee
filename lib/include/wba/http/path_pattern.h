#ifndef WBA_HTTP_PATH_PATTERN_H_
#define WBA_HTTP_PATH_PATTERN_H_

// Paths of routes and rules. A path can be read in two ways, and servers behind the guard do
// either: as it stands (only the encoding of unreserved characters undone, which never means
// anything), or wholly decoded, parameters (";…") dropped, slashes merged and dot segments
// resolved. A rule that only looks at one reading is walked around by the other.
//
// Where servers differ in more than that, two readings say nothing. Such a path is ambiguous; it
// has
//  - a raw "#": some end the path there, some do not;
//  - a "%" that is no escape: some know "%u0061", some keep it, some refuse it;
//  - a control octet, raw or escaped: some end the path at "%00", some cut it out;
//  - a dot segment together with ";", "\", an empty segment or an encoded slash: what ".." takes
//    away is another segment for each server, by which of those it goes by, and in which order;
//  - an encoded slash or "\" in a parameter: it ends there for those that decode first.
// It may be any path, so that it is under a route or rule only where no path has a say in that.

#include <string>
#include <string_view>
#include <vector>

namespace wba::http {

// PathReadings are the two readings of one path. `same` says that they are equal. One that is
// `ambiguous` has neither: do not compare it with patterns.
struct PathReadings {
  std::string literal;
  std::string decoded;
  bool same = true;
  bool ambiguous = false;

  // read replaces both; it allocates nothing once they have grown.
  void read(std::string_view path);
};

// request_path gives the path of a request target without its query: of origin-form and
// absolute-form; "/" for an empty path; "*" and authority-form as they are. A "#" stays in it.
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

  // fits_all says that it is "/*".
  [[nodiscard]] bool fits_all() const noexcept { return below_ && literal_.empty(); }

 private:
  [[nodiscard]] bool fits(std::string_view pattern, std::string_view path) const noexcept;

  std::string literal_;  // without "/*"
  std::string decoded_;
  bool below_ = false;
};

}  // namespace wba::http

#endif  // WBA_HTTP_PATH_PATTERN_H_
