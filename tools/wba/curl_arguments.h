#ifndef WBA_TOOLS_CURL_ARGUMENTS_H_
#define WBA_TOOLS_CURL_ARGUMENTS_H_

// What curl's own arguments say about the request that it will send.

#include <string>
#include <vector>

#include <wba/client.h>

#include "context.h"

namespace wba::cli {

// CurlRequest is the request, as far as it is signed: its body is not.
struct CurlRequest {
  std::string method;
  std::string url;
  std::vector<ClientField> fields;
  std::vector<std::string> omitted;  // names that "Name:" takes away
  std::size_t url_at = 0;            // which argument is the URL …
  std::size_t url_offset = 0;        // … and where in it the URL begins (behind "--url=")
};

// read_curl_arguments reads them. What would make curl send another request than the one that is
// signed is a failure: several URLs, --next, --location, --get, --config, header files.
[[nodiscard]] Outcome<CurlRequest> read_curl_arguments(const std::vector<std::string>& arguments);

}  // namespace wba::cli

#endif  // WBA_TOOLS_CURL_ARGUMENTS_H_
