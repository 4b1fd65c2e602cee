#ifndef WBA_SERVER_LISTEN_H_
#define WBA_SERVER_LISTEN_H_

// Listening sockets.

#include <cstdint>
#include <expected>
#include <string>

namespace wba::server {

// Sharing is whether other sockets may listen on the same address and port.
enum class Sharing : std::uint8_t { alone, shared };

// bind_to gives a socket that has the address and port. `address` is an IP address; port 0 is any
// free one. Error: what the system said.
[[nodiscard]] std::expected<int, std::string> bind_to(const std::string& address,
                                                      std::uint16_t port, Sharing sharing);

// listen_on gives such a socket that listens.
[[nodiscard]] std::expected<int, std::string> listen_on(const std::string& address,
                                                        std::uint16_t port, Sharing sharing);

// port_of gives the port of a socket, 0 if it has none.
[[nodiscard]] std::uint16_t port_of(int socket) noexcept;

}  // namespace wba::server

#endif  // WBA_SERVER_LISTEN_H_
