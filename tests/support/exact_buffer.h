#ifndef WBA_TESTS_SUPPORT_EXACT_BUFFER_H_
#define WBA_TESTS_SUPPORT_EXACT_BUFFER_H_

#include <cstddef>
#include <memory>
#include <string_view>

namespace wba::test {

// ExactBuffer holds a copy of `bytes` in a heap block of exactly their size, so that a sanitizer
// sees a read one byte beyond them.
class ExactBuffer {
 public:
  explicit ExactBuffer(std::string_view bytes)
      : bytes_(std::make_unique<char[]>(bytes.size())), size_(bytes.size()) {
    bytes.copy(bytes_.get(), size_);
  }

  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_EXACT_BUFFER_H_
