#ifndef WBA_MESSAGE_H_
#define WBA_MESSAGE_H_

// HTTP messages as views over the storage of whatever HTTP stack holds them.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <wba/error.h>

namespace wba {

// FieldLine is one field line as it came: the name in any case, the value as it follows the colon,
// with or without white space around it. Line folds may stand in it.
struct FieldLine {
  std::string_view name;
  std::string_view value;
};

// Request views a request. Nothing is copied: everything it names must outlive it.
//
//   scheme      "https" or "http", any case: what the client used, which a server behind a proxy
//               must know from its configuration.
//   authority   host and optional port, as Host or :authority gave it; not normalised.
//   target      the request target as received: origin-form "/path?query", absolute-form,
//               authority-form (CONNECT) or "*" (OPTIONS). RFC 9110 §7.1.
//   fields      the header section, lines of one name in their order.
//   trailers    the trailer section.
//   client      the client's address as text ("192.0.2.1", "2001:db8::1"), which bounds are shared
//               out by. Empty if it is not known. No part of the message.
struct Request {
  std::string_view method;
  std::string_view scheme = "https";
  std::string_view authority;
  std::string_view target = "/";
  std::span<const FieldLine> fields = {};
  std::span<const FieldLine> trailers = {};
  std::string_view client = {};
};

// Response views a response. `request` is the request that it answers, nullptr where unknown.
struct Response {
  std::uint16_t status = 0;
  std::span<const FieldLine> fields = {};
  std::span<const FieldLine> trailers = {};
  const Request* request = nullptr;
};

// Message is a request or a response, for what treats both. It holds a pointer: the Request or
// Response must outlive it.
class Message {
 public:
  Message(const Request& request) noexcept : request_(&request) {}      // NOLINT: meant to convert
  Message(const Response& response) noexcept : response_(&response) {}  // NOLINT: meant to convert
  Message(const Request&&) = delete;
  Message(const Response&&) = delete;

  // request and response: exactly one is not nullptr.
  [[nodiscard]] const Request* request() const noexcept { return request_; }
  [[nodiscard]] const Response* response() const noexcept { return response_; }

  [[nodiscard]] std::span<const FieldLine> fields() const noexcept {
    return request_ != nullptr ? request_->fields : response_->fields;
  }
  [[nodiscard]] std::span<const FieldLine> trailers() const noexcept {
    return request_ != nullptr ? request_->trailers : response_->trailers;
  }

 private:
  const Request* request_ = nullptr;
  const Response* response_ = nullptr;
};

// TargetUri is an absolute http or https URI split for a Request. The parts view the URI.
struct TargetUri {
  std::string_view scheme;
  std::string_view authority;  // without user information, which is refused
  std::string_view target;     // origin-form: path and query; "" where the URI has neither
};

// split_target_uri splits an absolute http or https URI. A fragment is cut off.
// Error: target_uri_invalid. RFC 3986 §3, RFC 9110 §4.2.
[[nodiscard]] Result<TargetUri> split_target_uri(std::string_view uri) noexcept;

// field_name_equals compares field names without regard to ASCII case. RFC 9110 §5.1.
[[nodiscard]] bool field_name_equals(std::string_view a, std::string_view b) noexcept;

// append_normalised_authority appends `authority` as @authority gives it: lower case, the default
// port of `scheme` dropped. `out` is unchanged on error.
// Error: authority_invalid. RFC 9421 §2.2.3, RFC 9110 §4.2.3.
[[nodiscard]] Result<void> append_normalised_authority(std::string_view scheme,
                                                       std::string_view authority,
                                                       std::string& out);

}  // namespace wba

#endif  // WBA_MESSAGE_H_
