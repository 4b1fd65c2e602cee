// Random octets from a pool: never the same twice, in this process or a forked one.

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/random_pool.h"

namespace wba::crypto {
namespace {

using Nonce = std::array<std::byte, 64>;

Nonce draw(RandomPool& pool) {
  Nonce nonce{};
  EXPECT_TRUE(pool.draw(nonce));
  return nonce;
}

TEST(RandomPool, NoNonceComesTwice) {
  RandomPool pool;
  RandomPool other;
  std::set<Nonce> seen;
  for (int i = 0; i < 5000; ++i) {
    EXPECT_TRUE(seen.insert(draw(pool)).second);
    EXPECT_TRUE(seen.insert(draw(other)).second);
  }
}

// Of sizes that do not divide the pool's, and one that is larger than it.
TEST(RandomPool, FillsWhatIsAskedFor) {
  RandomPool pool;
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{100}, std::size_t{999},
                                 std::size_t{1024}, std::size_t{100'000}}) {
    // Each place is written to: in so many rounds each has held something other than zero.
    std::vector<bool> written(size);
    for (int round = 0; round < 12; ++round) {
      std::vector<std::byte> octets(size);
      ASSERT_TRUE(pool.draw(octets));
      for (std::size_t i = 0; i < size; ++i) written[i] = written[i] || octets[i] != std::byte{0};
    }
    EXPECT_EQ(std::ranges::count(written, false), 0) << size;
  }
  EXPECT_TRUE(pool.draw({}));
}

TEST(RandomPool, OctetsFollowNoPeriod) {
  RandomPool pool;
  std::set<std::array<std::byte, 8>> seen;
  for (int i = 0; i < 20000; ++i) {
    std::array<std::byte, 8> octets{};
    ASSERT_TRUE(pool.draw(octets));
    EXPECT_TRUE(seen.insert(octets).second);
  }
}

// A child that went on with its parent's pool would send the nonces that its parent sends.
TEST(RandomPool, ForkedProcessesDrawDifferentOctets) {
  RandomPool pool;
  const Nonce before = draw(pool);
  constexpr std::size_t count = 20;  // more than one filling has
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    for (std::size_t i = 0; i < count; ++i) {
      Nonce nonce{};
      if (!pool.draw(nonce) ||
          write(ends[1], nonce.data(), nonce.size()) != static_cast<ssize_t>(nonce.size())) {
        _exit(1);
      }
    }
    _exit(0);
  }
  close(ends[1]);
  std::set<Nonce> seen{before, Nonce{}};
  for (std::size_t i = 0; i < count; ++i) EXPECT_TRUE(seen.insert(draw(pool)).second);
  for (std::size_t i = 0; i < count; ++i) {
    Nonce nonce{};
    for (std::size_t got = 0; got < nonce.size();) {
      const ssize_t more = read(ends[0], nonce.data() + got, nonce.size() - got);
      ASSERT_GT(more, 0);
      got += static_cast<std::size_t>(more);
    }
    EXPECT_TRUE(seen.insert(nonce).second) << "the child's " << i;
  }
  close(ends[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace wba::crypto
