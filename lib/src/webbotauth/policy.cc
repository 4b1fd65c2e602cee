// What a verifier requires.

#include <new>

#include <wba/verifier.h>

#include "signature/base.h"

namespace wba {

struct RequiredComponents::State {
  std::string list;
  sf::Field field;
  std::vector<ComponentIdentifier> identifiers;
};

RequiredComponents::RequiredComponents(std::shared_ptr<const State> state) noexcept
    : state_(std::move(state)) {}

RequiredComponents RequiredComponents::profile_only() { return RequiredComponents(nullptr); }

Result<RequiredComponents> RequiredComponents::of(std::span<const std::string_view> components) {
  try {
    auto state = std::make_shared<State>();
    state->list = "(";
    for (const auto component : components) {
      if (state->list.size() > 1) state->list.push_back(' ');
      if (auto appended = append_component_identifier(component, state->list); !appended) {
        return std::unexpected(appended.error());
      }
    }
    state->list.push_back(')');
    if (auto parsed = sf::parse_list(state->list, state->field); !parsed) {
      return std::unexpected(parsed.error());
    }
    if (auto read = read_covered_components(state->field, state->field.members().front(),
                                            state->identifiers);
        !read) {
      return std::unexpected(read.error());
    }
    return RequiredComponents(std::move(state));
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
}

std::span<const ComponentIdentifier> RequiredComponents::identifiers() const noexcept {
  return state_ == nullptr ? std::span<const ComponentIdentifier>{}
                           : std::span<const ComponentIdentifier>(state_->identifiers);
}

bool DialectSet::contains(Dialect dialect) const noexcept {
  switch (dialect) {
    case Dialect::none:
      return true;
    case Dialect::bare_uri:
      return bare_uri;
    case Dialect::legacy_string:
      return legacy_string;
    case Dialect::origin_dictionary:
      return origin_dictionary;
    case Dialect::direct_dictionary:
      return direct_dictionary;
  }
  return false;
}

}  // namespace wba
