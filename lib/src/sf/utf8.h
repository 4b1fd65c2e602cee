#ifndef WBA_SF_UTF8_H_
#define WBA_SF_UTF8_H_

#include <string_view>

namespace wba::sf {

// is_utf8 says whether `text` is well-formed UTF-8: no overlong form, no surrogate, nothing above
// U+10FFFF. RFC 3629 §4.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace wba::sf

#endif  // WBA_SF_UTF8_H_
