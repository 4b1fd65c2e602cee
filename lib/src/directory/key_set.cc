#include "directory/key_set.h"

#include <algorithm>

#include <wba/agent_identity.h>
#include <wba/jwk_set.h>

#include "directory/json.h"

namespace wba::directory {
namespace {

Reason reason_of(const Error& error) {
  if (error.code == ErrorCode::key_too_large) return Reason::directory_too_large;
  if (error.code == ErrorCode::key_set_too_many) return Reason::directory_too_many_keys;
  return Reason::directory_unreadable;
}

}  // namespace

Reason usable_at(const DirectoryKey& key, Time now) noexcept {
  const std::int64_t at = now.time_since_epoch().count();
  if (key.nbf && at < *key.nbf) return Reason::key_before_activation;
  if (key.exp && at >= *key.exp) return Reason::key_past_expiry;
  return Reason::none;
}

KeySet::KeySet(std::vector<DirectoryKey> keys, bool labels_count)
    : keys_(std::move(keys)), labels_count_(labels_count) {
  // Entries of one id lie side by side, that of the first key in front, and only it stays.
  const auto settle = [this] {
    std::sort(ids_.begin(), ids_.end());
    const auto repeats = std::unique(
        ids_.begin(), ids_.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
    ids_.erase(repeats, ids_.end());
  };
  std::vector<std::pair<std::string_view, std::uint32_t>> labels;
  for (std::uint32_t i = 0; i < keys_.size(); ++i) {
    ids_.emplace_back(keys_[i].key.thumbprint(), i);
    if (labels_count && !keys_[i].kid.empty()) labels.emplace_back(keys_[i].kid, i);
  }
  settle();
  const auto by_id = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::sort(labels.begin(), labels.end());
  // A label that is a thumbprint stands for nothing else.
  std::erase_if(labels, [&](const auto& label) {
    return std::binary_search(ids_.begin(), ids_.end(), label, by_id);
  });
  for (const auto& label : labels) {
    // A label that different keys share means none of them; a key that is there twice is one.
    const auto same = std::equal_range(labels.begin(), labels.end(), label, by_id);
    const auto thumbprint = keys_[label.second].key.thumbprint();
    const bool one = std::all_of(same.first, same.second, [&](const auto& other) {
      return keys_[other.second].key.thumbprint() == thumbprint;
    });
    if (one) ids_.push_back(label);
  }
  settle();
  ids_.shrink_to_fit();
}

const DirectoryKey* KeySet::find(std::string_view keyid) const noexcept {
  const auto found =
      std::lower_bound(ids_.begin(), ids_.end(), keyid,
                       [](const auto& id, std::string_view b) { return id.first < b; });
  return found != ids_.end() && found->first == keyid ? &keys_[found->second] : nullptr;
}

bool KeySet::has_wrong_kid(std::string_view keyid) const noexcept {
  return !labels_count_ && std::ranges::find(keys_, keyid, &DirectoryKey::kid) != keys_.end();
}

void keep_known_keys(std::vector<DirectoryKey>& keys, const KeySet& known) noexcept {
  for (DirectoryKey& key : keys) {
    const DirectoryKey* const before = known.find(key.key.thumbprint());
    // `known` finds by label too. Of one thumbprint, and so of the same octets, there may be keys
    // for different algorithms.
    if (before != nullptr && before->key.thumbprint() == key.key.thumbprint() &&
        before->key.algorithm() == key.key.algorithm()) {
      key.key = before->key;
    }
  }
}

std::expected<std::vector<DirectoryKey>, Reason> parse_key_document(std::string_view body,
                                                                    const KeyDocumentRules& rules) {
  const auto set = parse_jwk_set(body, {.bytes = rules.bytes, .keys = rules.keys});
  if (!set) return std::unexpected(reason_of(set.error()));
  if (set->is_bare_jwk && rules.well_known) return std::unexpected(Reason::directory_unreadable);
  std::vector<DirectoryKey> keys;
  for (const JwkSetEntry& entry : set->entries) {
    if (!entry.key || entry.has_private_members) continue;
    if (rules.well_known && rules.well_known_kid == WellKnownKid::must_match && entry.kid &&
        *entry.kid != entry.key->thumbprint()) {
      continue;
    }
    keys.push_back({.key = *entry.key,
                    .kid = entry.kid.value_or(std::string()),
                    .nbf = entry.nbf,
                    .exp = entry.exp,
                    .test_key = entry.key->is_published_test_key()});
  }
  return keys;
}

std::expected<ClientMetadata, Reason> parse_client_metadata(std::string_view body,
                                                            std::string_view document,
                                                            const KeyDocumentRules& rules) {
  constexpr auto unreadable = std::unexpected(Reason::directory_unreadable);
  if (body.size() > rules.bytes) return std::unexpected(Reason::directory_too_large);
  const auto json = read_json(body, {.bytes = rules.bytes, .depth = 16});
  if (!json || !json->is_object()) return unreadable;
  if (const Json* id = member(*json, "client_id")) {
    std::string buffer;
    if (!id->is_string()) return unreadable;
    const auto named =
        locate_agent({.url = id->get_ref<const std::string&>(), .kind = AgentKind::cimd}, buffer);
    if (!named || named->document != document) return unreadable;
  }
  const Json* const uri = member(*json, "jwks_uri");
  const Json* const jwks = member(*json, "jwks");
  // Where both are there they may disagree.
  if ((uri == nullptr) == (jwks == nullptr)) return unreadable;
  ClientMetadata metadata;
  if (uri == nullptr) {
    auto keys = parse_key_document(jwks->dump(), rules);
    if (!keys) return std::unexpected(keys.error());
    metadata.keys = std::move(*keys);
    return metadata;
  }
  if (!uri->is_string()) return unreadable;
  const auto located = locate_agent(
      {.url = uri->get_ref<const std::string&>(), .kind = AgentKind::key_set}, metadata.jwks_uri);
  if (!located) return unreadable;
  metadata.jwks_host = located->host;
  return metadata;
}

}  // namespace wba::directory
