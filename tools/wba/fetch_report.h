#ifndef WBA_TOOLS_FETCH_REPORT_H_
#define WBA_TOOLS_FETCH_REPORT_H_

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <wba/curl.h>

namespace wba::cli {

// verbose_request and verbose_response give what -v shows, safe for a terminal.
[[nodiscard]] std::string verbose_request(const SentRequest& sent);
[[nodiscard]] std::string verbose_response(const ClientResponse& response);

// head_text gives status line and fields as -i shows them: as they came.
[[nodiscard]] std::string head_text(const ClientResponse& response);

// json_request and json_response give the objects of --json. `body` is left out where it is null.
[[nodiscard]] nlohmann::json json_request(const SentRequest& sent);
[[nodiscard]] nlohmann::json json_response(const ClientResponse& response, const std::string* body,
                                           nlohmann::json requests);

}  // namespace wba::cli

#endif  // WBA_TOOLS_FETCH_REPORT_H_
