#ifndef WBA_TOOLS_AGENT_PROXY_AUTHORITY_H_
#define WBA_TOOLS_AGENT_PROXY_AUTHORITY_H_

// The authority of a request, in the one form in which it is judged, signed, logged and connected
// to.

#include <expected>
#include <string>
#include <string_view>

#include "proxy_message.h"

namespace wba::agent {

// read_proxy_authority is normalised_authority. Refused, as target-invalid, is what is no host and
// port, and what libcurl would make another host of.
[[nodiscard]] std::expected<std::string, Refused> read_proxy_authority(std::string_view scheme,
                                                                       std::string_view written);

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_PROXY_AUTHORITY_H_
