#include <algorithm>
#include <array>

#include <wba/http/path_pattern.h>

#include "base/ascii.h"

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

void read_literal(std::string_view path, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < path.size(); ++i) {
    const int octet = escaped_octet(path, i);
    if (octet < 0) {
      out.push_back(path[i]);
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

// What stands for itself wherever it is. A slash or a dot does where no slash is before it.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0; c < plain.size(); ++c) {
    plain.at(c) = c > 0x20 && c != 0x7f && c != '%' && c != '#' && c != ';' && c != '\\';
  }
  return plain;
}();

// is_plain says that there is only one way to read the path: nearly every path is so.
bool is_plain(std::string_view path) noexcept {
  bool begins_segment = path.starts_with('.');
  for (const char c : path) {
    if (!kPlain[static_cast<unsigned char>(c)]) return false;
    if (begins_segment && (c == '/' || c == '.')) return false;
    begins_segment = c == '/';
  }
  return true;
}

// Segment counts what is in one, up to its parameters.
struct Segment {
  std::size_t length = 0;
  std::size_t dots = 0;
  bool in_parameter = false;

  [[nodiscard]] bool is_dots() const noexcept { return length == dots && (dots == 1 || dots == 2); }
};

// is_ambiguous: see path_pattern.h. Borders of segments are all that any server takes for one.
bool is_ambiguous(std::string_view path) noexcept {
  Segment segment;
  bool has_dots = false;
  bool has_doubt = false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::size_t at = i;
    const bool is_escape = path[i] == '%';
    const int octet = escaped_octet(path, i);
    if (path[i] == '#' || (is_escape && octet < 0)) return true;
    const char c = is_escape ? static_cast<char>(octet) : path[i];
    if (is_control(static_cast<unsigned char>(c))) return true;
    if (is_escape) i += 2;
    if (c == '/' || c == '\\') {
      const bool is_doubtful = is_escape || c == '\\';
      if (is_doubtful && segment.in_parameter) return true;
      has_doubt = has_doubt || is_doubtful || (at > 0 && segment.length == 0);
      has_dots = has_dots || segment.is_dots();
      segment = {};
    } else if (c == ';') {
      has_doubt = true;
      segment.in_parameter = true;
    } else if (!segment.in_parameter) {
      ++segment.length;
      if (c == '.') ++segment.dots;
    }
  }
  return has_doubt && (has_dots || segment.is_dots());
}

}  // namespace

void PathReadings::read(std::string_view path) {
  same = is_plain(path);
  ambiguous = !same && is_ambiguous(path);
  if (same || ambiguous) {
    literal.assign(path);
    decoded.assign(path);
    return;
  }
  read_literal(path, literal);
  read_decoded(path, decoded);
  same = literal == decoded;
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
    if (octet == '/' || octet == '\\' || octet == '%' || octet == ';') return false;
  }
  // A pattern with dot segments or empty ones would never fit.
  std::string decoded;
  std::string literal;
  try {
    read_decoded(text, decoded);
    read_literal(text, literal);
    std::string literal_decoded;
    read_decoded(literal, literal_decoded);
    const auto slashes = [](std::string_view path) { return std::ranges::count(path, '/'); };
    return literal_decoded == decoded && slashes(decoded) == slashes(text);
  } catch (const std::bad_alloc&) {
    return false;
  }
}

PathPattern::PathPattern(std::string_view pattern) {
  if (pattern.ends_with("/*")) {
    below_ = true;
    pattern.remove_suffix(2);
  }
  read_literal(pattern, literal_);
  if (!pattern.empty()) read_decoded(pattern, decoded_);
}

bool PathPattern::fits(std::string_view pattern, std::string_view path) const noexcept {
  if (!below_) return path == pattern;
  // "/*" fits "*" and authority-form too: it is every request.
  if (pattern.empty()) return true;
  if (!path.starts_with(pattern)) return false;
  return path.size() == pattern.size() || path[pattern.size()] == '/';
}

}  // namespace wba::http
