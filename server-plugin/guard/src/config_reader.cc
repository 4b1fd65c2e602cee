#include "config_reader.h"

#include <array>
#include <charconv>

namespace wba::guard {
namespace {

using std::chrono::milliseconds;

// A duration is digits and a unit, nothing else.
std::optional<milliseconds> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || rest == text.data() || count < 0) return std::nullopt;
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  struct Unit {
    std::string_view name;
    std::int64_t scale;
  };
  static constexpr std::array<Unit, 5> kUnits = {
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  for (const auto& known : kUnits) {
    if (unit != known.name) continue;
    if (count > std::numeric_limits<std::int64_t>::max() / known.scale) return std::nullopt;
    return milliseconds(count * known.scale);
  }
  return std::nullopt;
}

std::string duration_text(milliseconds value) {
  const auto count = value.count();
  if (count >= 86'400'000 && count % 86'400'000 == 0)
    return std::to_string(count / 86'400'000) + "d";
  if (count >= 3'600'000 && count % 3'600'000 == 0) return std::to_string(count / 3'600'000) + "h";
  if (count >= 1000 && count % 1000 == 0) return std::to_string(count / 1000) + "s";
  return std::to_string(count) + "ms";
}

}  // namespace

std::string printable(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::size_t kMost = 60;
  std::string out;
  for (const char c : text.substr(0, kMost)) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet > 0x7e || c == '\\') {
      out.append("\\x").push_back(kDigits[octet >> 4U]);
      out.push_back(kDigits[octet & 0xfU]);
    } else {
      out.push_back(c);
    }
  }
  if (text.size() > kMost) out.append("...");
  return out;
}

std::size_t line_of(const toml::node& node) noexcept { return node.source().begin.line; }

const toml::node* ConfigReader::take(std::string_view key) {
  asked_.emplace(key);
  return table_.get(key);
}

void ConfigReader::mistake(const toml::node& node, std::string_view key, std::string_view what) {
  std::string reason = name_;
  if (!reason.empty() && !key.empty()) reason.push_back(' ');
  reason.append(key).append(": ").append(what);
  mistakes_.push_back({.line = line_of(node), .reason = std::move(reason)});
}

void ConfigReader::mistake(std::string_view what) { mistake(table_, "", what); }

void ConfigReader::mistake_at(std::string_view key, std::string_view what) {
  const toml::node* node = table_.get(key);
  mistake(node == nullptr ? table_ : *node, key, what);
}

void ConfigReader::text(std::string_view key, std::string& into) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  auto value = node->value_exact<std::string>();
  if (!value) return mistake(*node, key, "must be a string");
  if (value->find('\0') != std::string::npos) return mistake(*node, key, "holds a NUL");
  into = *std::move(value);
}

void ConfigReader::flag(std::string_view key, bool& into) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const auto value = node->value_exact<bool>();
  if (!value) return mistake(*node, key, "must be true or false");
  into = *value;
}

void ConfigReader::texts(std::string_view key, std::vector<std::string>& into) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (auto one = node->value_exact<std::string>()) {
    into = {*std::move(one)};
    return;
  }
  const toml::array* list = node->as_array();
  if (list == nullptr) return mistake(*node, key, "must be a string or a list of strings");
  if (list->empty()) return mistake(*node, key, "must not be empty");
  std::vector<std::string> values;
  for (const auto& element : *list) {
    auto value = element.value_exact<std::string>();
    if (!value) return mistake(element, key, "must be a list of strings");
    values.push_back(*std::move(value));
  }
  into = std::move(values);
}

std::optional<std::int64_t> ConfigReader::integer(std::string_view key, std::int64_t least,
                                                  std::int64_t most) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const auto value = node->value_exact<std::int64_t>();
  if (!value || *value < least || *value > most) {
    mistake(*node, key,
            "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
  }
  return value;
}

void ConfigReader::duration(std::string_view key, milliseconds& into, milliseconds least,
                            milliseconds most) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const auto text = node->value_exact<std::string>();
  const auto value = text ? parse_duration(*text) : std::nullopt;
  if (!value) {
    return mistake(*node, key, "must be a duration such as \"250ms\", \"90s\", \"5m\" or \"24h\"");
  }
  if (*value < least || *value > most) {
    return mistake(*node, key,
                   "must be from " + duration_text(least) + " to " + duration_text(most));
  }
  into = *value;
}

void ConfigReader::seconds(std::string_view key, std::chrono::seconds& into,
                           std::chrono::seconds least, std::chrono::seconds most) {
  milliseconds value(-1);
  duration(key, value, least, most);
  if (value < milliseconds(0)) return;
  if (value.count() % 1000 != 0) return mistake_at(key, "must be whole seconds");
  into = std::chrono::duration_cast<std::chrono::seconds>(value);
}

void ConfigReader::finish() {
  for (const auto& [key, node] : table_) {
    if (asked_.contains(key.str())) continue;
    std::string reason = name_;
    if (!reason.empty()) reason.push_back(' ');
    reason.append("unknown key \"").append(printable(key.str())).append("\"");
    mistakes_.push_back({.line = key.source().begin.line, .reason = std::move(reason)});
  }
}

}  // namespace wba::guard
