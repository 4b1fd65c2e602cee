#ifndef WBA_SRC_MESSAGE_NAME_INDEX_H_
#define WBA_SRC_MESSAGE_NAME_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wba {

// NameIndex finds the places of a name in a list. It is sorted, so that no choice of names makes
// building or finding slow.
class NameIndex {
 public:
  struct Entry {
    std::uint64_t head;    // of the name, as a number: compared before the rest
    std::uint32_t offset;  // of the name in names()
    std::uint32_t size;
    std::uint32_t place;
  };

  void clear() noexcept;

  // names is where the next name is appended; add ends it and says where it stands in the list.
  [[nodiscard]] std::string& names() noexcept { return names_; }
  void add(std::size_t place);
  void sort();

  // find gives the entries of `name` in the order of their places. sort must have been called.
  [[nodiscard]] std::span<const Entry> find(std::string_view name) const noexcept;

 private:
  [[nodiscard]] std::string_view name_of(const Entry& entry) const noexcept {
    return std::string_view(names_).substr(entry.offset, entry.size);
  }

  std::string names_;  // one behind the other
  std::size_t added_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace wba

#endif  // WBA_SRC_MESSAGE_NAME_INDEX_H_
