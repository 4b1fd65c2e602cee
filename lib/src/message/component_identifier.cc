#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <utility>

#include <wba/component.h>

#include "base/ascii.h"
#include "message/component_text.h"

namespace wba {
namespace {

constexpr auto kDerived = std::to_array<std::pair<std::string_view, ComponentKind>>({
    {"@method", ComponentKind::method},
    {"@target-uri", ComponentKind::target_uri},
    {"@authority", ComponentKind::authority},
    {"@scheme", ComponentKind::scheme},
    {"@request-target", ComponentKind::request_target},
    {"@path", ComponentKind::path},
    {"@query", ComponentKind::query},
    {"@query-param", ComponentKind::query_param},
    {"@status", ComponentKind::status},
});

// RFC 9110 §5.6.2 tchar, without upper case: RFC 9421 §2.1 wants names in lower case.
bool is_name_character(char c) noexcept {
  if ((c >= 'a' && c <= 'z') || c == '-' || ascii::is_digit(c)) return true;
  return c != '\0' && std::string_view("!#$%&'*+.^_`|~").find(c) != std::string_view::npos;
}

bool read_kind(std::string_view name, ComponentKind& kind, ErrorCode& error) noexcept {
  error = ErrorCode::component_name_invalid;
  if (name.empty()) return false;
  if (name.front() != '@') {
    kind = ComponentKind::field;
    return std::ranges::all_of(name, is_name_character);
  }
  for (const auto& [derived, meant] : kDerived) {
    if (name == derived) {
      kind = meant;
      return true;
    }
  }
  error = name == "@signature-params" ? ErrorCode::component_signature_params_listed
                                      : ErrorCode::component_name_unknown;
  return false;
}

bool is_flag(const sf::BareItem& value) noexcept {
  return value.type == sf::Type::boolean && value.number == 1;
}

}  // namespace

bool read_component_identifier_into(const sf::BareItem& name,
                                    std::span<const sf::Parameter> parameters,
                                    ComponentIdentifier& id, ErrorCode& error) noexcept {
  const auto fail = [&error](ErrorCode code) {
    error = code;
    return false;
  };
  if (name.type != sf::Type::string) return fail(ErrorCode::signature_input_not_string);
  if (!read_kind(name.text, id.kind, error)) return false;
  id.name = name.text;
  const bool is_field = id.kind == ComponentKind::field;
  const bool is_query_param = id.kind == ComponentKind::query_param;
  for (const auto& [key, value] : parameters) {
    bool* flag = nullptr;
    if (key == "req") flag = &id.req;
    if (is_field && key == "sf") flag = &id.sf;
    if (is_field && key == "bs") flag = &id.bs;
    if (is_field && key == "tr") flag = &id.tr;
    if (flag != nullptr) {
      if (!is_flag(value)) return fail(ErrorCode::component_parameter_invalid);
      *flag = true;
      continue;
    }
    const bool takes_text = is_field ? key == "key" : is_query_param && key == "name";
    if (!takes_text) return fail(ErrorCode::component_parameter_unknown);
    if (value.type != sf::Type::string) return fail(ErrorCode::component_parameter_invalid);
    id.has_key = true;
    id.key = value.text;
  }
  if (is_query_param && !id.has_key) return fail(ErrorCode::component_parameter_invalid);
  if (id.bs && (id.sf || id.has_key)) return fail(ErrorCode::component_parameters_incompatible);
  return true;
}

Result<ComponentIdentifier> read_component_identifier(
    const sf::BareItem& name, std::span<const sf::Parameter> parameters) noexcept {
  ComponentIdentifier id;
  ErrorCode error{};
  if (read_component_identifier_into(name, parameters, id, error)) return id;
  return std::unexpected(Error{error});
}

namespace {

// bare_name gives the name of an identifier without parameters, with or without quotes. What it
// consists of, read_component_identifier judges: no name has a character that a String escapes.
std::optional<std::string_view> bare_name(std::string_view text) noexcept {
  if (text.empty() || text.find(';') != std::string_view::npos) return std::nullopt;
  if (text.size() > 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

}  // namespace

Result<void> append_component_identifier(std::string_view text, sf::Field& scratch,
                                         std::string& out) {
  try {
    if (const auto name = bare_name(text)) {
      const auto id =
          read_component_identifier({.type = sf::Type::string, .number = 0, .text = *name}, {});
      if (!id) return std::unexpected(id.error());
      return sf::append_string(*name, out);
    }
    std::string quoted;
    std::string_view item = text;
    if (!text.empty() && text.front() != '"') {
      const auto end = std::min(text.find(';'), text.size());
      if (auto name = sf::append_string(text.substr(0, end), quoted); !name) return name;
      item = quoted.append(text.substr(end));
    }
    if (auto parsed = sf::parse_item(item, scratch); !parsed) return parsed;
    const sf::Member& member = scratch.members().front();
    const auto id = read_component_identifier(member.value, scratch.parameters(member));
    if (!id) return std::unexpected(id.error());
    sf::append_member_value(scratch, member, out);
    return {};
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
}

Result<void> append_component_identifier(std::string_view text, std::string& out) {
  sf::Field field;
  return append_component_identifier(text, field, out);
}

}  // namespace wba
