#ifndef WBA_TOOLS_AGENT_PROXY_CALLER_H_
#define WBA_TOOLS_AGENT_PROXY_CALLER_H_

// Who is at the other end of a TCP connection on loopback.

#include <optional>

#include <sys/types.h>

namespace wba::agent {

// user_of_peer gives the user whose process has the other end of the connected socket `fd`, as the
// kernel knows it (sock_diag(7)). nullopt where that end is on another machine or namespace, where
// its process has closed it already, or where the kernel does not tell.
[[nodiscard]] std::optional<uid_t> user_of_peer(int fd);

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_PROXY_CALLER_H_
