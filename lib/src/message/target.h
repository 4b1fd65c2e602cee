#ifndef WBA_SRC_MESSAGE_TARGET_H_
#define WBA_SRC_MESSAGE_TARGET_H_

#include <string_view>

#include <wba/message.h>

namespace wba {

// TargetParts are the path and query of a request target in any of its four forms, as received.
struct TargetParts {
  std::string_view path;      // empty where there is none
  std::string_view query;     // without "?"
  bool has_query = false;     // "?" stands there, with or without something behind it
  bool is_asterisk = false;   // "*"
  bool is_authority = false;  // CONNECT
};

// split_target splits `request.target` into `parts`, which are new. false where it is none of the
// forms of RFC 9112 §3.2.
[[nodiscard]] bool split_target(const Request& request, TargetParts& parts) noexcept;

}  // namespace wba

#endif  // WBA_SRC_MESSAGE_TARGET_H_
