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
#include <wba/verdict.h>

#include "agent_match.h"
#include "path_match.h"
#include "requirement_check.h"

namespace wba::guard {

// Place is the part of the site that a route or rule is for.
class Place {
 public:
  Place(const std::vector<std::string>& paths, const std::vector<std::string>& methods);

  [[nodiscard]] bool fits_literal(std::string_view path, std::string_view method) const noexcept;
  [[nodiscard]] bool fits_decoded(std::string_view path, std::string_view method) const noexcept;

 private:
  [[nodiscard]] bool fits_method(std::string_view method) const noexcept;

  std::vector<PathPattern> paths_;
  std::vector<std::string> methods_;
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

// Found is the first that fits, by each reading of the path.
template <typename T>
struct Found {
  const T* entry = nullptr;  // by the literal reading
  const T* other = nullptr;  // by the decoded one

  [[nodiscard]] bool clear() const noexcept { return entry == other; }
};

// RuleTable is immutable.
class RuleTable {
 public:
  // create takes a checked configuration. Errors: the component_ codes.
  [[nodiscard]] static Result<RuleTable> create(const Config& config);

  // route_of gives the route of a request; there always is one.
  [[nodiscard]] Found<TableRoute> route_of(const PathReadings& path,
                                           std::string_view method) const noexcept;

  // rule_of gives the first rule that fits, nullptr where none does. `identity` is a verified
  // agent's; it counts only where the outcome is verified.
  [[nodiscard]] Found<TableRule> rule_of(const PathReadings& path, std::string_view method,
                                         Outcome outcome, std::string_view identity) const noexcept;

  // needs_body says whether the route, or a rule that may fit, asks for the body.
  [[nodiscard]] bool needs_body(const PathReadings& path, std::string_view method) const noexcept;

  [[nodiscard]] std::span<const TableRoute> routes() const noexcept { return routes_; }
  [[nodiscard]] std::span<const TableRule> rules() const noexcept { return rules_; }

 private:
  std::vector<TableRoute> routes_;
  std::vector<TableRule> rules_;
};

}  // namespace wba::guard

#endif  // WBA_GUARD_RULE_TABLE_H_
