#include "framing.h"

#include "base/ascii.h"

namespace wba::forward_auth {

bool is_framed_clearly(std::span<const FieldLine> fields) noexcept {
  bool has_length = false;
  for (const auto& line : fields) {
    if (!ascii::is_token(line.name) || field_name_equals(line.name, "transfer-encoding"))
      return false;
    if (!field_name_equals(line.name, "content-length")) continue;
    if (has_length || line.value != "0") return false;
    has_length = true;
  }
  return true;
}

}  // namespace wba::forward_auth
