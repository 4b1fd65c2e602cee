// [[rules]].

#include <algorithm>

#include <wba/agent_identity.h>
#include <wba/http/host.h>
#include <wba/message.h>
#include <wba/registered_domain.h>

#include "agent_match.h"
#include "config_reader.h"

namespace wba::guard {
namespace {

// read_host gives a host as it stands in identities, with the port where it is not 443.
std::optional<std::string> read_host(std::string_view text) {
  const auto url = normalise_agent_url("https://" + std::string(text));
  if (!url || text.find_first_of("/?") != std::string_view::npos) return std::nullopt;
  return std::string(identity_host(*url));
}

void read_agents(ConfigReader& reader, Rule& rule) {
  reader.texts("agent_urls", rule.agent_urls);
  for (auto& url : rule.agent_urls) {
    auto identity = normalise_agent_url(url);
    if (identity) {
      url = *std::move(identity);
    } else {
      reader.mistake_at("agent_urls", "\"" + printable(url) + "\" is no https URL of an agent");
    }
  }
  reader.texts("agent_hosts", rule.agent_hosts);
  for (auto& host : rule.agent_hosts) {
    auto normalised = read_host(host);
    if (normalised) {
      host = *std::move(normalised);
    } else {
      reader.mistake_at("agent_hosts",
                        "\"" + printable(host) + "\" is no host, such as bot.example");
    }
  }
  reader.texts("agent_host_suffixes", rule.agent_host_suffixes);
  for (auto& suffix : rule.agent_host_suffixes) {
    std::string normalised;
    const auto kind = http::append_host(suffix, normalised);
    // One label would be everybody under a top-level domain.
    const bool fits = kind == http::HostKind::name && normalised.find('.') != std::string::npos;
    if (fits && directory::is_public_suffix(normalised)) {
      reader.mistake_at(
          "agent_host_suffixes",
          "\"" + printable(suffix) + "\" is a public suffix: anybody can have a name below it");
    } else if (fits) {
      suffix = std::move(normalised);
    } else {
      reader.mistake_at("agent_host_suffixes",
                        "\"" + printable(suffix) +
                            "\" must be a host of two labels or more, such as example.org, "
                            "without port or leading dot");
    }
  }
}

void read_any_path(ConfigReader& reader, Rule& rule) {
  rule.any_path = rule.action == RuleAction::deny || rule.action == RuleAction::challenge;
  reader.flag("any_path", rule.any_path);
  if (reader.has("any_path") && rule.agent_hosts.empty() && rule.agent_host_suffixes.empty()) {
    reader.mistake_at("any_path", "goes with agent_hosts or agent_host_suffixes only");
  }
}

void read_outcomes(ConfigReader& reader, Rule& rule) {
  std::vector<std::string> names;
  reader.texts("outcomes", names);
  for (const auto& name : names) {
    bool known = false;
    for (const auto outcome :
         {Outcome::unsigned_, Outcome::unverified, Outcome::invalid, Outcome::verified}) {
      if (name != to_string(outcome)) continue;
      rule.outcomes.at(static_cast<std::size_t>(outcome)) = known = true;
    }
    if (!known) reader.mistake_at("outcomes", "no such outcome: \"" + printable(name) + "\"");
  }
  constexpr auto kVerified = static_cast<std::size_t>(Outcome::verified);
  if (rule.names_agents()) {
    // Who an agent is is known only once its signature verified.
    for (std::size_t i = 0; i < rule.outcomes.size(); ++i) {
      if (i != kVerified && rule.outcomes.at(i)) {
        reader.mistake_at("outcomes", "a rule that names agents is for verified requests only");
        break;
      }
    }
    rule.outcomes.at(kVerified) = true;
  } else if (!reader.has("outcomes")) {
    reader.mistake(
        "whom it is for is missing: agent_urls, agent_hosts, agent_host_suffixes or outcomes");
  }
}

void read_rule(ConfigReader& reader, const Config& config, Rule& rule) {
  read_agents(reader, rule);
  read_outcomes(reader, rule);
  read_paths(reader, rule.paths);
  read_methods(reader, rule.methods);
  reader.choice("action", rule.action,
                {{"allow", RuleAction::allow},
                 {"deny", RuleAction::deny},
                 {"challenge", RuleAction::challenge},
                 {"limit", RuleAction::limit}});
  if (!reader.has("action")) reader.mistake("action is missing");
  read_any_path(reader, rule);
  read_limit_name(reader, config, rule.limit);
  if (rule.action == RuleAction::limit && rule.limit.empty()) {
    reader.mistake("action \"limit\" needs limit, the name of a [limits.NAME]");
  }
  if (rule.action != RuleAction::limit && !rule.limit.empty()) {
    reader.mistake_at("limit", "goes with action \"limit\" only");
  }
  read_requirement(reader, rule.require);
  if (!rule.require.empty() && rule.action != RuleAction::allow &&
      rule.action != RuleAction::limit) {
    reader.mistake_at("require", "goes with action \"allow\" or \"limit\" only");
  }
  const bool others = rule.outcomes.at(static_cast<std::size_t>(Outcome::unsigned_)) ||
                      rule.outcomes.at(static_cast<std::size_t>(Outcome::unverified)) ||
                      rule.outcomes.at(static_cast<std::size_t>(Outcome::invalid));
  if (!rule.require.empty() && others) {
    reader.mistake_at("require", "goes with verified requests only");
  }
}

}  // namespace

void read_rules(ConfigReader& file, Config& config) {
  const toml::node* node = file.take("rules");
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr) return file.mistake(*node, "rules", "must be tables, [[rules]]");
  std::set<std::string, std::less<>> names;
  for (const auto& element : *list) {
    const toml::table* table = element.as_table();
    if (table == nullptr) {
      file.mistake(element, "rules", "must be tables, [[rules]]");
      continue;
    }
    ConfigReader reader(*table, "[[rules]]", file.mistakes());
    Rule rule;
    read_name(reader, names, rule.name);
    read_rule(reader, config, rule);
    reader.finish();
    config.rules.push_back(std::move(rule));
  }
}

}  // namespace wba::guard
