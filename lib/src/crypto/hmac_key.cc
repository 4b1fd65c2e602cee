#include "crypto/hmac_key.h"

#include <array>
#include <utility>

#include <sodium/crypto_auth_hmacsha256.h>

#include "crypto/hash.h"
#include "crypto/sodium_ready.h"
#include "crypto/verifying_key.h"

namespace wba::crypto {
namespace {

constexpr std::size_t mac_size = crypto_auth_hmacsha256_BYTES;

void compute(const SecretBytes& secret, std::string_view message,
             std::span<std::byte, mac_size> mac) noexcept {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(secret.bytes().data()),
                              secret.size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(message.data()),
                                message.size());
  crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(mac.data()));
  wipe(std::as_writable_bytes(std::span(&state, 1)));
}

class HmacVerifyingKey final : public VerifyingKey {
 public:
  explicit HmacVerifyingKey(SecretBytes secret) noexcept
      : VerifyingKey(KeyType::hmac), secret_(std::move(secret)) {}

  [[nodiscard]] Result<void> verify(Algorithm algorithm, std::string_view message,
                                    std::span<const std::byte> signature) const noexcept override {
    if (algorithm != Algorithm::hmac_sha256) {
      return std::unexpected(Error{ErrorCode::algorithm_key_mismatch});
    }
    // The right MAC of a message that somebody else chose is a secret until it is sent.
    WipedArray<mac_size> mac;
    compute(secret_, message, mac.span());
    if (!constant_time_equal(mac.span(), signature)) {
      return std::unexpected(Error{ErrorCode::signature_wrong});
    }
    return {};
  }

 private:
  SecretBytes secret_;
};

class HmacSigningKey final : public SigningKey {
 public:
  explicit HmacSigningKey(PrivateParts parts) noexcept
      : SigningKey(KeyType::hmac, std::move(parts)) {}

  [[nodiscard]] Result<std::size_t> sign(Algorithm algorithm, std::string_view message,
                                         std::span<std::byte> out) const noexcept override {
    if (algorithm != Algorithm::hmac_sha256) {
      return std::unexpected(Error{ErrorCode::algorithm_key_mismatch});
    }
    if (out.size() < mac_size) return std::unexpected(Error{ErrorCode::argument_invalid});
    compute(parts().k, message, out.first<mac_size>());
    return mac_size;
  }
};

}  // namespace

Result<std::unique_ptr<VerifyingKey>> make_hmac_verifying_key(std::span<const std::byte> secret) {
  if (secret.size() < hmac_min_size) return std::unexpected(Error{ErrorCode::key_too_weak});
  auto copy = SecretBytes::copy_of(secret);
  if (!copy) return std::unexpected(copy.error());
  return std::make_unique<HmacVerifyingKey>(std::move(*copy));
}

Result<std::unique_ptr<SigningKey>> make_hmac_signing_key(PrivateParts parts) {
  if (parts.k.size() < hmac_min_size) return std::unexpected(Error{ErrorCode::key_too_weak});
  return std::make_unique<HmacSigningKey>(std::move(parts));
}

}  // namespace wba::crypto
