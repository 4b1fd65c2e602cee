#include <algorithm>
#include <array>
#include <utility>

#include <wba/http/path_pattern.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "http/letter_case.h"

namespace wba::http {
namespace {

// RFC 3986 §2.3.
bool is_unreserved(char c) noexcept {
  return ascii::is_alpha(c) || ascii::is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// escaped_octet gives the octet that "%HH" at `at` stands for, or -1.
int escaped_octet(std::string_view path, std::size_t at) noexcept {
  if (path[at] != '%' || path.size() - at < 3) return -1;
  const int high = ascii::hex_value(path[at + 1]);
  const int low = ascii::hex_value(path[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

char upper_hex(char c) noexcept {
  return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
}

// What is not ASCII is the same escaped and raw.
void read_literal(std::string_view path, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  out.clear();
  for (std::size_t i = 0; i < path.size(); ++i) {
    const int octet = escaped_octet(path, i);
    if (octet < 0) {
      const auto raw = static_cast<unsigned char>(path[i]);
      if (raw < 0x80) {
        out.push_back(path[i]);
      } else {
        out.append({'%', kHex[raw >> 4U], kHex[raw & 15U]});
      }
      continue;
    }
    if (is_unreserved(static_cast<char>(octet))) {
      out.push_back(static_cast<char>(octet));
    } else {
      out.push_back('%');
      out.push_back(upper_hex(path[i + 1]));
      out.push_back(upper_hex(path[i + 2]));
    }
    i += 2;
  }
}

// Ends the segment that begins at `start`: "." and empty ones go, ".." takes the one before along.
void end_segment(std::string& out, std::size_t start) {
  const std::string_view segment = std::string_view(out).substr(start);
  if (segment == ".") {
    out.resize(start);
  } else if (segment == "..") {
    out.resize(start);
    if (start > 1) {
      out.resize(start - 1);  // the slash
      out.resize(out.rfind('/') + 1);
    }
  }
}

void read_decoded(std::string_view path, std::string& out) {
  out.clear();
  std::size_t start = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const int octet = escaped_octet(path, i);
    char c = octet < 0 ? path[i] : static_cast<char>(octet);
    // What follows ";" in a segment is dropped by some servers, and a backslash is a slash for
    // some. Neither stands in a pattern, so that the literal reading differs where it matters.
    if (c == ';') {
      i = std::min(path.find('/', i), path.size()) - 1;
      continue;
    }
    if (c == '\\') c = '/';
    if (octet >= 0) i += 2;
    if (c != '/') {
      out.push_back(c);
      continue;
    }
    end_segment(out, start);
    if (out.empty() || out.back() != '/') out.push_back('/');
    start = out.size();
  }
  end_segment(out, start);
  if (out.empty()) out.push_back('/');
}

bool is_control(unsigned char c) noexcept { return c < 0x20 || c == 0x7f; }

enum Look : unsigned char { kPlain = 0, kUpper = 1, kSpecial = 2 };

// How an octet looks wherever it is. A slash or a dot is plain if no slash is before it.
constexpr auto kLooks = [] {
  std::array<unsigned char, 256> looks{};
  for (std::size_t c = 0; c < looks.size(); ++c) {
    const bool plain = c > 0x20 && c < 0x7f && c != '%' && c != '#' && c != ';' && c != '\\';
    looks.at(c) = !plain ? kSpecial : c >= 'A' && c <= 'Z' ? kUpper : kPlain;
  }
  return looks;
}();

// look_at returns the looks of all octets; with kSpecial the path may have several readings. Nearly
// every path is plain.
unsigned look_at(std::string_view path) noexcept {
  unsigned looks = kPlain;
  bool begins_segment = path.starts_with('.');
  for (const char c : path) {
    looks |= kLooks[static_cast<unsigned char>(c)];
    if (begins_segment && (c == '/' || c == '.')) return kSpecial;
    begins_segment = c == '/';
  }
  return looks;
}

// Segment counts what is in one, up to its parameters.
struct Segment {
  std::size_t length = 0;
  std::size_t dots = 0;
  std::size_t spaces = 0;
  bool in_parameter = false;

  [[nodiscard]] bool is_dots() const noexcept { return length == dots && (dots == 1 || dots == 2); }
  [[nodiscard]] bool is_spaced_dots() const noexcept {
    return dots > 0 && spaces > 0 && length == dots + spaces;
  }
};

// Source is what a path was taken from.
enum class Source : std::uint8_t { request, decoded };

// may_be_any is true for an ambiguous path, see path_pattern.h. Borders of segments are all that
// any server takes for one.
bool may_be_any(std::string_view path, Source source) noexcept {
  Segment segment;
  bool has_dots = false;
  bool has_doubt = false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::size_t at = i;
    const int octet = escaped_octet(path, i);
    const bool is_escape = octet >= 0;
    if (path[i] == '#') return true;
    if (path[i] == '%' && !is_escape) {
      // A decoded "%" stands for itself, unless for servers that know "%u002e".
      const bool is_wide = i + 1 < path.size() && ascii::to_lower(path[i + 1]) == 'u';
      if (source == Source::request || is_wide) return true;
    }
    const char c = is_escape ? static_cast<char>(octet) : path[i];
    if (is_control(static_cast<unsigned char>(c))) return true;
    if (is_escape) i += 2;
    if (c == '/' || c == '\\') {
      const bool is_doubtful = is_escape || c == '\\';
      if (is_doubtful && segment.in_parameter) return true;
      if (segment.is_spaced_dots()) return true;
      has_doubt = has_doubt || is_doubtful || (at > 0 && segment.length == 0);
      has_dots = has_dots || segment.is_dots();
      segment = {};
    } else if (c == ';') {
      has_doubt = true;
      segment.in_parameter = true;
    } else if (!segment.in_parameter) {
      ++segment.length;
      if (c == '.') ++segment.dots;
      if (c == ' ') ++segment.spaces;
    }
  }
  return segment.is_spaced_dots() || (has_doubt && (has_dots || segment.is_dots()));
}

// unescape undoes every escape, once.
void unescape(std::string_view path, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < path.size(); ++i) {
    const int octet = escaped_octet(path, i);
    out.push_back(octet < 0 ? path[i] : static_cast<char>(octet));
    if (octet >= 0) i += 2;
  }
}

bool has_escape(std::string_view path) noexcept {
  for (auto at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    if (escaped_octet(path, at) >= 0) return true;
  }
  return false;
}

// loosen writes the loose form of a reading.
void loosen(std::string_view path, std::string& out) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  out.clear();
  bool is_ascii = true;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const int octet = escaped_octet(path, i);
    const char c = octet < 0x80 ? path[i] : static_cast<char>(octet);
    if (octet >= 0x80) i += 2;
    is_ascii = is_ascii && static_cast<signed char>(c) >= 0;
    out.push_back(ascii::to_lower(c));
  }
  if (is_ascii) return;
  const std::string text = std::exchange(out, {});
  fold_case(text, out);
}

}  // namespace

void PathReadings::read(std::string_view path) {
  const unsigned looks = look_at(path);
  if ((looks & kSpecial) != 0) return read_special(path);
  PathReading& reading = readings_[0];
  reading = {.kind = PathReading::Kind::literal, .exact = path, .loose = path};
  size_ = 1;
  if (looks == kPlain && (path.size() < 2 || !path.ends_with('/'))) return;
  loosen(path, texts_[0].loose);
  reading.loose = texts_[0].loose;
}

// The same of a path that was decoded and is decoded again.
bool PathReadings::is_ambiguous_again(std::string_view path) {
  if (may_be_any(path, Source::decoded)) return true;
  unescape(path, unescaped_twice_);
  return !is_utf8(unescaped_twice_) || has_escape(unescaped_twice_);
}

void PathReadings::read_special(std::string_view path) {
  readings_[0] = {};
  size_ = 1;
  if (may_be_any(path, Source::request)) return;
  unescape(path, unescaped_);
  // A server that takes the decoded path for a target may read another path.
  const bool is_again = unescaped_.find_first_of("%?#") != std::string::npos;
  std::string_view again = unescaped_;
  again = again.substr(0, again.find_first_of("?#"));
  if (!is_utf8(unescaped_) || (is_again && is_ambiguous_again(again))) return;
  size_ = 0;
  const auto add = [&](PathReading::Kind kind, auto reader, std::string_view from) {
    Text& text = texts_[size_];
    reader(from, text.exact);
    loosen(text.exact, text.loose);
    readings_[size_++] = {.kind = kind, .exact = text.exact, .loose = text.loose};
  };
  add(PathReading::Kind::literal, read_literal, path);
  add(PathReading::Kind::decoded, read_decoded, path);
  if (readings_[0].exact == readings_[1].exact) --size_;
  if (is_again) add(PathReading::Kind::decoded, read_decoded, again);
}

std::string_view request_path(std::string_view target) noexcept {
  const std::string_view path = target.substr(0, target.find('?'));
  if (path.empty()) return "/";
  if (path.front() == '/' || path == "*") return path;
  const auto scheme = path.find("://");
  if (scheme == std::string_view::npos) return path;
  // For some a backslash ends the authority too.
  const auto begin = path.find_first_of("/\\#", scheme + 3);
  return begin == std::string_view::npos ? std::string_view("/") : path.substr(begin);
}

bool is_path_pattern(std::string_view text) noexcept {
  if (text.empty() || text.front() != '/' || text.size() > 2048) return false;
  if (text.ends_with("/*")) text.remove_suffix(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c <= 0x20 || c >= 0x7f || c == '*' || c == '?' || c == '#' || c == '\\' || c == ';') {
      return false;
    }
    if (c != '%') continue;
    const int octet = escaped_octet(text, i);
    // What could be a separator, or is no text, has no one meaning.
    if (octet < 0 || is_control(static_cast<unsigned char>(octet))) return false;
    if (std::string_view("/\\%;?#").contains(static_cast<char>(octet))) return false;
  }
  // A pattern with dot segments or empty ones would never fit, nor would one that is ambiguous.
  try {
    PathReadings readings;
    readings.read(text);
    if (readings.is_ambiguous()) return false;
    std::string decoded;
    read_decoded(text, decoded);
    std::string literal;
    read_literal(text, literal);
    std::string literal_decoded;
    read_decoded(literal, literal_decoded);
    const auto slashes = [](std::string_view path) { return std::ranges::count(path, '/'); };
    return literal_decoded == decoded && slashes(decoded) == slashes(text);
  } catch (const std::bad_alloc&) {
    return false;
  }
}

PathPattern::PathPattern(std::string_view pattern, Spelling spelling) : spelling_(spelling) {
  if (pattern.ends_with("/*")) {
    below_ = true;
    pattern.remove_suffix(2);
  }
  is_all_ = below_ && pattern.empty();
  read_literal(pattern, literal_.exact);
  if (!pattern.empty()) read_decoded(pattern, decoded_.exact);
  loosen(literal_.exact, literal_.loose);
  loosen(decoded_.exact, decoded_.loose);
}

Fit PathPattern::fit(const PathReading& path) const noexcept {
  // "/*" fits "*" and authority-form too: it is every request.
  if (is_all_) return Fit::yes;
  if (path.kind == PathReading::Kind::any) return Fit::unclear;
  const Form& form = path.kind == PathReading::Kind::literal ? literal_ : decoded_;
  if (spelling_ == Spelling::exact) return fits(form.exact, path.exact) ? Fit::yes : Fit::no;
  // What fits exactly fits loosely too.
  if (!fits(form.loose, path.loose)) return Fit::no;
  return fits(form.exact, path.exact) ? Fit::yes : Fit::unclear;
}

// The border is looked at first: most patterns differ there.
bool PathPattern::fits(std::string_view pattern, std::string_view path) const noexcept {
  if (path.size() < pattern.size()) return false;
  if (path.size() > pattern.size() && (!below_ || path[pattern.size()] != '/')) return false;
  return path.starts_with(pattern);
}

Fit fit_method(const std::vector<std::string>& named, std::string_view method,
               Spelling spelling) noexcept {
  Fit best = named.empty() ? Fit::yes : Fit::no;
  for (const auto& name : named) {
    if (name == method) return Fit::yes;
    if (spelling == Spelling::any && ascii::equals_ignoring_case(name, method)) best = Fit::unclear;
  }
  return best;
}

}  // namespace wba::http
