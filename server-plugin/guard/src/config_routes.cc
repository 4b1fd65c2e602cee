// [defaults], [[routes]] and [[rules]].

#include <algorithm>

#include <wba/agent_identity.h>
#include <wba/component.h>
#include <wba/http/path_pattern.h>
#include <wba/message.h>

#include "base/ascii.h"
#include "config_reader.h"

namespace wba::guard {
namespace {

void read_action(ConfigReader& reader, std::string_view key, RuleAction& action) {
  // A limit is a route's or a rule's: a default has no name for one.
  reader.choice(key, action,
                {{"allow", RuleAction::allow},
                 {"deny", RuleAction::deny},
                 {"challenge", RuleAction::challenge}});
}

void read_actions(ConfigReader& reader, OutcomeActions& actions) {
  read_action(reader, "verified", actions.verified);
  read_action(reader, "unsigned", actions.unsigned_);
  read_action(reader, "unverified", actions.unverified);
  read_action(reader, "invalid", actions.invalid);
}

// read_conduct reads what [defaults] and a route have in common.
void read_conduct(ConfigReader& reader, const Config& config, Route& route) {
  reader.choice("mode", route.mode,
                {{"off", Mode::off}, {"observe", Mode::observe}, {"enforce", Mode::enforce}});
  read_actions(reader, route.actions);
  reader.choice("keys_unavailable", route.keys_unavailable,
                {{"refuse", KeysUnavailable::refuse}, {"pass", KeysUnavailable::pass}});
  reader.flag("replay", route.replay);
  read_limit_name(reader, config, route.limit);
}

}  // namespace

void read_name(ConfigReader& reader, std::set<std::string, std::less<>>& names, std::string& name) {
  reader.text("name", name);
  const bool readable = std::ranges::all_of(name, [](char c) { return c >= 0x20 && c < 0x7f; });
  if (name.empty() || name.size() > 64 || !readable) {
    reader.mistake_at("name", "must be given, of 1 to 64 printable ASCII characters");
  } else if (name == "default") {
    reader.mistake_at("name", "\"default\" is what [defaults] is called");
  } else if (!names.insert(name).second) {
    reader.mistake_at("name", "stands twice: logs could not tell them apart");
  }
}

void read_limit_name(ConfigReader& reader, const Config& config, std::string& limit) {
  reader.text("limit", limit);
  if (!limit.empty() && !config.limits.contains(limit)) {
    reader.mistake_at("limit", "there is no [limits." + printable(limit) + "]");
  }
}

void read_paths(ConfigReader& reader, std::vector<std::string>& paths) {
  reader.texts("paths", paths);
  for (const auto& path : paths) {
    if (!http::is_path_pattern(path)) {
      reader.mistake_at("paths", "\"" + printable(path) +
                                     "\" must begin with / and may end with /*; no other *, no "
                                     "query, no dot segments, and percent-encoding outside ASCII");
    }
  }
}

void read_methods(ConfigReader& reader, std::vector<std::string>& methods) {
  reader.texts("methods", methods);
  for (const auto& method : methods) {
    if (!ascii::is_token(method)) {
      reader.mistake_at("methods", "\"" + printable(method) + "\" is no method");
    } else if (std::ranges::any_of(method, [](char c) { return c >= 'a' && c <= 'z'; })) {
      // RFC 9110 §9.1: case counts, and no registered method has lower case.
      reader.mistake_at(
          "methods",
          "\"" + printable(method) + "\" would never fit: methods are in upper case, such as POST");
    }
  }
}

void read_requirement(ConfigReader& reader, Requirement& require) {
  const toml::node* node = reader.take("require");
  if (node == nullptr) return;
  const toml::table* table = node->as_table();
  if (table == nullptr) return reader.mistake(*node, "require", "must be a table");
  ConfigReader inner(*table, reader.name() + " require", reader.mistakes());
  inner.texts("components", require.components);
  for (auto& component : require.components) {
    std::string identifier;
    if (append_component_identifier(component, identifier)) {
      const bool response_only =
          identifier == "\"@status\"" || identifier.find(";req") != std::string::npos;
      if (response_only) inner.mistake_at("components", "a request has no " + printable(component));
      component = std::move(identifier);
    } else {
      inner.mistake_at("components", "\"" + printable(component) +
                                         "\" is no component, such as @method, @path or "
                                         "content-digest");
    }
  }
  auto unique = require.components;
  std::ranges::sort(unique);
  if (std::ranges::adjacent_find(unique) != unique.end()) {
    inner.mistake_at("components", "one stands twice");
  }
  inner.texts("components_if_present", require.components_if_present);
  for (auto& name : require.components_if_present) {
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (!ascii::is_token(name)) {
      inner.mistake_at("components_if_present",
                       "\"" + printable(name) + "\" is no field name, such as authorization");
    }
  }
  std::chrono::seconds lifetime(0);
  inner.seconds("max_lifetime", lifetime, std::chrono::seconds(1), std::chrono::hours(24 * 365));
  if (lifetime > std::chrono::seconds(0)) require.max_lifetime = lifetime;
  inner.flag("nonce", require.nonce);
  inner.flag("body_digest", require.body_digest);
  inner.finish();
}

// bound_lifetime bounds how long a nonce is held, where the route does not say.
void bound_lifetime(Route& route) {
  if (route.replay && !route.require.max_lifetime) route.require.max_lifetime = replay_max_lifetime;
}

void check_limits_used(ConfigReader& file, const Config& config) {
  const toml::table* all = file.table()["limits"].as_table();
  for (const auto& [name, limit] : config.limits) {
    const auto uses = [&](const auto& entry) { return entry.limit == name; };
    if (std::ranges::any_of(config.routes, uses) || std::ranges::any_of(config.rules, uses)) {
      continue;
    }
    file.mistake(*all->get(name), "[limits." + name + "]",
                 "no route and no rule has this limit: it limits nothing");
  }
}

void read_routes(ConfigReader& file, Config& config) {
  Route rest{.name = "default"};
  bool says_unsigned = false;
  if (const toml::node* node = file.take("defaults"); node != nullptr && node->is_table()) {
    ConfigReader reader(*node->as_table(), "[defaults]", file.mistakes());
    says_unsigned = reader.has("unsigned");
    read_conduct(reader, config, rest);
    read_requirement(reader, rest.require);
    reader.finish();
    if (!says_unsigned) {
      reader.mistake(
          "unsigned is missing: \"allow\" for a site that people visit, \"challenge\" for one that "
          "is for agents only");
    }
  } else {
    file.mistake("[defaults] is missing: it says at the least what happens to unsigned requests");
  }

  const toml::node* node = file.take("routes");
  const toml::array* list = node == nullptr ? nullptr : node->as_array();
  if (node != nullptr && list == nullptr) {
    file.mistake(*node, "routes", "must be tables, [[routes]]");
  }
  std::set<std::string, std::less<>> names;
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const toml::table* table = list->get(i)->as_table();
    if (table == nullptr) {
      file.mistake(*list->get(i), "routes", "must be tables, [[routes]]");
      continue;
    }
    ConfigReader reader(*table, "[[routes]]", file.mistakes());
    Route route = rest;  // what a route does not say is as in [defaults]
    route.name.clear();
    route.require = {};
    read_name(reader, names, route.name);
    read_paths(reader, route.paths);
    read_methods(reader, route.methods);
    if (route.paths.empty() && route.methods.empty()) {
      reader.mistake("needs paths or methods: what fits everything is [defaults]");
    }
    read_conduct(reader, config, route);
    if (reader.has("require")) {
      read_requirement(reader, route.require);
    } else {
      route.require = rest.require;
    }
    bound_lifetime(route);
    reader.finish();
    config.routes.push_back(std::move(route));
  }
  bound_lifetime(rest);
  config.routes.push_back(std::move(rest));
}

}  // namespace wba::guard
