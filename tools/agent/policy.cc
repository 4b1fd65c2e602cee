#include "policy.h"

#include <algorithm>
#include <array>

#include <wba/message.h>

namespace wba::agent {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Servers may decode a path before they look at it, merge its slashes, resolve its dots: such a
// path could be another one than the rule allows.
bool is_ambiguous(std::string_view path) {
  std::string text;
  std::ranges::transform(path, std::back_inserter(text), lower);
  for (const std::string_view part : {"%2e", "%2f", "%5c", "%25", "%00", "\\", "//"}) {
    if (text.find(part) != std::string::npos) return true;
  }
  text += '/';
  return text.find("/./") != std::string::npos || text.find("/../") != std::string::npos;
}

bool fits_authority(std::string_view pattern, std::string_view authority) noexcept {
  if (!pattern.starts_with("*.")) return pattern == authority;
  pattern.remove_prefix(1);  // ".example.com": on a label border
  return authority.size() > pattern.size() && authority.ends_with(pattern);
}

bool fits_path(std::string_view pattern, std::string_view path) noexcept {
  if (!pattern.ends_with("/*")) return pattern == path;
  pattern.remove_suffix(1);
  return path.starts_with(pattern);
}

bool lists(const std::vector<std::string>& names, std::string_view name) noexcept {
  return std::ranges::find(names, name) != names.end();
}

bool can_have_body(std::string_view method) noexcept {
  return method != "GET" && method != "HEAD" && method != "OPTIONS" && method != "TRACE" &&
         method != "DELETE";
}

// fit says how far a rule fits: Refusal::none where it does wholly.
Refusal fit(const Rule& rule, const Wanted& wanted) {
  if (!serves(rule, wanted.user, wanted.token)) return Refusal::user_unknown;
  if (!wanted.key.empty() && !lists(rule.keys, wanted.key)) return Refusal::key_not_allowed;
  if (std::ranges::none_of(rule.authorities, [&](const std::string& pattern) {
        return fits_authority(pattern, wanted.authority);
      })) {
    return Refusal::authority_not_allowed;
  }
  if (!rule.methods.empty() && !lists(rule.methods, wanted.method)) {
    return Refusal::method_not_allowed;
  }
  if (rule.paths.empty()) return Refusal::none;
  if (std::ranges::none_of(rule.paths, [&](const std::string& pattern) {
        return fits_path(pattern, wanted.path);
      })) {
    return Refusal::path_not_allowed;
  }
  return is_ambiguous(wanted.path) ? Refusal::path_ambiguous : Refusal::none;
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
    case Refusal::path_ambiguous:
      return "path-ambiguous";
    case Refusal::lifetime_too_long:
      return "lifetime-too-long";
    case Refusal::digest_missing:
      return "digest-missing";
    case Refusal::rate_exceeded:
      return "rate-exceeded";
  }
  return "none";
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
  Ruling closest;
  for (const Rule& rule : policy.rules) {
    const Refusal refusal = fit(rule, wanted);
    if (refusal == Refusal::none) {
      const std::string_view name = wanted.key.empty() ? rule.keys.front() : wanted.key;
      const auto key = std::ranges::find(policy.keys, name, &KeyEntry::name);
      Ruling ruling{.refusal = Refusal::none, .rule = &rule, .key = &*key};
      if (wanted.lifetime > rule.max_lifetime) {
        ruling.refusal = Refusal::lifetime_too_long;
      } else if (rule.require_digest && !wanted.has_digest && can_have_body(wanted.method)) {
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
