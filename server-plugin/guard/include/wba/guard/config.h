#ifndef WBA_GUARD_CONFIG_H_
#define WBA_GUARD_CONFIG_H_

// The guard's configuration, in TOML. guard.example.toml shows every key with its default.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wba/address_policy.h>
#include <wba/authorities.h>
#include <wba/guard/decision.h>
#include <wba/http/path_pattern.h>
#include <wba/verdict.h>
#include <wba/verifier.h>

namespace wba::guard {

// ConfigMistake is one mistake: the line it stands in, from 1 (0: the whole file), and what is
// wrong. `reason` is safe for a terminal.
struct ConfigMistake {
  std::size_t line = 0;
  std::string reason = {};

  friend bool operator==(const ConfigMistake&, const ConfigMistake&) = default;
};

// to_text gives "line 3: …" for each mistake, a line each.
[[nodiscard]] std::string to_text(const std::vector<ConfigMistake>& mistakes);

// ForwardedSource says which field of a trusted proxy names the host and scheme that clients used.
enum class ForwardedSource : std::uint8_t { none, forwarded, x_forwarded };

// ServerSettings say what clients call this server. [server]
struct ServerSettings {
  std::string scheme = "https";  // where no trusted proxy says otherwise
  // the authorities that are this server's: signatures for others are refused. Guard::create wants
  // them, from the file or from an adapter that knows them.
  std::optional<Authorities> authorities = {};
  ForwardedSource forwarded = ForwardedSource::none;
  std::vector<AddressRange> trusted_proxies = {};
  http::Spelling spelling = http::Spelling::any;  // of paths and methods, for the server behind

  friend bool operator==(const ServerSettings&, const ServerSettings&) = default;
};

// VerifySettings are the verifier's policy. [verify]
struct VerifySettings {
  DialectSet dialects = {};
  std::chrono::seconds max_lifetime = std::chrono::hours(24);
  std::chrono::seconds skew = std::chrono::seconds(60);
  bool strict_label = false;
  bool allow_test_keys = false;
  std::size_t max_signatures = 4;
};

// RuleAction is what a rule, or an outcome's default, says.
enum class RuleAction : std::uint8_t { allow, deny, challenge, limit };

// KeysUnavailable is what happens where an agent's keys cannot be had, so that nothing is known.
enum class KeysUnavailable : std::uint8_t {
  refuse,  // 503: fail closed
  pass,    // as if unsigned, by rules and route: what is closed without a signature stays closed
};

// replay_max_lifetime is the max_lifetime of a route with `replay` that says none: a nonce holds
// room for as long as its signature is good.
inline constexpr std::chrono::seconds replay_max_lifetime = std::chrono::minutes(5);

// Requirement is what a signature must have beside being good.
struct Requirement {
  std::vector<std::string> components = {};             // always covered
  std::vector<std::string> components_if_present = {};  // fields covered where the request has them
  std::optional<std::chrono::seconds> max_lifetime = {};
  bool nonce = false;
  bool body_digest = false;  // Content-Digest covered, and the body compared with it

  [[nodiscard]] bool empty() const noexcept {
    return components.empty() && components_if_present.empty() && !max_lifetime && !nonce &&
           !body_digest;
  }
};

// OutcomeActions are what is done by outcome where no rule fits. [defaults]
struct OutcomeActions {
  RuleAction verified = RuleAction::allow;
  RuleAction unsigned_ = RuleAction::challenge;
  RuleAction unverified = RuleAction::challenge;
  RuleAction invalid = RuleAction::deny;

  [[nodiscard]] RuleAction of(Outcome outcome) const noexcept;
};

// Route is a part of the site with its own mode and demands; the first that fits counts. [[routes]]
// A path that has another route or rule in another reading (wba/http/path_pattern.h) is refused
// with 400, path_unclear, as is one that each server reads in its own way wherever a route or rule
// with paths may fit. A method that differs in case only from one that is named is refused with
// 400, method_unclear. GET names HEAD too.
struct Route {
  std::string name;
  std::vector<std::string> paths = {};    // "/a" is that path, "/a/*" that and all below; none: any
  std::vector<std::string> methods = {};  // none: any
  Mode mode = Mode::enforce;
  OutcomeActions actions = {};
  KeysUnavailable keys_unavailable = KeysUnavailable::refuse;
  bool replay = false;     // a nonce is needed, and good once
  std::string limit = {};  // name of a rate limit for every request that would pass; empty: none
  Requirement require = {};
};

// Rule is an exception by who asks; the first that fits counts. [[rules]]
struct Rule {
  std::string name;
  // Who: a verified agent with one of these identities. Any of the three lists may fit.
  std::vector<std::string> agent_urls = {};           // identity URLs, normalised
  std::vector<std::string> agent_hosts = {};          // "bot.example", "bot.example:8443"
  std::vector<std::string> agent_host_suffixes = {};  // "example.org": it and all below
  // Whether hosts and suffixes mean every identity of a host, or its well-known directory alone.
  // Where a file does not say, denying and challenging rules mean every one, so that a ban is not
  // left by another path, and the others the directory, since a host may serve uploads of others.
  bool any_path = false;
  std::array<bool, 4> outcomes = {};  // by Outcome
  std::vector<std::string> paths = {};
  std::vector<std::string> methods = {};
  RuleAction action = RuleAction::deny;
  std::string limit = {};  // where action is limit
  Requirement require = {};

  [[nodiscard]] bool names_agents() const noexcept {
    return !agent_urls.empty() || !agent_hosts.empty() || !agent_host_suffixes.empty();
  }
};

// StoreKind says where state is held.
enum class StoreKind : std::uint8_t { memory, redis };

// WhenAway says what happens where a store cannot tell: it is away, or, of nonces, full, or, of
// nonces in memory, the signature is older than the process.
enum class WhenAway : std::uint8_t { refuse, pass };

// RateLimit lets `requests` through per `period`, `burst` of them at once. Verified agents are
// counted by registered domain: an operator has one rate, whatever its directories and keys. Other
// callers are counted by IPv4 address or IPv6 /64 network. [limits.NAME]
struct RateLimit {
  std::uint32_t requests = 0;
  std::chrono::milliseconds period = {};
  std::uint32_t burst = 1;
};

// RateSettings say where rates are counted. [rates]
struct RateSettings {
  StoreKind store = StoreKind::memory;
  // Operators and clients held, in Redis for each limit. Where all are in use, new clients are
  // counted together by IPv4 /16 or IPv6 /32 network.
  std::size_t entries = 100'000;
  WhenAway when_away = WhenAway::pass;

  friend bool operator==(const RateSettings&, const RateSettings&) = default;
};

// ReplaySettings say where nonces are kept. [replay]
struct ReplaySettings {
  StoreKind store = StoreKind::memory;
  std::size_t entries = 1'000'000;  // in memory, of all agents
  // of one registered domain, so that it cannot fill the store for the others
  std::size_t entries_per_agent = 100'000;
  WhenAway when_away = WhenAway::refuse;
  std::string scope = "default";  // machines with the same scope share their nonces

  friend bool operator==(const ReplaySettings&, const ReplaySettings&) = default;
};

// RedisSettings say where Redis is. [redis]
struct RedisSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string unix_socket = {};  // instead of host and port
  // To another host than this one it must be said: without TLS passwords and answers cross the
  // network in clear.
  std::optional<bool> tls = {};
  std::string ca_file = {};      // PEM; empty: the system's roots
  std::string server_name = {};  // in the server's certificate; empty: the host
  std::string user = {};
  std::string password_file = {};  // readable by its owner, and maybe a group, alone
  std::uint32_t database = 0;
  std::string prefix = "wba:";
  std::chrono::milliseconds timeout = std::chrono::milliseconds(100);
  // after a failure Redis is left alone for so long: requests do not wait for it one by one
  std::chrono::milliseconds retry_after = std::chrono::milliseconds(500);

  friend bool operator==(const RedisSettings&, const RedisSettings&) = default;
};

// AuditSettings say where the audit log goes. [audit]
struct AuditSettings {
  std::string path = {};                                // empty: no log
  std::uint64_t max_bytes = std::uint64_t{100} << 20U;  // of one file
  std::uint32_t files = 10;                             // files kept, the one written to included

  friend bool operator==(const AuditSettings&, const AuditSettings&) = default;
};

// Config is a whole configuration, checked. `routes` ends with one that fits everything.
struct Config {
  ServerSettings server = {};
  VerifySettings verify = {};
  std::vector<Route> routes = {};
  std::vector<Rule> rules = {};
  std::map<std::string, RateLimit, std::less<>> limits = {};
  RateSettings rates = {};
  ReplaySettings replay = {};
  RedisSettings redis = {};
  AuditSettings audit = {};

  [[nodiscard]] bool uses_redis() const noexcept;
};

// max_config_size bounds a configuration, in octets.
inline constexpr std::size_t max_config_size = std::size_t{1} << 20U;

// parse_config reads and checks a configuration as a whole. Unknown keys are mistakes. On failure
// it gives every mistake that it found, in the order of the lines.
[[nodiscard]] std::expected<Config, std::vector<ConfigMistake>> parse_config(std::string_view text);

// load_config reads the file `path` and parses it.
[[nodiscard]] std::expected<Config, std::vector<ConfigMistake>> load_config(
    const std::string& path);

}  // namespace wba::guard

#endif  // WBA_GUARD_CONFIG_H_
