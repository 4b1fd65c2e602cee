#include <algorithm>
#include <array>
#include <utility>

#include <wba/directory_document.h>

#include "directory/json.h"
#include "directory/jwk_times.h"

namespace wba::directory {
namespace {

constexpr std::string_view keys_member = "keys";

// id_matches: `id` is the thumbprint or the directory's own label.
bool id_matches(const DocumentKey& entry, std::string_view id) {
  return (entry.key && entry.key->thumbprint() == id) || (!entry.kid.empty() && entry.kid == id);
}

// jwk_entry is the member of the set for a key, kty first as the drafts print it.
Result<Json> jwk_entry(const PublicKey& key, const Validity& validity) {
  const auto text = key.jwk();
  if (!text) return std::unexpected(text.error());
  const auto jwk = read_json(*text);
  if (!jwk) return std::unexpected(jwk.error());
  Json entry = Json::object();
  static constexpr std::array<std::string_view, 6> order = {"kty", "crv", "n", "e", "x", "y"};
  for (const std::string_view name : order) {
    if (const Json* value = member(*jwk, name)) entry[std::string(name)] = *value;
  }
  entry["kid"] = key.thumbprint();
  entry["use"] = "sig";
  // Only RSA leaves a choice of algorithm, and `alg` is what makes it.
  if (key.type() == KeyType::rsa && key.algorithm()) {
    entry["alg"] = *key.algorithm() == Algorithm::rsa_pss_sha512 ? "PS512" : "RS256";
  }
  if (validity.not_before) entry["nbf"] = validity.not_before->time_since_epoch().count();
  if (validity.expires) entry["exp"] = validity.expires->time_since_epoch().count();
  return entry;
}

Result<std::optional<Time>> read_time(const Json& jwk, std::string_view name) {
  const Json* value = member(jwk, name);
  if (value == nullptr) return std::nullopt;
  const JwkTime time = read_jwk_time(*value);
  if (time.kind != JwkTimeKind::seconds) {
    return std::unexpected(Error{ErrorCode::directory_time_invalid});
  }
  return time.time;
}

Result<DocumentKey> read_entry(const Json& jwk) {
  if (!jwk.is_object()) return std::unexpected(Error{ErrorCode::directory_not_key_set});
  if (!private_member(jwk).empty()) {
    return std::unexpected(Error{ErrorCode::directory_private_member});
  }
  DocumentKey entry;
  if (auto key = PublicKey::from_jwk(jwk.dump())) entry.key = std::move(*key);
  entry.kid = text_member(jwk, "kid").value_or(std::string_view());
  const auto not_before = read_time(jwk, "nbf");
  if (!not_before) return std::unexpected(not_before.error());
  entry.not_before = *not_before;
  const auto expires = read_time(jwk, "exp");
  if (!expires) return std::unexpected(expires.error());
  entry.expires = *expires;
  return entry;
}

}  // namespace

struct Document::State {
  Json root = Json::object({{keys_member, Json::array()}});
  std::vector<DocumentKey> keys;

  Json& entries() { return root[std::string(keys_member)]; }
  std::optional<std::size_t> find(std::string_view id) const {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (id_matches(keys[i], id)) return i;
    }
    return std::nullopt;
  }
  void erase(std::size_t index) {
    entries().erase(index);
    keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(index));
  }
};

Document::Document() : state_(std::make_unique<State>()) {}
Document::Document(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Document::Document(const Document& other) : state_(std::make_unique<State>(*other.state_)) {}
Document& Document::operator=(const Document& other) {
  if (this != &other) state_ = std::make_unique<State>(*other.state_);
  return *this;
}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Result<Document> Document::parse(std::string_view json, const DocumentLimits& limits) {
  auto root = read_json(json, {.bytes = limits.bytes});
  if (!root) return std::unexpected(root.error());
  const Json* entries = member(*root, keys_member);
  if (entries == nullptr || !entries->is_array()) {
    return std::unexpected(Error{ErrorCode::directory_not_key_set});
  }
  if (entries->size() > limits.keys) {
    return std::unexpected(Error{ErrorCode::directory_too_many_keys});
  }
  auto state = std::make_unique<State>();
  for (const Json& jwk : *entries) {
    auto entry = read_entry(jwk);
    if (!entry) return std::unexpected(entry.error());
    if (entry->key && state->find(entry->key->thumbprint())) {
      return std::unexpected(Error{ErrorCode::directory_key_duplicate});
    }
    state->keys.push_back(std::move(*entry));
  }
  state->root = std::move(*root);
  return Document(std::move(state));
}

std::span<const DocumentKey> Document::keys() const noexcept { return state_->keys; }

Result<void> Document::add(const PublicKey& key, const Validity& validity) {
  if (key.type() == KeyType::hmac) {
    return std::unexpected(Error{ErrorCode::key_type_unsupported});
  }
  if (state_->find(key.thumbprint())) {
    return std::unexpected(Error{ErrorCode::directory_key_duplicate});
  }
  if (key.is_published_test_key() && !validity.allow_test_key) {
    return std::unexpected(Error{ErrorCode::directory_test_key});
  }
  if (validity.not_before && validity.expires && *validity.expires <= *validity.not_before) {
    return std::unexpected(Error{ErrorCode::directory_time_invalid});
  }
  auto entry = jwk_entry(key, validity);
  if (!entry) return std::unexpected(entry.error());
  state_->entries().push_back(std::move(*entry));
  state_->keys.push_back({.key = key,
                          .kid = std::string(key.thumbprint()),
                          .not_before = validity.not_before,
                          .expires = validity.expires});
  return {};
}

Result<Retirement> Document::retire(std::string_view id, const RetirementPolicy& policy, Time now) {
  const auto index = state_->find(id);
  if (!index) return std::unexpected(Error{ErrorCode::directory_key_missing});
  Retirement plan;
  // A copy of the directory fetched just before now lives this long: until then some verifier may
  // know the retired key alone.
  plan.successor_known = now + policy.cache_lifetime + policy.stale_lifetime;
  plan.last_signature = plan.successor_known;
  plan.until = plan.last_signature + policy.signature_lifetime + policy.skew;
  DocumentKey& retired = state_->keys[*index];
  if (retired.expires && *retired.expires < plan.until) {
    plan.until = *retired.expires;
    plan.last_signature = plan.until - policy.signature_lifetime - policy.skew;
  }
  const bool succeeded = std::ranges::any_of(state_->keys, [&](const DocumentKey& other) {
    return &other != &retired && other.key &&
           (!other.not_before || *other.not_before <= plan.last_signature) &&
           (!other.expires || *other.expires > plan.until);
  });
  if (!succeeded) return std::unexpected(Error{ErrorCode::directory_no_successor});
  retired.expires = plan.until;
  state_->entries()[*index]["exp"] = plan.until.time_since_epoch().count();
  return plan;
}

Result<void> Document::remove(std::string_view id) {
  const auto index = state_->find(id);
  if (!index) return std::unexpected(Error{ErrorCode::directory_key_missing});
  state_->erase(*index);
  return {};
}

std::size_t Document::remove_expired(Time now) {
  std::size_t removed = 0;
  for (std::size_t i = state_->keys.size(); i-- > 0;) {
    if (!state_->keys[i].expires || *state_->keys[i].expires > now) continue;
    state_->erase(i);
    ++removed;
  }
  return removed;
}

std::string Document::serialise() const { return state_->root.dump(2) + "\n"; }

}  // namespace wba::directory
