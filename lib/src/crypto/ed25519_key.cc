#include "crypto/ed25519_key.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include <sodium/crypto_sign_ed25519.h>

#include <wba/prepared_keys.h>

#include "crypto/sodium_ready.h"

namespace wba::crypto {
namespace {

static_assert(ed25519_public_size == crypto_sign_ed25519_PUBLICKEYBYTES);
static_assert(ed25519_seed_size == crypto_sign_ed25519_SEEDBYTES);
static_assert(ed25519_signature_size == crypto_sign_ed25519_BYTES);

unsigned char* raw(std::byte* data) noexcept { return reinterpret_cast<unsigned char*>(data); }

const unsigned char* raw(const std::byte* data) noexcept {
  return reinterpret_cast<const unsigned char*>(data);
}

const unsigned char* raw(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

constinit std::atomic<bool> tables_with_keys = false;

// Ed25519SigningKey keeps libsodium's form of the key: the seed and the public key behind it.
class Ed25519SigningKey final : public SigningKey {
 public:
  Ed25519SigningKey(PrivateParts parts, SecretBytes pair) noexcept
      : SigningKey(KeyType::ed25519, std::move(parts)), pair_(std::move(pair)) {}

  [[nodiscard]] Result<std::size_t> sign(Algorithm algorithm, std::string_view message,
                                         std::span<std::byte> out) const noexcept override {
    if (algorithm != Algorithm::ed25519) {
      return std::unexpected(Error{ErrorCode::algorithm_key_mismatch});
    }
    if (out.size() < ed25519_signature_size) {
      return std::unexpected(Error{ErrorCode::argument_invalid});
    }
    if (crypto_sign_ed25519_detached(raw(out.data()), nullptr, raw(message), message.size(),
                                     raw(pair_.bytes().data())) != 0) {
      return std::unexpected(Error{ErrorCode::crypto_failure});
    }
    return ed25519_signature_size;
  }

 private:
  SecretBytes pair_;
};

}  // namespace

Ed25519VerifyingKey::Ed25519VerifyingKey(
    std::span<const std::byte, ed25519_public_size> public_key) noexcept
    : VerifyingKey(KeyType::ed25519), slot_(public_key) {
  if (!tables_with_keys.load(std::memory_order_relaxed)) return;
  slot_.ask_for_table();
  wait_for_prepared_keys(std::chrono::minutes(1));
}

void build_tables_with_keys() noexcept { tables_with_keys.store(true, std::memory_order_relaxed); }

Result<void> Ed25519VerifyingKey::verify(Algorithm algorithm, std::string_view message,
                                         std::span<const std::byte> signature) const noexcept {
  if (algorithm != Algorithm::ed25519) {
    return std::unexpected(Error{ErrorCode::algorithm_key_mismatch});
  }
  if (signature.size() != ed25519_signature_size ||
      !slot_.verify(std::as_bytes(std::span(message)), signature.first<ed25519_signature_size>())) {
    return std::unexpected(Error{ErrorCode::signature_wrong});
  }
  return {};
}

Result<PublicParts> derive_ed25519(const SecretBytes& seed) {
  if (seed.size() != ed25519_seed_size) {
    return std::unexpected(Error{ErrorCode::key_member_invalid});
  }
  if (const auto ready = sodium_ready(); !ready) return std::unexpected(ready.error());
  PublicParts parts{.type = KeyType::ed25519};
  parts.x.resize(ed25519_public_size);
  WipedArray<crypto_sign_ed25519_SECRETKEYBYTES> pair;
  if (crypto_sign_ed25519_seed_keypair(raw(parts.x.data()), raw(pair.span().data()),
                                       raw(seed.bytes().data())) != 0) {
    return std::unexpected(Error{ErrorCode::crypto_failure});
  }
  return parts;
}

Result<std::unique_ptr<SigningKey>> make_ed25519_signing_key(const PublicParts& public_parts,
                                                             PrivateParts private_parts) {
  const auto derived = derive_ed25519(private_parts.d);
  if (!derived) return std::unexpected(derived.error());
  // A signature made with another key's public half would give the secret away.
  if (derived->x != public_parts.x) return std::unexpected(Error{ErrorCode::key_pair_mismatch});
  auto pair = SecretBytes::allocate(crypto_sign_ed25519_SECRETKEYBYTES);
  if (!pair) return std::unexpected(pair.error());
  std::ranges::copy(private_parts.d.bytes(), pair->writable().begin());
  std::ranges::copy(public_parts.x, pair->writable().begin() + ed25519_seed_size);
  pair->seal();
  return std::make_unique<Ed25519SigningKey>(std::move(private_parts), std::move(*pair));
}

}  // namespace wba::crypto
