#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include <wba/component.h>

#include "base/ascii.h"

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

std::unexpected<Error> fail(ErrorCode code) noexcept { return std::unexpected(Error{code}); }

Result<ComponentKind> kind_of(std::string_view name) noexcept {
  if (name.empty()) return fail(ErrorCode::component_name_invalid);
  if (name.front() == '@') {
    for (const auto& [derived, kind] : kDerived) {
      if (name == derived) return kind;
    }
    return fail(name == "@signature-params" ? ErrorCode::component_signature_params_listed
                                            : ErrorCode::component_name_unknown);
  }
  if (!std::ranges::all_of(name, is_name_character)) {
    return fail(ErrorCode::component_name_invalid);
  }
  return ComponentKind::field;
}

bool is_flag(const sf::BareItem& value) noexcept {
  return value.type == sf::Type::boolean && value.number == 1;
}

}  // namespace

Result<ComponentIdentifier> read_component_identifier(
    const sf::BareItem& name, std::span<const sf::Parameter> parameters) noexcept {
  if (name.type != sf::Type::string) return fail(ErrorCode::signature_input_not_string);
  const auto kind = kind_of(name.text);
  if (!kind) return std::unexpected(kind.error());
  ComponentIdentifier id{.kind = *kind, .name = name.text, .key = {}};
  const bool is_field = *kind == ComponentKind::field;
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
    const bool takes_text =
        is_field ? key == "key" : *kind == ComponentKind::query_param && key == "name";
    if (!takes_text) return fail(ErrorCode::component_parameter_unknown);
    if (value.type != sf::Type::string) return fail(ErrorCode::component_parameter_invalid);
    id.has_key = true;
    id.key = value.text;
  }
  if (*kind == ComponentKind::query_param && !id.has_key) {
    return fail(ErrorCode::component_parameter_invalid);
  }
  if (id.bs && (id.sf || id.has_key)) return fail(ErrorCode::component_parameters_incompatible);
  return id;
}

Result<void> append_component_identifier(std::string_view text, std::string& out) {
  try {
    std::string item;
    if (text.empty() || text.front() == '"') {
      item = text;
    } else {
      const auto end = std::min(text.find(';'), text.size());
      if (auto quoted = sf::append_string(text.substr(0, end), item); !quoted) return quoted;
      item.append(text.substr(end));
    }
    sf::Field field;
    if (auto parsed = sf::parse_item(item, field); !parsed) return parsed;
    const sf::Member& member = field.members().front();
    const auto id = read_component_identifier(member.value, field.parameters(member));
    if (!id) return std::unexpected(id.error());
    sf::append_member_value(field, member, out);
    return {};
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::out_of_memory);
  }
}

}  // namespace wba
