#ifndef WBA_DIRECTORY_LINT_PARTS_H_
#define WBA_DIRECTORY_LINT_PARTS_H_

// The parts of lint_directory, which share what they have learned.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wba/directory_lint.h>
#include <wba/directory_proof.h>
#include <wba/key.h>

#include "directory/json.h"

namespace wba::directory {

// LintedKey is what the key checks found out about one member of the set.
struct LintedKey {
  std::optional<PublicKey> key;
  std::string kid;  // as it stands, not escaped
  bool kid_is_thumbprint = false;
  bool usable = false;
  bool sound = false;  // usable but for its times
  std::optional<Time> not_before;
  std::optional<Time> expires;
};

// Lint is the state of one run.
struct Lint {
  const FetchedDirectory& fetched;
  Time now;
  const LintOptions& options;
  LintReport report;

  bool https = true;
  bool well_known = false;
  bool answered = true;            // 200, or a file
  bool media_type_right = true;    // the directory's own
  bool media_type_is_json = true;  // that or another JSON type
  bool key_set = false;            // an object with an array `keys`
  bool too_large = false;
  // How long caches keep the response from now on; nullopt where it does not say.
  std::optional<std::chrono::seconds> cache_lifetime = {};
  std::vector<LintedKey> keys = {};
  std::vector<Proof> proofs = {};

  [[nodiscard]] bool is_file() const { return fetched.status == 0; }

  void add(Level level, std::string_view check, std::string subject, std::string message,
           std::string advice = {}) {
    report.findings.push_back({.level = level,
                               .check = check,
                               .subject = std::move(subject),
                               .message = std::move(message),
                               .advice = std::move(advice)});
  }
};

// key_name gives the subject of findings about the key at `index`.
[[nodiscard]] std::string key_name(std::size_t index);

// field_lines gives the values of the lines of one field, without white space around them.
[[nodiscard]] std::vector<std::string_view> field_lines(std::span<const FieldLine> fields,
                                                        std::string_view name);

// lint_response: URL, status, redirects, media type, caching, encoding. False where the response
// has no directory for a verifier to read.
[[nodiscard]] bool lint_response(Lint& lint);

// lint_document: size, JSON, the set and each key.
void lint_document(Lint& lint);

// lint_key: one member of the set; adds to lint.keys.
void lint_key(Lint& lint, const Json& jwk, std::size_t index);

// lint_proofs: the response signatures.
void lint_proofs(Lint& lint);

// lint_verifiers: who would take it.
void lint_verifiers(Lint& lint);

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_LINT_PARTS_H_
