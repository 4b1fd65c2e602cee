#ifndef WBA_SIGNER_H_
#define WBA_SIGNER_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <wba/algorithm.h>
#include <wba/error.h>
#include <wba/key.h>

namespace wba {

// Signer makes signatures with a key that may be elsewhere: in this process, in a daemon, in an
// HSM. An implementation may be used from several threads at once.
class Signer {
 public:
  virtual ~Signer() = default;

  [[nodiscard]] virtual Algorithm algorithm() const noexcept = 0;

  // keyid is the thumbprint of the key; it lives as long as the signer.
  [[nodiscard]] virtual std::string_view keyid() const noexcept = 0;

  // sign writes the signature of `base` to the front of `out` (room for
  // PrivateKey::max_signature_size octets) and gives its length.
  [[nodiscard]] virtual Result<std::size_t> sign(std::string_view base,
                                                 std::span<std::byte> out) const = 0;
};

// KeySigner signs with a PrivateKey in this process.
class KeySigner final : public Signer {
 public:
  // create pairs a key with an algorithm; without one, the key's own (RSA: rsa-pss-sha512).
  // Error: algorithm_key_mismatch.
  [[nodiscard]] static Result<KeySigner> create(PrivateKey key);
  [[nodiscard]] static Result<KeySigner> create(PrivateKey key, Algorithm algorithm);

  [[nodiscard]] Algorithm algorithm() const noexcept override { return algorithm_; }
  [[nodiscard]] std::string_view keyid() const noexcept override;
  [[nodiscard]] Result<std::size_t> sign(std::string_view base,
                                         std::span<std::byte> out) const override;
  [[nodiscard]] const PublicKey& public_key() const noexcept { return key_.public_key(); }

 private:
  KeySigner(PrivateKey key, Algorithm algorithm) noexcept
      : key_(std::move(key)), algorithm_(algorithm) {}

  PrivateKey key_;
  Algorithm algorithm_;
};

}  // namespace wba

#endif  // WBA_SIGNER_H_
