#ifndef WBA_GUARD_CONFIG_READER_H_
#define WBA_GUARD_CONFIG_READER_H_

// Reading one TOML table: each value by its type and range, every mistake with its line.

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <toml++/toml.h>

#include <wba/guard/config.h>

namespace wba::guard {

using Mistakes = std::vector<ConfigMistake>;

// printable gives text of the file for a message: at most 60 characters, what is not printable
// ASCII as \xHH.
[[nodiscard]] std::string printable(std::string_view text);

// Line of a node, from 1.
[[nodiscard]] std::size_t line_of(const toml::node& node) noexcept;

// ConfigReader reads one table. Values that are absent leave what they are read into as it is. Call
// finish last: keys that nothing asked for are mistakes.
class ConfigReader {
 public:
  // `name` is what messages call the table: "[server]".
  ConfigReader(const toml::table& table, std::string name, Mistakes& mistakes)
      : table_(table), name_(std::move(name)), mistakes_(mistakes) {}

  template <typename T>
  using Named = std::pair<std::string_view, T>;

  void text(std::string_view key, std::string& into);
  void flag(std::string_view key, bool& into);
  void texts(std::string_view key, std::vector<std::string>& into);  // a string or a list of them
  // "90s", "5m", "24h", "250ms"
  void duration(std::string_view key, std::chrono::milliseconds& into,
                std::chrono::milliseconds least, std::chrono::milliseconds most);
  void seconds(std::string_view key, std::chrono::seconds& into, std::chrono::seconds least,
               std::chrono::seconds most);

  template <typename T>
  void number(std::string_view key, T& into, std::int64_t least, std::int64_t most) {
    if (const auto value = integer(key, least, most)) into = static_cast<T>(*value);
  }

  // choice reads one of a few words.
  template <typename T>
  void choice(std::string_view key, T& into, std::initializer_list<Named<T>> words) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::string>();
    std::string list;
    for (const auto& [word, meaning] : words) {
      if (value && *value == word) {
        into = meaning;
        return;
      }
      list.append(list.empty() ? "\"" : ", \"").append(word).append("\"");
    }
    mistake(*node, key, "must be one of " + list);
  }

  // has says whether the key is there; it does not count as asked for.
  [[nodiscard]] bool has(std::string_view key) const noexcept { return table_.contains(key); }

  // take gives a node and marks its key as asked for; nullptr where there is none.
  const toml::node* take(std::string_view key);

  void mistake(const toml::node& node, std::string_view key, std::string_view what);
  // of the table as a whole
  void mistake(std::string_view what);
  // of the key, where it stands; of the table where it does not
  void mistake_at(std::string_view key, std::string_view what);

  void finish();

  [[nodiscard]] const toml::table& table() const noexcept { return table_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] Mistakes& mistakes() noexcept { return mistakes_; }

 private:
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most);

  const toml::table& table_;
  std::string name_;
  Mistakes& mistakes_;
  std::set<std::string, std::less<>> asked_;
};

// Readers of the parts, each in the file that is named like it.
void read_settings(ConfigReader& file, Config& config);
void read_routes(ConfigReader& file, Config& config);
void read_rules(ConfigReader& file, Config& config);

// check_limits_used comes after these: a limit that nothing names is one that is thought to hold.
void check_limits_used(ConfigReader& file, const Config& config);

// What routes and rules share.
void read_requirement(ConfigReader& reader, Requirement& require);
void read_paths(ConfigReader& reader, std::vector<std::string>& paths);
void read_methods(ConfigReader& reader, std::vector<std::string>& methods);
void read_limit_name(ConfigReader& reader, const Config& config, std::string& limit);
void read_name(ConfigReader& reader, std::set<std::string, std::less<>>& names, std::string& name);

}  // namespace wba::guard

#endif  // WBA_GUARD_CONFIG_READER_H_
