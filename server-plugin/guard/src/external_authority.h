#ifndef WBA_GUARD_EXTERNAL_AUTHORITY_H_
#define WBA_GUARD_EXTERNAL_AUTHORITY_H_

#include <string_view>

#include <wba/guard/config.h>
#include <wba/message.h>

namespace wba::guard {

// is_trusted_peer says whether the other end is one of the configured proxies.
[[nodiscard]] bool is_trusted_peer(const ServerSettings& server, std::string_view peer) noexcept;

// ExternalName is what the client called this server. It views the request and the settings.
struct ExternalName {
  std::string_view scheme;
  std::string_view authority;
};

// external_name finds the scheme and authority that the client used: what a trusted peer says in
// the field that was configured, of several values the last, which the nearest proxy added; else
// those of the request itself. A forwarding field of any other peer is passed over. Error:
// authority_invalid if it cannot be told: several Host lines, no authority, a target in
// absolute-form that names another one than Host (RFC 9112 §3.2.2), a forwarding field that does
// not parse.
[[nodiscard]] Result<ExternalName> external_name(const ServerSettings& server,
                                                 std::string_view peer,
                                                 const Request& request) noexcept;

}  // namespace wba::guard

#endif  // WBA_GUARD_EXTERNAL_AUTHORITY_H_
