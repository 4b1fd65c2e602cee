#ifndef WBA_DIRECTORY_LINT_H_
#define WBA_DIRECTORY_LINT_H_

// What a verifier meets in a key directory, check by check, and what to do about it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/key_resolver.h>
#include <wba/message.h>

namespace wba::directory {

enum class Level : std::uint8_t {
  ok,    // as it should be
  warn,  // some verifiers, or some day, will stumble over it
  fail,  // verifiers refuse the directory or the key for it
};

// to_string: "ok", "warn", "fail".
[[nodiscard]] std::string_view to_string(Level level) noexcept;

// Finding is the result of one check. `check` is its stable name; `subject` names the key or
// signature it is about ("key 1", empty for the whole); `message` says what was found and `advice`
// what to do about it (empty where nothing). All is printable ASCII: bytes of the directory
// stand in it quoted and escaped.
struct Finding {
  Level level = Level::ok;
  std::string_view check;
  std::string subject = {};
  std::string message;
  std::string advice = {};
};

// Takes is a verifier's answer; `unknown` where a file was checked and the response decides.
enum class Takes : std::uint8_t { yes, no, unknown };

// to_string: "yes", "no", "unknown".
[[nodiscard]] std::string_view to_string(Takes takes) noexcept;

// Acceptance says whether one kind of verifier would take keys from this directory, and why not.
//
//   draft-01    a verifier by draft-ietf-webbotauth-httpsig-protocol-01 whose agent names this URL
//   cloudflare  Cloudflare's, in production: Ed25519, well-known path, every key signs the response
//   well-known  the others, which read an origin's well-known path
struct Acceptance {
  std::string_view verifier;
  Takes takes = Takes::no;
  std::string reason = {};  // empty for yes
};

// CheckedKey is one key of the set, for a report. Texts are escaped.
struct CheckedKey {
  std::string thumbprint;  // empty where the key cannot be read
  std::string kid;
  std::string type;
  bool usable = false;  // by a verifier, at the time of the check
};

struct LintReport {
  std::vector<Finding> findings;
  std::vector<CheckedKey> keys;
  std::vector<Acceptance> verifiers;

  // worst is the highest level among the findings.
  [[nodiscard]] Level worst() const noexcept;
};

// FetchedDirectory is what came for `url`. Where `status` is 0 there was no response: the body is a
// file, and only the document is checked. `request` is the request as sent, for the response
// signatures; nullptr leaves these unverified.
struct FetchedDirectory {
  std::string_view url;
  std::uint16_t status = 0;
  std::span<const FieldLine> fields = {};
  std::string_view body;
  const Request* request = nullptr;
};

struct LintOptions {
  bool allow_test_keys = false;
  std::chrono::seconds skew = std::chrono::seconds(60);
  // What careful verifiers are known to take; more is a warning, and ten times as much a failure.
  std::size_t usual_bytes = 65536;
  std::size_t usual_keys = 32;
};

// lint_directory runs every check.
[[nodiscard]] LintReport lint_directory(const FetchedDirectory& fetched, Time now,
                                        const LintOptions& options = {});

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_LINT_H_
