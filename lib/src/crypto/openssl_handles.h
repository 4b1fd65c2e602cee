#ifndef WBA_SRC_CRYPTO_OPENSSL_HANDLES_H_
#define WBA_SRC_CRYPTO_OPENSSL_HANDLES_H_

// Owners of OpenSSL's objects; for this room's sources only.

#include <cstddef>
#include <memory>
#include <span>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

namespace wba::crypto {

template <auto free_function>
struct Freed {
  template <typename T>
  void operator()(T* object) const noexcept {
    free_function(object);
  }
};

// Bn is cleared when it is freed: it may hold a secret.
using Bn = std::unique_ptr<BIGNUM, Freed<BN_clear_free>>;
using BnContext = std::unique_ptr<BN_CTX, Freed<BN_CTX_free>>;
using EcGroup = std::unique_ptr<EC_GROUP, Freed<EC_GROUP_free>>;
using EcPoint = std::unique_ptr<EC_POINT, Freed<EC_POINT_clear_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;
using Pkey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

// ErrorMark drops the entries that this library's calls leave in OpenSSL's error queue of the
// thread, and keeps those of the application.
class ErrorMark {
 public:
  ErrorMark() noexcept { ERR_set_mark(); }
  ErrorMark(const ErrorMark&) = delete;
  ErrorMark& operator=(const ErrorMark&) = delete;
  ~ErrorMark() { ERR_pop_to_mark(); }
};

// to_bn reads a big-endian number; null where memory ran out.
[[nodiscard]] inline Bn to_bn(std::span<const std::byte> octets) noexcept {
  Bn number(BN_secure_new());
  if (number == nullptr || BN_bin2bn(reinterpret_cast<const unsigned char*>(octets.data()),
                                     static_cast<int>(octets.size()), number.get()) == nullptr) {
    return nullptr;
  }
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  return number;
}

// from_bn writes `number` big-endian into all of `out`; false where it does not fit.
[[nodiscard]] inline bool from_bn(const BIGNUM* number, std::span<std::byte> out) noexcept {
  return BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()),
                      static_cast<int>(out.size())) >= 0;
}

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_OPENSSL_HANDLES_H_
