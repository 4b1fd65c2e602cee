#include <algorithm>
#include <utility>

#include "base/byte_order_mark.h"
#include "base/guarded_call.h"
#include "crypto/ed25519_key.h"
#include "crypto/rsa_key.h"
#include "key/jwk.h"
#include "key/key_state.h"
#include "key/pem.h"
#include "key/thumbprint.h"

namespace wba {
namespace {

std::unexpected<Error> fail(ErrorCode code) { return std::unexpected(Error{code}); }

// only_algorithm is the algorithm of a type that has but one.
std::optional<Algorithm> only_algorithm(KeyType type) noexcept {
  switch (type) {
    case KeyType::ed25519:
      return Algorithm::ed25519;
    case KeyType::ec_p256:
      return Algorithm::ecdsa_p256_sha256;
    case KeyType::ec_p384:
      return Algorithm::ecdsa_p384_sha384;
    case KeyType::hmac:
      return Algorithm::hmac_sha256;
    case KeyType::rsa:
      break;
  }
  return std::nullopt;
}

Result<KeyMaterial> read_text(std::string_view text, const KeyLimits& limits, Half half) {
  text = without_byte_order_mark(text);
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start != std::string_view::npos && text[start] == '{') {
    return read_jwk_text(text, limits, half);
  }
  return read_pem(text, limits, half);
}

using Reader = Result<KeyMaterial> (*)(std::string_view, const KeyLimits&, Half);

Result<PublicKey> read_public(Reader reader, std::string_view text, const KeyLimits& limits) {
  return guarded_call([&]() -> Result<PublicKey> {
    auto material = reader(text, limits, Half::public_half);
    if (!material) return std::unexpected(material.error());
    return KeyMaker::make_public(std::move(*material));
  });
}

Result<PrivateKey> read_private(Reader reader, std::string_view text, const KeyLimits& limits) {
  return guarded_call([&]() -> Result<PrivateKey> {
    auto material = reader(text, limits, Half::private_half);
    if (!material) return std::unexpected(material.error());
    return KeyMaker::make_private(std::move(*material));
  });
}

// complete_public derives the public half where the text had none of its own, or checks the one it
// had.
Result<void> complete_public(KeyMaterial& material) {
  const KeyType type = material.public_parts.type;
  if (!material.has_private || type == KeyType::rsa || type == KeyType::hmac) return {};
  auto derived = crypto::derive_public(type, material.private_parts.d);
  if (!derived) return std::unexpected(derived.error());
  if (material.has_public &&
      (derived->x != material.public_parts.x || derived->y != material.public_parts.y)) {
    return fail(ErrorCode::key_pair_mismatch);
  }
  material.public_parts = std::move(*derived);
  material.has_public = true;
  return {};
}

// check_rsa_halves compares them where all numbers are at hand; make_signing_key does where a key
// is to sign.
Result<void> check_rsa_halves(const KeyMaterial& material) {
  const auto& secrets = material.private_parts;
  if (material.public_parts.type != KeyType::rsa || secrets.p.empty()) return {};
  return crypto::check_rsa_pair(material.public_parts, secrets);
}

Result<std::unique_ptr<crypto::VerifyingKey>> verifying_key_of(const KeyMaterial& material) {
  if (material.public_parts.type == KeyType::hmac) {
    return crypto::make_hmac_verifying_key(material.private_parts.k.bytes());
  }
  return crypto::make_verifying_key(material.public_parts);
}

// write_with_kid puts the "kid" into its place before "kty": both are in every canonical JWK's
// order. Base64url text holds no quotation mark.
std::string write_with_kid(const PublicKey::State& state) {
  std::string jwk = state.canonical_jwk;
  jwk.insert(jwk.find("\"kty\":"), "\"kid\":\"" + state.thumbprint + "\",");
  return jwk;
}

}  // namespace

Result<PublicKey> KeyMaker::make_public(KeyMaterial material) {
  if (const auto completed = complete_public(material); !completed) {
    return std::unexpected(completed.error());
  }
  auto key = verifying_key_of(material);
  if (!key) return std::unexpected(key.error());
  if (const auto checked = check_rsa_halves(material); !checked) {
    return std::unexpected(checked.error());
  }
  auto state = std::make_shared<PublicKey::State>();
  state->key = std::move(*key);
  const KeyType type = material.public_parts.type;
  if (type == KeyType::hmac) {
    auto thumbprint = secret_thumbprint(material.private_parts.k);
    if (!thumbprint) return std::unexpected(thumbprint.error());
    state->thumbprint = std::move(*thumbprint);
  } else {
    state->canonical_jwk = canonical_jwk(material.public_parts);
    state->thumbprint = thumbprint_of(state->canonical_jwk);
  }
  state->algorithm = material.algorithm ? material.algorithm : only_algorithm(type);
  state->parts = std::move(material.public_parts);
  state->is_published_test_key = is_published(state->thumbprint);
  return PublicKey(std::move(state));
}

PublicKey KeyMaker::with_verifying_key(const PublicKey& key,
                                       std::unique_ptr<const crypto::VerifyingKey> other) {
  const PublicKey::State& known = state(key);
  return PublicKey(std::make_shared<PublicKey::State>(
      PublicKey::State{.key = std::move(other),
                       .parts = known.parts,
                       .canonical_jwk = known.canonical_jwk,
                       .thumbprint = known.thumbprint,
                       .algorithm = known.algorithm,
                       .is_published_test_key = known.is_published_test_key}));
}

PrivateKey::Exported KeyMaker::make_exported(crypto::SecretBytes text) {
  using Exported = PrivateKey::Exported;
  return Exported(std::make_unique<Exported::Impl>(Exported::Impl{std::move(text)}));
}

Result<PrivateKey> KeyMaker::make_private(KeyMaterial material) {
  if (!material.has_private) return fail(ErrorCode::key_not_private);
  KeyMaterial public_material{.public_parts = material.public_parts,
                              .has_public = material.has_public,
                              .has_private = material.has_private,
                              .algorithm = material.algorithm};
  auto copy_secret = [](const crypto::SecretBytes& from, crypto::SecretBytes& to) -> Result<void> {
    auto copy = crypto::SecretBytes::copy_of(from.bytes());
    if (!copy) return std::unexpected(copy.error());
    to = std::move(*copy);
    return {};
  };
  for (auto member : {&crypto::PrivateParts::d, &crypto::PrivateParts::k}) {
    if (const auto copied =
            copy_secret(material.private_parts.*member, public_material.private_parts.*member);
        !copied) {
      return std::unexpected(copied.error());
    }
  }
  auto public_key = make_public(std::move(public_material));
  if (!public_key) return std::unexpected(public_key.error());
  auto signing =
      crypto::make_signing_key(state(*public_key).parts, std::move(material.private_parts));
  if (!signing) return std::unexpected(signing.error());
  return PrivateKey(std::make_unique<const PrivateKey::State>(
      PrivateKey::State{.public_key = std::move(*public_key), .key = std::move(*signing)}));
}

Result<crypto::KeyParts> KeyMaker::make_parts(KeyMaterial material) {
  if (!material.has_private) return fail(ErrorCode::key_not_private);
  if (const auto completed = complete_public(material); !completed) {
    return std::unexpected(completed.error());
  }
  if (const auto checked = check_rsa_halves(material); !checked) {
    return std::unexpected(checked.error());
  }
  return crypto::KeyParts{.public_parts = std::move(material.public_parts),
                          .private_parts = std::move(material.private_parts)};
}

std::string_view to_string(KeyType type) noexcept {
  switch (type) {
    case KeyType::ed25519:
      return "ed25519";
    case KeyType::ec_p256:
      return "ec-p256";
    case KeyType::ec_p384:
      return "ec-p384";
    case KeyType::rsa:
      return "rsa";
    case KeyType::hmac:
      return "hmac";
  }
  return "unknown";
}

PublicKey::PublicKey(std::shared_ptr<const State> state) noexcept : state_(std::move(state)) {}

Result<PublicKey> PublicKey::from_jwk(std::string_view json, const KeyLimits& limits) {
  return read_public(read_jwk_text, json, limits);
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem, const KeyLimits& limits) {
  return read_public(read_pem, pem, limits);
}

Result<PublicKey> PublicKey::from_text(std::string_view text, const KeyLimits& limits) {
  return read_public(read_text, text, limits);
}

Result<PublicKey> PublicKey::from_ed25519(std::span<const std::byte> octets) {
  return guarded_call([&]() -> Result<PublicKey> {
    KeyMaterial material{.public_parts = {.type = KeyType::ed25519}, .has_public = true};
    material.public_parts.x.assign(octets.begin(), octets.end());
    return KeyMaker::make_public(std::move(material));
  });
}

KeyType PublicKey::type() const noexcept { return state_->key->type(); }
std::string_view PublicKey::thumbprint() const noexcept { return state_->thumbprint; }
std::optional<Algorithm> PublicKey::algorithm() const noexcept { return state_->algorithm; }
bool PublicKey::is_published_test_key() const noexcept { return state_->is_published_test_key; }

bool PublicKey::allows(Algorithm algorithm) const noexcept {
  if (state_->algorithm) return *state_->algorithm == algorithm;
  return algorithm == Algorithm::rsa_pss_sha512 || algorithm == Algorithm::rsa_v1_5_sha256;
}

Result<std::string> PublicKey::jwk(bool with_kid) const {
  if (type() == KeyType::hmac) return fail(ErrorCode::key_type_unsupported);
  return guarded_call([&]() -> Result<std::string> {
    return with_kid ? write_with_kid(*state_) : state_->canonical_jwk;
  });
}

Result<std::string> PublicKey::pem() const {
  if (type() == KeyType::hmac) return fail(ErrorCode::key_type_unsupported);
  return guarded_call([&] { return write_public_pem(state_->parts); });
}

Result<void> PublicKey::verify(Algorithm algorithm, std::string_view message,
                               std::span<const std::byte> signature) const {
  if (!allows(algorithm)) return fail(ErrorCode::algorithm_key_mismatch);
  return state_->key->verify(algorithm, message, signature);
}

const crypto::VerifyingKey& PublicKey::verifying_key() const noexcept { return *state_->key; }

PrivateKey::PrivateKey(std::unique_ptr<const State> state) noexcept : state_(std::move(state)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

Result<PrivateKey> PrivateKey::generate(KeyType type) {
  return guarded_call([&]() -> Result<PrivateKey> {
    auto parts = crypto::generate_parts(type);
    if (!parts) return std::unexpected(parts.error());
    return KeyMaker::make_private({.public_parts = std::move(parts->public_parts),
                                   .private_parts = std::move(parts->private_parts),
                                   .has_public = true,
                                   .has_private = true});
  });
}

Result<PrivateKey> PrivateKey::from_jwk(std::string_view json, const KeyLimits& limits) {
  return read_private(read_jwk_text, json, limits);
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem, const KeyLimits& limits) {
  return read_private(read_pem, pem, limits);
}

Result<PrivateKey> PrivateKey::from_text(std::string_view text, const KeyLimits& limits) {
  return read_private(read_text, text, limits);
}

const PublicKey& PrivateKey::public_key() const noexcept { return state_->public_key; }

Result<std::size_t> PrivateKey::sign(Algorithm algorithm, std::string_view message,
                                     std::span<std::byte> out) const {
  if (!public_key().allows(algorithm)) return fail(ErrorCode::algorithm_key_mismatch);
  return state_->key->sign(algorithm, message, out);
}

PrivateKey::Exported::Exported(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
PrivateKey::Exported::Exported(Exported&&) noexcept = default;
PrivateKey::Exported& PrivateKey::Exported::operator=(Exported&&) noexcept = default;
PrivateKey::Exported::~Exported() = default;

std::string_view PrivateKey::Exported::text() const noexcept { return impl_->text.text(); }

Result<PrivateKey::Exported> PrivateKey::export_pem() const {
  if (public_key().type() == KeyType::hmac) return fail(ErrorCode::key_type_unsupported);
  return guarded_call([&]() -> Result<Exported> {
    auto text = write_private_pem(KeyMaker::state(public_key()).parts, state_->key->parts());
    if (!text) return std::unexpected(text.error());
    return KeyMaker::make_exported(std::move(*text));
  });
}

Result<PrivateKey::Exported> PrivateKey::export_jwk() const {
  return guarded_call([&]() -> Result<Exported> {
    auto text = write_private_jwk(KeyMaker::state(public_key()).parts, state_->key->parts());
    if (!text) return std::unexpected(text.error());
    return KeyMaker::make_exported(std::move(*text));
  });
}

}  // namespace wba
