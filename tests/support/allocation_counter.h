#ifndef WBA_TESTS_SUPPORT_ALLOCATION_COUNTER_H_
#define WBA_TESTS_SUPPORT_ALLOCATION_COUNTER_H_

#include <cstddef>

namespace wba::test {

// allocation_count gives how often this thread has asked operator new for memory. A program that
// links allocation_counter.cc has its operator new replaced by one that counts.
[[nodiscard]] std::size_t allocation_count() noexcept;

// FailingAllocations makes every operator new of this thread but the first `granted` fail while it
// lives. One at a time.
class FailingAllocations {
 public:
  explicit FailingAllocations(std::size_t granted) noexcept;
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;
  ~FailingAllocations();
};

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_ALLOCATION_COUNTER_H_
