#include <string_view>
#include <utility>
#include <vector>

#include "key/der.h"
#include "key/key_oids.h"
#include "key/pem.h"
#include "key/pem_block.h"

namespace wba {
namespace {

// max_der is more than an RSA key of 4096 bits takes.
constexpr std::size_t max_der = 8192;

Result<crypto::SecretBytes> armour(std::string_view label, const DerWriter& der) {
  const auto octets = der.written();
  if (!octets) return std::unexpected(Error{ErrorCode::crypto_failure});
  return write_pem_block(label, *octets);
}

void prepend_oid(DerWriter& der, Octets oid) noexcept {
  const std::size_t end = der.mark();
  der.prepend(oid);
  der.prepend_header(Tag::object_identifier, end);
}

Octets curve_oid(KeyType type) noexcept {
  return type == KeyType::ec_p256 ? Octets(oid_p256) : Octets(oid_p384);
}

// prepend_algorithm writes the AlgorithmIdentifier.
void prepend_algorithm(DerWriter& der, KeyType type) noexcept {
  const std::size_t end = der.mark();
  switch (type) {
    case KeyType::ed25519:
      prepend_oid(der, oid_ed25519);
      break;
    case KeyType::ec_p256:
    case KeyType::ec_p384:
      prepend_oid(der, curve_oid(type));
      prepend_oid(der, oid_ec);
      break;
    case KeyType::rsa:
      der.prepend_header(Tag::null, der.mark());
      prepend_oid(der, oid_rsa);
      break;
    case KeyType::hmac:
      break;
  }
  der.prepend_header(Tag::sequence, end);
}

// prepend_bits writes the public key as the contents of a BIT STRING, tag included.
void prepend_bits(DerWriter& der, const crypto::PublicParts& parts) noexcept {
  const std::size_t end = der.mark();
  switch (parts.type) {
    case KeyType::ed25519:
      der.prepend(parts.x);
      break;
    case KeyType::ec_p256:
    case KeyType::ec_p384:
      der.prepend(parts.y);
      der.prepend(parts.x);
      der.prepend(std::uint8_t{4});  // uncompressed
      break;
    case KeyType::rsa:
      der.prepend_number(parts.e);
      der.prepend_number(parts.n);
      der.prepend_header(Tag::sequence, end);
      break;
    case KeyType::hmac:
      break;
  }
  der.prepend(std::uint8_t{0});  // no unused bits
  der.prepend_header(Tag::bit_string, end);
}

// prepend_private writes the contents of the PKCS#8 OCTET STRING.
void prepend_private(DerWriter& der, const crypto::PublicParts& public_parts,
                     const crypto::PrivateParts& parts) noexcept {
  const std::size_t end = der.mark();
  switch (public_parts.type) {
    case KeyType::ed25519:
      der.prepend(parts.d.bytes());
      der.prepend_header(Tag::octet_string, end);
      break;
    case KeyType::ec_p256:
    case KeyType::ec_p384: {
      prepend_bits(der, public_parts);
      der.prepend_header(Tag::context_1, end);
      const std::size_t d_end = der.mark();
      der.prepend(parts.d.bytes());
      der.prepend_header(Tag::octet_string, d_end);
      der.prepend_version(1);
      der.prepend_header(Tag::sequence, end);
      break;
    }
    case KeyType::rsa:
      for (const crypto::SecretBytes* part :
           {&parts.qi, &parts.dq, &parts.dp, &parts.q, &parts.p, &parts.d}) {
        der.prepend_number(part->bytes());
      }
      der.prepend_number(public_parts.e);
      der.prepend_number(public_parts.n);
      der.prepend_version(0);
      der.prepend_header(Tag::sequence, end);
      break;
    case KeyType::hmac:
      break;
  }
}

}  // namespace

Result<std::string> write_public_pem(const crypto::PublicParts& parts) {
  std::vector<std::byte> buffer(max_der);
  DerWriter der(buffer);
  const std::size_t end = der.mark();
  prepend_bits(der, parts);
  prepend_algorithm(der, parts.type);
  der.prepend_header(Tag::sequence, end);
  const auto text = armour("PUBLIC KEY", der);
  if (!text) return std::unexpected(text.error());
  return std::string(text->text());
}

Result<crypto::SecretBytes> write_private_pem(const crypto::PublicParts& public_parts,
                                              const crypto::PrivateParts& private_parts) {
  auto buffer = crypto::SecretBytes::allocate(max_der);
  if (!buffer) return buffer;
  DerWriter der(buffer->writable());
  const std::size_t end = der.mark();
  prepend_private(der, public_parts, private_parts);
  der.prepend_header(Tag::octet_string, end);
  prepend_algorithm(der, public_parts.type);
  der.prepend_version(0);
  der.prepend_header(Tag::sequence, end);
  return armour("PRIVATE KEY", der);
}

}  // namespace wba
