#include "key/jwk_json.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include <nlohmann/json.hpp>

namespace wba {
namespace {

constexpr std::size_t max_depth = 16;

constexpr std::array<std::string_view, 7> secret_names = {"d", "p", "q", "dp", "dq", "qi", "k"};

constexpr char placeholder_mark = '*';  // no character of base64url

// A secret's place in the redacted text: its number among the secrets.
std::string placeholder(std::size_t index) { return placeholder_mark + std::to_string(index); }

bool is_plain(std::string_view content) noexcept {
  return std::ranges::all_of(content, [](char c) { return c >= 0x20 && c < 0x7f && c != '\\'; });
}

struct Redacted {
  std::string text;
  std::vector<std::string_view> secrets;
};

// redact copies `text` with the strings under secret names replaced. It finds string literals and
// the colon between two of them, which needs no parsing: in JSON a quotation mark outside a literal
// starts one. Whether it is JSON at all is the parser's business.
Redacted redact(std::string_view text) {
  Redacted result;
  result.text.reserve(text.size());
  bool after_secret_name = false;  // the last token was a literal that is a secret name
  bool secret_value_next = false;  // the last token was the colon behind one
  std::size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c != '"') {
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
        secret_value_next = c == ':' && after_secret_name;
        after_secret_name = false;
      }
      result.text += c;
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2U : 1U;
    if (end >= text.size()) {
      result.text += c;  // an open literal, which the parser will refuse
      break;
    }
    const std::string_view content = text.substr(i + 1, end - i - 1);
    result.text += '"';
    if (secret_value_next && is_plain(content)) {
      result.text += placeholder(result.secrets.size());
      result.secrets.push_back(content);
    } else {
      result.text += content;
    }
    result.text += '"';
    after_secret_name = !secret_value_next && is_secret_name(content);
    secret_value_next = false;
    i = end + 1;
  }
  return result;
}

// Handler collects what nlohmann's parser, which keeps its own state on the heap and does not
// recurse, finds. Returning false stops the parser.
class Handler {
 public:
  Handler(const Redacted& redacted, std::size_t max_keys)
      : secrets_(redacted.secrets), max_keys_(max_keys) {}

  bool null() { return add({}); }
  bool boolean(bool /*value*/) { return add({}); }
  bool number_integer(std::int64_t value) {
    return add({.kind = JsonValue::Kind::integer, .integer = value});
  }
  bool number_unsigned(std::uint64_t value) {
    if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return number_integer(static_cast<std::int64_t>(value));
    }
    return add({.kind = JsonValue::Kind::real, .real = static_cast<double>(value)});
  }
  bool number_float(double value, const std::string& /*text*/) {
    return add({.kind = JsonValue::Kind::real, .real = value});
  }
  bool string(std::string& value) {
    if (secret_expected_ && value.starts_with(placeholder_mark)) {
      if (next_secret_ >= secrets_.size() || value != placeholder(next_secret_)) return false;
      return add({.kind = JsonValue::Kind::secret, .secret = secrets_[next_secret_++]});
    }
    return add({.kind = JsonValue::Kind::string, .text = std::move(value)});
  }
  bool binary(nlohmann::json::binary_t& /*value*/) { return false; }

  bool start_object(std::size_t /*size*/) {
    if (stack_.size() >= max_depth) return false;
    if (stack_.empty()) {
      stack_.push_back(Place::top);
      return true;
    }
    if (stack_.back() == Place::key_list) {
      if (!count_key()) return false;
      document_.keys.emplace_back();
      stack_.push_back(Place::key);
      return true;
    }
    if (!add({})) return false;
    stack_.push_back(Place::elsewhere);
    return true;
  }
  bool key(std::string& name) {
    secret_expected_ = is_secret_name(name);
    if (stack_.back() == Place::top || stack_.back() == Place::key) name_ = std::move(name);
    return true;
  }
  bool end_object() { return leave(); }

  bool start_array(std::size_t /*size*/) {
    if (stack_.empty() || stack_.size() >= max_depth) return false;
    const Place place = stack_.back();
    const bool is_key_list = place == Place::top && name_ == "keys" && !document_.has_key_list;
    const bool is_member = place == Place::top || place == Place::key;
    if (!add(is_member ? JsonValue{.kind = JsonValue::Kind::strings} : JsonValue{})) return false;
    document_.has_key_list = document_.has_key_list || is_key_list;
    stack_.push_back(is_key_list ? Place::key_list
                     : is_member ? Place::string_list
                                 : Place::elsewhere);
    return true;
  }
  bool end_array() { return leave(); }

  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) {
    return false;
  }

  [[nodiscard]] bool has_too_many_keys() const noexcept { return too_many_keys_; }
  [[nodiscard]] bool used_all_secrets() const noexcept { return next_secret_ == secrets_.size(); }
  [[nodiscard]] JwkDocument take() && { return std::move(document_); }

 private:
  enum class Place : std::uint8_t { top, key_list, key, string_list, elsewhere };

  bool leave() {
    secret_expected_ = false;
    stack_.pop_back();
    return true;
  }

  bool count_key() {
    too_many_keys_ = document_.keys.size() >= max_keys_;
    return !too_many_keys_;
  }

  bool add(JsonValue value) {
    secret_expected_ = false;
    if (stack_.empty()) return false;  // the whole text is no object
    switch (stack_.back()) {
      case Place::top:
        document_.top.members.emplace_back(std::move(name_), std::move(value));
        name_.clear();
        break;
      case Place::key:
        document_.keys.back().members.emplace_back(std::move(name_), std::move(value));
        name_.clear();
        break;
      case Place::key_list:
        if (!count_key()) return false;
        document_.keys.push_back({.is_object = false});
        break;
      case Place::string_list:
        add_to_list(std::move(value));
        break;
      case Place::elsewhere:
        break;
    }
    return true;
  }

  void add_to_list(JsonValue value) {
    const bool in_key = stack_[stack_.size() - 2] == Place::key;
    JsonValue& list = (in_key ? document_.keys.back() : document_.top).members.back().second;
    if (list.kind != JsonValue::Kind::strings) return;
    if (value.kind == JsonValue::Kind::string) {
      list.strings.push_back(std::move(value.text));
    } else {
      list.kind = JsonValue::Kind::other;
    }
  }

  const std::vector<std::string_view>& secrets_;
  std::size_t max_keys_;
  JwkDocument document_;
  std::vector<Place> stack_;
  std::string name_;
  std::size_t next_secret_ = 0;
  bool secret_expected_ = false;
  bool too_many_keys_ = false;
};

}  // namespace

bool is_secret_name(std::string_view name) noexcept {
  return std::ranges::find(secret_names, name) != secret_names.end();
}

const JsonValue* JsonObject::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(members, name, &std::pair<std::string, JsonValue>::first);
  return found == members.end() ? nullptr : &found->second;
}

bool JsonObject::has_duplicates() const {
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (const auto& member : members) names.push_back(member.first);
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

Result<JwkDocument> read_jwk_json(std::string_view text, std::size_t max_bytes,
                                  std::size_t max_keys) {
  if (text.size() > max_bytes) return std::unexpected(Error{ErrorCode::key_too_large});
  // The parser would take a NUL for the end of the text.
  if (text.contains('\0')) return std::unexpected(Error{ErrorCode::key_json_invalid});
  const Redacted redacted = redact(text);
  Handler handler(redacted, max_keys);
  if (!nlohmann::json::sax_parse(redacted.text, &handler)) {
    return std::unexpected(Error{handler.has_too_many_keys() ? ErrorCode::key_set_too_many
                                                             : ErrorCode::key_json_invalid});
  }
  // Only a member name or value spelled with escapes can make the two readings differ; then a
  // placeholder is out of its turn, or one is left.
  if (!handler.used_all_secrets()) return std::unexpected(Error{ErrorCode::key_json_invalid});
  return std::move(handler).take();
}

}  // namespace wba
