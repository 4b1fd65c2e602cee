#ifndef WBA_GUARD_ENGINE_H_
#define WBA_GUARD_ENGINE_H_

#include <memory>
#include <string_view>
#include <vector>

#include <wba/guard/config.h>
#include <wba/verifier.h>

#include "metrics.h"
#include "rule_table.h"

namespace wba::guard {

// Engine is one configuration, ready for use and immutable. Requests that began with it end with
// it.
struct Engine {
  Config config;
  RuleTable table;
  Verifier verifier;
  std::vector<RuleCounters> rule_counters;  // by the rules of the table
  RuleCounters no_rule;
};

// make_engine checks what parse_config cannot know of: that the adapter can do what is asked.
[[nodiscard]] std::expected<std::shared_ptr<const Engine>, std::vector<ConfigMistake>> make_engine(
    Config config, const std::shared_ptr<const KeyResolver>& resolver, bool sees_bodies,
    Metrics& metrics);

}  // namespace wba::guard

#endif  // WBA_GUARD_ENGINE_H_
