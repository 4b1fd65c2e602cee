// A resolver over key sets that were given.

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include <wba/agent_identity.h>
#include <wba/jwk_set.h>
#include <wba/key_resolver.h>

#include "key/thumbprint.h"

namespace wba {
namespace {

struct DirectoryKey {
  PublicKey key;
  std::string kid;  // the directory's own label; empty where it has none
  std::optional<std::int64_t> not_before;
  std::optional<std::int64_t> expires;
};

struct Directory {
  std::string domain;  // of its URL; empty where it is not known
  std::vector<DirectoryKey> keys;
  std::string jwks_uri;  // of a client metadata document, normalised; empty elsewhere
};

Reason validity(const DirectoryKey& key, Time now) noexcept {
  const auto at = now.time_since_epoch().count();
  if (key.not_before && at < *key.not_before) return Reason::key_before_activation;
  if (key.expires && at >= *key.expires) return Reason::key_past_expiry;
  return Reason::none;
}

// find_in finds by thumbprint. A directory's own `kid` counts only where no thumbprint fits, no
// other key has it, and `labels_count`.
const DirectoryKey* find_in(const Directory& directory, bool labels_count,
                            std::string_view keyid) noexcept {
  const DirectoryKey* labelled = nullptr;
  std::size_t with_label = 0;
  for (const auto& entry : directory.keys) {
    if (entry.key.thumbprint() == keyid) return &entry;
    if (!labels_count || entry.kid != keyid) continue;
    labelled = &entry;
    ++with_label;
  }
  return with_label == 1 ? labelled : nullptr;
}

bool has_kid(const Directory& directory, std::string_view kid) noexcept {
  return std::ranges::find(directory.keys, kid, &DirectoryKey::kid) != directory.keys.end();
}

std::vector<DirectoryKey> usable_keys(const JwkSet& set) {
  std::vector<DirectoryKey> keys;
  for (const auto& entry : set.entries) {
    // A set with the private half in it is everybody's to sign with.
    if (!entry.key || entry.has_private_members) continue;
    keys.push_back({.key = *entry.key,
                    .kid = entry.kid.value_or(std::string()),
                    .not_before = entry.nbf,
                    .expires = entry.exp});
  }
  return keys;
}

// read_metadata reads a client metadata document: its key set, or where that is.
Result<Directory> read_metadata(std::string_view text, const JwkSetLimits& limits) {
  if (text.size() > limits.bytes) return std::unexpected(Error{ErrorCode::key_too_large});
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto fail = [] { return std::unexpected(Error{ErrorCode::key_member_missing}); };
  if (!json.is_object()) return std::unexpected(Error{ErrorCode::key_json_invalid});
  Directory directory;
  const auto jwks = json.find("jwks");
  const auto uri = json.find("jwks_uri");
  // One of the two: where both are, they may disagree.
  if ((jwks == json.end()) == (uri == json.end())) return fail();
  if (jwks != json.end()) {
    const auto set = parse_jwk_set(jwks->dump(), limits);
    if (!set) return std::unexpected(set.error());
    directory.keys = usable_keys(*set);
    return directory;
  }
  if (!uri->is_string()) return fail();
  std::string buffer;
  const auto located =
      locate_agent({.url = uri->get_ref<const std::string&>(), .kind = AgentKind::key_set}, buffer);
  if (!located) return std::unexpected(located.error());
  directory.jwks_uri = located->document;
  return directory;
}

}  // namespace

struct StaticResolver::State {
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  // By normalised document URL. Nothing is added but by who fills the resolver.
  std::unordered_map<std::string, Directory, Hash, std::equal_to<>> directories;
  std::vector<PublicKey> keys;  // that name no URL

  DomainOf domain_of = nullptr;

  // find gives the directory with its URL.
  [[nodiscard]] const std::pair<const std::string, Directory>* find(
      std::string_view document) const noexcept {
    const auto found = directories.find(document);
    return found == directories.end() ? nullptr : &*found;
  }
};

namespace {

template <typename State>
class StaticReader final : public KeyResolver::Reader {
 public:
  explicit StaticReader(std::shared_ptr<const State> state)
      : state_(std::move(state)), recent_(places(*state_)) {}

  KeyLookup lookup(const AgentLink& link, std::string_view keyid, Time now) noexcept override {
    try {
      Known& known = recent_[slot(keyid)];
      if (known.is_of(link, keyid)) return answer(known.found, now);
      Found found{};
      if (const auto reason = search(link, keyid, found); reason != Reason::none) {
        return {.reason = reason};
      }
      if (link.url.size() <= longest_url) known.become(link, keyid, found);
      return answer(found, now);
    } catch (const std::bad_alloc&) {
      return {.reason = Reason::internal_error};
    }
  }

 private:
  // Found is a directory's key with its agent's names, or a bare key that names nobody. It views
  // the state.
  struct Found {
    const DirectoryKey* key = nullptr;
    const PublicKey* bare = nullptr;
    std::string_view identity = {};
    std::string_view domain = {};
  };

  // What was found lately: a server sees few agents, and normalising a URL costs more than
  // comparing it. What was not found is not kept: senders could fill it with words of their own.
  struct Known {
    std::string keyid;
    std::string url;
    AgentKind kind = AgentKind::well_known;
    Dialect dialect = Dialect::none;
    Found found;
    // Whether what stands above belongs together: memory may run out halfway through it.
    bool complete = false;

    [[nodiscard]] bool is_of(const AgentLink& link, std::string_view asked) const noexcept {
      return complete && keyid == asked && url == link.url && kind == link.kind &&
             dialect == link.dialect;
    }

    void become(const AgentLink& link, std::string_view asked, const Found& what) {
      complete = false;
      keyid = asked;
      url = link.url;
      kind = link.kind;
      dialect = link.dialect;
      found = what;
      complete = true;
    }
  };

  // One URL can be written in many ways; the usual ones are short.
  static constexpr std::size_t longest_url = 512;

  // Four places a directory: few agents have to share one.
  static std::size_t places(const State& state) noexcept {
    constexpr std::size_t at_least = 64;
    constexpr std::size_t at_most = 16384;
    return std::bit_ceil(std::clamp(4 * state.directories.size(), at_least, at_most));
  }

  // Thumbprints are random from their first letter on, and each letter tells in the upper bits of
  // the product.
  [[nodiscard]] std::size_t slot(std::string_view keyid) const noexcept {
    std::uint64_t front = 0;
    std::memcpy(&front, keyid.data(), std::min(keyid.size(), sizeof front));
    return static_cast<std::size_t>((front * 0x9e3779b97f4a7c15U) >>
                                    (64 - std::countr_zero(recent_.size())));
  }

  static KeyLookup answer(const Found& found, Time now) noexcept {
    if (found.bare != nullptr) return {.reason = Reason::none, .key = found.bare};
    if (const auto reason = validity(*found.key, now); reason != Reason::none) {
      return {.reason = reason};
    }
    return {.reason = Reason::none,
            .key = &found.key->key,
            .identity = found.identity,
            .domain = found.domain};
  }

  // search fills `found` where it gives Reason::none.
  Reason search(const AgentLink& link, std::string_view keyid, Found& found) {
    Reason reason = Reason::signature_agent_absent;
    if (!link.url.empty()) {
      reason = search_directories(link, keyid, found);
      if (reason == Reason::none) return reason;
    }
    // Keys without a URL verify by thumbprint and name nobody. A directory that is known and has
    // no such key is not overruled by one.
    if (reason != Reason::key_not_in_directory && reason != Reason::key_kid_mismatch) {
      const auto bare = std::ranges::find(state_->keys, keyid, &PublicKey::thumbprint);
      if (bare != state_->keys.end()) {
        found.bare = &*bare;
        return Reason::none;
      }
      if (link.url.empty() && !state_->keys.empty()) return Reason::key_not_in_directory;
    }
    return reason;
  }

  Reason search_directories(const AgentLink& link, std::string_view keyid, Found& found) {
    const auto located = locate_agent(link, buffer_);
    if (!located) return Reason::signature_agent_unparsable;
    const auto* named = state_->find(located->document);
    const auto* read = named;
    if (named != nullptr && !named->second.jwks_uri.empty()) {
      read = state_->find(named->second.jwks_uri);
    }
    if (read == nullptr) return Reason::no_keys_given;
    if (read->second.keys.empty()) return Reason::directory_no_keys;
    // draft -01 wants thumbprints at the well-known path. Agents of older drafts publish labels of
    // their own there, as others do elsewhere; but what looks like a thumbprint there must be one.
    const bool labels_count =
        !is_well_known_document(read->first) ||
        (link.dialect != Dialect::direct_dictionary && !has_thumbprint_form(keyid));
    found.key = find_in(read->second, labels_count, keyid);
    if (found.key == nullptr) {
      const bool wrong_kid = !labels_count && has_kid(read->second, keyid);
      return wrong_kid ? Reason::key_kid_mismatch : Reason::key_not_in_directory;
    }
    found.identity = named->first;
    found.domain = named->second.domain;
    return Reason::none;
  }

  std::shared_ptr<const State> state_;
  std::vector<Known> recent_;
  std::string buffer_;
};

}  // namespace

StaticResolver::StaticResolver(DomainOf domain_of) {
  auto state = std::make_shared<State>();
  state->domain_of = domain_of;
  state_ = std::move(state);
}

StaticResolver::~StaticResolver() = default;

Result<void> StaticResolver::add_directory(std::string_view url, std::string_view body) {
  try {
    std::string buffer;
    const auto located = locate_agent({.url = url, .kind = AgentKind::well_known}, buffer);
    if (!located) return std::unexpected(located.error());
    Directory directory;
    const auto set = parse_jwk_set(body);
    if (set) {
      directory.keys = usable_keys(*set);
    } else if (set.error().code == ErrorCode::key_member_missing) {
      auto metadata = read_metadata(body, {});
      if (!metadata) return std::unexpected(metadata.error());
      directory = *std::move(metadata);
    } else {
      return std::unexpected(set.error());
    }
    if (state_->domain_of != nullptr) directory.domain = state_->domain_of(located->host);
    // Readers that were made before keep what they knew.
    auto next = std::make_shared<State>(*state_);
    next->directories.insert_or_assign(std::string(located->document), std::move(directory));
    state_ = std::move(next);
    return {};
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
}

void StaticResolver::add_key(PublicKey key) {
  auto next = std::make_shared<State>(*state_);
  next->keys.push_back(std::move(key));
  state_ = std::move(next);
}

std::unique_ptr<KeyResolver::Reader> StaticResolver::reader() const {
  return std::make_unique<StaticReader<State>>(state_);
}

}  // namespace wba
