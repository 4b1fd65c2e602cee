// Reading a policy file.

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include <toml++/toml.h>

#include <wba/agent_identity.h>
#include <wba/component.h>

#include "authority.h"
#include "policy.h"

namespace wba::agent {
namespace {

constexpr std::uint32_t kMaxPerMinute = 100'000;

// Mistake ends the reading; it is caught in read_policy.
struct Mistake {
  std::size_t line;
  std::string text;
};

// Table reads a table's members and complains about those that nobody read.
class Table {
 public:
  explicit Table(const toml::table& table) : table_(table) {}

  [[noreturn]] static void fail(const toml::node& node, std::string text) {
    throw Mistake{node.source().begin.line, std::move(text)};
  }
  [[noreturn]] void fail(std::string text) const { fail(table_, std::move(text)); }

  template <typename T>
  std::optional<T> value(const char* name) {
    const toml::node* node = find(name);
    if (node == nullptr) return std::nullopt;
    const auto read = node->value_exact<T>();
    if (!read) fail(*node, std::string(name) + " is of the wrong type");
    return *read;
  }

  std::string required(const char* name) {
    const auto read = value<std::string>(name);
    if (!read || read->empty()) fail(std::string(name) + " is missing");
    return *read;
  }

  template <typename T>
  std::vector<T> list(const char* name) {
    const toml::node* node = find(name);
    std::vector<T> read;
    if (node == nullptr) return read;
    if (!node->is_array()) fail(*node, std::string(name) + " is no list");
    for (const auto& element : *node->as_array()) {
      const auto one = element.value_exact<T>();
      if (!one) fail(element, std::string(name) + " holds a value of the wrong type");
      read.push_back(*one);
    }
    if (read.empty()) fail(*node, std::string(name) + " is an empty list");
    return read;
  }

  std::vector<const toml::table*> tables(const char* name) {
    const toml::node* node = find(name);
    std::vector<const toml::table*> read;
    if (node == nullptr) return read;
    if (!node->is_array_of_tables()) fail(*node, std::string(name) + " is no list of tables");
    for (const auto& element : *node->as_array()) read.push_back(element.as_table());
    return read;
  }

  void end() const {
    for (const auto& [key, node] : table_) {
      if (!known_.contains(std::string(key.str()))) fail(node, "a name that is not known here");
    }
  }

  [[nodiscard]] const toml::node* find(const char* name) {
    known_.insert(name);
    return table_.get(name);
  }

 private:
  const toml::table& table_;
  std::set<std::string> known_;
};

KeyEntry read_key(const toml::table& node) {
  Table table(node);
  KeyEntry key{.name = table.required("name"),
               .file = table.required("file"),
               .passphrase_file = table.value<std::string>("passphrase_file").value_or(""),
               .agent_url = table.required("agent")};
  if (const auto profile = table.value<std::string>("profile")) {
    const auto known = signer_profile_from_name(*profile);
    if (!known) table.fail("no such profile: draft-01, draft-00 and cloudflare are known");
    key.profile = *known;
  }
  std::string buffer;
  if (!locate_agent({.url = key.agent_url, .kind = AgentKind::key_set}, buffer)) {
    table.fail("agent is no https URL");
  }
  table.end();
  return key;
}

std::string read_authority(const Table& table, const std::string& pattern) {
  const bool below = pattern.starts_with("*.");
  const auto normalised = normalised_authority("https", pattern.substr(below ? 2 : 0));
  if (!normalised) {
    table.fail("authorities holds what is no host: example.com, example.com:8443, *.example.com");
  }
  return (below ? "*." : "") + *normalised;
}

void read_lists(Table& table, Rule& rule) {
  for (const auto& pattern : table.list<std::string>("authorities")) {
    rule.authorities.push_back(read_authority(table, pattern));
  }
  rule.methods = table.list<std::string>("methods");
  const auto paths = table.list<std::string>("paths");
  if (!std::ranges::all_of(paths, http::is_path_pattern)) {
    table.fail("paths holds what is no path, or one that servers read differently: /a, /a/*");
  }
  rule.paths = http::PathPatterns(paths);
  for (const auto& component : table.list<std::string>("cover")) {
    std::string serialised;
    if (!append_component_identifier(component, serialised)) {
      table.fail("cover holds what is no component");
    }
    rule.cover.push_back(serialised);
  }
}

TokenEntry read_token(const toml::table& node) {
  Table table(node);
  TokenEntry token{.name = table.required("name"), .file = table.required("file")};
  table.end();
  return token;
}

Rule read_rule(const toml::table& node, const Policy& policy) {
  Table table(node);
  Rule rule{.name = table.required("name"), .keys = table.list<std::string>("keys")};
  for (const auto user : table.list<std::int64_t>("users")) {
    if (user < 0 || user >= std::numeric_limits<uid_t>::max()) table.fail("users holds no user id");
    rule.users.push_back(static_cast<uid_t>(user));
  }
  read_lists(table, rule);
  rule.tokens = table.list<std::string>("tokens");
  if (rule.users.empty() && rule.tokens.empty()) table.fail("users or tokens is missing");
  if (rule.keys.empty()) table.fail("keys is missing");
  if (rule.authorities.empty()) table.fail("authorities is missing");
  for (const auto& key : rule.keys) {
    if (std::ranges::find(policy.keys, key, &KeyEntry::name) == policy.keys.end()) {
      table.fail("keys names a key that is not in this file");
    }
  }
  for (const auto& token : rule.tokens) {
    if (std::ranges::find(policy.tokens, token, &TokenEntry::name) == policy.tokens.end()) {
      table.fail("tokens names a token that is not in this file");
    }
  }
  if (const auto lifetime = table.value<std::int64_t>("max_lifetime")) {
    if (*lifetime < 1 || *lifetime > 86'400) table.fail("max_lifetime is not 1 to 86400 seconds");
    rule.max_lifetime = std::chrono::seconds(*lifetime);
  }
  rule.require_digest = table.value<bool>("require_digest").value_or(false);
  if (const auto rate = table.value<std::int64_t>("per_minute")) {
    if (*rate < 1 || *rate > kMaxPerMinute) table.fail("per_minute is not 1 to 100000");
    rule.per_minute = static_cast<std::uint32_t>(*rate);
  }
  table.end();
  return rule;
}

Policy read(const toml::table& root) {
  Table table(root);
  Policy policy{.log = table.required("log")};
  for (const auto* key : table.tables("key")) {
    policy.keys.push_back(read_key(*key));
    for (std::size_t i = 0; i + 1 < policy.keys.size(); ++i) {
      if (policy.keys[i].name == policy.keys.back().name) Table(*key).fail("two keys of this name");
    }
  }
  for (const auto* token : table.tables("token")) {
    auto read = read_token(*token);
    if (std::ranges::find(policy.tokens, read.name, &TokenEntry::name) != policy.tokens.end()) {
      Table(*token).fail("two tokens of this name");
    }
    policy.tokens.push_back(std::move(read));
  }
  for (const auto* rule : table.tables("rule")) {
    policy.rules.push_back(read_rule(*rule, policy));
  }
  table.end();
  if (policy.keys.empty()) table.fail("there is no [[key]]");
  if (policy.rules.empty()) table.fail("there is no [[rule]]: nothing would be signed");
  return policy;
}

}  // namespace

std::expected<Policy, std::string> read_policy(std::string_view text, std::string_view name) {
  const auto place = [&](std::size_t line, std::string_view what) {
    return std::unexpected(std::string(name) + ":" + std::to_string(line) + ": " +
                           std::string(what));
  };
  try {
    return read(toml::parse(text));
  } catch (const Mistake& mistake) {
    return place(mistake.line, mistake.text);
  } catch (const toml::parse_error& error) {
    // Its text quotes the file, which a terminal need not survive.
    return place(error.source().begin.line, "not TOML");
  }
}

}  // namespace wba::agent
