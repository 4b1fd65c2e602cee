#include <algorithm>
#include <charconv>
#include <new>
#include <span>

#include <wba/message.h>

#include "base/ascii.h"

namespace wba {
namespace {

// RFC 3986 §3.2.2: reg-name and IPv4address, percent-encoding included. "_" is unreserved.
bool is_host_character(char c) noexcept {
  return ascii::is_alpha(c) || ascii::is_digit(c) ||
         std::string_view("-._~%!$&'()*+,;=").find(c) != std::string_view::npos;
}

// is_usual_host: letters, digits, dots and hyphens. Without branches, so that the compiler makes
// vector code of it.
bool is_usual_host(std::string_view host) noexcept {
  unsigned other = 0;
  for (const char c : host) {
    const auto letter = static_cast<unsigned char>(ascii::to_lower(c) - 'a');
    const auto digit = static_cast<unsigned char>(c - '0');
    other |= static_cast<unsigned>(letter >= 26) & static_cast<unsigned>(digit >= 10) &
             static_cast<unsigned>(c != '.') & static_cast<unsigned>(c != '-');
  }
  return other == 0;
}

bool is_host(std::string_view host) noexcept {
  return !host.empty() && (is_usual_host(host) || std::ranges::all_of(host, is_host_character));
}

// RFC 9110 §4.2.3: an empty port and the scheme's default port mean the same as none.
bool is_default_port(std::string_view scheme, unsigned port) noexcept {
  return (port == 443 && ascii::equals_ignoring_case(scheme, "https")) ||
         (port == 80 && ascii::equals_ignoring_case(scheme, "http"));
}

bool is_ip_literal(std::string_view host) noexcept {
  if (host.size() < 4 || host.front() != '[' || host.back() != ']') return false;
  for (const char c : host.substr(1, host.size() - 2)) {
    if (ascii::hex_value(c) < 0 && c != ':' && c != '.') return false;
  }
  return true;
}

}  // namespace

Result<void> append_normalised_authority(std::string_view scheme, std::string_view authority,
                                         std::string& out) {
  const auto fail = [] { return std::unexpected(Error{ErrorCode::authority_invalid}); };
  std::string_view host = authority;
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return fail();
    host = authority.substr(0, close + 1);
    const auto rest = authority.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return fail();
    if (!rest.empty()) port = rest.substr(1);
    if (!is_ip_literal(host)) return fail();
  } else {
    const auto colon = authority.find(':');
    host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    if (!is_host(host)) return fail();
  }
  unsigned number = 0;
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size() || number > 65535) return fail();
  }
  const bool default_port = port.empty() || is_default_port(scheme, number);
  try {
    const auto before = out.size();
    out.append(host);
    for (char& c : std::span(out).subspan(before)) c = ascii::to_lower(c);
    if (!default_port) out.append(":").append(port);
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
  return {};
}

}  // namespace wba
