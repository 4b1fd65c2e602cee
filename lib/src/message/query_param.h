#ifndef WBA_SRC_MESSAGE_QUERY_PARAM_H_
#define WBA_SRC_MESSAGE_QUERY_PARAM_H_

#include <string>
#include <string_view>

#include <wba/error.h>

namespace wba {

// append_query_param appends the value of the query parameter whose re-encoded name is `name`,
// decoded and encoded again. `decoded` and `encoded` are scratch. `out` is unchanged on error.
// Errors: component_query_param_missing, component_query_param_repeated. RFC 9421 §2.2.8.
[[nodiscard]] Result<void> append_query_param(std::string_view query, std::string_view name,
                                              std::string& decoded, std::string& encoded,
                                              std::string& out);

}  // namespace wba

#endif  // WBA_SRC_MESSAGE_QUERY_PARAM_H_
