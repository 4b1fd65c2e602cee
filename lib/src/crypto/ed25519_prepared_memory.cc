#include "crypto/ed25519_prepared_memory.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <mutex>
#include <new>
#include <vector>

#include <sys/mman.h>

#include "crypto/ed25519_prepared_group.h"

namespace wba::crypto::prepared {

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t unit = std::size_t{64} << 10;
constexpr std::size_t units_in_page = huge_page / unit;

constexpr std::size_t round_up(std::size_t bytes, std::size_t to) noexcept {
  return (bytes + to - 1) / to * to;
}

// map gives memory that begins at a huge page, or nullptr.
std::byte* map(std::size_t bytes) noexcept {
  const std::size_t wanted = bytes + huge_page;
  void* const mapped =
      mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* const first = static_cast<std::byte*>(mapped);
  const std::size_t before = round_up(reinterpret_cast<std::uintptr_t>(first), huge_page) -
                             reinterpret_cast<std::uintptr_t>(first);
  if (before > 0) munmap(first, before);
  if (before < huge_page) munmap(first + before + bytes, huge_page - before);
  // Advice: where it is not taken, small pages do.
  static_cast<void>(madvise(first + before, bytes, MADV_HUGEPAGE));
  return first + before;
}

// Arena deals out units of huge pages.
class Arena {
 public:
  static Arena& instance() noexcept {
    static Arena& arena = *new Arena;  // never destroyed: B's table is in it
    return arena;
  }

  std::byte* take(std::size_t bytes) noexcept {
    const std::size_t units = round_up(bytes, unit) / unit;
    const std::lock_guard lock(mutex_);
    if (units > units_in_page) return take_pages(bytes);
    for (Page& page : pages_)
      if (std::byte* const found = take_from(page, units)) return found;
    try {
      pages_.reserve(pages_.size() + 1);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
    std::byte* const memory = take_pages(huge_page);
    if (memory == nullptr) return nullptr;
    pages_.push_back({memory, 0});
    return take_from(pages_.back(), units);
  }

  void give_back(std::byte* memory, std::size_t bytes) noexcept {
    const std::size_t units = round_up(bytes, unit) / unit;
    const std::lock_guard lock(mutex_);
    if (units > units_in_page) {
      unmap(memory, bytes);
      return;
    }
    const auto page = std::ranges::find_if(pages_, [memory](const Page& one) {
      return memory >= one.memory && memory < one.memory + huge_page;
    });
    page->used &= ~(mask_of(units) << (static_cast<std::size_t>(memory - page->memory) / unit));
    if (page->used != 0) return;
    unmap(page->memory, huge_page);
    *page = pages_.back();
    pages_.pop_back();
  }

  [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }

  std::size_t mapped() noexcept {
    const std::lock_guard lock(mutex_);
    return mapped_;
  }

 private:
  struct Page {
    std::byte* memory;
    std::uint32_t used;  // a bit a unit
  };
  static_assert(units_in_page == 32);

  static std::uint32_t mask_of(std::size_t units) noexcept {
    return static_cast<std::uint32_t>((std::uint64_t{1} << units) - 1);
  }

  static std::byte* take_from(Page& page, std::size_t units) noexcept {
    for (std::size_t at = 0; at + units <= units_in_page; at += std::bit_ceil(units)) {
      const std::uint32_t wanted = mask_of(units) << at;
      if ((page.used & wanted) != 0) continue;
      page.used |= wanted;
      return page.memory + at * unit;
    }
    return nullptr;
  }

  std::byte* take_pages(std::size_t bytes) noexcept {
    const std::size_t whole = round_up(bytes, huge_page);
    std::byte* const memory = map(whole);
    if (memory != nullptr) mapped_ += whole;
    return memory;
  }

  void unmap(std::byte* memory, std::size_t bytes) noexcept {
    const std::size_t whole = round_up(bytes, huge_page);
    munmap(memory, whole);
    mapped_ -= whole;
  }

  std::mutex mutex_;
  std::vector<Page> pages_;
  std::size_t mapped_ = 0;
};

}  // namespace

TableMemory take_table_memory(std::size_t count) noexcept {
  const std::size_t bytes = count * sizeof(Entry);
  std::byte* const memory = Arena::instance().take(bytes);
  return {reinterpret_cast<Entry*>(memory), ReturnTableMemory{bytes}};
}

void ReturnTableMemory::operator()(Entry* entries) const noexcept {
  Arena::instance().give_back(reinterpret_cast<std::byte*>(entries), bytes);
}

std::size_t table_memory_mapped() noexcept { return Arena::instance().mapped(); }

void lock_table_memory() noexcept { Arena::instance().mutex().lock(); }

void unlock_table_memory() noexcept { Arena::instance().mutex().unlock(); }

}  // namespace wba::crypto::prepared
