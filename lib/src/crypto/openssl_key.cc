#include "crypto/openssl_key.h"

#include <algorithm>
#include <bit>

#include <openssl/rsa.h>

namespace wba::crypto {
namespace {

// pss_salt_size is exact in both directions: RFC 9421 §3.3.1.
constexpr int pss_salt_size = 64;

bool configure(EVP_PKEY_CTX* context, const Scheme& scheme) noexcept {
  if (scheme.rsa_padding == 0) return true;
  if (EVP_PKEY_CTX_set_rsa_padding(context, scheme.rsa_padding) <= 0) return false;
  return scheme.rsa_padding != RSA_PKCS1_PSS_PADDING ||
         (EVP_PKEY_CTX_set_rsa_mgf1_md(context, scheme.digest) > 0 &&
          EVP_PKEY_CTX_set_rsa_pss_saltlen(context, pss_salt_size) > 0);
}

}  // namespace

void to_native(std::span<const std::byte> number, std::span<std::byte> out) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    std::ranges::reverse_copy(number, out.begin());
  } else {
    std::ranges::copy(number, out.begin());
  }
}

OSSL_PARAM number_param(const char* name, std::span<const std::byte> native) noexcept {
  const auto* data = reinterpret_cast<const unsigned char*>(native.data());
  return OSSL_PARAM_construct_BN(name, const_cast<unsigned char*>(data), native.size());
}

Pkey pkey_from(const char* name, int selection, OSSL_PARAM* params) noexcept {
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, name, nullptr));
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, params) <= 0) {
    return nullptr;
  }
  return Pkey(key);
}

Result<void> digest_verify(EVP_PKEY* key, const Scheme& scheme, std::string_view message,
                           std::span<const std::byte> signature) noexcept {
  const ErrorMark mark;
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  if (context == nullptr ||
      EVP_DigestVerifyInit(context.get(), &key_context, scheme.digest, nullptr, key) <= 0 ||
      !configure(key_context, scheme)) {
    return std::unexpected(Error{ErrorCode::crypto_failure});
  }
  if (EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                       signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) != 1) {
    return std::unexpected(Error{ErrorCode::signature_wrong});
  }
  return {};
}

Result<std::size_t> digest_sign(EVP_PKEY* key, const Scheme& scheme, std::string_view message,
                                std::span<std::byte> out) noexcept {
  const ErrorMark mark;
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  std::size_t size = out.size();
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), &key_context, scheme.digest, nullptr, key) <= 0 ||
      !configure(key_context, scheme) ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) != 1) {
    return std::unexpected(Error{ErrorCode::crypto_failure});
  }
  return size;
}

}  // namespace wba::crypto
