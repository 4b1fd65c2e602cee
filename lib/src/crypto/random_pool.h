#ifndef WBA_SRC_CRYPTO_RANDOM_POOL_H_
#define WBA_SRC_CRYPTO_RANDOM_POOL_H_

#include <cstddef>
#include <span>

#include <wba/error.h>

namespace wba::crypto {

// RandomPool gives random octets that are to be sent, such as nonces, without asking the system
// each time: a system call costs more than anything else that is done for a signature, the curve
// apart. Each filling is the ChaCha20 stream (libsodium's) of a seed of 32 octets from the system's
// generator; the seed is wiped at once, and what was given with it. No octet is given twice, not
// even by a process that was forked: the system wipes the pool there, and where it cannot there is
// no pool and each octet comes from the system. For one thread at a time; not for keys.
class RandomPool {
 public:
  RandomPool() noexcept = default;
  ~RandomPool();
  RandomPool(const RandomPool&) = delete;
  RandomPool& operator=(const RandomPool&) = delete;

  // draw fills `out`. Error: crypto_failure.
  [[nodiscard]] Result<void> draw(std::span<std::byte> out) noexcept;

 private:
  struct Page;

  bool map() noexcept;

  Page* page_ = nullptr;
  bool tried_ = false;  // to map the page
};

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_RANDOM_POOL_H_
