#ifndef WBA_SRC_CRYPTO_RANDOM_H_
#define WBA_SRC_CRYPTO_RANDOM_H_

#include <cstddef>
#include <span>

#include <wba/error.h>

namespace wba::crypto {

// random_bytes fills `out` from the system's generator, by libsodium. Error: crypto_failure.
[[nodiscard]] Result<void> random_bytes(std::span<std::byte> out) noexcept;

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_RANDOM_H_
