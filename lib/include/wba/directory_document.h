#ifndef WBA_DIRECTORY_DOCUMENT_H_
#define WBA_DIRECTORY_DOCUMENT_H_

// The key directory as an operator keeps it: a JWK Set (RFC 7517 §5) whose keys are labelled with
// their thumbprints and hold no secret.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/error.h>
#include <wba/key.h>
#include <wba/key_resolver.h>

namespace wba::directory {

// media_type is what a directory is served as.
inline constexpr std::string_view media_type = "application/http-message-signatures-directory+json";

struct DocumentLimits {
  std::size_t bytes = 1U << 20U;
  std::size_t keys = 1024;
};

// DocumentKey is one member of the set.
struct DocumentKey {
  std::optional<PublicKey> key;  // nullopt where this library does not read its type
  std::string kid;               // as it stands; empty where there is none
  std::optional<Time> not_before;
  std::optional<Time> expires;  // from this second on the key must not be used
};

// Validity is when an added key may be used, and says whether a published test key may be added.
struct Validity {
  std::optional<Time> not_before = std::nullopt;
  std::optional<Time> expires = std::nullopt;
  bool allow_test_key = false;
};

// RetirementPolicy is what retiring a key has to wait for. The defaults are the longest that is
// usual: a signature of a day, a directory cached for a day and served stale for another.
struct RetirementPolicy {
  std::chrono::seconds signature_lifetime = std::chrono::hours(24);  // longest expires - created
  std::chrono::seconds cache_lifetime = std::chrono::hours(24);      // Cache-Control max-age
  std::chrono::seconds stale_lifetime = std::chrono::hours(24);      // use of a stale copy
  std::chrono::seconds skew = std::chrono::minutes(1);               // between clocks
};

// Retirement is the plan that retire made.
struct Retirement {
  Time successor_known;  // every cache has seen the directory as it is now: sign with another key
  Time last_signature;   // the retired key signs nothing from then on; the same moment
  Time until;            // the key stays in the directory until then: its `exp`
};

// Document is a directory file. Members that it does not know are kept.
class Document {
 public:
  // Document makes an empty set.
  Document();
  Document(const Document&);
  Document& operator=(const Document&);
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  // parse reads a JWK Set. One that holds secret key material is refused as a whole: the key must
  // be taken for known to others.
  // Errors: directory_too_large, directory_too_deep, directory_not_json,
  // directory_member_duplicate, directory_not_key_set, directory_too_many_keys,
  // directory_private_member, directory_time_invalid (`nbf` or `exp` that is no whole number of
  // seconds; milliseconds are refused too), directory_key_duplicate.
  [[nodiscard]] static Result<Document> parse(std::string_view json,
                                              const DocumentLimits& limits = {});

  // keys in the order of the file; valid until the document changes.
  [[nodiscard]] std::span<const DocumentKey> keys() const noexcept;

  // add appends a key: its public members, `kid` (the thumbprint), `use`, and `nbf` and `exp` where
  // given. Unchanged on error.
  // Errors: directory_key_duplicate, directory_test_key, directory_time_invalid (expires not after
  // not_before), key_type_unsupported (a shared secret).
  [[nodiscard]] Result<void> add(const PublicKey& key, const Validity& validity = {});

  // retire sets the `exp` of the key with this thumbprint or `kid` to when its last signature and
  // every cache can have expired, counted from `now`; an earlier `exp` stays. Unchanged on error.
  // Errors: directory_key_missing, directory_no_successor (no other key is usable by the time that
  // this one stops signing).
  [[nodiscard]] Result<Retirement> retire(std::string_view id, const RetirementPolicy& policy,
                                          Time now);

  // remove takes the key with this thumbprint or `kid` out at once: for one that others may have.
  // Error: directory_key_missing.
  [[nodiscard]] Result<void> remove(std::string_view id);

  // remove_expired takes out the keys whose `exp` has come, and gives how many they were.
  std::size_t remove_expired(Time now);

  // serialise gives the file: members in their order, two spaces a level, a newline at the end.
  [[nodiscard]] std::string serialise() const;

 private:
  struct State;
  explicit Document(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_DOCUMENT_H_
