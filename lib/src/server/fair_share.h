#ifndef WBA_SERVER_FAIR_SHARE_H_
#define WBA_SERVER_FAIR_SHARE_H_

// Which connection is closed so that another can be taken.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include <sys/socket.h>

namespace wba::server {

// Holder is who has a connection: a peer's network or a user, as a number. 0 is an unknown one.
using Holder = std::uint64_t;

// holder_of gives the holder of an address: an IPv4 address, or the /64 network of an IPv6 address.
[[nodiscard]] Holder holder_of(const sockaddr_storage& address) noexcept;

// Held is one open connection.
struct Held {
  Holder holder = 0;
  // When it was opened, or when its last request was answered: octets that are no whole request
  // are no progress.
  std::chrono::steady_clock::time_point progress = {};
  bool has_begun = false;  // a part of a request has arrived
  bool is_known = false;   // its caller has shown a right to ask
};

struct ShareLimits {
  std::size_t all = std::numeric_limits<std::size_t>::max();
  std::size_t each = std::numeric_limits<std::size_t>::max();  // of one holder
};

// makes_room gives the index of the connection to close before `newcomer` gets one more; nullopt if
// there is room. A holder at its limit loses one of its own. When all are at theirs, the holder
// that has most loses one, of those whose callers are not known as long as there are any. Of a
// holder's connections a silent one goes before one that has begun, and the one without progress
// for longest before the others.
[[nodiscard]] std::optional<std::size_t> makes_room(std::span<const Held> held, Holder newcomer,
                                                    const ShareLimits& limits);

}  // namespace wba::server

#endif  // WBA_SERVER_FAIR_SHARE_H_
