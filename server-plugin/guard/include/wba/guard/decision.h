#ifndef WBA_GUARD_DECISION_H_
#define WBA_GUARD_DECISION_H_

// What the guard decides about a request, and the record of it.

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/verdict.h>

namespace wba::guard {

// Now is the time of a decision, an argument everywhere: milliseconds since the Unix epoch.
using Now = std::chrono::sys_time<std::chrono::milliseconds>;

// Action is what to do with a request.
enum class Action : std::uint8_t {
  pass,       // hand it on
  challenge,  // 403 with Accept-Signature: sign it, and how
  refuse,     // 400, 403 or 503
  slow_down,  // 429
};

// to_string: "pass", "challenge", "refuse", "slow-down".
[[nodiscard]] std::string_view to_string(Action action) noexcept;

// Mode says what a route does with a decision.
enum class Mode : std::uint8_t {
  off,      // nothing is verified, everything passes
  observe,  // decided and logged, everything passes
  enforce,  // decided and carried out
};

// to_string: "off", "observe", "enforce".
[[nodiscard]] std::string_view to_string(Mode mode) noexcept;

// Caller tells apart who sends requests.
enum class Caller : std::uint8_t {
  verified_agent,  // the signature is the named agent's
  claimed_agent,   // signed as an agent, and not verified: whatever it says of itself is a claim
  unsigned_,       // no signature of an agent
};

// to_string: "verified-agent", "claimed-agent", "unsigned".
[[nodiscard]] std::string_view to_string(Caller caller) noexcept;

// Cause is why the action is another than rules and outcome alone would give.
enum class Cause : std::uint8_t {
  none,
  component_not_covered,  // verified, but does not cover what the route or rule asks for
  lifetime_too_long,      // verified, but good for longer than the route or rule takes
  nonce_missing,          // verified, but without the nonce that the route or rule asks for
  body_not_checked,       // the body's digest is asked for, and the body was not at hand
  replayed,               // the nonce was presented before
  replay_store_full,      // replay was not checked: no room
  replay_store_away,      // replay was not checked: the store does not answer
  replay_before_start,    // replay was not checked: signed before what the store holds begins
  rate_exceeded,          // more than the limit lets through
  rate_store_full,        // the rate was not checked: no room
  rate_store_away,        // the rate was not checked: the store does not answer
  keys_unavailable,       // the agent's keys could not be had
  path_unclear,           // which route or rule the path has depends on how the server reads it
  method_unclear,         // the method differs in case only from one that a route or rule names
  authority_unclear,      // what the client called this server cannot be told
  component_not_visible,  // covers a field that the adapter does not see: nothing can be checked
  internal_error,         // no memory
};

// to_string gives the stable token: "component-not-covered".
[[nodiscard]] std::string_view to_string(Cause cause) noexcept;

// ReplayCheck says what was done against replay. Only `fresh` means that it was prevented.
enum class ReplayCheck : std::uint8_t { not_asked, fresh, repeated, unchecked };

// to_string: "not-asked", "fresh", "repeated", "unchecked".
[[nodiscard]] std::string_view to_string(ReplayCheck check) noexcept;

// Record is what is logged of a decision. Its views live as long as the request, and until the
// next decision with the same Worker. What the caller sent may hold any octets: escape it.
struct Record {
  Now time = {};
  std::string_view request_id = {};
  std::string_view peer = {};
  std::string_view client = {};  // address of the client, where the adapter knows
  std::string_view method = {};
  std::string_view authority = {};  // what the client called this server
  std::string_view path = {};       // without the query
  Caller caller = Caller::unsigned_;
  Outcome outcome = Outcome::unsigned_;
  Reason reason = Reason::internal_error;
  std::string_view identity = {};  // only of a verified agent
  std::string_view domain = {};    // only of a verified agent
  std::string_view claimed = {};   // Signature-Agent as it was sent
  std::string_view keyid = {};
  std::string_view label = {};
  Dialect dialect = Dialect::none;
  std::vector<std::string> covered = {};
  std::string_view route = {};  // empty: which one is not clear
  std::string_view rule = {};   // empty: no rule fitted, the outcome's default was taken
  Mode mode = Mode::off;
  Action action = Action::pass;   // what is done
  Action decided = Action::pass;  // what enforcing would do
  std::uint16_t status = 200;     // of the answer; 200 where the request passes
  Cause cause = Cause::none;
  ReplayCheck replay = ReplayCheck::not_asked;
  bool counted = false;  // a nonce or a rate was looked up for it
  std::chrono::microseconds spent = {};
};

// HeaderField is a field of the answer.
struct HeaderField {
  std::string_view name;
  std::string_view value;
};

// Decision is what to do with one request: unless `action` is pass, answer with `status` and
// `headers` and do not hand it on. It lives until the next decision with the same Worker.
struct Decision {
  Action action = Action::refuse;
  std::uint16_t status = 503;
  std::span<const HeaderField> headers = {};
  Record record = {};

  // is_verified says whether record.identity is one that a server may act on: the signature
  // verified. It is empty for a key that names no URL, which is verified all the same.
  [[nodiscard]] bool is_verified() const noexcept {
    return record.caller == Caller::verified_agent;
  }
};

}  // namespace wba::guard

#endif  // WBA_GUARD_DECISION_H_
