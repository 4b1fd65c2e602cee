#include "rule_table.h"

#include <algorithm>

namespace wba::guard {

namespace {

// RFC 9110 §9.3.2: HEAD is GET without the content of the answer, and servers treat it so.
std::vector<std::string> with_head(std::vector<std::string> methods) {
  const auto names = [&](std::string_view method) {
    return std::ranges::find(methods, method) != methods.end();
  };
  if (names("GET") && !names("HEAD")) methods.emplace_back("HEAD");
  return methods;
}

// unclear_of gives the cause if a place may fit, and may not.
Cause unclear_of(http::Fit method, http::Fit path) noexcept {
  if (path == http::Fit::unclear) return Cause::path_unclear;
  return method == http::Fit::unclear ? Cause::method_unclear : Cause::none;
}

}  // namespace

Place::Place(const std::vector<std::string>& paths, std::vector<std::string> methods,
             http::Spelling spelling)
    : paths_(paths, spelling), methods_(with_head(std::move(methods))), spelling_(spelling) {}

Result<RuleTable> RuleTable::create(const Config& config) {
  RuleTable table;
  for (const auto& route : config.routes) {
    auto check = RequirementCheck::create(route.require, route.replay, config.verify.dialects);
    if (!check) return std::unexpected(check.error());
    table.routes_.push_back({.route = route,
                             .place = Place(route.paths, route.methods, config.server.spelling),
                             .check = *std::move(check)});
  }
  for (const auto& rule : config.rules) {
    TableRule entry{.rule = rule,
                    .place = Place(rule.paths, rule.methods, config.server.spelling),
                    .agents = {},
                    .check = {}};
    if (rule.names_agents()) entry.agents.emplace(rule);
    if (!rule.require.empty()) {
      auto check = RequirementCheck::create(rule.require, false, config.verify.dialects);
      if (!check) return std::unexpected(check.error());
      entry.check = *std::move(check);
    }
    table.rules_.push_back(std::move(entry));
  }
  return table;
}

FoundRoute RuleTable::route_of(const http::PathReadings& path,
                               std::string_view method) const noexcept {
  for (const auto& entry : routes_) {
    const http::Fit by_method = entry.place.fit_method(method);
    if (by_method == http::Fit::no) continue;
    const http::Fit by_path = entry.place.fit_path(path);
    if (by_path == http::Fit::no) continue;
    const Cause unclear = unclear_of(by_method, by_path);
    return {.entry = &entry,
            .mode = unclear == Cause::none ? entry.route.mode : strictest_mode(path, method),
            .unclear = unclear};
  }
  return {.entry = &routes_.back(), .mode = routes_.back().route.mode};  // it fits everything
}

// The routes that the request may have are, for each reading, those up to the first that it surely
// has.
Mode RuleTable::strictest_mode(const http::PathReadings& path,
                               std::string_view method) const noexcept {
  Mode mode = Mode::off;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const http::PathReading reading = path[i];
    for (const auto& entry : routes_) {
      const http::Fit fit = std::min(entry.place.fit_method(method), entry.place.fit_path(reading));
      if (fit == http::Fit::no) continue;
      mode = std::max(mode, entry.route.mode);
      if (fit == http::Fit::yes) break;
    }
  }
  return mode;
}

FoundRule RuleTable::rule_of(const http::PathReadings& path, std::string_view method,
                             Outcome outcome, std::string_view identity) const noexcept {
  for (const auto& entry : rules_) {
    if (!entry.rule.outcomes[static_cast<std::size_t>(outcome)]) continue;
    if (entry.agents && (outcome != Outcome::verified || !entry.agents->fits(identity))) continue;
    const http::Fit by_method = entry.place.fit_method(method);
    if (by_method == http::Fit::no) continue;
    const http::Fit by_path = entry.place.fit_path(path);
    if (by_path == http::Fit::no) continue;
    return {.entry = &entry, .unclear = unclear_of(by_method, by_path)};
  }
  return {};
}

bool RuleTable::needs_body(const http::PathReadings& path, std::string_view method) const noexcept {
  const auto route = route_of(path, method);
  if (route.unclear != Cause::none) return false;
  if (route.entry->check.needs_body()) return true;
  return std::ranges::any_of(rules_, [&](const TableRule& entry) {
    return entry.check && entry.check->needs_body() &&
           entry.place.fit_method(method) != http::Fit::no &&
           entry.place.fit_path(path) != http::Fit::no;
  });
}

}  // namespace wba::guard
