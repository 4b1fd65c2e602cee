#include "message/target.h"

#include <algorithm>

#include "base/ascii.h"

namespace wba {
namespace {

void split_path_and_query(std::string_view text, TargetParts& parts) noexcept {
  const auto mark = text.find('?');
  parts.path = text.substr(0, mark);
  parts.has_query = mark != std::string_view::npos;
  if (parts.has_query) parts.query = text.substr(mark + 1);
}

// RFC 3986 §3.1.
std::size_t scheme_length(std::string_view uri) noexcept {
  const auto colon = uri.find("://");
  if (colon == std::string_view::npos || colon == 0 || !ascii::is_alpha(uri.front())) return 0;
  const auto scheme = uri.substr(0, colon);
  const bool valid = std::ranges::all_of(scheme, [](char c) {
    return ascii::is_alpha(c) || ascii::is_digit(c) || c == '+' || c == '-' || c == '.';
  });
  return valid ? colon : 0;
}

}  // namespace

bool split_target(const Request& request, TargetParts& parts) noexcept {
  const std::string_view target = request.target;
  // With a control character, a space or a non-ASCII octet it was never on the wire as one: what
  // would be signed over could not be told from something else.
  if (!ascii::is_visible(target)) return false;
  if (target.empty() || target.front() == '/' || target.front() == '?') {
    split_path_and_query(target, parts);
    return true;
  }
  if (target == "*") {
    parts.is_asterisk = true;
    return true;
  }
  if (request.method == "CONNECT") {
    parts.is_authority = true;
    return true;
  }
  const auto scheme = scheme_length(target);
  if (scheme == 0) return false;
  const auto rest = target.substr(scheme + 3);
  const auto end = rest.find_first_of("/?");
  if (end != std::string_view::npos) split_path_and_query(rest.substr(end), parts);
  return true;
}

Result<TargetUri> split_target_uri(std::string_view uri) noexcept {
  const auto fail = [] { return std::unexpected(Error{ErrorCode::target_uri_invalid}); };
  if (!ascii::is_visible(uri)) return fail();
  const auto scheme = scheme_length(uri);
  TargetUri parts{.scheme = uri.substr(0, scheme), .authority = {}, .target = {}};
  if (!ascii::equals_ignoring_case(parts.scheme, "https") &&
      !ascii::equals_ignoring_case(parts.scheme, "http")) {
    return fail();
  }
  auto rest = uri.substr(scheme + 3);
  rest = rest.substr(0, rest.find('#'));
  const auto end = rest.find_first_of("/?");
  parts.authority = rest.substr(0, end);
  if (end != std::string_view::npos) parts.target = rest.substr(end);
  if (parts.authority.empty() || parts.authority.find('@') != std::string_view::npos) return fail();
  return parts;
}

bool field_name_equals(std::string_view a, std::string_view b) noexcept {
  return ascii::equals_ignoring_case(a, b);
}

}  // namespace wba
