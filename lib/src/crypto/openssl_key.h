#ifndef WBA_SRC_CRYPTO_OPENSSL_KEY_H_
#define WBA_SRC_CRYPTO_OPENSSL_KEY_H_

// What RSA and ECDSA share: OpenSSL's key objects made of numbers, one-shot verify and sign. Secret
// numbers stay in our guarded memory; OpenSSL gets them for the time of one signature, in an object
// that it wipes when it is freed.

#include <cstddef>
#include <span>
#include <string_view>

#include <openssl/params.h>

#include <wba/error.h>

#include "crypto/openssl_handles.h"

namespace wba::crypto {

// to_native writes a big-endian number in the order of this machine, as OSSL_PARAM wants it. `out`
// is as long as `number`.
void to_native(std::span<const std::byte> number, std::span<std::byte> out) noexcept;

// number_param describes a number in this machine's order to OpenSSL, which only reads it.
[[nodiscard]] OSSL_PARAM number_param(const char* name, std::span<const std::byte> native) noexcept;

// pkey_from makes OpenSSL's key of type `name` from `params`, whose last is OSSL_PARAM_END;
// `selection` is EVP_PKEY_PUBLIC_KEY or EVP_PKEY_KEYPAIR. Null where it refuses.
[[nodiscard]] Pkey pkey_from(const char* name, int selection, OSSL_PARAM* params) noexcept;

// Scheme is what EVP needs to know besides the key.
struct Scheme {
  const EVP_MD* digest;
  int rsa_padding = 0;  // 0 where the key is no RSA key
};

// digest_verify checks one signature. Errors: signature_wrong, crypto_failure.
[[nodiscard]] Result<void> digest_verify(EVP_PKEY* key, const Scheme& scheme,
                                         std::string_view message,
                                         std::span<const std::byte> signature) noexcept;

// digest_sign makes one signature, in OpenSSL's form. Error: crypto_failure.
[[nodiscard]] Result<std::size_t> digest_sign(EVP_PKEY* key, const Scheme& scheme,
                                              std::string_view message,
                                              std::span<std::byte> out) noexcept;

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_OPENSSL_KEY_H_
