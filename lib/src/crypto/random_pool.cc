#include "crypto/random_pool.h"

#include <array>
#include <cstring>

#include <sodium/randombytes.h>
#include <sys/mman.h>

#include "crypto/random.h"
#include "crypto/secret.h"

namespace wba::crypto {

// Page has a mapping of its own, which the kernel fills with zeroes in a child process: there
// nothing is left, and the pool is filled anew.
struct RandomPool::Page {
  std::size_t left;  // at the end of `octets`
  std::array<std::byte, 1024> octets;
};

RandomPool::~RandomPool() {
  if (page_ == nullptr) return;
  wipe(page_->octets);
  munmap(page_, sizeof(Page));
}

bool RandomPool::map() noexcept {
  if (tried_) return page_ != nullptr;
  tried_ = true;
  void* const mapped =
      mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return false;
  if (madvise(mapped, sizeof(Page), MADV_WIPEONFORK) != 0) {
    munmap(mapped, sizeof(Page));
    return false;
  }
  page_ = static_cast<Page*>(mapped);
  return true;
}

Result<void> RandomPool::draw(std::span<std::byte> out) noexcept {
  if (out.size() > sizeof(Page::octets) || !map()) return random_bytes(out);
  if (page_->left < out.size()) {
    WipedArray<randombytes_SEEDBYTES> seed;
    if (auto filled = random_bytes(seed.span()); !filled) return filled;
    randombytes_buf_deterministic(page_->octets.data(), page_->octets.size(),
                                  reinterpret_cast<const unsigned char*>(seed.span().data()));
    page_->left = page_->octets.size();
  }
  const auto given =
      std::span(page_->octets).subspan(page_->octets.size() - page_->left, out.size());
  if (!out.empty()) std::memcpy(out.data(), given.data(), given.size());
  page_->left -= given.size();
  wipe(given);
  return {};
}

}  // namespace wba::crypto
