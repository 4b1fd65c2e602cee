#include <initializer_list>
#include <string_view>
#include <utility>

#include "key/jwk.h"
#include "key/secret_writer.h"

namespace wba {
namespace {

struct Part {
  std::string_view before;
  std::span<const std::byte> octets;
};

Result<crypto::SecretBytes> write(std::initializer_list<Part> parts, std::string_view end) {
  auto writer = SecretWriter::create();
  if (!writer) return std::unexpected(writer.error());
  for (const Part& part : parts) {
    writer->append(part.before);
    writer->append_base64url(part.octets);
  }
  writer->append(end);
  return std::move(*writer).finish();
}

}  // namespace

Result<crypto::SecretBytes> write_private_jwk(const crypto::PublicParts& public_parts,
                                              const crypto::PrivateParts& private_parts) {
  const auto& secret = private_parts;
  switch (public_parts.type) {
    case KeyType::ed25519:
      return write({{R"({"crv":"Ed25519","d":")", secret.d.bytes()},
                    {R"(","kty":"OKP","x":")", public_parts.x}},
                   "\"}");
    case KeyType::ec_p256:
      return write({{R"({"crv":"P-256","d":")", secret.d.bytes()},
                    {R"(","kty":"EC","x":")", public_parts.x},
                    {R"(","y":")", public_parts.y}},
                   "\"}");
    case KeyType::ec_p384:
      return write({{R"({"crv":"P-384","d":")", secret.d.bytes()},
                    {R"(","kty":"EC","x":")", public_parts.x},
                    {R"(","y":")", public_parts.y}},
                   "\"}");
    case KeyType::rsa:
      return write({{R"({"d":")", secret.d.bytes()},
                    {R"(","dp":")", secret.dp.bytes()},
                    {R"(","dq":")", secret.dq.bytes()},
                    {R"(","e":")", public_parts.e},
                    {R"(","kty":"RSA","n":")", public_parts.n},
                    {R"(","p":")", secret.p.bytes()},
                    {R"(","q":")", secret.q.bytes()},
                    {R"(","qi":")", secret.qi.bytes()}},
                   "\"}");
    case KeyType::hmac:
      return write({{R"({"k":")", secret.k.bytes()}}, R"(","kty":"oct"})");
  }
  return std::unexpected(Error{ErrorCode::key_type_unsupported});
}

}  // namespace wba
