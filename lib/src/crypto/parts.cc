#include "crypto/parts.h"

#include <utility>

#include "crypto/ec_key.h"
#include "crypto/ed25519_key.h"
#include "crypto/hmac_key.h"
#include "crypto/random.h"
#include "crypto/rsa_key.h"
#include "crypto/signing_key.h"
#include "crypto/sodium_ready.h"
#include "crypto/verifying_key.h"

namespace wba::crypto {
namespace {

// hmac_new_size is a block of SHA-256, beyond which HMAC hashes the secret first.
constexpr std::size_t hmac_new_size = 64;

Result<SecretBytes> random_secret(std::size_t size) {
  auto secret = SecretBytes::allocate(size);
  if (!secret) return secret;
  if (const auto filled = random_bytes(secret->writable()); !filled) {
    return std::unexpected(filled.error());
  }
  secret->seal();
  return secret;
}

}  // namespace

SigningKey::SigningKey(KeyType type, PrivateParts parts) noexcept
    : type_(type), parts_(std::move(parts)) {}

std::size_t coordinate_size(KeyType type) noexcept {
  switch (type) {
    case KeyType::ed25519:
    case KeyType::ec_p256:
      return 32;
    case KeyType::ec_p384:
      return 48;
    case KeyType::rsa:
    case KeyType::hmac:
      break;
  }
  return 0;
}

Result<std::unique_ptr<VerifyingKey>> make_verifying_key(const PublicParts& parts) {
  if (const auto ready = sodium_ready(); !ready) return std::unexpected(ready.error());
  switch (parts.type) {
    case KeyType::ed25519:
      if (parts.x.size() != ed25519_public_size) break;
      return std::make_unique<Ed25519VerifyingKey>(
          std::span<const std::byte, ed25519_public_size>(parts.x));
    case KeyType::ec_p256:
    case KeyType::ec_p384:
      return make_ec_verifying_key(parts);
    case KeyType::rsa:
      return make_rsa_verifying_key(parts);
    case KeyType::hmac:
      break;
  }
  return std::unexpected(Error{ErrorCode::key_member_invalid});
}

Result<std::unique_ptr<SigningKey>> make_signing_key(const PublicParts& public_parts,
                                                     PrivateParts private_parts) {
  switch (public_parts.type) {
    case KeyType::ed25519:
      return make_ed25519_signing_key(public_parts, std::move(private_parts));
    case KeyType::ec_p256:
    case KeyType::ec_p384:
      return make_ec_signing_key(public_parts, std::move(private_parts));
    case KeyType::rsa:
      return make_rsa_signing_key(public_parts, std::move(private_parts));
    case KeyType::hmac:
      return make_hmac_signing_key(std::move(private_parts));
  }
  return std::unexpected(Error{ErrorCode::key_type_unsupported});
}

Result<PublicParts> derive_public(KeyType type, const SecretBytes& d) {
  switch (type) {
    case KeyType::ed25519:
      return derive_ed25519(d);
    case KeyType::ec_p256:
    case KeyType::ec_p384:
      return derive_ec(type, d);
    case KeyType::rsa:
    case KeyType::hmac:
      break;
  }
  return std::unexpected(Error{ErrorCode::key_type_unsupported});
}

Result<KeyParts> generate_parts(KeyType type) {
  if (type == KeyType::rsa) return generate_rsa(rsa_min_bits);
  KeyParts parts{.public_parts = {.type = type}, .private_parts = {}};
  if (type == KeyType::hmac) {
    auto secret = random_secret(hmac_new_size);
    if (!secret) return std::unexpected(secret.error());
    parts.private_parts.k = std::move(*secret);
    return parts;
  }
  auto secret =
      type == KeyType::ed25519 ? random_secret(ed25519_seed_size) : generate_ec_secret(type);
  if (!secret) return std::unexpected(secret.error());
  parts.private_parts.d = std::move(*secret);
  auto derived = derive_public(type, parts.private_parts.d);
  if (!derived) return std::unexpected(derived.error());
  parts.public_parts = std::move(*derived);
  return parts;
}

}  // namespace wba::crypto
