#include "message/authority.h"

#include <algorithm>
#include <cstdint>
#include <new>
#include <span>

#include <wba/message.h>

#include "base/ascii.h"
#include "base/words.h"
#include "http/authority.h"

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

bool is_ip_literal(std::string_view host) noexcept {
  if (host.size() < 4 || host.front() != '[' || host.back() != ']') return false;
  for (const char c : host.substr(1, host.size() - 2)) {
    if (ascii::hex_value(c) < 0 && c != ':' && c != '.') return false;
  }
  return true;
}

}  // namespace

bool append_authority(std::string_view scheme, std::string_view authority, std::string& out) {
  http::AuthorityParts parts;
  if (!http::split_authority(authority, parts)) return false;
  const auto host = parts.host;
  if (!(host.starts_with('[') ? is_ip_literal(host) : is_host(host))) return false;
  // RFC 9110 §4.2.3: an empty port and the scheme's default port mean the same as none.
  const bool default_port = parts.port.empty() || (parts.port_number != 0 &&
                                                   parts.port_number == http::default_port(scheme));
  const auto before = out.size();
  out.append(host);
  // Nearly always there is nothing to change.
  if (words::any(host, [](std::uint64_t word) { return words::between(word, 'A', 'Z'); })) {
    for (char& c : std::span(out).subspan(before)) c = ascii::to_lower(c);
  }
  if (!default_port) out.append(":").append(parts.port);
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
