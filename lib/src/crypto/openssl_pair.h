#ifndef WBA_SRC_CRYPTO_OPENSSL_PAIR_H_
#define WBA_SRC_CRYPTO_OPENSSL_PAIR_H_

// A whole key as OpenSSL's object, for what OpenSSL alone can sign.

#include "crypto/openssl_handles.h"
#include "crypto/parts.h"

namespace wba::crypto {

// openssl_pair makes OpenSSL's object of both halves. Its secret numbers lie in OpenSSL's memory,
// which is wiped when the object is freed: it is for one signature, the parts are what is kept.
// Null for hmac, and where OpenSSL refuses.
[[nodiscard]] Pkey openssl_pair(const KeyParts& parts);

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_OPENSSL_PAIR_H_
