#ifndef WBA_TOOLS_AGENT_AUTHORITY_H_
#define WBA_TOOLS_AGENT_AUTHORITY_H_

#include <optional>
#include <string>
#include <string_view>

namespace wba::agent {

// normalised_authority gives an authority that was written for `scheme`, http or https, as rules
// compare it and as libcurl connects to it: the host in its one spelling (http::append_host), the
// port without leading zeros, and none where it is https's. Empty if it is no host and port.
// RFC 9110 §4.2, RFC 3986 §3.2.
[[nodiscard]] std::optional<std::string> normalised_authority(std::string_view scheme,
                                                              std::string_view written);

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_AUTHORITY_H_
