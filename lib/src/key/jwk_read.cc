#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>
#include <vector>

#include "crypto/base64.h"
#include "key/jwk.h"

namespace wba {
namespace {

using Kind = JsonValue::Kind;

std::unexpected<Error> fail(ErrorCode code) { return std::unexpected(Error{code}); }

Result<std::string_view> string_member(const JsonObject& jwk, std::string_view name) {
  const JsonValue* value = jwk.find(name);
  if (value == nullptr) return fail(ErrorCode::key_member_missing);
  if (value->kind != Kind::string) return fail(ErrorCode::key_member_invalid);
  return value->text;
}

Result<std::vector<std::byte>> octets_member(const JsonObject& jwk, std::string_view name) {
  const auto text = string_member(jwk, name);
  if (!text) return std::unexpected(text.error());
  std::vector<std::byte> octets(crypto::base64_decoded_capacity(text->size()));
  const auto size = crypto::base64_decode(*text, crypto::Base64::url_no_padding, octets);
  if (!size || *size == 0) return fail(ErrorCode::key_member_invalid);
  octets.resize(*size);
  return octets;
}

Result<crypto::SecretBytes> secret_member(const JsonObject& jwk, std::string_view name) {
  const JsonValue* value = jwk.find(name);
  if (value == nullptr) return fail(ErrorCode::key_member_missing);
  if (value->kind != Kind::secret) return fail(ErrorCode::key_member_invalid);
  auto octets =
      crypto::SecretBytes::allocate(crypto::base64_decoded_capacity(value->secret.size()));
  if (!octets) return octets;
  const auto size = crypto::base64_decode_secret(value->secret, crypto::Base64::url_no_padding,
                                                 octets->writable());
  if (!size || *size == 0) return fail(ErrorCode::key_member_invalid);
  octets->shrink(*size);
  octets->seal();
  return octets;
}

// A Base64urlUInt has no leading zero octet: RFC 7518 §2. With one in `n` or `e`, a key would have
// two thumbprints.
Result<crypto::SecretBytes> secret_number(const JsonObject& jwk, std::string_view name) {
  auto octets = secret_member(jwk, name);
  if (octets && octets->bytes().front() == std::byte{0}) {
    return fail(ErrorCode::key_member_invalid);
  }
  return octets;
}

// Target is a part of the key and the member that it comes from.
struct PublicTarget {
  std::string_view name;
  std::vector<std::byte>* part;
};
struct SecretTarget {
  std::string_view name;
  crypto::SecretBytes* part;
};

Result<void> read_coordinates(const JsonObject& jwk, std::initializer_list<PublicTarget> targets,
                              std::size_t size) {
  for (const PublicTarget& target : targets) {
    auto octets = octets_member(jwk, target.name);
    if (!octets) return std::unexpected(octets.error());
    if (octets->size() != size) return fail(ErrorCode::key_member_invalid);
    *target.part = std::move(*octets);
  }
  return {};
}

// read_curve_public reads OKP and EC keys, which differ in having `y`.
Result<void> read_curve_public(const JsonObject& jwk, KeyMaterial& material) {
  auto& parts = material.public_parts;
  const std::size_t size = crypto::coordinate_size(parts.type);
  const auto read = parts.type == KeyType::ed25519
                        ? read_coordinates(jwk, {{"x", &parts.x}}, size)
                        : read_coordinates(jwk, {{"x", &parts.x}, {"y", &parts.y}}, size);
  if (!read) return read;
  material.has_public = true;
  return {};
}

Result<void> read_curve_private(const JsonObject& jwk, KeyMaterial& material) {
  auto d = secret_member(jwk, "d");
  if (!d) return std::unexpected(d.error());
  if (d->size() != crypto::coordinate_size(material.public_parts.type)) {
    return fail(ErrorCode::key_member_invalid);
  }
  material.private_parts.d = std::move(*d);
  return {};
}

Result<void> read_rsa_public(const JsonObject& jwk, KeyMaterial& material) {
  auto& parts = material.public_parts;
  for (const auto& [name, part] : {PublicTarget{"n", &parts.n}, PublicTarget{"e", &parts.e}}) {
    auto octets = octets_member(jwk, name);
    if (!octets) return std::unexpected(octets.error());
    if (octets->front() == std::byte{0}) return fail(ErrorCode::key_member_invalid);
    *part = std::move(*octets);
  }
  material.has_public = true;
  return {};
}

Result<void> read_rsa_private(const JsonObject& jwk, KeyMaterial& material) {
  // More than two primes: RFC 7518 §6.3.2.7.
  if (jwk.find("oth") != nullptr) return fail(ErrorCode::key_type_unsupported);
  auto& secrets = material.private_parts;
  for (const auto& [name, part] :
       {SecretTarget{"d", &secrets.d}, SecretTarget{"p", &secrets.p}, SecretTarget{"q", &secrets.q},
        SecretTarget{"dp", &secrets.dp}, SecretTarget{"dq", &secrets.dq},
        SecretTarget{"qi", &secrets.qi}}) {
    auto octets = secret_number(jwk, name);
    if (!octets) return std::unexpected(octets.error());
    *part = std::move(*octets);
  }
  return {};
}

Result<void> read_public(const JsonObject& jwk, KeyMaterial& material) {
  return material.public_parts.type == KeyType::rsa ? read_rsa_public(jwk, material)
                                                    : read_curve_public(jwk, material);
}

Result<void> read_private(const JsonObject& jwk, KeyMaterial& material) {
  auto read = material.public_parts.type == KeyType::rsa ? read_rsa_private(jwk, material)
                                                         : read_curve_private(jwk, material);
  if (read) material.has_private = true;
  return read;
}

// has_checkable_private is true if the private half says enough to be compared with the public one:
// an RSA key may leave out its primes, or have more than two (RFC 7518 §6.3.2).
bool has_checkable_private(const JsonObject& jwk, KeyType type) {
  if (jwk.find("d") == nullptr) return false;
  return type != KeyType::rsa || (jwk.find("p") != nullptr && jwk.find("oth") == nullptr);
}

Result<KeyType> type_of(const JsonObject& jwk) {
  const auto kty = string_member(jwk, "kty");
  if (!kty) return std::unexpected(kty.error());
  if (*kty == "RSA") return KeyType::rsa;
  if (*kty == "oct") return KeyType::hmac;
  if (*kty != "OKP" && *kty != "EC") return fail(ErrorCode::key_type_unsupported);
  const auto crv = string_member(jwk, "crv");
  if (!crv) return std::unexpected(crv.error());
  if (*kty == "OKP" && *crv == "Ed25519") return KeyType::ed25519;
  if (*kty == "EC" && *crv == "P-256") return KeyType::ec_p256;
  if (*kty == "EC" && *crv == "P-384") return KeyType::ec_p384;
  return fail(ErrorCode::key_type_unsupported);
}

struct AlgorithmName {
  std::string_view name;
  KeyType type;
  Algorithm algorithm;
};

// JOSE's names of the algorithms that RFC 9421 has; its own names are taken too. "Ed25519" is of
// RFC 9864, "ed25519" stands in directories in use.
constexpr std::array<AlgorithmName, 7> jose_names = {{
    {"EdDSA", KeyType::ed25519, Algorithm::ed25519},
    {"Ed25519", KeyType::ed25519, Algorithm::ed25519},
    {"ES256", KeyType::ec_p256, Algorithm::ecdsa_p256_sha256},
    {"ES384", KeyType::ec_p384, Algorithm::ecdsa_p384_sha384},
    {"PS512", KeyType::rsa, Algorithm::rsa_pss_sha512},
    {"RS256", KeyType::rsa, Algorithm::rsa_v1_5_sha256},
    {"HS256", KeyType::hmac, Algorithm::hmac_sha256},
}};

std::optional<Algorithm> algorithm_for(KeyType type, std::string_view name) {
  for (const AlgorithmName& known : jose_names) {
    if (known.type == type && (known.name == name || to_string(known.algorithm) == name)) {
      return known.algorithm;
    }
  }
  return std::nullopt;
}

// check_key_ops: RFC 7517 §4.3. A private JWK that may sign gives a public half that may verify.
Result<void> check_key_ops(const JsonObject& jwk, Half half) {
  const JsonValue* key_ops = jwk.find("key_ops");
  if (key_ops == nullptr) return {};
  if (key_ops->kind != Kind::strings) return fail(ErrorCode::key_member_invalid);
  auto names = key_ops->strings;
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end()) return fail(ErrorCode::key_member_invalid);
  const bool signs = std::ranges::binary_search(names, "sign");
  const bool verifies = std::ranges::binary_search(names, "verify");
  const bool allowed = half == Half::private_half ? signs
                       : has_private_members(jwk) ? signs || verifies
                                                  : verifies;
  if (!allowed) return fail(ErrorCode::key_algorithm_conflict);
  return {};
}

// read_purpose checks `use`, `key_ops` and `alg`, and takes the algorithm: RFC 7517 §4.2 to §4.4.
Result<void> read_purpose(const JsonObject& jwk, Half half, KeyMaterial& material) {
  if (jwk.find("use") != nullptr) {
    const auto use = string_member(jwk, "use");
    if (!use) return std::unexpected(use.error());
    if (*use != "sig") return fail(ErrorCode::key_algorithm_conflict);
  }
  if (const auto checked = check_key_ops(jwk, half); !checked) return checked;
  if (jwk.find("alg") == nullptr) return {};
  const auto alg = string_member(jwk, "alg");
  if (!alg) return std::unexpected(alg.error());
  material.algorithm = algorithm_for(material.public_parts.type, *alg);
  if (!material.algorithm) return fail(ErrorCode::key_algorithm_conflict);
  return {};
}

}  // namespace

bool has_private_members(const JsonObject& jwk) noexcept {
  return std::ranges::any_of(jwk.members, [](const auto& member) {
    return is_secret_name(member.first) || member.first == "oth";
  });
}

Result<KeyMaterial> read_jwk(const JsonObject& jwk, Half half) {
  if (!jwk.is_object) return fail(ErrorCode::key_json_invalid);
  if (jwk.has_duplicates()) return fail(ErrorCode::key_member_duplicate);
  const auto type = type_of(jwk);
  if (!type) return std::unexpected(type.error());
  KeyMaterial material{.public_parts = {.type = *type}};
  if (const auto read = read_purpose(jwk, half, material); !read) {
    return std::unexpected(read.error());
  }
  if (*type == KeyType::hmac) {
    auto secret = secret_member(jwk, "k");
    if (!secret) return std::unexpected(secret.error());
    material.private_parts.k = std::move(*secret);
    material.has_private = true;
    return material;
  }
  if (half == Half::private_half && jwk.find("d") == nullptr) {
    return fail(ErrorCode::key_not_private);
  }
  auto read = read_public(jwk, material);
  if (read && half == Half::private_half) read = read_private(jwk, material);
  if (!read) return std::unexpected(read.error());
  return material;
}

Result<KeyMaterial> read_jwk_text(std::string_view json, const KeyLimits& limits, Half half) {
  const auto document = read_jwk_json(json, limits.bytes, 1);
  if (!document) return std::unexpected(document.error());
  auto material = read_jwk(document->top, half);
  if (!material || material->has_private ||
      !has_checkable_private(document->top, material->public_parts.type)) {
    return material;
  }
  // Who asks for the public half of a private key publishes it: it must be of that key.
  if (auto read = read_private(document->top, *material); !read) {
    return std::unexpected(read.error());
  }
  return material;
}

}  // namespace wba
