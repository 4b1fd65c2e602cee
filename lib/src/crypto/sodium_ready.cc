#include "crypto/sodium_ready.h"

#include <sodium/core.h>

namespace wba::crypto {

Result<void> sodium_ready() noexcept {
  static const bool ready = sodium_init() >= 0;
  if (!ready) return std::unexpected(Error{ErrorCode::crypto_failure});
  return {};
}

}  // namespace wba::crypto
