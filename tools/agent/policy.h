#ifndef WBA_TOOLS_AGENT_POLICY_H_
#define WBA_TOOLS_AGENT_POLICY_H_

// What the signing daemon signs, and for whom.

#include <chrono>
#include <cstdint>
#include <deque>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include <wba/http/path_pattern.h>
#include <wba/request_signer.h>

namespace wba::agent {

// KeyEntry is a [[key]] of the policy file.
struct KeyEntry {
  std::string name;
  std::string file;
  std::string passphrase_file = {};  // of an encrypted key; empty: the terminal is asked at start
  std::string agent_url;
  SignerProfile profile = SignerProfile::draft_01;
};

// TokenEntry is a [[token]]: it names callers that have no user id, since they come by TCP.
struct TokenEntry {
  std::string name;
  std::string file;  // holds the secret
};

// Rule is a [[rule]]: everything listed must fit. An empty list of methods or paths means all.
//
// The first rule that fits decides. If that depends on the server, nothing is signed: it may read
// another path (wba/http/path_pattern.h), ignore the case of paths and methods, or take method,
// path or host from a field such as X-HTTP-Method-Override. What servers take from the query or the
// body
// ("_method=DELETE" of forms) is not seen here: allow POST only to servers that may be asked for
// everything.
//
// A tunnel through the forward proxy is a request whose method is CONNECT and whose path is empty.
struct Rule {
  std::string name;
  std::vector<uid_t> users = {};
  std::vector<std::string> tokens = {};       // names
  std::vector<std::string> keys = {};         // names
  std::vector<std::string> authorities = {};  // "example.com", "example.com:8443", "*.example.com"
  std::vector<std::string> methods = {};
  http::PathPatterns paths = {};  // "/a": that path, "/a/*": that path and all below
  std::chrono::seconds max_lifetime = std::chrono::minutes(5);
  std::vector<std::string> cover = {};  // components that every signature covers, serialised
  bool require_digest = false;          // of a request with a body
  std::uint32_t per_minute = 0;         // 0: no limit
};

// Policy is the policy file.
//
//   log = "/var/log/wba-agent.json"
//
//   [[key]]
//   name = "main"
//   file = "/etc/wba/agent.pem"
//   passphrase_file = "/etc/wba/agent.passphrase"
//   agent = "https://agent.example/keys"
//   profile = "draft-01"
//
//   [[token]]
//   name = "ci"
//   file = "/etc/wba/ci.token"
//
//   [[rule]]
//   name = "crawler"
//   users = [1000]
//   tokens = ["ci"]
//   keys = ["main"]
//   authorities = ["example.com", "*.example.org"]
//   methods = ["GET", "HEAD"]
//   paths = ["/public/*"]
//   max_lifetime = 60
//   cover = ["@query"]
//   require_digest = true
//   per_minute = 600
struct Policy {
  std::string log;
  std::vector<KeyEntry> keys = {};
  std::vector<TokenEntry> tokens = {};
  std::vector<Rule> rules = {};

  [[nodiscard]] bool knows_user(uid_t user) const noexcept;
};

// read_policy reads the text of a policy file; `name` is its name in messages. What is not known,
// of the wrong type or names nothing is a mistake, told with its line.
[[nodiscard]] std::expected<Policy, std::string> read_policy(std::string_view text,
                                                             std::string_view name);

// Overrides say which parts of a request servers may take from its fields instead.
struct Overrides {
  bool method = false;     // X-HTTP-Method-Override and its like
  bool path = false;       // X-Original-URL and its like
  bool authority = false;  // X-Forwarded-Host and its like

  // note looks at one field. Gateways read "X_Original.URL" as "X-Original-URL".
  void note(std::string_view name, std::string_view value) noexcept;
  [[nodiscard]] bool any() const noexcept { return method || path || authority; }
};

// Wanted is what a caller asks to have signed, as far as rules look at it.
struct Wanted {
  uid_t user = 0;
  std::string_view token = {};  // name; then `user` says nothing
  std::string_view key = {};    // empty: any that a rule allows, the first
  std::string_view authority;   // normalised
  std::string_view method;
  std::string_view path;
  std::chrono::seconds lifetime{};  // 0: the rule's longest
  bool has_digest = false;
  bool has_body = false;  // POST, PUT and their like are taken to have one in any case
  Overrides overrides = {};
};

// serves says whether the rule is for this caller: the holder of `token`, or where it is empty
// `user`.
[[nodiscard]] bool serves(const Rule& rule, uid_t user, std::string_view token) noexcept;

enum class Refusal : std::uint8_t {
  none,
  user_unknown,
  key_not_allowed,
  authority_not_allowed,
  method_not_allowed,
  path_not_allowed,
  // What a rule bounds may be something else for the server:
  authority_overridden,  // a field names another host
  method_ambiguous,      // it differs in case only from one that the rule lists
  method_overridden,     // a field names another method
  path_ambiguous,        // it may be read in another way
  path_overridden,       // a field names another path
  lifetime_too_long,
  digest_missing,
  rate_exceeded,
};

// to_string gives the stable token: "authority-not-allowed".
[[nodiscard]] std::string_view to_string(Refusal refusal) noexcept;

// Ruling is what the policy says. `rule` is the rule that decided, nullptr where none fits.
struct Ruling {
  Refusal refusal = Refusal::user_unknown;
  const Rule* rule = nullptr;
  const KeyEntry* key = nullptr;
};

// rule_on takes the first rule that fits user, key, authority, method and path; if none does, the
// refusal is of the one that came closest. Rates are not looked at.
[[nodiscard]] Ruling rule_on(const Policy& policy, const Wanted& wanted);

// RateWindow counts the signatures of the last minute.
class RateWindow {
 public:
  // take counts one more at `now` (milliseconds of a steady clock) unless `limit` are counted.
  [[nodiscard]] bool take(std::int64_t now, std::uint32_t limit);

 private:
  std::deque<std::int64_t> times_;
};

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_POLICY_H_
