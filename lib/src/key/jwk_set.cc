#include <cmath>
#include <optional>
#include <utility>

#include <wba/jwk_set.h>

#include "base/guarded_call.h"
#include "key/jwk.h"
#include "key/jwk_json.h"
#include "key/key_state.h"

namespace wba {
namespace {

std::unexpected<Error> fail(ErrorCode code) { return std::unexpected(Error{code}); }

std::optional<std::string> text_member(const JsonObject& jwk, std::string_view name) {
  const JsonValue* value = jwk.find(name);
  if (value == nullptr || value->kind != JsonValue::Kind::string) return std::nullopt;
  return value->text;
}

// read_date reads a NumericDate: RFC 7519 §2. False where the member is there and is none.
bool read_date(const JsonObject& jwk, std::string_view name, std::optional<std::int64_t>& date) {
  const JsonValue* value = jwk.find(name);
  if (value == nullptr) return true;
  if (value->kind == JsonValue::Kind::integer) {
    date = value->integer;
    return true;
  }
  // Every double below 2^63 in size is an int64 when its fraction is dropped.
  if (value->kind != JsonValue::Kind::real || std::abs(value->real) >= 0x1p63) return false;
  date = static_cast<std::int64_t>(value->real);
  return true;
}

Result<PublicKey> read_key(const JsonObject& jwk) {
  auto material = read_jwk(jwk, Half::public_half);
  if (!material) return std::unexpected(material.error());
  if (material->public_parts.type == KeyType::hmac) return fail(ErrorCode::key_type_unsupported);
  return KeyMaker::make_public(std::move(*material));
}

JwkSetEntry read_entry(const JsonObject& jwk) {
  JwkSetEntry entry;
  entry.kid = text_member(jwk, "kid");
  entry.kty = text_member(jwk, "kty");
  entry.crv = text_member(jwk, "crv");
  entry.alg = text_member(jwk, "alg");
  entry.use = text_member(jwk, "use");
  entry.has_private_members = has_private_members(jwk);
  const bool dates = read_date(jwk, "nbf", entry.nbf) && read_date(jwk, "exp", entry.exp);
  entry.key = read_key(jwk);
  if (entry.key && !dates) entry.key = fail(ErrorCode::key_member_invalid);
  return entry;
}

Result<JwkSet> read_set(std::string_view text, const JwkSetLimits& limits) {
  auto document = read_jwk_json(text, limits.bytes, limits.keys);
  if (!document) return std::unexpected(document.error());
  JwkSet set;
  if (document->top.find("keys") == nullptr) {
    if (document->top.find("kty") == nullptr) return fail(ErrorCode::key_member_missing);
    set.is_bare_jwk = true;
    set.entries.push_back(read_entry(document->top));
    return set;
  }
  if (document->top.has_duplicates()) return fail(ErrorCode::key_member_duplicate);
  if (!document->has_key_list) return fail(ErrorCode::key_member_invalid);
  set.entries.reserve(document->keys.size());
  for (const JsonObject& jwk : document->keys) set.entries.push_back(read_entry(jwk));
  return set;
}

}  // namespace

Result<JwkSet> parse_jwk_set(std::string_view text, const JwkSetLimits& limits) {
  return guarded_call([&] { return read_set(text, limits); });
}

}  // namespace wba
