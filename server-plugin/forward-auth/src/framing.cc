#include "framing.h"

#include <algorithm>

#include "base/ascii.h"

namespace wba::forward_auth {
namespace {

bool may_have_body(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

bool is_length(std::string_view value, bool with_body) noexcept {
  if (!with_body) return value == "0";
  return !value.empty() && std::ranges::all_of(value, ascii::is_digit);
}

}  // namespace

bool is_framed_clearly(std::string_view method, std::span<const FieldLine> fields) noexcept {
  bool has_length = false;
  for (const auto& line : fields) {
    if (!ascii::is_token(line.name) || field_name_equals(line.name, "transfer-encoding"))
      return false;
    if (!field_name_equals(line.name, "content-length")) continue;
    if (has_length || !is_length(line.value, may_have_body(method))) return false;
    has_length = true;
  }
  return true;
}

}  // namespace wba::forward_auth
