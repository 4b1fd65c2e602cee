#ifndef WBA_GUARD_RULE_TABLE_H_
#define WBA_GUARD_RULE_TABLE_H_

// Routes and rules, ready for use.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/guard/config.h>
#include <wba/http/path_pattern.h>
#include <wba/verdict.h>

#include "agent_match.h"
#include "requirement_check.h"

namespace wba::guard {

// Place is the part of the site that a route or rule is for.
class Place {
 public:
  Place(const std::vector<std::string>& paths, std::vector<std::string> methods,
        http::Spelling spelling);

  [[nodiscard]] http::Fit fit_method(std::string_view method) const noexcept {
    return http::fit_method(methods_, method, spelling_);
  }
  // path: http::PathReading or http::PathReadings
  [[nodiscard]] http::Fit fit_path(const auto& path) const noexcept { return paths_.fit(path); }

 private:
  http::PathPatterns paths_;
  std::vector<std::string> methods_;
  http::Spelling spelling_;
};

struct TableRoute {
  Route route;
  Place place;
  RequirementCheck check;
};

struct TableRule {
  Rule rule;
  Place place;
  std::optional<AgentMatch> agents;
  // What the rule asks for; its route's demands hold beside it. nullopt: nothing.
  std::optional<RequirementCheck> check;
};

// FoundRoute is the first route that fits. If that depends on the server behind, `unclear` is the
// cause, `entry` one of the routes, and `mode` that of the strictest.
struct FoundRoute {
  const TableRoute* entry = nullptr;
  Mode mode = Mode::off;
  Cause unclear = Cause::none;
};

// FoundRule is the first rule that fits, nullptr if none does. If that depends on the server
// behind, `unclear` is the cause.
struct FoundRule {
  const TableRule* entry = nullptr;
  Cause unclear = Cause::none;
};

// RuleTable is immutable.
class RuleTable {
 public:
  // create takes a checked configuration. Errors: the component_ codes.
  [[nodiscard]] static Result<RuleTable> create(const Config& config);

  // route_of gives the route of a request; there always is one.
  [[nodiscard]] FoundRoute route_of(const http::PathReadings& path,
                                    std::string_view method) const noexcept;

  // rule_of gives the rule for a request. `identity` is a verified agent's; it counts only where
  // the outcome is verified.
  [[nodiscard]] FoundRule rule_of(const http::PathReadings& path, std::string_view method,
                                  Outcome outcome, std::string_view identity) const noexcept;

  // needs_body says whether the route, or a rule that may fit, asks for the body. No: where the
  // route is not clear, since that is refused without a look at it.
  [[nodiscard]] bool needs_body(const http::PathReadings& path,
                                std::string_view method) const noexcept;

  [[nodiscard]] std::span<const TableRoute> routes() const noexcept { return routes_; }
  [[nodiscard]] std::span<const TableRule> rules() const noexcept { return rules_; }

 private:
  [[nodiscard]] Mode strictest_mode(const http::PathReadings& path,
                                    std::string_view method) const noexcept;

  std::vector<TableRoute> routes_;
  std::vector<TableRule> rules_;
};

}  // namespace wba::guard

#endif  // WBA_GUARD_RULE_TABLE_H_
