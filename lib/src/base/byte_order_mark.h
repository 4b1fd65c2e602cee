#ifndef WBA_SRC_BASE_BYTE_ORDER_MARK_H_
#define WBA_SRC_BASE_BYTE_ORDER_MARK_H_

#include <string_view>

namespace wba {

// without_byte_order_mark drops the UTF-8 byte order mark that some editors put in front of a text.
// RFC 8259 §8.1.
[[nodiscard]] constexpr std::string_view without_byte_order_mark(std::string_view text) noexcept {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return text;
}

}  // namespace wba

#endif  // WBA_SRC_BASE_BYTE_ORDER_MARK_H_
