#ifndef WBA_TOOLS_REQUEST_TEXT_H_
#define WBA_TOOLS_REQUEST_TEXT_H_

// A request message in the form of HTTP/1.1 (RFC 9112), as people paste and files hold it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wba/message.h>

#include "context.h"

namespace wba::cli {

// RequestText is a request that was read from text. It views the text it was read from, and owns a
// body that had to be taken out of its chunks; `request` gives the view of it.
struct RequestText {
  std::string_view method;
  std::string_view target;
  std::string_view version;
  std::string_view authority;  // of an absolute-form target, else Host's; empty where neither is
  std::string_view scheme;     // of an absolute-form target; empty elsewhere
  std::vector<FieldLine> fields;
  std::vector<FieldLine> trailers;
  // The content: with its content coding, without its transfer coding (RFC 9110 §6.4). nullopt if
  // it has a transfer coding that is not undone here, any other than chunked.
  std::optional<std::string> content;

  [[nodiscard]] Request request() const noexcept {
    return {.method = method,
            .scheme = scheme,
            .authority = authority,
            .target = target,
            .fields = fields,
            .trailers = trailers};
  }
};

// read_request_text reads one message. Lines end in CRLF or LF; the empty line behind the fields
// may be missing where there is no body. Without Content-Length and Transfer-Encoding the rest of
// the text is the content: in HTTP/2 and HTTP/3 nothing else says where it ends.
// An incomplete message (RFC 9112 §8) is a failure: what it says of its content proves nothing. So
// is what could be read in two ways: two Host fields, white space before a colon, a field line
// without one, a folded line that says how long the content is, two lengths, octets behind the
// message.
[[nodiscard]] Outcome<RequestText> read_request_text(std::string_view text);

// is_token says whether `text` can be a method or a field name. RFC 9110 §5.6.2.
[[nodiscard]] bool is_token(std::string_view text);

// HeaderOption is what -H says.
struct HeaderOption {
  FieldLine line;
  // "Name:", which to curl means that it is not to add the field by itself.
  bool removes = false;
};

// read_header_option reads curl's syntax: "Name: value", "Name;" for an empty field, "Name:".
[[nodiscard]] Outcome<HeaderOption> read_header_option(std::string_view text);

}  // namespace wba::cli

#endif  // WBA_TOOLS_REQUEST_TEXT_H_
