#ifndef WBA_SRC_CRYPTO_ED25519_KEY_H_
#define WBA_SRC_CRYPTO_ED25519_KEY_H_

// Ed25519 (RFC 8032): RFC 9421 §3.3.6. libsodium signs, and verifies for keys that have no table of
// multiples (see ed25519_prepared_slot.h). Nothing is allocated a signature.

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "crypto/ed25519_prepared_slot.h"
#include "crypto/signing_key.h"
#include "crypto/verifying_key.h"

namespace wba::crypto {

inline constexpr std::size_t ed25519_public_size = 32;
inline constexpr std::size_t ed25519_seed_size = 32;
inline constexpr std::size_t ed25519_signature_size = 64;

// Ed25519VerifyingKey accepts exactly what libsodium accepts: S below the group order, canonical
// encodings, neither A nor R of small order, no cofactor. Any 32 octets make a key; one that is no
// point, or of small order, verifies nothing.
class Ed25519VerifyingKey final : public VerifyingKey {
 public:
  explicit Ed25519VerifyingKey(std::span<const std::byte, ed25519_public_size> public_key) noexcept;

  [[nodiscard]] std::span<const std::byte, ed25519_public_size> octets() const noexcept {
    return slot_.octets();
  }

  [[nodiscard]] Result<void> verify(Algorithm algorithm, std::string_view message,
                                    std::span<const std::byte> signature) const noexcept override;

  [[nodiscard]] const TableSlot* table_slot() const noexcept override { return &slot_; }

 private:
  TableSlot slot_;
};

// build_tables_with_keys is for tests: every key that is made from now on waits for its table, so
// that its first verification already reads it.
void build_tables_with_keys() noexcept;

// derive_ed25519 computes the public key of a seed. Errors: key_member_invalid, crypto_failure.
[[nodiscard]] Result<PublicParts> derive_ed25519(const SecretBytes& seed);

// make_ed25519_signing_key takes a seed and the public key that must belong to it.
[[nodiscard]] Result<std::unique_ptr<SigningKey>> make_ed25519_signing_key(
    const PublicParts& public_parts, PrivateParts private_parts);

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_ED25519_KEY_H_
