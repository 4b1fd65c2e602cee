#include "crypto/random.h"

#include <sodium/randombytes.h>

#include "crypto/sodium_ready.h"

namespace wba::crypto {

Result<void> random_bytes(std::span<std::byte> out) noexcept {
  if (const auto ready = sodium_ready(); !ready) return ready;
  if (!out.empty()) randombytes_buf(out.data(), out.size());
  return {};
}

}  // namespace wba::crypto
