#include <optional>
#include <utility>

#include <wba/signer.h>

namespace wba {

Result<KeySigner> KeySigner::create(PrivateKey key) {
  const Algorithm algorithm = key.public_key().algorithm().value_or(Algorithm::rsa_pss_sha512);
  return create(std::move(key), algorithm);
}

Result<KeySigner> KeySigner::create(PrivateKey key, Algorithm algorithm) {
  if (!key.public_key().allows(algorithm)) {
    return std::unexpected(Error{ErrorCode::algorithm_key_mismatch});
  }
  return KeySigner(std::move(key), algorithm);
}

std::string_view KeySigner::keyid() const noexcept { return key_.public_key().thumbprint(); }

Result<std::size_t> KeySigner::sign(std::string_view base, std::span<std::byte> out) const {
  return key_.sign(algorithm_, base, out);
}

}  // namespace wba
