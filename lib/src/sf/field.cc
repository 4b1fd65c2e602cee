#include <algorithm>

#include <wba/structured_field.h>

#include "sf/parser.h"

namespace wba::sf {

const Member* Field::find(std::string_view key) const noexcept {
  if (key.empty()) return nullptr;
  if (members_.size() > keys_compared_one_by_one && index_.size() == members_.size()) {
    const auto key_of = [this](std::uint32_t position) { return members_[position].key; };
    const auto place = std::ranges::lower_bound(index_, key, {}, key_of);
    return place != index_.end() && key_of(*place) == key ? &members_[*place] : nullptr;
  }
  const auto member = std::ranges::find(members_, key, &Member::key);
  return member != members_.end() ? &*member : nullptr;
}

void Field::clear() noexcept {
  members_.clear();
  items_.clear();
  parameters_.clear();
  index_.clear();
  parameter_index_.clear();
  has_duplicate_key_ = false;
}

const Parameter* find_parameter(std::span<const Parameter> parameters,
                                std::string_view key) noexcept {
  const auto parameter = std::ranges::find(parameters, key, &Parameter::key);
  return parameter != parameters.end() ? &*parameter : nullptr;
}

}  // namespace wba::sf
