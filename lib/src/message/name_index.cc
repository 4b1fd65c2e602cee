#include "message/name_index.h"

#include <algorithm>

namespace wba {

void NameIndex::clear() noexcept {
  names_.clear();
  added_ = 0;
  entries_.clear();
}

void NameIndex::add(std::size_t place) {
  entries_.push_back({.offset = static_cast<std::uint32_t>(added_),
                      .size = static_cast<std::uint32_t>(names_.size() - added_),
                      .place = static_cast<std::uint32_t>(place)});
  added_ = names_.size();
}

void NameIndex::sort() {
  std::ranges::sort(entries_, [this](const Entry& a, const Entry& b) {
    const int order = name_of(a).compare(name_of(b));
    return order != 0 ? order < 0 : a.place < b.place;
  });
}

std::span<const NameIndex::Entry> NameIndex::find(std::string_view name) const noexcept {
  const auto found = std::ranges::equal_range(
      entries_, name, {}, [this](const Entry& entry) { return name_of(entry); });
  return {found.begin(), found.end()};
}

}  // namespace wba
