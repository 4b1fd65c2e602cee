#ifndef WBA_SRC_BASE_UTF8_H_
#define WBA_SRC_BASE_UTF8_H_

#include <string_view>

namespace wba {

// is_utf8 says whether `text` is well-formed UTF-8: no overlong form, no surrogate, nothing above
// U+10FFFF. RFC 3629 §4.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace wba

#endif  // WBA_SRC_BASE_UTF8_H_
