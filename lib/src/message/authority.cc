#include "message/authority.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <new>
#include <span>

#include <wba/message.h>

#include "base/ascii.h"
#include "base/words.h"

namespace wba {
namespace {

// RFC 3986 §3.2.2: reg-name and IPv4address, percent-encoding included. "_" is unreserved.
bool is_host_character(char c) noexcept {
  return ascii::is_alpha(c) || ascii::is_digit(c) ||
         std::string_view("-._~%!$&'()*+,;=").find(c) != std::string_view::npos;
}

// is_usual_host: letters, digits, dots and hyphens.
bool is_usual_host(std::string_view host) noexcept {
  return !words::any(host, [](std::uint64_t word) {
    return words::tops & ~(words::between(words::to_lower(word), 'a', 'z') |
                           words::between(word, '0', '9') | words::between(word, '-', '.'));
  });
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

bool append_authority(std::string_view scheme, std::string_view authority, std::string& out) {
  std::string_view host = authority;
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return false;
    host = authority.substr(0, close + 1);
    const auto rest = authority.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return false;
    if (!rest.empty()) port = rest.substr(1);
    if (!is_ip_literal(host)) return false;
  } else {
    const auto colon = authority.find(':');
    host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    if (!is_host(host)) return false;
  }
  unsigned number = 0;
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size() || number > 65535) return false;
  }
  const bool default_port = port.empty() || is_default_port(scheme, number);
  const auto before = out.size();
  out.append(host);
  // Nearly always there is nothing to change.
  if (words::any(host, [](std::uint64_t word) { return words::between(word, 'A', 'Z'); })) {
    for (char& c : std::span(out).subspan(before)) c = ascii::to_lower(c);
  }
  if (!default_port) out.append(":").append(port);
  return true;
}

Result<void> append_normalised_authority(std::string_view scheme, std::string_view authority,
                                         std::string& out) {
  const auto before = out.size();
  try {
    if (append_authority(scheme, authority, out)) return {};
    return std::unexpected(Error{ErrorCode::authority_invalid});
  } catch (const std::bad_alloc&) {
    out.resize(before);
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
}

}  // namespace wba
