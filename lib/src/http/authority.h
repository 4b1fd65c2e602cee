#ifndef WBA_SRC_HTTP_AUTHORITY_H_
#define WBA_SRC_HTTP_AUTHORITY_H_

// Authorities: host [":" port], RFC 3986 §3.2 and RFC 9110 §4.2.3.

#include <cstdint>
#include <string_view>

namespace wba::http {

// AuthorityParts view an authority. An IPv6 address keeps its brackets.
struct AuthorityParts {
  std::string_view host;
  std::string_view port;          // as it stands there; empty if there is none
  std::uint16_t port_number = 0;  // 0 if `port` is empty
};

// split_authority splits `authority` into `parts`. Returns false for a bracket that is not closed,
// and a port that is no number up to 65535. The host is not looked at.
[[nodiscard]] bool split_authority(std::string_view authority, AuthorityParts& parts) noexcept;

// default_port is the port of a URL without one: 443 for https, 80 for http, in any case; 0 for
// other schemes.
[[nodiscard]] std::uint16_t default_port(std::string_view scheme) noexcept;

// is_same_authority returns true if both name the same host, in any spelling, and port under
// `scheme`. What is no authority is not the same as anything.
[[nodiscard]] bool is_same_authority(std::string_view scheme, std::string_view a,
                                     std::string_view b) noexcept;

}  // namespace wba::http

#endif  // WBA_SRC_HTTP_AUTHORITY_H_
