#ifndef WBA_DIRECTORY_REQUEST_RING_H_
#define WBA_DIRECTORY_REQUEST_RING_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <utility>

namespace wba::directory {

// RequestRing is a bounded queue from many threads to one. `push` takes no lock and refuses where
// the ring is full. Each cell has a turn number that says whether it is to be written or read in
// this round.
template <typename T>
class RequestRing {
 public:
  // The capacity is rounded up to a power of two.
  explicit RequestRing(std::size_t capacity)
      : mask_(std::bit_ceil(capacity) - 1), cells_(std::make_unique<Cell[]>(mask_ + 1)) {
    for (std::size_t i = 0; i <= mask_; ++i) cells_[i].turn.store(i, std::memory_order_relaxed);
  }

  // push leaves `value` alone where the ring is full.
  [[nodiscard]] bool push(T& value) noexcept {
    std::size_t at = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[at & mask_];
      const std::size_t turn = cell.turn.load(std::memory_order_acquire);
      if (turn == at) {
        if (tail_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
          cell.value = std::move(value);
          cell.turn.store(at + 1, std::memory_order_release);
          return true;
        }
      } else if (turn < at) {
        return false;
      } else {
        at = tail_.load(std::memory_order_relaxed);
      }
    }
  }

  // pop is for the one reading thread; false where nothing is there.
  [[nodiscard]] bool pop(T& value) noexcept {
    Cell& cell = cells_[head_ & mask_];
    if (cell.turn.load(std::memory_order_acquire) != head_ + 1) return false;
    value = std::move(cell.value);
    cell.turn.store(head_ + mask_ + 1, std::memory_order_release);
    ++head_;
    return true;
  }

 private:
  struct Cell {
    std::atomic<std::size_t> turn{0};
    T value{};
  };

  const std::size_t mask_;
  std::unique_ptr<Cell[]> cells_;
  alignas(64) std::atomic<std::size_t> tail_{0};
  alignas(64) std::size_t head_ = 0;
};

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_REQUEST_RING_H_
