#ifndef WBA_DIRECTORY_JUDGE_H_
#define WBA_DIRECTORY_JUDGE_H_

#include <string_view>
#include <vector>

#include "directory/fetcher.h"
#include "directory/key_set.h"

namespace wba::directory {

// FetchedKind says what a fetch was for.
enum class FetchedKind : std::uint8_t { key_set, metadata, metadata_key_set };

// Judged is what came of a fetch: a failure, or one of: the document has not changed, the keys,
// or, for client metadata, where the keys are.
struct Judged {
  Reason failure = Reason::none;
  bool not_modified = false;
  std::vector<DirectoryKey> keys = {};
  std::string jwks_uri = {};
  std::string jwks_host = {};
};

// JudgeContext is what the answer is judged by. `revalidating` says that validators were sent.
struct JudgeContext {
  std::string_view url;  // fetched, normalised
  FetchedKind kind = FetchedKind::key_set;
  bool revalidating = false;
  ProofRule proofs = ProofRule::optional;
  WellKnownKid well_known_kid = WellKnownKid::must_match;
  DirectoryLimits limits = {};
  Time now = {};
};

// judge applies draft -01's rules on discovery: status exactly 200 (or 304 where validators were
// sent), the media type at the well-known path, a key set that can be read, proofs. Stricter than
// the draft: elsewhere the media type is a JSON one.
[[nodiscard]] Judged judge(const FetchResult& result, const JudgeContext& context);

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_JUDGE_H_
