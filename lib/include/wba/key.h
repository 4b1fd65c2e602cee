#ifndef WBA_KEY_H_
#define WBA_KEY_H_

// Keys: JWK (RFC 7517, RFC 7518, RFC 8037), PEM (PKCS#8, SPKI, PKCS#1, SEC1) and their thumbprints
// (RFC 7638). PublicKey and PrivateKey are unrelated classes: what verifies can never sign.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <wba/algorithm.h>
#include <wba/error.h>

namespace wba {

enum class KeyType : std::uint8_t {
  ed25519,  // OKP, Ed25519
  ec_p256,  // EC, P-256
  ec_p384,  // EC, P-384
  rsa,      // RSA, 2048 to 4096 bits
  hmac,     // oct, a shared secret of at least 32 octets
};

[[nodiscard]] std::string_view to_string(KeyType type) noexcept;

// KeyLimits bounds what the readers of key material take.
struct KeyLimits {
  std::size_t bytes = 65536;  // of the JWK or PEM text
};

namespace crypto {
class VerifyingKey;
}  // namespace crypto

// PublicKey verifies. It is immutable, cheap to copy (shared state) and safe to share among
// threads. A PublicKey of type hmac holds a shared secret: it stands for the verifying half, lives
// in guarded memory and has no JWK to show.
class PublicKey {
 public:
  // from_jwk reads one JWK object (not a set). A private JWK gives its public half, which must
  // belong to the private one. `alg`, `use` and `key_ops`, where present, must allow verifying with
  // an algorithm of the key's type: `alg` is the JOSE name of an RFC 9421 algorithm ("EdDSA",
  // "Ed25519", "ES256", "ES384", "PS512", "RS256", "HS256") or its RFC 9421 name. Members are
  // strict: base64url without padding, exact lengths, no leading zero in `n` and `e`.
  // Errors: the key_ codes. RFC 7517 §4, RFC 8037 §2.
  [[nodiscard]] static Result<PublicKey> from_jwk(std::string_view json,
                                                  const KeyLimits& limits = {});

  // from_pem reads the first public or private key block of `pem`: PKCS#8, SPKI, PKCS#1 or SEC1; a
  // private one gives its public half. Text around the block, and blocks that are no keys, are
  // passed over. Encrypted keys are refused and nobody is asked for a password (decrypt_key takes
  // those of encrypted_key.h). RFC 7468, RFC 5958, RFC 5280, RFC 8017 A.1, RFC 5915.
  // Errors: the key_ codes.
  [[nodiscard]] static Result<PublicKey> from_pem(std::string_view pem,
                                                  const KeyLimits& limits = {});

  // from_text reads a JWK if "{" is first behind a byte order mark and white space, else PEM.
  [[nodiscard]] static Result<PublicKey> from_text(std::string_view text,
                                                   const KeyLimits& limits = {});

  // from_ed25519 takes the 32 octets of an Ed25519 public key.
  [[nodiscard]] static Result<PublicKey> from_ed25519(std::span<const std::byte> octets);

  [[nodiscard]] KeyType type() const noexcept;

  // thumbprint is the base64url JWK SHA-256 thumbprint, 43 characters, without padding. It lives as
  // long as the key. RFC 7638 §3.
  [[nodiscard]] std::string_view thumbprint() const noexcept;

  // algorithm is the one that the JWK's `alg` names, or the only one there is for the key's
  // type; nullopt for an RSA key whose JWK names none. "EdDSA" and "Ed25519" mean ed25519.
  [[nodiscard]] std::optional<Algorithm> algorithm() const noexcept;

  // allows says whether this key may verify signatures of `algorithm`.
  [[nodiscard]] bool allows(Algorithm algorithm) const noexcept;

  // is_published_test_key says whether this is a key whose private half is printed in an RFC
  // (RFC 9421 B.1, RFC 8037 A), which anybody can sign with.
  [[nodiscard]] bool is_published_test_key() const noexcept;

  // jwk is the public JWK, members in lexicographic order, no private member: {"crv":…,"kty":…,
  // "x":…}, with "kid" the thumbprint where asked for. Error: key_type_unsupported for hmac.
  [[nodiscard]] Result<std::string> jwk(bool with_kid = false) const;

  // pem is the SubjectPublicKeyInfo in PEM. Error: key_type_unsupported for hmac.
  [[nodiscard]] Result<std::string> pem() const;

  // verify checks `signature` over `message`. Nothing is allocated for ed25519. Ed25519 accepts
  // exactly what libsodium accepts; ECDSA signatures are r || s; MACs are compared in constant
  // time.
  // Errors: algorithm_key_mismatch, signature_wrong, crypto_failure. RFC 9421 §3.2, §3.3.
  [[nodiscard]] Result<void> verify(Algorithm algorithm, std::string_view message,
                                    std::span<const std::byte> signature) const;

  // verifying_key is the implementation, for this library's own rooms.
  [[nodiscard]] const crypto::VerifyingKey& verifying_key() const noexcept;

  // State and its maker are the library's own: lib/src/key/key_state.h.
  struct State;

 private:
  friend struct KeyMaker;
  explicit PublicKey(std::shared_ptr<const State> state) noexcept;

  std::shared_ptr<const State> state_;
};

// PrivateKey signs. It is move-only; the bytes of the key live in guarded memory, are wiped when it
// is destroyed and cannot be printed. An RSA or EC key is handed to OpenSSL for the time of one
// signature, in an object that OpenSSL wipes. Safe to share among threads. After a move only
// assignment and destruction are allowed.
class PrivateKey {
 public:
  // generate makes a new key: ed25519, ec_p256, ec_p384, rsa (2048 bits) or hmac (64 octets).
  [[nodiscard]] static Result<PrivateKey> generate(KeyType type);

  // from_jwk, from_pem and from_text read private key material as PublicKey's do public; the public
  // half, where given, must belong to it. Copies that parsing made are wiped; the caller wipes
  // `text` (see wipe in secret.h).
  // Errors: the key_ codes; key_not_private where there is only a public half.
  [[nodiscard]] static Result<PrivateKey> from_jwk(std::string_view json,
                                                   const KeyLimits& limits = {});
  [[nodiscard]] static Result<PrivateKey> from_pem(std::string_view pem,
                                                   const KeyLimits& limits = {});
  [[nodiscard]] static Result<PrivateKey> from_text(std::string_view text,
                                                    const KeyLimits& limits = {});

  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;
  ~PrivateKey();

  [[nodiscard]] const PublicKey& public_key() const noexcept;

  // export_pem (PKCS#8) and export_jwk hand the secret out, wiped when the result is destroyed.
  // Their one use is writing a new key's file, encrypted or not (see encrypted_key.h). Errors:
  // key_type_unsupported (hmac as PEM), crypto_failure, out_of_memory.
  class Exported;
  [[nodiscard]] Result<Exported> export_pem() const;
  [[nodiscard]] Result<Exported> export_jwk() const;

  // sign writes the signature of `message` to the front of `out`, which has room for
  // max_signature_size octets, and gives its length. Nothing is allocated for ed25519.
  // Errors: algorithm_key_mismatch, argument_invalid (no room), crypto_failure. RFC 9421 §3.1,
  // §3.3.
  static constexpr std::size_t max_signature_size = 1024;  // twice that of RSA-4096
  [[nodiscard]] Result<std::size_t> sign(Algorithm algorithm, std::string_view message,
                                         std::span<std::byte> out) const;

  struct State;

 private:
  friend struct KeyMaker;
  explicit PrivateKey(std::unique_ptr<const State> state) noexcept;

  std::unique_ptr<const State> state_;
};

// Exported is key text in guarded memory, wiped on destruction.
class PrivateKey::Exported {
 public:
  Exported(Exported&&) noexcept;
  Exported& operator=(Exported&&) noexcept;
  Exported(const Exported&) = delete;
  Exported& operator=(const Exported&) = delete;
  ~Exported();

  // text is valid as long as this object.
  [[nodiscard]] std::string_view text() const noexcept;

 private:
  friend struct KeyMaker;
  struct Impl;
  explicit Exported(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

// wipe overwrites `text` in a way that is not optimised away: for buffers that held key text.
void wipe(std::span<char> text) noexcept;

}  // namespace wba

#endif  // WBA_KEY_H_
