#ifndef WBA_CLIENT_TARGET_H_
#define WBA_CLIENT_TARGET_H_

// Where a request goes, as libcurl's URL API reads it.

#include <string>
#include <string_view>

#include <wba/error.h>

namespace wba::client {

// Target is an https URL, normalised: what is signed and what libcurl is told to send.
struct Target {
  std::string url;             // "https://" authority request_target
  std::string host;            // lower case, in ASCII; an IPv6 literal in brackets
  std::string authority;       // host, and port where it is not 443
  std::string request_target;  // path, and query where there is one, even an empty one
};

// parse_target reads an absolute https URL; resolve_target a reference to `base`, as Location is.
// Errors: target_uri_invalid, client_url_not_https, client_url_has_credentials.
[[nodiscard]] Result<Target> parse_target(std::string_view url);
[[nodiscard]] Result<Target> resolve_target(const Target& base, std::string_view reference);

}  // namespace wba::client

#endif  // WBA_CLIENT_TARGET_H_
