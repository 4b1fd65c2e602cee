#include "message/name_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace wba {
namespace {

std::uint64_t head_of(std::string_view name) noexcept {
  std::uint64_t head = 0;
  std::memcpy(&head, name.data(), std::min(name.size(), sizeof head));
  return std::endian::native == std::endian::little ? std::byteswap(head) : head;
}

}  // namespace

void NameIndex::clear() noexcept {
  names_.clear();
  added_ = 0;
  entries_.clear();
}

void NameIndex::add(std::size_t place) {
  entries_.push_back({.head = head_of(std::string_view(names_).substr(added_)),
                      .offset = static_cast<std::uint32_t>(added_),
                      .size = static_cast<std::uint32_t>(names_.size() - added_),
                      .place = static_cast<std::uint32_t>(place)});
  added_ = names_.size();
}

void NameIndex::sort() {
  std::ranges::sort(entries_, [this](const Entry& a, const Entry& b) {
    if (a.head != b.head) return a.head < b.head;
    const int order = name_of(a).compare(name_of(b));
    return order != 0 ? order < 0 : a.place < b.place;
  });
}

std::span<const NameIndex::Entry> NameIndex::find(std::string_view name) const noexcept {
  const auto same_head = std::ranges::equal_range(entries_, head_of(name), {}, &Entry::head);
  const auto found = std::ranges::equal_range(
      same_head, name, {}, [this](const Entry& entry) { return name_of(entry); });
  return {found.begin(), found.end()};
}

}  // namespace wba
