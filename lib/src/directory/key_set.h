#ifndef WBA_DIRECTORY_KEY_SET_H_
#define WBA_DIRECTORY_KEY_SET_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wba/directory_resolver.h>
#include <wba/key.h>
#include <wba/key_resolver.h>
#include <wba/verdict.h>

namespace wba::directory {

// DirectoryKey is a key as its directory published it.
struct DirectoryKey {
  PublicKey key;
  std::string kid = {};
  std::optional<std::int64_t> nbf = {};  // seconds since the Unix epoch
  std::optional<std::int64_t> exp = {};
  bool test_key = false;  // PublicKey::is_published_test_key, asked once
};

// usable_at is none where `key` may verify at `now`: key_before_activation before nbf,
// key_past_expiry from exp on.
[[nodiscard]] Reason usable_at(const DirectoryKey& key, Time now) noexcept;

// KeySet finds keys by keyid: the thumbprint, or, where labels count, a `kid` that only one key has
// and that is nobody's thumbprint. Immutable.
class KeySet {
 public:
  KeySet() = default;
  // Of keys that are there twice the first counts.
  KeySet(std::vector<DirectoryKey> keys, bool labels_count);
  KeySet(const KeySet&) = delete;
  KeySet& operator=(const KeySet&) = delete;

  [[nodiscard]] const DirectoryKey* find(std::string_view keyid) const noexcept;
  // has_wrong_kid is true if `keyid` is the `kid` of a key where labels do not count and it must be
  // the thumbprint. For what find did not find.
  [[nodiscard]] bool has_wrong_kid(std::string_view keyid) const noexcept;
  [[nodiscard]] std::span<const DirectoryKey> keys() const noexcept { return keys_; }
  [[nodiscard]] bool labels_count() const noexcept { return labels_count_; }

 private:
  std::vector<DirectoryKey> keys_;
  std::vector<std::pair<std::string_view, std::uint32_t>> ids_;  // sorted
  bool labels_count_ = false;
};

// keep_known_keys replaces each of `keys` that `known`, the version before of the same directory,
// has too by the object that it has there: with it stay its table of multiples and what is known of
// its use, which a directory that is read again would lose otherwise. What the directory says of a
// key beside it is that of `keys`. Objects go from one version of a directory to the next only, so
// that no directory has a hold on another's.
void keep_known_keys(std::vector<DirectoryKey>& keys, const KeySet& known) noexcept;

// KeyDocumentRules say how to read a key set.
struct KeyDocumentRules {
  bool well_known = true;  // the stricter rules of the well-known path
  WellKnownKid well_known_kid = WellKnownKid::must_match;
  std::size_t bytes = 65536;
  std::size_t keys = 128;
};

// parse_key_document reads a JWK Set; off the well-known path also a bare JWK. Keys that cannot be
// used, or that are published with their private half, are passed over.
// Reasons: directory_unreadable, directory_too_large, directory_too_many_keys.
[[nodiscard]] std::expected<std::vector<DirectoryKey>, Reason> parse_key_document(
    std::string_view body, const KeyDocumentRules& rules);

// ClientMetadata is the key part of a client metadata document: either a key set's URL, or the set.
struct ClientMetadata {
  std::string jwks_uri;  // normalised; empty where the set is in the document
  std::string jwks_host;
  std::vector<DirectoryKey> keys;
};

// parse_client_metadata reads the document fetched from `document`. Its `client_id`, where there is
// one, must be that URL, and it has one of `jwks_uri` (https) and `jwks`.
// Reasons: those of parse_key_document.
[[nodiscard]] std::expected<ClientMetadata, Reason> parse_client_metadata(
    std::string_view body, std::string_view document, const KeyDocumentRules& rules);

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_KEY_SET_H_
