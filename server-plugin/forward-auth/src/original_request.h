#ifndef WBA_FORWARD_AUTH_ORIGINAL_REQUEST_H_
#define WBA_FORWARD_AUTH_ORIGINAL_REQUEST_H_

// The request that a proxy asks about, from the request that it asks with.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <wba/error.h>
#include <wba/message.h>

namespace wba::forward_auth {

// HeaderStyle says how the proxy tells what the client sent. It is configured and not guessed: a
// client can send any of these fields itself, and a proxy replaces only those that it knows.
enum class HeaderStyle : std::uint8_t {
  original,   // X-Original-Method, -Scheme, -Host, -URI, -Client: nginx, HAProxy, Apache as shipped
              // (and -Content-Length, -Request-Id)
  forwarded,  // X-Forwarded-Method, -Proto, -Host, -Uri, -For: Caddy forward_auth, Traefik
              // (and -Content-Length)
  direct,     // the request itself, X-Forwarded-Proto, -For: Envoy's HTTP ext_authz
};

// unseen_fields are those of a client's request, in lower case, that a question lacks though the
// client sent them: they are of its connection or of its body.
inline constexpr std::string_view unseen_fields[] = {
    "content-length", "connection",        "expect", "keep-alive", "proxy-connection", "te",
    "trailer",        "transfer-encoding", "upgrade"};

// OriginalRequest is the client's request. Its views are those of `asking`; `fields` are its field
// lines without those that belong to the asking. Of these Content-Length is what the proxy tells in
// X-Original-Content-Length or X-Forwarded-Content-Length: the asking's own says nothing.
struct OriginalRequest {
  Request request;
  std::vector<FieldLine> fields;
  // The proxy's own name for the request, X-Original-Request-Id, the same whenever it asks about
  // it. Empty if there is none.
  std::string_view request_id;
  // The client's address. Of X-Forwarded-For it is the last, which the proxy itself has seen; empty
  // where there is none.
  std::string_view client;
};

// read_original_request replaces `original`. `scheme` holds where the proxy names none.
// Errors: component_field_missing (the proxy's fields are not there), component_duplicate (one
// stands twice: the client sent one too, and nobody can tell which is the proxy's),
// authority_invalid (Host stands twice or not at all), component_value_invalid (no method, scheme
// or target).
[[nodiscard]] Result<void> read_original_request(HeaderStyle style, const Request& asking,
                                                 std::string_view scheme,
                                                 OriginalRequest& original);

}  // namespace wba::forward_auth

#endif  // WBA_FORWARD_AUTH_ORIGINAL_REQUEST_H_
