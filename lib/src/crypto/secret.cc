#include "crypto/secret.h"

#include <cstring>
#include <utility>

#include <sodium/utils.h>

#include <wba/key.h>

#include "crypto/sodium_ready.h"

namespace wba {

void wipe(std::span<char> text) noexcept { sodium_memzero(text.data(), text.size()); }

}  // namespace wba

namespace wba::crypto {

void wipe(std::span<std::byte> octets) noexcept { sodium_memzero(octets.data(), octets.size()); }

Result<SecretBytes> SecretBytes::allocate(std::size_t size) noexcept {
  if (const auto ready = sodium_ready(); !ready) return std::unexpected(ready.error());
  SecretBytes secret;
  secret.data_ = static_cast<std::byte*>(sodium_malloc(size));
  if (secret.data_ == nullptr) return std::unexpected(Error{ErrorCode::out_of_memory});
  secret.size_ = size;
  sodium_memzero(secret.data_, size);
  return secret;
}

Result<SecretBytes> SecretBytes::copy_of(std::span<const std::byte> octets) noexcept {
  auto secret = allocate(octets.size());
  if (!secret) return secret;
  if (!octets.empty()) std::memcpy(secret->data_, octets.data(), octets.size());
  secret->seal();
  return secret;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

// sodium_free wipes, whatever the protection.
SecretBytes::~SecretBytes() { sodium_free(data_); }

std::string_view SecretBytes::text() const noexcept {
  return {reinterpret_cast<const char*>(data_), size_};
}

void SecretBytes::shrink(std::size_t size) noexcept {
  if (size >= size_) return;
  sodium_memzero(data_ + size, size_ - size);
  size_ = size;
}

void SecretBytes::seal() noexcept {
  if (data_ != nullptr) sodium_mprotect_readonly(data_);
}

}  // namespace wba::crypto
