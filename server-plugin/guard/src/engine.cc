#include "engine.h"

#include <algorithm>

namespace wba::guard {
namespace {

std::unexpected<std::vector<ConfigMistake>> mistake(std::string reason) {
  return std::unexpected(std::vector<ConfigMistake>{{.line = 0, .reason = std::move(reason)}});
}

}  // namespace

std::expected<std::shared_ptr<const Engine>, std::vector<ConfigMistake>> make_engine(
    Config config, const std::shared_ptr<const KeyResolver>& resolver, bool sees_bodies,
    Metrics& metrics) {
  if (config.routes.empty()) return mistake("no configuration");
  if (!sees_bodies) {
    for (const auto& route : config.routes) {
      if (route.require.body_digest) {
        return mistake("route \"" + route.name +
                       "\" asks for body_digest, and bodies are not seen here");
      }
    }
    for (const auto& rule : config.rules) {
      if (rule.require.body_digest) {
        return mistake("rule \"" + rule.name +
                       "\" asks for body_digest, and bodies are not seen here");
      }
    }
  }
  if (!config.server.authorities) {
    return mistake(
        "[server] authorities is missing: say what clients call this server, as authorities = "
        "[\"shop.example\", \"*.shop.example\"]. Signatures for other sites are refused; with "
        "\"any\" a site that an agent visits can pass here as that agent");
  }
  auto table = RuleTable::create(config);
  if (!table) return mistake(std::string(describe(table.error().code)));
  // What routes and rules ask for beside is judged by them, signature by signature.
  auto verifier = Verifier::create({.required = RequiredComponents::profile_only(),
                                    .authorities = *config.server.authorities,
                                    .dialects = config.verify.dialects,
                                    .max_lifetime = config.verify.max_lifetime,
                                    .skew = config.verify.skew,
                                    .strict_label = config.verify.strict_label,
                                    .allow_test_keys = config.verify.allow_test_keys,
                                    .max_tagged_signatures = config.verify.max_signatures},
                                   resolver);
  if (!verifier) return mistake("[verify]: " + std::string(describe(verifier.error().code)));
  std::vector<RuleCounters> counters;
  for (const auto& rule : config.rules) counters.push_back(metrics.counters_of_rule(rule.name));
  return std::make_shared<const Engine>(Engine{.config = std::move(config),
                                               .table = *std::move(table),
                                               .verifier = *std::move(verifier),
                                               .rule_counters = std::move(counters),
                                               .no_rule = metrics.counters_of_rule("")});
}

}  // namespace wba::guard
