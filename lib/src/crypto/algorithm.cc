
#include <wba/algorithm.h>

namespace wba {

std::string_view to_string(Algorithm algorithm) noexcept {
  switch (algorithm) {
    case Algorithm::rsa_pss_sha512:
      return "rsa-pss-sha512";
    case Algorithm::rsa_v1_5_sha256:
      return "rsa-v1_5-sha256";
    case Algorithm::hmac_sha256:
      return "hmac-sha256";
    case Algorithm::ecdsa_p256_sha256:
      return "ecdsa-p256-sha256";
    case Algorithm::ecdsa_p384_sha384:
      return "ecdsa-p384-sha384";
    case Algorithm::ed25519:
      return "ed25519";
  }
  return "unknown";
}

std::optional<Algorithm> algorithm_from_name(std::string_view name) noexcept {
  for (const Algorithm algorithm :
       {Algorithm::ed25519, Algorithm::rsa_pss_sha512, Algorithm::ecdsa_p256_sha256,
        Algorithm::ecdsa_p384_sha384, Algorithm::rsa_v1_5_sha256, Algorithm::hmac_sha256}) {
    if (name == to_string(algorithm)) return algorithm;
  }
  return std::nullopt;
}

}  // namespace wba
