#include "rule_table.h"

#include <algorithm>

namespace wba::guard {

Place::Place(const std::vector<std::string>& paths, const std::vector<std::string>& methods)
    : methods_(methods) {
  for (const auto& path : paths) paths_.emplace_back(path);
  has_every_path_ = paths_.empty() || std::ranges::any_of(paths_, &http::PathPattern::fits_all);
}

bool Place::fits_method(std::string_view method) const noexcept {
  return methods_.empty() || std::ranges::find(methods_, method) != methods_.end();
}

bool Place::fits_literal(std::string_view path, std::string_view method) const noexcept {
  return fits_method(method) &&
         (paths_.empty() || std::ranges::any_of(paths_, [&](const http::PathPattern& pattern) {
            return pattern.fits_literal(path);
          }));
}

bool Place::fits_decoded(std::string_view path, std::string_view method) const noexcept {
  return fits_method(method) &&
         (paths_.empty() || std::ranges::any_of(paths_, [&](const http::PathPattern& pattern) {
            return pattern.fits_decoded(path);
          }));
}

Result<RuleTable> RuleTable::create(const Config& config) {
  RuleTable table;
  for (const auto& route : config.routes) {
    auto check = RequirementCheck::create(route.require, route.replay, config.verify.dialects);
    if (!check) return std::unexpected(check.error());
    table.routes_.push_back(
        {.route = route, .place = Place(route.paths, route.methods), .check = *std::move(check)});
  }
  for (const auto& rule : config.rules) {
    TableRule entry{
        .rule = rule, .place = Place(rule.paths, rule.methods), .agents = {}, .check = {}};
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
  // The last route fits everything.
  if (path.ambiguous) {
    FoundRoute found;
    for (const auto& entry : routes_) {
      if (!entry.place.fits_method(method)) continue;
      if (found.entry == nullptr) {
        found = {.entry = &entry, .mode = entry.route.mode, .clear = entry.place.has_every_path()};
      }
      found.mode = std::max(found.mode, entry.route.mode);
      if (entry.place.has_every_path()) break;
    }
    return found;
  }
  const auto literal = std::ranges::find_if(routes_, [&](const TableRoute& entry) {
    return entry.place.fits_literal(path.literal, method);
  });
  if (path.same) return {.entry = &*literal, .mode = literal->route.mode};
  const auto decoded = std::ranges::find_if(routes_, [&](const TableRoute& entry) {
    return entry.place.fits_decoded(path.decoded, method);
  });
  return {.entry = &*literal,
          .mode = std::max(literal->route.mode, decoded->route.mode),
          .clear = literal == decoded};
}

FoundRule RuleTable::rule_of(const http::PathReadings& path, std::string_view method,
                             Outcome outcome, std::string_view identity) const noexcept {
  const auto concerns = [&](const TableRule& entry) {
    if (!entry.rule.outcomes[static_cast<std::size_t>(outcome)]) return false;
    return !entry.agents || (outcome == Outcome::verified && entry.agents->fits(identity));
  };
  const auto first = [&](auto fits) -> const TableRule* {
    const auto found = std::ranges::find_if(
        rules_, [&](const TableRule& entry) { return concerns(entry) && fits(entry.place); });
    return found == rules_.end() ? nullptr : &*found;
  };
  if (path.ambiguous) {
    const auto* entry = first([&](const Place& place) { return place.fits_method(method); });
    return {.entry = entry, .clear = entry == nullptr || entry->place.has_every_path()};
  }
  const auto* literal =
      first([&](const Place& place) { return place.fits_literal(path.literal, method); });
  if (path.same) return {.entry = literal};
  const auto* decoded =
      first([&](const Place& place) { return place.fits_decoded(path.decoded, method); });
  return {.entry = literal, .clear = literal == decoded};
}

bool RuleTable::needs_body(const http::PathReadings& path, std::string_view method) const noexcept {
  const auto route = route_of(path, method);
  if (!route.clear) return false;
  if (route.entry->check.needs_body()) return true;
  return std::ranges::any_of(rules_, [&](const TableRule& entry) {
    if (!entry.check || !entry.check->needs_body()) return false;
    if (path.ambiguous) return entry.place.fits_method(method);
    return entry.place.fits_literal(path.literal, method) ||
           entry.place.fits_decoded(path.decoded, method);
  });
}

}  // namespace wba::guard
