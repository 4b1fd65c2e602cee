#include "http/authority.h"

#include <algorithm>
#include <charconv>
#include <string>

#include <wba/http/host.h>

#include "base/ascii.h"

namespace wba::http {

bool split_authority(std::string_view authority, AuthorityParts& parts) noexcept {
  parts = {};
  std::size_t end = 0;
  if (!authority.empty() && authority.front() == '[') {
    end = authority.find(']');
    if (end == std::string_view::npos) return false;
    ++end;
    if (end < authority.size() && authority[end] != ':') return false;
  } else {
    end = std::min(authority.find(':'), authority.size());
  }
  parts.host = authority.substr(0, end);
  if (end == authority.size()) return true;
  parts.port = authority.substr(end + 1);
  if (parts.port.empty()) return true;
  const char* const last = parts.port.data() + parts.port.size();
  const auto [stopped, error] = std::from_chars(parts.port.data(), last, parts.port_number);
  return error == std::errc() && stopped == last;
}

std::uint16_t default_port(std::string_view scheme) noexcept {
  if (ascii::equals_ignoring_case(scheme, "https")) return 443;
  if (ascii::equals_ignoring_case(scheme, "http")) return 80;
  return 0;
}

bool is_same_authority(std::string_view scheme, std::string_view a, std::string_view b) noexcept {
  AuthorityParts left;
  AuthorityParts right;
  if (!split_authority(a, left) || !split_authority(b, right)) return false;
  const std::uint16_t usual = default_port(scheme);
  const auto port_of = [usual](const AuthorityParts& parts) {
    return parts.port.empty() ? usual : parts.port_number;
  };
  if (port_of(left) != port_of(right)) return false;
  const auto host = normalise_host(left.host);
  return host && host == normalise_host(right.host);
}

}  // namespace wba::http
