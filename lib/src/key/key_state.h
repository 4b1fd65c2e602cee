#ifndef WBA_SRC_KEY_KEY_STATE_H_
#define WBA_SRC_KEY_KEY_STATE_H_

#include <memory>
#include <optional>
#include <string>

#include <wba/key.h>

#include "crypto/parts.h"
#include "crypto/secret.h"
#include "crypto/signing_key.h"
#include "crypto/verifying_key.h"
#include "key/key_material.h"

namespace wba {

struct PublicKey::State {
  std::unique_ptr<const crypto::VerifyingKey> key;
  crypto::PublicParts parts;
  std::string canonical_jwk;  // RFC 7638 §3.3; empty for hmac
  std::string thumbprint;
  std::optional<Algorithm> algorithm;
  bool is_published_test_key = false;
};

struct PrivateKey::State {
  PublicKey public_key;
  std::unique_ptr<const crypto::SigningKey> key;
};

struct PrivateKey::Exported::Impl {
  crypto::SecretBytes text;
};

// KeyMaker makes keys of what was read. Errors: the key_ codes, crypto_failure, out_of_memory.
struct KeyMaker {
  [[nodiscard]] static Result<PublicKey> make_public(KeyMaterial material);
  [[nodiscard]] static Result<PrivateKey> make_private(KeyMaterial material);
  // make_parts gives both halves of a private key, for what no PrivateKey does.
  [[nodiscard]] static Result<crypto::KeyParts> make_parts(KeyMaterial material);
  // with_verifying_key gives `key` with another implementation under it: for measuring what is
  // around the cryptography, and for fuzzing past it.
  [[nodiscard]] static PublicKey with_verifying_key(
      const PublicKey& key, std::unique_ptr<const crypto::VerifyingKey> other);
  [[nodiscard]] static PrivateKey::Exported make_exported(crypto::SecretBytes text);
  [[nodiscard]] static const PublicKey::State& state(const PublicKey& key) noexcept {
    return *key.state_;
  }
};

}  // namespace wba

#endif  // WBA_SRC_KEY_KEY_STATE_H_
