// Where tables stand in memory.

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/ed25519_prepared_group.h"
#include "crypto/ed25519_prepared_memory.h"

namespace {

using wba::crypto::prepared::Entry;
using wba::crypto::prepared::table_memory_mapped;
using wba::crypto::prepared::TableMemory;
using wba::crypto::prepared::take_table_memory;

constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t compact = (std::size_t{64} << 10) / sizeof(Entry);
constexpr std::size_t full = (std::size_t{512} << 10) / sizeof(Entry);
constexpr std::size_t of_base = (std::size_t{3} << 20) / sizeof(Entry);

struct Held {
  TableMemory memory;
  std::size_t count;
  std::uint8_t mark;
};

void fill(const Held& held) {
  std::memset(static_cast<void*>(held.memory.get()), held.mark, held.count * sizeof(Entry));
}

bool is_whole(const Held& held) {
  const auto* const octets = reinterpret_cast<const std::uint8_t*>(held.memory.get());
  for (std::size_t i = 0; i < held.count * sizeof(Entry); ++i)
    if (octets[i] != held.mark) return false;
  return true;
}

TEST(Ed25519TableMemory, TablesDoNotShareMemoryAndAllOfItGoesBack) {
  const std::size_t before = table_memory_mapped();
  std::mt19937_64 random(1);
  std::vector<Held> held;
  for (int round = 0; round < 300; ++round) {
    if (!held.empty() && random() % 5 < 2) {
      const std::size_t at = random() % held.size();
      ASSERT_TRUE(is_whole(held[at]));
      std::swap(held[at], held.back());
      held.pop_back();
      continue;
    }
    const std::size_t count = random() % 20 == 0 ? of_base : random() % 3 == 0 ? full : compact;
    held.push_back({take_table_memory(count), count, static_cast<std::uint8_t>(round + 1)});
    ASSERT_NE(held.back().memory, nullptr);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(held.back().memory.get()) % alignof(Entry), 0U);
    fill(held.back());
  }
  for (const Held& one : held) EXPECT_TRUE(is_whole(one));
  EXPECT_GT(table_memory_mapped(), before);
  held.clear();
  EXPECT_EQ(table_memory_mapped(), before);
}

TEST(Ed25519TableMemory, TablesStandSideBySide) {
  const std::size_t before = table_memory_mapped();
  std::vector<TableMemory> held;
  for (int i = 0; i < 4; ++i) held.push_back(take_table_memory(full));
  EXPECT_EQ(table_memory_mapped(), before + huge_page);
  // What one leaves free others take.
  held.erase(held.begin() + 1);
  for (int i = 0; i < 8; ++i) held.push_back(take_table_memory(compact));
  EXPECT_EQ(table_memory_mapped(), before + huge_page);
  held.push_back(take_table_memory(compact));
  EXPECT_EQ(table_memory_mapped(), before + 2 * huge_page);
}

}  // namespace
