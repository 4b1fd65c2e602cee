#ifndef WBA_SRC_CRYPTO_SODIUM_READY_H_
#define WBA_SRC_CRYPTO_SODIUM_READY_H_

#include <wba/error.h>

namespace wba::crypto {

// sodium_ready initialises libsodium, once a process; every function of this room that makes an
// object which uses it asks here first. Error: crypto_failure.
[[nodiscard]] Result<void> sodium_ready() noexcept;

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_SODIUM_READY_H_
