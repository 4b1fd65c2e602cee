#ifndef WBA_CRYPTO_ED25519_PREPARED_MEMORY_H_
#define WBA_CRYPTO_ED25519_PREPARED_MEMORY_H_

// Memory for tables. One verification reads some sixty places all over a table; in pages of 4 KiB
// most of them would need a page walk of their own. So tables stand side by side in huge pages,
// where the system gives them.

#include <cstddef>
#include <memory>

namespace wba::crypto::prepared {

struct Entry;

// ReturnTableMemory gives back what take_table_memory gave.
struct ReturnTableMemory {
  std::size_t bytes = 0;
  void operator()(Entry* entries) const noexcept;
};

using TableMemory = std::unique_ptr<Entry[], ReturnTableMemory>;

// take_table_memory gives memory for `count` entries, with any content: what another table left
// may be in it. nullptr where there is none. May be called from any thread.
[[nodiscard]] TableMemory take_table_memory(std::size_t count) noexcept;

// table_memory_mapped is how much the system gave for all tables: what they take, rounded up to
// whole huge pages, and what tables that have gone left free between others.
[[nodiscard]] std::size_t table_memory_mapped() noexcept;

// A process that forks holds the lock meanwhile, so that the child does not inherit it taken.
void lock_table_memory() noexcept;
void unlock_table_memory() noexcept;

}  // namespace wba::crypto::prepared

#endif  // WBA_CRYPTO_ED25519_PREPARED_MEMORY_H_
