#ifndef WBA_SRC_CRYPTO_SECRET_H_
#define WBA_SRC_CRYPTO_SECRET_H_

// Memory for secrets: guarded, locked where the system lets us, wiped.

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include <wba/error.h>

namespace wba::crypto {

// wipe overwrites `octets` in a way that is not optimised away.
void wipe(std::span<std::byte> octets) noexcept;

// WipedArray is a small secret on the stack, wiped when it goes.
template <std::size_t size>
class WipedArray {
 public:
  WipedArray() noexcept = default;
  WipedArray(const WipedArray&) = delete;
  WipedArray& operator=(const WipedArray&) = delete;
  ~WipedArray() { wipe(octets_); }

  [[nodiscard]] std::span<std::byte, size> span() noexcept { return octets_; }

 private:
  std::array<std::byte, size> octets_{};
};

// SecretBytes owns octets in guarded memory: between inaccessible pages, behind a canary, locked
// against swapping where the system lets us, left out of core dumps, wiped when freed. It is
// writable until `seal`, which makes it read-only: it stays readable, since opening and closing it
// for each signature would cost two system calls, a good part of the signature itself.
class SecretBytes {
 public:
  SecretBytes() noexcept = default;

  // allocate gives `size` zero octets, writable. Errors: crypto_failure, out_of_memory.
  [[nodiscard]] static Result<SecretBytes> allocate(std::size_t size) noexcept;

  // copy_of gives a sealed copy of `octets`. Errors: as allocate's.
  [[nodiscard]] static Result<SecretBytes> copy_of(std::span<const std::byte> octets) noexcept;

  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  // writable may be used until seal only.
  [[nodiscard]] std::span<std::byte> writable() noexcept { return {data_, size_}; }

  // shrink forgets (and wipes) what is behind the first `size` octets. Until seal only.
  void shrink(std::size_t size) noexcept;

  void seal() noexcept;

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_SECRET_H_
