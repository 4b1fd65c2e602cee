#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "crypto/ec_key.h"
#include "key/der.h"
#include "key/key_oids.h"
#include "key/pem.h"
#include "key/pem_block.h"

namespace wba {
namespace {

std::unexpected<Error> fail(ErrorCode code) { return std::unexpected(Error{code}); }

bool same(Octets left, Octets right) noexcept { return std::ranges::equal(left, right); }

std::vector<std::byte> copy(Octets octets) { return {octets.begin(), octets.end()}; }

// KeyAlgorithm is what an AlgorithmIdentifier says.
struct KeyAlgorithm {
  KeyType type;
  std::optional<Algorithm> algorithm = std::nullopt;
};

std::optional<KeyType> curve_of(Octets oid) noexcept {
  if (same(oid, oid_p256)) return KeyType::ec_p256;
  if (same(oid, oid_p384)) return KeyType::ec_p384;
  return std::nullopt;
}

// are_pss_parameters takes no parameters, or those of RFC 9421 §3.3.1 with any minimum of salt
// that 64 octets satisfy. RFC 4055 §3.1.
bool are_pss_parameters(DerReader parameters) noexcept {
  if (parameters.at_end()) return true;
  const auto contents = parameters.read(Tag::sequence);
  if (!contents || !parameters.at_end() || contents->size() != pss_sha512_parameters.size() + 1) {
    return false;
  }
  return same(contents->first(pss_sha512_parameters.size()), pss_sha512_parameters) &&
         std::to_integer<unsigned>(contents->back()) <= 64;
}

// read_algorithm reads the contents of an AlgorithmIdentifier: RFC 5280 §4.1.1.2.
Result<KeyAlgorithm> read_algorithm(Octets contents) {
  DerReader reader(contents);
  const auto oid = reader.read(Tag::object_identifier);
  if (!oid) return fail(ErrorCode::key_pem_invalid);
  if (same(*oid, oid_ed25519)) {
    // RFC 8410 §3: the parameters are absent.
    if (!reader.at_end()) return fail(ErrorCode::key_pem_invalid);
    return KeyAlgorithm{.type = KeyType::ed25519};
  }
  if (same(*oid, oid_rsa)) {
    if (!reader.at_end()) {
      const auto null = reader.read(Tag::null);
      if (!null || !null->empty() || !reader.at_end()) return fail(ErrorCode::key_pem_invalid);
    }
    return KeyAlgorithm{.type = KeyType::rsa};
  }
  if (same(*oid, oid_rsa_pss)) {
    if (!are_pss_parameters(reader)) return fail(ErrorCode::key_algorithm_conflict);
    return KeyAlgorithm{.type = KeyType::rsa, .algorithm = Algorithm::rsa_pss_sha512};
  }
  if (same(*oid, oid_ec)) {
    // Only named curves: RFC 5480 §2.1.1.
    const auto curve = reader.read(Tag::object_identifier);
    if (!curve) return fail(ErrorCode::key_type_unsupported);
    const auto type = curve_of(*curve);
    if (!type) return fail(ErrorCode::key_type_unsupported);
    if (!reader.at_end()) return fail(ErrorCode::key_pem_invalid);
    return KeyAlgorithm{.type = *type};
  }
  return fail(ErrorCode::key_type_unsupported);
}

// read_pkcs1_public: RFC 8017 A.1.1.
Result<void> read_pkcs1_public(Octets der, KeyMaterial& material) {
  DerReader outer(der);
  const auto contents = outer.read(Tag::sequence);
  if (!contents || !outer.at_end()) return fail(ErrorCode::key_pem_invalid);
  DerReader reader(*contents);
  const auto n = reader.read_number();
  const auto e = reader.read_number();
  if (!n || !e || !reader.at_end()) return fail(ErrorCode::key_pem_invalid);
  material.public_parts.n = copy(*n);
  material.public_parts.e = copy(*e);
  material.has_public = true;
  return {};
}

// read_pkcs1_private: RFC 8017 A.1.2.
Result<void> read_pkcs1_private(Octets der, KeyMaterial& material) {
  DerReader outer(der);
  const auto contents = outer.read(Tag::sequence);
  if (!contents || !outer.at_end()) return fail(ErrorCode::key_pem_invalid);
  DerReader reader(*contents);
  const auto version = reader.read_version();
  if (!version) return fail(ErrorCode::key_pem_invalid);
  if (*version != 0) return fail(ErrorCode::key_type_unsupported);  // more than two primes
  const auto n = reader.read_number();
  const auto e = reader.read_number();
  if (!n || !e) return fail(ErrorCode::key_pem_invalid);
  auto& secrets = material.private_parts;
  for (crypto::SecretBytes* part :
       {&secrets.d, &secrets.p, &secrets.q, &secrets.dp, &secrets.dq, &secrets.qi}) {
    const auto number = reader.read_number();
    if (!number) return fail(ErrorCode::key_pem_invalid);
    auto secret = crypto::SecretBytes::copy_of(*number);
    if (!secret) return std::unexpected(secret.error());
    *part = std::move(*secret);
  }
  if (!reader.at_end()) return fail(ErrorCode::key_pem_invalid);
  material.public_parts.n = copy(*n);
  material.public_parts.e = copy(*e);
  material.has_public = material.has_private = true;
  return {};
}

Result<void> read_point(Octets octets, KeyMaterial& material) {
  auto parts = crypto::decode_ec_point(material.public_parts.type, octets);
  if (!parts) return fail(ErrorCode::key_pem_invalid);
  material.public_parts = std::move(*parts);
  material.has_public = true;
  return {};
}

// read_sec1_private reads an ECPrivateKey: RFC 5915 §3. `curve` is what is known from around it.
Result<void> read_sec1_private(Octets der, std::optional<KeyType> curve, KeyMaterial& material) {
  DerReader outer(der);
  const auto contents = outer.read(Tag::sequence);
  if (!contents || !outer.at_end()) return fail(ErrorCode::key_pem_invalid);
  DerReader reader(*contents);
  const auto version = reader.read_version();
  const auto d = reader.read(Tag::octet_string);
  if (!version || *version != 1 || !d) return fail(ErrorCode::key_pem_invalid);
  if (const auto parameters = reader.read(Tag::context_0)) {
    DerReader named(*parameters);
    const auto oid = named.read(Tag::object_identifier);
    if (!oid) return fail(ErrorCode::key_type_unsupported);
    const auto type = curve_of(*oid);
    if (!type) return fail(ErrorCode::key_type_unsupported);
    if (!named.at_end() || (curve && *curve != *type)) return fail(ErrorCode::key_pem_invalid);
    curve = type;
  }
  if (!curve) return fail(ErrorCode::key_type_unsupported);
  // As long as the order, leading zeros and all.
  if (d->size() != crypto::coordinate_size(*curve)) return fail(ErrorCode::key_pem_invalid);
  material.public_parts.type = *curve;
  auto secret = crypto::SecretBytes::copy_of(*d);
  if (!secret) return std::unexpected(secret.error());
  material.private_parts.d = std::move(*secret);
  material.has_private = true;
  if (const auto wrapped = reader.read(Tag::context_1)) {
    DerReader bits(*wrapped);
    const auto point = bits.read_bits();
    if (!point || !bits.at_end()) return fail(ErrorCode::key_pem_invalid);
    if (const auto read = read_point(*point, material); !read) return read;
  }
  if (!reader.at_end()) return fail(ErrorCode::key_pem_invalid);
  return {};
}

// read_spki reads a SubjectPublicKeyInfo: RFC 5280 §4.1.
Result<void> read_spki(Octets der, KeyMaterial& material) {
  DerReader outer(der);
  const auto contents = outer.read(Tag::sequence);
  if (!contents || !outer.at_end()) return fail(ErrorCode::key_pem_invalid);
  DerReader reader(*contents);
  const auto identifier = reader.read(Tag::sequence);
  const auto bits = reader.read_bits();
  if (!identifier || !bits || !reader.at_end()) return fail(ErrorCode::key_pem_invalid);
  const auto algorithm = read_algorithm(*identifier);
  if (!algorithm) return std::unexpected(algorithm.error());
  material.public_parts.type = algorithm->type;
  material.algorithm = algorithm->algorithm;
  switch (algorithm->type) {
    case KeyType::rsa:
      return read_pkcs1_public(*bits, material);
    case KeyType::ec_p256:
    case KeyType::ec_p384:
      return read_point(*bits, material);
    case KeyType::ed25519:
    case KeyType::hmac:
      break;
  }
  if (bits->size() != crypto::coordinate_size(KeyType::ed25519)) {
    return fail(ErrorCode::key_pem_invalid);
  }
  material.public_parts.x = copy(*bits);
  material.has_public = true;
  return {};
}

// read_ed25519_private reads a CurvePrivateKey: RFC 8410 §7.
Result<void> read_ed25519_private(Octets der, KeyMaterial& material) {
  DerReader reader(der);
  const auto seed = reader.read(Tag::octet_string);
  if (!seed || !reader.at_end() || seed->size() != crypto::coordinate_size(KeyType::ed25519)) {
    return fail(ErrorCode::key_pem_invalid);
  }
  auto secret = crypto::SecretBytes::copy_of(*seed);
  if (!secret) return std::unexpected(secret.error());
  material.private_parts.d = std::move(*secret);
  material.has_private = true;
  return {};
}

// read_pkcs8_public reads the public half behind a private one, which must be the same as that
// inside it: RFC 5958 §2.
Result<void> read_pkcs8_public(Octets bits, KeyMaterial& material) {
  auto& parts = material.public_parts;
  if (parts.type == KeyType::ed25519) {
    parts.x = copy(bits);
    material.has_public = true;
    return {};
  }
  KeyMaterial behind{.public_parts = {.type = parts.type}};
  const auto read =
      parts.type == KeyType::rsa ? read_pkcs1_public(bits, behind) : read_point(bits, behind);
  if (!read) return read;
  const auto& other = behind.public_parts;
  if (material.has_public &&
      (parts.n != other.n || parts.e != other.e || parts.x != other.x || parts.y != other.y)) {
    return fail(ErrorCode::key_pair_mismatch);
  }
  parts = std::move(behind.public_parts);
  material.has_public = true;
  return {};
}

// read_pkcs8 reads a PrivateKeyInfo or a OneAsymmetricKey: RFC 5958 §2.
Result<void> read_pkcs8(Octets der, KeyMaterial& material) {
  DerReader outer(der);
  const auto contents = outer.read(Tag::sequence);
  if (!contents || !outer.at_end()) return fail(ErrorCode::key_pem_invalid);
  DerReader reader(*contents);
  const auto version = reader.read_version();
  const auto identifier = reader.read(Tag::sequence);
  const auto key = reader.read(Tag::octet_string);
  if (!version || *version > 1 || !identifier || !key) return fail(ErrorCode::key_pem_invalid);
  const auto algorithm = read_algorithm(*identifier);
  if (!algorithm) return std::unexpected(algorithm.error());
  material.public_parts.type = algorithm->type;
  material.algorithm = algorithm->algorithm;
  const auto read = algorithm->type == KeyType::rsa ? read_pkcs1_private(*key, material)
                    : algorithm->type == KeyType::ed25519
                        ? read_ed25519_private(*key, material)
                        : read_sec1_private(*key, algorithm->type, material);
  if (!read) return read;
  static_cast<void>(reader.read(Tag::context_0));  // attributes say nothing about the key
  if (reader.next_is(Tag::context_1_primitive)) {
    const auto bits = reader.read_bits(Tag::context_1_primitive);
    if (!bits || *version != 1) return fail(ErrorCode::key_pem_invalid);
    if (const auto behind = read_pkcs8_public(*bits, material); !behind) return behind;
  }
  if (!reader.at_end()) return fail(ErrorCode::key_pem_invalid);
  return {};
}

enum class Kind : std::uint8_t { none, pkcs8, spki, pkcs1_private, pkcs1_public, sec1 };

Result<Kind> kind_of(const PemBlock& block) {
  // RFC 1421's headers are there in OpenSSL's old encrypted form only. With their comma, which is
  // no base64: the letters alone may stand in any key.
  if (block.body.contains("4,ENCRYPTED") || block.label == "ENCRYPTED PRIVATE KEY" ||
      block.label == encrypted_key_label) {
    return fail(ErrorCode::key_pem_encrypted);
  }
  if (block.label == "PRIVATE KEY") return Kind::pkcs8;
  if (block.label == "PUBLIC KEY") return Kind::spki;
  if (block.label == "RSA PRIVATE KEY") return Kind::pkcs1_private;
  if (block.label == "RSA PUBLIC KEY") return Kind::pkcs1_public;
  if (block.label == "EC PRIVATE KEY") return Kind::sec1;
  if (block.label.ends_with("PRIVATE KEY") || block.label.ends_with("PUBLIC KEY")) {
    return fail(ErrorCode::key_type_unsupported);  // DSA, OpenSSH, ...
  }
  return Kind::none;
}

Result<KeyMaterial> read_block(Kind kind, Octets der) {
  KeyMaterial material{};
  Result<void> read = fail(ErrorCode::key_pem_invalid);
  switch (kind) {
    case Kind::none:
      break;
    case Kind::pkcs8:
      read = read_pkcs8(der, material);
      break;
    case Kind::spki:
      read = read_spki(der, material);
      break;
    case Kind::pkcs1_private:
      material.public_parts.type = KeyType::rsa;
      read = read_pkcs1_private(der, material);
      break;
    case Kind::pkcs1_public:
      material.public_parts.type = KeyType::rsa;
      read = read_pkcs1_public(der, material);
      break;
    case Kind::sec1:
      read = read_sec1_private(der, std::nullopt, material);
      break;
  }
  if (!read) return std::unexpected(read.error());
  return material;
}

}  // namespace

Result<KeyMaterial> read_pem(std::string_view pem, const KeyLimits& limits, Half half) {
  if (pem.size() > limits.bytes) return fail(ErrorCode::key_too_large);
  ErrorCode none = ErrorCode::key_unreadable;
  for (;;) {
    const auto block = next_pem_block(pem);
    if (!block) return std::unexpected(block.error());
    if (!*block) return fail(none);
    const auto kind = kind_of(**block);
    if (!kind) return std::unexpected(kind.error());
    if (*kind == Kind::none) {
      none = ErrorCode::key_type_unsupported;  // a certificate, or parameters
      continue;
    }
    const auto der = decode_pem_body((*block)->body);
    if (!der) return std::unexpected(der.error());
    auto material = read_block(*kind, der->bytes());
    if (material && half == Half::private_half && !material->has_private) {
      return fail(ErrorCode::key_not_private);
    }
    return material;
  }
}

}  // namespace wba
