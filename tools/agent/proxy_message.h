#ifndef WBA_TOOLS_AGENT_PROXY_MESSAGE_H_
#define WBA_TOOLS_AGENT_PROXY_MESSAGE_H_

// Requests as clients of a forward proxy send them, and what of a message goes on. RFC 9112, and
// RFC 9110 section 7.6. Whatever two readers could understand in two ways is refused.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wba::agent {

struct ProxyField {
  std::string name;
  std::string value;

  friend bool operator==(const ProxyField&, const ProxyField&) = default;
};
using ProxyFields = std::vector<ProxyField>;

// Refused is what the proxy answers by itself: a status and a stable token.
struct Refused {
  int status;
  std::string reason;
};

enum class BodyFraming : std::uint8_t { none, length, chunked };

// ProxyRequest is a request's head. What is asked for is reached over https, whichever scheme was
// written: port 80 stands for 443 where the scheme is http.
struct ProxyRequest {
  std::string method;
  std::string scheme;     // as written; empty for CONNECT
  std::string authority;  // normalised as https has it: "example.com", "example.com:8443"
  std::string target;     // path and query as written; empty for CONNECT
  ProxyFields fields;     // all lines as they came
  BodyFraming framing = BodyFraming::none;
  std::uint64_t length = 0;  // where framing is length
  bool http_1_0 = false;
  bool close = false;  // the client wants no further request on its connection
  bool expects_continue = false;

  [[nodiscard]] bool is_tunnel() const noexcept { return method == "CONNECT"; }
};

inline constexpr std::size_t max_proxy_head = std::size_t{32} << 10U;
inline constexpr std::size_t max_proxy_fields = 100;

// take_proxy_head takes a head off the front of what a client sent, without the empty line that
// ends it; nothing while it has not come whole. Empty lines before it are read over. What is taken
// is the same wherever `in` was cut on its way. Refused is a head of more than max_proxy_head
// octets. RFC 9112 §2.2.
[[nodiscard]] std::expected<std::optional<std::string>, Refused> take_proxy_head(std::string& in);

// read_proxy_request reads a head without the empty line that ends it. Taken are absolute-form
// (http and https) and CONNECT; inside TLS that ends here, which was asked for as `inside`,
// origin-form for that authority alone. RFC 9112 §2 to §6.
[[nodiscard]] std::expected<ProxyRequest, Refused> read_proxy_request(std::string_view head,
                                                                      std::string_view inside = {});

// read_field_line reads "Name: value" without its line end, nothing where it is none. RFC 9112 §5.
[[nodiscard]] bool read_field_line(std::string_view line, ProxyField& field);

// append_field_line appends "Name: value" with its line end.
void append_field_line(std::string& out, std::string_view name, std::string_view value);

// forwarded_request_fields gives the fields to send on: without Host, without what is between the
// client and this proxy only, and with Via.
[[nodiscard]] ProxyFields forwarded_request_fields(const ProxyRequest& request);

// forwarded_response_fields is the same for an answer. Where the client asked by http, a Location
// that leads to the same authority by https is told as http: a client that speaks no TLS comes here
// again, instead of asking for a tunnel in which nothing would be signed.
[[nodiscard]] ProxyFields forwarded_response_fields(const ProxyFields& fields,
                                                    const ProxyRequest& request);

// find_value gives the first value of a field, nullptr where there is none.
[[nodiscard]] const std::string* find_value(const ProxyFields& fields,
                                            std::string_view name) noexcept;

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_PROXY_MESSAGE_H_
