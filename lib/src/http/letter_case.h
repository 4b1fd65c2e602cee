#ifndef WBA_SRC_HTTP_LETTER_CASE_H_
#define WBA_SRC_HTTP_LETTER_CASE_H_

#include <string>
#include <string_view>

namespace wba::http {

// fold_case appends well-formed UTF-8 with its letters in lower case. Letters that only a mapping
// of case makes equal are equal: "k" and the Kelvin sign, "s" and the long s.
void fold_case(std::string_view text, std::string& out);

}  // namespace wba::http

#endif  // WBA_SRC_HTTP_LETTER_CASE_H_
