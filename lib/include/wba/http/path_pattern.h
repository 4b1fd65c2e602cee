#ifndef WBA_HTTP_PATH_PATTERN_H_
#define WBA_HTTP_PATH_PATTERN_H_

// Patterns of paths, and the ways in which servers read a path. A policy that knows one reading is
// evaded by another, so that a path fits a pattern only if it does in every reading:
//  - as it stands: only the encoding of unreserved characters is undone, which never has a meaning;
//  - decoded: parameters (";…") are dropped, slashes merged and dot segments resolved;
//  - decoded again, from a server that passes on what it decoded: "%2561", and up to "%3F" or
//  "%23".
// Of each reading there is a loose form, for servers that ignore case and slashes at the end.
//
// A path is ambiguous if servers differ in more than that:
//  - a raw "#": some end the path there;
//  - a "%" that is no escape: some know "%u0061", some keep it;
//  - a control octet, raw or escaped: some end the path at "%00", some drop it;
//  - octets that are no UTF-8: some read "%c0%ae" as ".";
//  - a segment of dots and spaces: some drop the spaces;
//  - a dot segment together with ";", "\", an empty segment or an encoded slash: ".." removes
//    another segment for each server;
//  - an encoded slash or "\" in a parameter: it ends there for those that decode first;
//  - an escape that is still one after decoding twice.
// It may be any path, so that it is unclear for every pattern but "/*".

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wba::http {

// Spelling is how far the server tells "/a" from "/A" and "/a/".
enum class Spelling : std::uint8_t {
  any,    // not known
  exact,  // it does
};

// Fit is how well something matches what a policy names. Its order is that of certainty.
enum class Fit : std::uint8_t {
  no,
  unclear,  // it depends on the server
  yes,
};

// PathReading is one way to read a path. It views the path and the PathReadings.
struct PathReading {
  enum class Kind : std::uint8_t {
    literal,
    decoded,
    any,  // the path is ambiguous: there is no text
  };
  Kind kind = Kind::any;
  std::string_view exact = {};
  std::string_view loose = {};  // in lower case, without slashes at the end
};

// PathReadings are all readings of one path: nearly every path has one, which is the path itself.
// Another object takes over none: it would view this one.
class PathReadings {
 public:
  PathReadings() = default;
  PathReadings(PathReadings&&) noexcept {}
  PathReadings& operator=(PathReadings&&) = delete;
  ~PathReadings() = default;

  // read replaces the readings. It views `path`; it allocates nothing for a path in lower case
  // without escapes, nor for others of ASCII once its buffers have grown.
  void read(std::string_view path);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const PathReading& operator[](std::size_t i) const noexcept { return readings_[i]; }
  [[nodiscard]] bool is_ambiguous() const noexcept {
    return readings_[0].kind == PathReading::Kind::any;
  }

 private:
  struct Text {
    std::string exact = {};
    std::string loose = {};
  };

  void read_special(std::string_view path);
  [[nodiscard]] bool is_ambiguous_again(std::string_view path);

  std::array<PathReading, 3> readings_ = {};
  std::size_t size_ = 1;
  std::array<Text, 3> texts_ = {};
  std::string unescaped_ = {};
  std::string unescaped_twice_ = {};
};

// request_path returns the path of a request target without its query: of origin-form and
// absolute-form; "/" for an empty path; "*" and authority-form as they are. A "#" stays in it.
[[nodiscard]] std::string_view request_path(std::string_view target) noexcept;

// is_path_pattern is true for a pattern that a path can fit: "/", "/a/b", "/a/*".
[[nodiscard]] bool is_path_pattern(std::string_view text) noexcept;

// PathPattern is one pattern: "/a" is that path, "/a/*" is that path and all below, "/*" is every
// path.
class PathPattern {
 public:
  // The pattern must be one.
  explicit PathPattern(std::string_view pattern, Spelling spelling = Spelling::any);

  [[nodiscard]] Fit fit(const PathReading& path) const noexcept;

 private:
  struct Form {
    std::string exact = {};  // without "/*"
    std::string loose = {};
  };

  [[nodiscard]] bool fits(std::string_view pattern, std::string_view path) const noexcept;

  Form literal_;
  Form decoded_;
  bool below_ = false;
  bool is_all_ = false;
  Spelling spelling_;
};

// PathPatterns is a list of which one must fit. An empty one fits every path.
class PathPatterns {
 public:
  PathPatterns() = default;
  explicit PathPatterns(const std::vector<std::string>& patterns,
                        Spelling spelling = Spelling::any) {
    for (const auto& pattern : patterns) patterns_.emplace_back(pattern, spelling);
  }

  [[nodiscard]] bool empty() const noexcept { return patterns_.empty(); }

  [[nodiscard]] Fit fit(const PathReading& path) const noexcept {
    Fit best = patterns_.empty() ? Fit::yes : Fit::no;
    for (const auto& pattern : patterns_) best = std::max(best, pattern.fit(path));
    return best;
  }

  // A path fits if it does in all its readings, and does not if it does in none.
  [[nodiscard]] Fit fit(const PathReadings& path) const noexcept {
    const Fit first = fit(path[0]);
    for (std::size_t i = 1; i < path.size(); ++i) {
      if (fit(path[i]) != first) return Fit::unclear;
    }
    return first;
  }

 private:
  std::vector<PathPattern> patterns_;
};

// fit_method compares a method with those that a policy names; none named: every method fits. It is
// unclear for one that differs from a named one in case only.
[[nodiscard]] Fit fit_method(const std::vector<std::string>& named, std::string_view method,
                             Spelling spelling = Spelling::any) noexcept;

}  // namespace wba::http

#endif  // WBA_HTTP_PATH_PATTERN_H_
