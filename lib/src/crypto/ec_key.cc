#include "crypto/ec_key.h"

#include <array>
#include <utility>
#include <vector>

#include <openssl/core_names.h>
#include <openssl/obj_mac.h>

#include "crypto/openssl_key.h"

namespace wba::crypto {
namespace {

// ECDSA-Sig-Value of P-384: two INTEGERs of at most 49 octets with two of header each, and three
// of header for the SEQUENCE.
constexpr std::size_t max_der_size = 105;

bool is_p256(KeyType type) noexcept { return type == KeyType::ec_p256; }

Algorithm algorithm_of(KeyType type) noexcept {
  return is_p256(type) ? Algorithm::ecdsa_p256_sha256 : Algorithm::ecdsa_p384_sha384;
}

Scheme scheme_of(KeyType type) noexcept {
  return {.digest = is_p256(type) ? EVP_sha256() : EVP_sha384()};
}

EcGroup group_of(KeyType type) noexcept {
  return EcGroup(EC_GROUP_new_by_curve_name(is_p256(type) ? NID_X9_62_prime256v1 : NID_secp384r1));
}

OSSL_PARAM group_param(KeyType type) noexcept {
  static constexpr char p256[] = "P-256";
  static constexpr char p384[] = "P-384";
  // OpenSSL only reads it.
  return OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                          const_cast<char*>(is_p256(type) ? p256 : p384), 0);
}

// uncompressed gives the point in the form 04 || x || y: SEC 1, 2.3.3.
std::vector<std::byte> uncompressed(const PublicParts& parts) {
  std::vector<std::byte> point;
  point.reserve(1 + parts.x.size() + parts.y.size());
  point.push_back(std::byte{4});
  point.insert(point.end(), parts.x.begin(), parts.x.end());
  point.insert(point.end(), parts.y.begin(), parts.y.end());
  return point;
}

OSSL_PARAM point_param(std::vector<std::byte>& point) noexcept {
  return OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
}

class EcVerifyingKey final : public VerifyingKey {
 public:
  EcVerifyingKey(KeyType type, Pkey key) noexcept : VerifyingKey(type), key_(std::move(key)) {}

  [[nodiscard]] Result<void> verify(Algorithm algorithm, std::string_view message,
                                    std::span<const std::byte> signature) const noexcept override {
    if (algorithm != algorithm_of(type())) {
      return std::unexpected(Error{ErrorCode::algorithm_key_mismatch});
    }
    // Exactly r || s, each as long as the order: a DER signature has another length, or is read as
    // the two numbers that it is not.
    const std::size_t size = coordinate_size(type());
    if (signature.size() != 2 * size) return std::unexpected(Error{ErrorCode::signature_wrong});
    const ErrorMark mark;
    Bn r = to_bn(signature.first(size));
    Bn s = to_bn(signature.last(size));
    const EcdsaSignature pair(ECDSA_SIG_new());
    if (r == nullptr || s == nullptr || pair == nullptr ||
        ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) {
      return std::unexpected(Error{ErrorCode::crypto_failure});
    }
    static_cast<void>(r.release());
    static_cast<void>(s.release());
    std::array<std::byte, max_der_size> der;
    auto* end = reinterpret_cast<unsigned char*>(der.data());
    const int needed = i2d_ECDSA_SIG(pair.get(), nullptr);
    if (needed <= 0 || static_cast<std::size_t>(needed) > der.size()) {
      return std::unexpected(Error{ErrorCode::crypto_failure});
    }
    const int written = i2d_ECDSA_SIG(pair.get(), &end);
    return digest_verify(key_.get(), scheme_of(type()), message,
                         std::span(der).first(static_cast<std::size_t>(written)));
  }

 private:
  Pkey key_;
};

class EcSigningKey final : public SigningKey {
 public:
  EcSigningKey(const PublicParts& public_parts, PrivateParts parts, SecretBytes native)
      : SigningKey(public_parts.type, std::move(parts)),
        point_(uncompressed(public_parts)),
        native_(std::move(native)) {}

  [[nodiscard]] Result<std::size_t> sign(Algorithm algorithm, std::string_view message,
                                         std::span<std::byte> out) const noexcept override {
    if (algorithm != algorithm_of(type())) {
      return std::unexpected(Error{ErrorCode::algorithm_key_mismatch});
    }
    const std::size_t size = coordinate_size(type());
    if (out.size() < 2 * size) return std::unexpected(Error{ErrorCode::argument_invalid});
    const ErrorMark mark;
    std::array params = {
        group_param(type()),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                          const_cast<std::byte*>(point_.data()), point_.size()),
        number_param(OSSL_PKEY_PARAM_PRIV_KEY, native_.bytes()), OSSL_PARAM_construct_end()};
    const Pkey key = pkey_from("EC", EVP_PKEY_KEYPAIR, params.data());
    if (key == nullptr) return std::unexpected(Error{ErrorCode::crypto_failure});
    std::array<std::byte, max_der_size> der;
    const auto written = digest_sign(key.get(), scheme_of(type()), message, der);
    if (!written) return written;
    const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
    const EcdsaSignature pair(d2i_ECDSA_SIG(nullptr, &begin, static_cast<long>(*written)));
    if (pair == nullptr || !from_bn(ECDSA_SIG_get0_r(pair.get()), out.first(size)) ||
        !from_bn(ECDSA_SIG_get0_s(pair.get()), out.subspan(size, size))) {
      return std::unexpected(Error{ErrorCode::crypto_failure});
    }
    return 2 * size;
  }

 private:
  std::vector<std::byte> point_;
  SecretBytes native_;
};

}  // namespace

Result<std::unique_ptr<VerifyingKey>> make_ec_verifying_key(const PublicParts& parts) {
  const std::size_t size = coordinate_size(parts.type);
  if (parts.x.size() != size || parts.y.size() != size) {
    return std::unexpected(Error{ErrorCode::key_member_invalid});
  }
  const ErrorMark mark;
  auto point = uncompressed(parts);
  std::array params = {group_param(parts.type), point_param(point), OSSL_PARAM_construct_end()};
  // It refuses a point that is not on the curve. Both groups have cofactor 1.
  Pkey key = pkey_from("EC", EVP_PKEY_PUBLIC_KEY, params.data());
  if (key == nullptr) return std::unexpected(Error{ErrorCode::key_member_invalid});
  return std::make_unique<EcVerifyingKey>(parts.type, std::move(key));
}

Result<std::unique_ptr<SigningKey>> make_ec_signing_key(const PublicParts& public_parts,
                                                        PrivateParts private_parts) {
  const auto derived = derive_ec(public_parts.type, private_parts.d);
  if (!derived) return std::unexpected(derived.error());
  if (derived->x != public_parts.x || derived->y != public_parts.y) {
    return std::unexpected(Error{ErrorCode::key_pair_mismatch});
  }
  auto native = SecretBytes::allocate(private_parts.d.size());
  if (!native) return std::unexpected(native.error());
  to_native(private_parts.d.bytes(), native->writable());
  native->seal();
  return std::make_unique<EcSigningKey>(public_parts, std::move(private_parts), std::move(*native));
}

Result<PublicParts> derive_ec(KeyType type, const SecretBytes& d) {
  const std::size_t size = coordinate_size(type);
  if (d.size() != size) return std::unexpected(Error{ErrorCode::key_member_invalid});
  const ErrorMark mark;
  const EcGroup group = group_of(type);
  const Bn scalar = to_bn(d.bytes());
  const Bn x(BN_new());
  const Bn y(BN_new());
  const BnContext context(BN_CTX_secure_new());
  if (group == nullptr || scalar == nullptr || x == nullptr || y == nullptr || context == nullptr) {
    return std::unexpected(Error{ErrorCode::crypto_failure});
  }
  if (BN_is_zero(scalar.get()) == 1 ||
      BN_cmp(scalar.get(), EC_GROUP_get0_order(group.get())) >= 0) {
    return std::unexpected(Error{ErrorCode::key_member_invalid});
  }
  const EcPoint point(EC_POINT_new(group.get()));
  PublicParts parts{.type = type};
  parts.x.resize(size);
  parts.y.resize(size);
  if (point == nullptr ||
      EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, context.get()) != 1 ||
      EC_POINT_get_affine_coordinates(group.get(), point.get(), x.get(), y.get(), context.get()) !=
          1 ||
      !from_bn(x.get(), parts.x) || !from_bn(y.get(), parts.y)) {
    return std::unexpected(Error{ErrorCode::crypto_failure});
  }
  return parts;
}

Result<PublicParts> decode_ec_point(KeyType type, std::span<const std::byte> octets) {
  const std::size_t size = coordinate_size(type);
  // 04 || x || y, or 02 or 03 || x: neither the point at infinity nor the hybrid form.
  const bool uncompressed_form = octets.size() == 1 + 2 * size && octets[0] == std::byte{4};
  const bool compressed_form =
      octets.size() == 1 + size && (octets[0] == std::byte{2} || octets[0] == std::byte{3});
  if (!uncompressed_form && !compressed_form) {
    return std::unexpected(Error{ErrorCode::key_member_invalid});
  }
  const ErrorMark mark;
  const EcGroup group = group_of(type);
  const EcPoint point(group == nullptr ? nullptr : EC_POINT_new(group.get()));
  const Bn x(BN_new());
  const Bn y(BN_new());
  const BnContext context(BN_CTX_new());
  if (point == nullptr || x == nullptr || y == nullptr || context == nullptr) {
    return std::unexpected(Error{ErrorCode::crypto_failure});
  }
  PublicParts parts{.type = type};
  parts.x.resize(size);
  parts.y.resize(size);
  if (EC_POINT_oct2point(group.get(), point.get(),
                         reinterpret_cast<const unsigned char*>(octets.data()), octets.size(),
                         context.get()) != 1 ||
      EC_POINT_get_affine_coordinates(group.get(), point.get(), x.get(), y.get(), context.get()) !=
          1 ||
      !from_bn(x.get(), parts.x) || !from_bn(y.get(), parts.y)) {
    return std::unexpected(Error{ErrorCode::key_member_invalid});
  }
  return parts;
}

Result<SecretBytes> generate_ec_secret(KeyType type) {
  const ErrorMark mark;
  const EcGroup group = group_of(type);
  const Bn scalar(BN_secure_new());
  if (group == nullptr || scalar == nullptr) {
    return std::unexpected(Error{ErrorCode::crypto_failure});
  }
  auto secret = SecretBytes::allocate(coordinate_size(type));
  if (!secret) return secret;
  do {
    if (BN_priv_rand_range(scalar.get(), EC_GROUP_get0_order(group.get())) != 1) {
      return std::unexpected(Error{ErrorCode::crypto_failure});
    }
  } while (BN_is_zero(scalar.get()) == 1);
  if (!from_bn(scalar.get(), secret->writable())) {
    return std::unexpected(Error{ErrorCode::crypto_failure});
  }
  secret->seal();
  return secret;
}

}  // namespace wba::crypto
