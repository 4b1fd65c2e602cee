#ifndef WBA_SRC_KEY_KEY_MATERIAL_H_
#define WBA_SRC_KEY_KEY_MATERIAL_H_

// What the readers of JWK and PEM give, before it is checked to be a key.

#include <cstdint>
#include <optional>

#include <wba/algorithm.h>
#include <wba/error.h>
#include <wba/key.h>

#include "crypto/parts.h"

namespace wba {

// Half says which half of a key the caller asks for.
enum class Half : std::uint8_t { public_half, private_half };

struct KeyMaterial {
  crypto::PublicParts public_parts;
  crypto::PrivateParts private_parts = {};
  bool has_public = false;                            // else it is derived from the private half
  bool has_private = false;                           // of hmac: always
  std::optional<Algorithm> algorithm = std::nullopt;  // the one that the text narrows the key to
};

}  // namespace wba

#endif  // WBA_SRC_KEY_KEY_MATERIAL_H_
