#ifndef WBA_TOOLS_AGENT_REQUEST_HEAD_H_
#define WBA_TOOLS_AGENT_REQUEST_HEAD_H_

#include <cstddef>
#include <optional>
#include <string_view>

namespace wba::agent {

// RequestHead is what of a request's head is looked at. It views the head.
struct RequestHead {
  std::string_view method;
  std::string_view target;
  std::size_t body_size = 0;
  bool close = false;
  std::optional<std::string_view> host = {};  // two of these fields are no request
  std::optional<std::string_view> authorization = {};
  bool has_origin = false;
};

// read_head reads a head without its empty line; nullopt where it is not HTTP/1.1 as it is taken
// here: with Content-Length where there is a body, once, and no other framing.
[[nodiscard]] std::optional<RequestHead> read_head(std::string_view text);

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_REQUEST_HEAD_H_
