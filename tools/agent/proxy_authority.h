#ifndef WBA_TOOLS_AGENT_PROXY_AUTHORITY_H_
#define WBA_TOOLS_AGENT_PROXY_AUTHORITY_H_

// The authority of a request, in the one form in which it is judged, signed, logged and connected
// to.

#include <expected>
#include <string>
#include <string_view>

#include "proxy_message.h"

namespace wba::agent {

// read_proxy_authority gives an authority that was written for `scheme`, http or https, as https
// has it: in lower case, without its default port, a port and an IPv6 address in their shortest
// form (RFC 5952), which is what libcurl connects to and says in Host. Refused, as target-invalid,
// is what is no host and port, and what libcurl would make another host of: a name that is
// percent-encoded, or a number that is no IPv4 address in four decimal parts. RFC 9110 §4.2,
// RFC 3986 §3.2.
[[nodiscard]] std::expected<std::string, Refused> read_proxy_authority(std::string_view scheme,
                                                                       std::string_view written);

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_PROXY_AUTHORITY_H_
