#ifndef WBA_SRC_MESSAGE_QUERY_PARAM_H_
#define WBA_SRC_MESSAGE_QUERY_PARAM_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <wba/error.h>

#include "message/name_index.h"

namespace wba {

// QueryParameters are the parameters of one query, found by their re-encoded names. RFC 9421
// §2.2.8.
class QueryParameters {
 public:
  static constexpr std::size_t max_count = 1024;

  // read replaces them by those of `query`, which they view; false where it has more than
  // max_count.
  [[nodiscard]] bool read(std::string_view query);

  // append_value appends the value of the parameter `name`, decoded and encoded again. `out` is
  // unchanged on error. Errors: component_query_param_missing, component_query_param_repeated.
  [[nodiscard]] Result<void> append_value(std::string_view name, std::string& out);

 private:
  NameIndex names_;
  std::vector<std::string_view> values_;
  std::string decoded_;
};

}  // namespace wba

#endif  // WBA_SRC_MESSAGE_QUERY_PARAM_H_
