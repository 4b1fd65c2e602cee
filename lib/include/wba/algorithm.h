#ifndef WBA_ALGORITHM_H_
#define WBA_ALGORITHM_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace wba {

// Algorithm is a signature algorithm of RFC 9421 §3.3.
enum class Algorithm : std::uint8_t {
  rsa_pss_sha512,     // §3.3.1, salt of 64 octets
  rsa_v1_5_sha256,    // §3.3.2
  hmac_sha256,        // §3.3.3
  ecdsa_p256_sha256,  // §3.3.4, r || s
  ecdsa_p384_sha384,  // §3.3.5, r || s
  ed25519,            // §3.3.6
};

// to_string gives the name of RFC 9421 §6.2.2, as in the `alg` parameter: "ed25519".
[[nodiscard]] std::string_view to_string(Algorithm algorithm) noexcept;

// algorithm_from_name reads that name; nullopt where it is none of the six. Case matters.
[[nodiscard]] std::optional<Algorithm> algorithm_from_name(std::string_view name) noexcept;

}  // namespace wba

#endif  // WBA_ALGORITHM_H_
