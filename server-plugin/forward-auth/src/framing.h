#ifndef WBA_FORWARD_AUTH_FRAMING_H_
#define WBA_FORWARD_AUTH_FRAMING_H_

#include <span>

#include <wba/message.h>

namespace wba::forward_auth {

// is_framed_clearly is true if the proxy and libevent must agree where an asking ends: with its
// head. Of which methods libevent reads a body depends on its version (2.1.12: not of HEAD), and of
// two lengths it takes the first: what it does not read it takes for the next request, and gives
// the proxy an answer too many, which that would take for another client's. So an asking has no
// Transfer-Encoding and at most one Content-Length, which is zero; and every field name is a token,
// so that none is nearly one of these. If it is not clear the connection has to be closed. RFC 9112
// §6.3, §11.2.
[[nodiscard]] bool is_framed_clearly(std::span<const FieldLine> fields) noexcept;

}  // namespace wba::forward_auth

#endif  // WBA_FORWARD_AUTH_FRAMING_H_
