#ifndef WBA_SRC_CRYPTO_HASH_H_
#define WBA_SRC_CRYPTO_HASH_H_

// SHA-256 and SHA-512, in one go or over chunks. Nothing is allocated.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace wba::crypto {

class Sha256 {
 public:
  static constexpr std::size_t size = 32;
  using Digest = std::array<std::byte, size>;

  Sha256() noexcept;
  void update(std::string_view chunk) noexcept;
  // finish gives the digest and starts anew.
  [[nodiscard]] Digest finish() noexcept;

 private:
  alignas(8) std::array<std::byte, 104> state_;
};

class Sha512 {
 public:
  static constexpr std::size_t size = 64;
  using Digest = std::array<std::byte, size>;

  Sha512() noexcept;
  void update(std::string_view chunk) noexcept;
  // finish gives the digest and starts anew.
  [[nodiscard]] Digest finish() noexcept;

 private:
  alignas(8) std::array<std::byte, 208> state_;
};

[[nodiscard]] Sha256::Digest sha256(std::string_view message) noexcept;
[[nodiscard]] Sha512::Digest sha512(std::string_view message) noexcept;

// constant_time_equal compares in a time that depends on the lengths alone; different lengths are
// unequal.
[[nodiscard]] bool constant_time_equal(std::span<const std::byte> left,
                                       std::span<const std::byte> right) noexcept;

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_HASH_H_
