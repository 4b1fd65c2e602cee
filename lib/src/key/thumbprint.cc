#include "key/thumbprint.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "base/ascii.h"
#include "crypto/base64.h"
#include "crypto/hash.h"
#include "key/secret_writer.h"

namespace wba {
namespace {

// Thumbprints of keys whose private half is printed in an RFC, so that anybody can sign with them.
constexpr std::array<std::string_view, 9> published = {
    "BHj8s0GPnMEQtkaULIM-PLgEhLBbuGUQ1vMxmBWZzEo",  // RFC 9421 B.1.1, test-key-rsa
    "oD0HwocPBSfpNy5W3bpJeyFGY_IQ_YpqxSjQ3Yd-CLA",  // RFC 9421 B.1.2, test-key-rsa-pss
    "ydQXMtvbsOsZyFir-Y7A8t7fKEM1gbKPvyFkdpu4fvI",  // RFC 9421 B.1.3, test-key-ecc-p256
    "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U",  // RFC 9421 B.1.4, test-key-ed25519
    "CB3RFzX-1pAtHPl7fOKnQgQV1gnrFFXGXoObwmcm4rY",  // RFC 9421 B.1.5, test-shared-secret
    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",  // RFC 8037 A.1
    "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",  // RFC 7517 A.2 and RFC 7638 3.1, RSA
    "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s",  // RFC 7517 A.2, P-256
    "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U",  // RFC 7515 A.3, P-256
};

std::string quoted_base64url(std::span<const std::byte> octets) {
  return '"' + base64url(octets) + '"';
}

}  // namespace

std::string base64url(std::span<const std::byte> octets) {
  std::string out;
  crypto::base64_append(octets, crypto::Base64::url_no_padding, out);
  return out;
}

std::string canonical_jwk(const crypto::PublicParts& parts) {
  switch (parts.type) {
    case KeyType::ed25519:
      return R"({"crv":"Ed25519","kty":"OKP","x":)" + quoted_base64url(parts.x) + '}';
    case KeyType::ec_p256:
      return R"({"crv":"P-256","kty":"EC","x":)" + quoted_base64url(parts.x) + R"(,"y":)" +
             quoted_base64url(parts.y) + '}';
    case KeyType::ec_p384:
      return R"({"crv":"P-384","kty":"EC","x":)" + quoted_base64url(parts.x) + R"(,"y":)" +
             quoted_base64url(parts.y) + '}';
    case KeyType::rsa:
      return R"({"e":)" + quoted_base64url(parts.e) + R"(,"kty":"RSA","n":)" +
             quoted_base64url(parts.n) + '}';
    case KeyType::hmac:
      break;
  }
  return {};
}

std::string thumbprint_of(std::string_view canonical) {
  return base64url(crypto::sha256(canonical));
}

bool has_thumbprint_form(std::string_view text) noexcept {
  return text.size() == 43 && std::ranges::all_of(text, [](char c) {
           return ascii::is_alpha(c) || ascii::is_digit(c) || c == '-' || c == '_';
         });
}

Result<std::string> secret_thumbprint(const crypto::SecretBytes& secret) {
  auto writer = SecretWriter::create();
  if (!writer) return std::unexpected(writer.error());
  writer->append(R"({"k":")");
  writer->append_base64url(secret.bytes());
  writer->append(R"(","kty":"oct"})");
  const auto canonical = std::move(*writer).finish();
  if (!canonical) return std::unexpected(canonical.error());
  return thumbprint_of(canonical->text());
}

bool is_published(std::string_view thumbprint) noexcept {
  return std::ranges::find(published, thumbprint) != published.end();
}

}  // namespace wba
