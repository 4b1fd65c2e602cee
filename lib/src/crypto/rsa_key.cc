#include "crypto/rsa_key.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "crypto/openssl_key.h"

namespace wba::crypto {
namespace {

std::optional<Scheme> scheme_of(Algorithm algorithm) noexcept {
  switch (algorithm) {
    case Algorithm::rsa_pss_sha512:
      return Scheme{.digest = EVP_sha512(), .rsa_padding = RSA_PKCS1_PSS_PADDING};
    case Algorithm::rsa_v1_5_sha256:
      return Scheme{.digest = EVP_sha256(), .rsa_padding = RSA_PKCS1_PADDING};
    case Algorithm::hmac_sha256:
    case Algorithm::ecdsa_p256_sha256:
    case Algorithm::ecdsa_p384_sha384:
    case Algorithm::ed25519:
      break;
  }
  return std::nullopt;
}

std::vector<std::byte> native_of(std::span<const std::byte> number) {
  std::vector<std::byte> native(number.size());
  to_native(number, native);
  return native;
}

class RsaVerifyingKey final : public VerifyingKey {
 public:
  RsaVerifyingKey(Pkey key, std::size_t modulus_size) noexcept
      : VerifyingKey(KeyType::rsa), key_(std::move(key)), modulus_size_(modulus_size) {}

  [[nodiscard]] Result<void> verify(Algorithm algorithm, std::string_view message,
                                    std::span<const std::byte> signature) const noexcept override {
    const auto scheme = scheme_of(algorithm);
    if (!scheme) return std::unexpected(Error{ErrorCode::algorithm_key_mismatch});
    if (signature.size() != modulus_size_) {
      return std::unexpected(Error{ErrorCode::signature_wrong});
    }
    return digest_verify(key_.get(), *scheme, message, signature);
  }

 private:
  Pkey key_;
  std::size_t modulus_size_;
};

// Names of the secret numbers, in the order in which RsaSigningKey keeps them.
constexpr std::array secret_names = {
    OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,   OSSL_PKEY_PARAM_RSA_FACTOR2,
    OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};

class RsaSigningKey final : public SigningKey {
 public:
  RsaSigningKey(const PublicParts& public_parts, PrivateParts parts)
      : SigningKey(KeyType::rsa, std::move(parts)),
        n_(native_of(public_parts.n)),
        e_(native_of(public_parts.e)) {}

  // fill copies the secret numbers into guarded memory in the order that OpenSSL wants.
  [[nodiscard]] Result<void> fill() {
    const std::array numbers = secrets();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      auto native = SecretBytes::allocate(numbers[i]->size());
      if (!native) return std::unexpected(native.error());
      to_native(numbers[i]->bytes(), native->writable());
      native->seal();
      native_[i] = std::move(*native);
    }
    return {};
  }

  [[nodiscard]] Result<std::size_t> sign(Algorithm algorithm, std::string_view message,
                                         std::span<std::byte> out) const noexcept override {
    const auto scheme = scheme_of(algorithm);
    if (!scheme) return std::unexpected(Error{ErrorCode::algorithm_key_mismatch});
    if (out.size() < n_.size()) return std::unexpected(Error{ErrorCode::argument_invalid});
    const ErrorMark mark;
    std::array<OSSL_PARAM, secret_names.size() + 3> params;
    params[0] = number_param(OSSL_PKEY_PARAM_RSA_N, n_);
    params[1] = number_param(OSSL_PKEY_PARAM_RSA_E, e_);
    for (std::size_t i = 0; i < secret_names.size(); ++i) {
      params[i + 2] = number_param(secret_names[i], native_[i].bytes());
    }
    params.back() = OSSL_PARAM_construct_end();
    const Pkey key = pkey_from("RSA", EVP_PKEY_KEYPAIR, params.data());
    if (key == nullptr) return std::unexpected(Error{ErrorCode::crypto_failure});
    return digest_sign(key.get(), *scheme, message, out);
  }

 private:
  [[nodiscard]] std::array<const SecretBytes*, secret_names.size()> secrets() const noexcept {
    return {&parts().d, &parts().p, &parts().q, &parts().dp, &parts().dq, &parts().qi};
  }

  std::vector<std::byte> n_;
  std::vector<std::byte> e_;
  std::array<SecretBytes, secret_names.size()> native_;
};

// exponent_fits says whether exponent = d mod (prime - 1), and e * d = 1 mod (prime - 1).
bool exponent_fits(const BIGNUM* prime, const BIGNUM* exponent, const BIGNUM* d, const BIGNUM* e,
                   BN_CTX* context) noexcept {
  const Bn order(BN_dup(prime));
  const Bn value(BN_secure_new());
  if (order == nullptr || value == nullptr || BN_sub_word(order.get(), 1) != 1) return false;
  BN_set_flags(order.get(), BN_FLG_CONSTTIME);
  return BN_mod(value.get(), d, order.get(), context) == 1 && BN_cmp(value.get(), exponent) == 0 &&
         BN_mod_mul(value.get(), d, e, order.get(), context) == 1 && BN_is_one(value.get()) == 1;
}

// halves_fit says whether all numbers of the key belong together: RFC 8017 §3.2.
bool halves_fit(const PublicParts& public_parts, const PrivateParts& parts) noexcept {
  const Bn n = to_bn(public_parts.n);
  const Bn e = to_bn(public_parts.e);
  const Bn d = to_bn(parts.d.bytes());
  const Bn p = to_bn(parts.p.bytes());
  const Bn q = to_bn(parts.q.bytes());
  const Bn dp = to_bn(parts.dp.bytes());
  const Bn dq = to_bn(parts.dq.bytes());
  const Bn qi = to_bn(parts.qi.bytes());
  const Bn value(BN_secure_new());
  const BnContext context(BN_CTX_secure_new());
  if (n == nullptr || e == nullptr || d == nullptr || p == nullptr || q == nullptr ||
      dp == nullptr || dq == nullptr || qi == nullptr || value == nullptr || context == nullptr) {
    return false;
  }
  if (BN_is_odd(p.get()) == 0 || BN_is_odd(q.get()) == 0 || BN_is_one(p.get()) == 1 ||
      BN_is_one(q.get()) == 1 || BN_cmp(d.get(), n.get()) >= 0 || BN_cmp(qi.get(), p.get()) >= 0) {
    return false;
  }
  return BN_mul(value.get(), p.get(), q.get(), context.get()) == 1 &&
         BN_cmp(value.get(), n.get()) == 0 &&
         exponent_fits(p.get(), dp.get(), d.get(), e.get(), context.get()) &&
         exponent_fits(q.get(), dq.get(), d.get(), e.get(), context.get()) &&
         BN_mod_mul(value.get(), qi.get(), q.get(), p.get(), context.get()) == 1 &&
         BN_is_one(value.get()) == 1;
}

// signs_for says whether a signature of `key` verifies, which it does not where p or q is no prime.
bool signs_for(const SigningKey& key, const PublicParts& public_parts) {
  const auto verifying = make_rsa_verifying_key(public_parts);
  std::vector<std::byte> signature(public_parts.n.size());
  constexpr std::string_view message = "pair";
  if (!verifying) return false;
  const auto size = key.sign(Algorithm::rsa_v1_5_sha256, message, signature);
  return size &&
         (*verifying)
             ->verify(Algorithm::rsa_v1_5_sha256, message, std::span(signature).first(*size))
             .has_value();
}

Result<SecretBytes> secret_number(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) {
    return std::unexpected(Error{ErrorCode::crypto_failure});
  }
  const Bn owner(number);
  auto secret = SecretBytes::allocate(static_cast<std::size_t>(BN_num_bytes(number)));
  if (!secret) return secret;
  if (!from_bn(number, secret->writable())) {
    return std::unexpected(Error{ErrorCode::crypto_failure});
  }
  secret->seal();
  return secret;
}

}  // namespace

Result<std::unique_ptr<VerifyingKey>> make_rsa_verifying_key(const PublicParts& parts) {
  const ErrorMark mark;
  // Before any arithmetic: how large the numbers are decides what a signature costs.
  if (parts.n.size() > rsa_max_bits / 8) return std::unexpected(Error{ErrorCode::key_too_large});
  if (parts.e.size() > rsa_max_exponent_octets)
    return std::unexpected(Error{ErrorCode::key_member_invalid});
  const Bn n = to_bn(parts.n);
  const Bn e = to_bn(parts.e);
  if (n == nullptr || e == nullptr) return std::unexpected(Error{ErrorCode::out_of_memory});
  if (BN_num_bits(n.get()) < rsa_min_bits) return std::unexpected(Error{ErrorCode::key_too_weak});
  if (BN_is_odd(n.get()) == 0 || BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) == 1) {
    return std::unexpected(Error{ErrorCode::key_member_invalid});
  }
  const auto native_n = native_of(parts.n);
  const auto native_e = native_of(parts.e);
  std::array params = {number_param(OSSL_PKEY_PARAM_RSA_N, native_n),
                       number_param(OSSL_PKEY_PARAM_RSA_E, native_e), OSSL_PARAM_construct_end()};
  Pkey key = pkey_from("RSA", EVP_PKEY_PUBLIC_KEY, params.data());
  if (key == nullptr) return std::unexpected(Error{ErrorCode::crypto_failure});
  return std::make_unique<RsaVerifyingKey>(std::move(key),
                                           static_cast<std::size_t>(BN_num_bytes(n.get())));
}

Result<void> check_rsa_pair(const PublicParts& public_parts,
                            const PrivateParts& private_parts) noexcept {
  const ErrorMark mark;
  if (!halves_fit(public_parts, private_parts)) {
    return std::unexpected(Error{ErrorCode::key_pair_mismatch});
  }
  return {};
}

Result<std::unique_ptr<SigningKey>> make_rsa_signing_key(const PublicParts& public_parts,
                                                         PrivateParts private_parts) {
  const ErrorMark mark;
  if (const auto checked = check_rsa_pair(public_parts, private_parts); !checked) {
    return std::unexpected(checked.error());
  }
  auto key = std::make_unique<RsaSigningKey>(public_parts, std::move(private_parts));
  if (const auto filled = key->fill(); !filled) return std::unexpected(filled.error());
  if (!signs_for(*key, public_parts)) {
    return std::unexpected(Error{ErrorCode::key_pair_mismatch});
  }
  return key;
}

Result<KeyParts> generate_rsa(int bits) {
  const ErrorMark mark;
  const Pkey key(EVP_RSA_gen(static_cast<unsigned int>(bits)));
  if (key == nullptr) return std::unexpected(Error{ErrorCode::crypto_failure});
  KeyParts parts{.public_parts = {.type = KeyType::rsa}, .private_parts = {}};
  for (auto [name, part] : {std::pair{OSSL_PKEY_PARAM_RSA_N, &parts.public_parts.n},
                            std::pair{OSSL_PKEY_PARAM_RSA_E, &parts.public_parts.e}}) {
    const auto number = secret_number(key.get(), name);
    if (!number) return std::unexpected(number.error());
    part->assign(number->bytes().begin(), number->bytes().end());
  }
  const std::array secrets = {&parts.private_parts.d,  &parts.private_parts.p,
                              &parts.private_parts.q,  &parts.private_parts.dp,
                              &parts.private_parts.dq, &parts.private_parts.qi};
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    auto number = secret_number(key.get(), secret_names[i]);
    if (!number) return std::unexpected(number.error());
    *secrets[i] = std::move(*number);
  }
  return parts;
}

}  // namespace wba::crypto
