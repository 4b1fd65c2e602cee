#include "crypto/openssl_pair.h"

#include <span>
#include <string>
#include <utility>
#include <vector>

#include <openssl/core_names.h>

#include "crypto/openssl_key.h"

namespace wba::crypto {
namespace {

// Numbers is what OpenSSL is told of a key, in guarded memory while it reads it.
class Numbers {
 public:
  void add(const char* name, std::span<const std::byte> number) {
    auto native = SecretBytes::allocate(number.size());
    if (!native) {
      good_ = false;
      return;
    }
    to_native(number, native->writable());
    add(number_param(name, native->bytes()));
    natives_.push_back(*std::move(native));
  }
  void add(const OSSL_PARAM& param) { params_.push_back(param); }

  [[nodiscard]] Pkey make(const char* type) {
    add(OSSL_PARAM_construct_end());
    return good_ ? pkey_from(type, EVP_PKEY_KEYPAIR, params_.data()) : nullptr;
  }

 private:
  std::vector<OSSL_PARAM> params_;
  std::vector<SecretBytes> natives_;
  bool good_ = true;
};

Pkey rsa_pair(const KeyParts& parts) {
  const auto& secret = parts.private_parts;
  Numbers numbers;
  numbers.add(OSSL_PKEY_PARAM_RSA_N, parts.public_parts.n);
  numbers.add(OSSL_PKEY_PARAM_RSA_E, parts.public_parts.e);
  numbers.add(OSSL_PKEY_PARAM_RSA_D, secret.d.bytes());
  numbers.add(OSSL_PKEY_PARAM_RSA_FACTOR1, secret.p.bytes());
  numbers.add(OSSL_PKEY_PARAM_RSA_FACTOR2, secret.q.bytes());
  numbers.add(OSSL_PKEY_PARAM_RSA_EXPONENT1, secret.dp.bytes());
  numbers.add(OSSL_PKEY_PARAM_RSA_EXPONENT2, secret.dq.bytes());
  numbers.add(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, secret.qi.bytes());
  return numbers.make("RSA");
}

Pkey ec_pair(const KeyParts& parts, std::string group) {
  // 04 || x || y: SEC 1, 2.3.3.
  std::vector<std::byte> point{std::byte{4}};
  point.insert(point.end(), parts.public_parts.x.begin(), parts.public_parts.x.end());
  point.insert(point.end(), parts.public_parts.y.begin(), parts.public_parts.y.end());
  Numbers numbers;
  numbers.add(OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0));
  numbers.add(
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()));
  numbers.add(OSSL_PKEY_PARAM_PRIV_KEY, parts.private_parts.d.bytes());
  return numbers.make("EC");
}

}  // namespace

Pkey openssl_pair(const KeyParts& parts) {
  const ErrorMark mark;
  const auto& seed = parts.private_parts.d;
  switch (parts.public_parts.type) {
    case KeyType::rsa:
      return rsa_pair(parts);
    case KeyType::ec_p256:
      return ec_pair(parts, "P-256");
    case KeyType::ec_p384:
      return ec_pair(parts, "P-384");
    case KeyType::ed25519:
      return Pkey(EVP_PKEY_new_raw_private_key(
          EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.bytes().data()),
          seed.size()));
    case KeyType::hmac:
      break;
  }
  return nullptr;
}

}  // namespace wba::crypto
