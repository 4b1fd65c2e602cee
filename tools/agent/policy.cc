#include "policy.h"

#include <algorithm>
#include <array>
#include <span>

#include <wba/message.h>

namespace wba::agent {
namespace {

bool fits_authority(std::string_view pattern, std::string_view authority) noexcept {
  if (!pattern.starts_with("*.")) return pattern == authority;
  pattern.remove_prefix(1);  // ".example.com": on a label border
  return authority.size() > pattern.size() && authority.ends_with(pattern);
}

bool lists(const std::vector<std::string>& names, std::string_view name) noexcept {
  return std::ranges::find(names, name) != names.end();
}

bool usually_has_body(std::string_view method) noexcept {
  return method != "GET" && method != "HEAD" && method != "OPTIONS" && method != "TRACE" &&
         method != "DELETE";
}

// Fields by which servers let another method, path or host be named, in the letters that
// same_for_gateways compares.
constexpr auto kMethodFields = std::to_array<std::string_view>(
    {"x-http-method-override", "x-http-method", "x-method-override", "x-method",
     "x-original-method", "x-forwarded-method", "x-rewrite-method", "http-method-override"});
constexpr auto kPathFields = std::to_array<std::string_view>(
    {"x-original-url", "x-original-uri", "x-original-path", "x-rewrite-url", "x-rewrite-uri",
     "x-rewrite-path", "x-forwarded-url", "x-forwarded-uri", "x-forwarded-path",
     "x-forwarded-prefix", "x-envoy-original-path", "x-request-uri", "x-override-url"});
constexpr auto kAuthorityFields =
    std::to_array<std::string_view>({"x-forwarded-host", "x-forwarded-server", "x-original-host",
                                     "x-rewrite-host", "x-host", "x-http-host-override"});

// same_for_gateways compares a field name with one in lower case as CGI and its like do, for which
// "_" and all that is no letter and no digit is "-".
bool same_for_gateways(std::string_view name, std::string_view known) noexcept {
  return std::ranges::equal(name, known, [](char a, char b) {
    const char l = a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a;
    const bool stands = (l >= 'a' && l <= 'z') || (l >= '0' && l <= '9');
    return (stands ? l : '-') == b;
  });
}

bool is_one_of(std::string_view name, std::span<const std::string_view> known) noexcept {
  return std::ranges::any_of(known,
                             [name](std::string_view one) { return same_for_gateways(name, one); });
}

// names_host is true if a value of Forwarded may have a parameter "host". RFC 7239 §5.3.
bool names_host(std::string_view value) noexcept {
  constexpr std::string_view kHost = "host";
  return std::ranges::search(value, kHost, [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
         }).size() == kHost.size();
}

// unclear returns why the server may not see what the rule bounds; none if it will.
Refusal unclear(const Rule& rule, const Wanted& wanted, http::Fit method, http::Fit path) noexcept {
  if (wanted.overrides.authority) return Refusal::authority_overridden;
  if (method == http::Fit::unclear) return Refusal::method_ambiguous;
  if (!rule.methods.empty() && wanted.overrides.method) return Refusal::method_overridden;
  if (path == http::Fit::unclear) return Refusal::path_ambiguous;
  if (!rule.paths.empty() && wanted.overrides.path) return Refusal::path_overridden;
  return Refusal::none;
}

bool is_unclear(Refusal refusal) noexcept {
  return refusal >= Refusal::authority_overridden && refusal <= Refusal::path_overridden;
}

// fit says how far a rule fits: Refusal::none if it does wholly.
Refusal fit(const Rule& rule, const Wanted& wanted, const http::PathReadings& readings) {
  if (!serves(rule, wanted.user, wanted.token)) return Refusal::user_unknown;
  if (!wanted.key.empty() && !lists(rule.keys, wanted.key)) return Refusal::key_not_allowed;
  if (std::ranges::none_of(rule.authorities, [&](const std::string& pattern) {
        return fits_authority(pattern, wanted.authority);
      })) {
    return Refusal::authority_not_allowed;
  }
  // An overridden method or path may be any.
  const http::Fit method = http::fit_method(rule.methods, wanted.method);
  if (method == http::Fit::no && !wanted.overrides.method) return Refusal::method_not_allowed;
  const http::Fit path = rule.paths.fit(readings);
  if (path == http::Fit::no && !wanted.overrides.path) return Refusal::path_not_allowed;
  return unclear(rule, wanted, method, path);
}

}  // namespace

std::string_view to_string(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::none:
      return "none";
    case Refusal::user_unknown:
      return "user-unknown";
    case Refusal::key_not_allowed:
      return "key-not-allowed";
    case Refusal::authority_not_allowed:
      return "authority-not-allowed";
    case Refusal::method_not_allowed:
      return "method-not-allowed";
    case Refusal::path_not_allowed:
      return "path-not-allowed";
    case Refusal::authority_overridden:
      return "authority-overridden";
    case Refusal::method_ambiguous:
      return "method-ambiguous";
    case Refusal::method_overridden:
      return "method-overridden";
    case Refusal::path_ambiguous:
      return "path-ambiguous";
    case Refusal::path_overridden:
      return "path-overridden";
    case Refusal::lifetime_too_long:
      return "lifetime-too-long";
    case Refusal::digest_missing:
      return "digest-missing";
    case Refusal::rate_exceeded:
      return "rate-exceeded";
  }
  return "none";
}

void Overrides::note(std::string_view name, std::string_view value) noexcept {
  method = method || is_one_of(name, kMethodFields);
  path = path || is_one_of(name, kPathFields);
  authority = authority || is_one_of(name, kAuthorityFields) ||
              (same_for_gateways(name, "forwarded") && names_host(value));
}

bool serves(const Rule& rule, uid_t user, std::string_view token) noexcept {
  if (!token.empty()) return lists(rule.tokens, token);
  return std::ranges::find(rule.users, user) != rule.users.end();
}

bool Policy::knows_user(uid_t user) const noexcept {
  return std::ranges::any_of(rules, [user](const Rule& rule) {
    return std::ranges::find(rule.users, user) != rule.users.end();
  });
}

Ruling rule_on(const Policy& policy, const Wanted& wanted) {
  http::PathReadings readings;
  readings.read(wanted.path);
  Ruling closest;
  for (const Rule& rule : policy.rules) {
    const Refusal refusal = fit(rule, wanted, readings);
    // A later rule could be one that the server's reading does not lead to.
    if (is_unclear(refusal)) return {.refusal = refusal, .rule = &rule};
    if (refusal == Refusal::none) {
      const std::string_view name = wanted.key.empty() ? rule.keys.front() : wanted.key;
      const auto key = std::ranges::find(policy.keys, name, &KeyEntry::name);
      Ruling ruling{.refusal = Refusal::none, .rule = &rule, .key = &*key};
      if (wanted.lifetime > rule.max_lifetime) {
        ruling.refusal = Refusal::lifetime_too_long;
      } else if (rule.require_digest && !wanted.has_digest &&
                 (wanted.has_body || usually_has_body(wanted.method))) {
        ruling.refusal = Refusal::digest_missing;
      }
      return ruling;
    }
    if (refusal > closest.refusal) closest.refusal = refusal;
  }
  return closest;
}

bool RateWindow::take(std::int64_t now, std::uint32_t limit) {
  constexpr std::int64_t kMinute = 60'000;
  while (!times_.empty() && now - times_.front() >= kMinute) times_.pop_front();
  if (times_.size() >= limit) return false;
  times_.push_back(now);
  return true;
}

}  // namespace wba::agent
