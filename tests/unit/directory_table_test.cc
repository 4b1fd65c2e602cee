// The published state under many threads; run under the thread sanitizer.

#include "directory/directory_table.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "directory/request_ring.h"
#include "support/test_keys.h"

namespace {

using wba::Reason;
using wba::Time;
using wba::directory::Directory;
using wba::directory::DirectoryKey;
using wba::directory::DirectoryPointer;
using wba::directory::DirectoryTable;
using wba::directory::DocumentName;
using wba::directory::KeySet;
using wba::directory::RequestRing;
using wba::directory::Subject;
using wba::test::make_key;
using wba::test::TestKey;

DirectoryPointer version(const DirectoryTable& table, const std::string& url, const TestKey& key) {
  auto subject = std::make_shared<Subject>();
  subject->url = url;
  subject->hash = table.hash_of({url, false});
  std::vector<DirectoryKey> keys;
  keys.push_back({.key = key.secret.public_key()});
  return std::make_shared<const Directory>(
      Directory{.subject = std::move(subject),
                .keys = std::make_shared<const KeySet>(std::move(keys), false),
                .fresh_until = Time::max(),
                .refresh_at = Time::max(),
                .stale_until = Time::max()});
}

const Directory* find(DirectoryTable& table, DirectoryTable::Pin& pin, std::string_view url) {
  return pin.find({url, false}, table.hash_of({url, false}));
}

TEST(DirectoryTable, FindsWhatWasPutAndNothingElse) {
  DirectoryTable table(4);
  DirectoryTable::Pin pin(table);
  const TestKey key = make_key();
  for (int i = 0; i < 100; ++i) table.put(version(table, "https://h/" + std::to_string(i), key));
  for (int i = 0; i < 100; ++i) {
    const std::string url = "https://h/" + std::to_string(i);
    const Directory* found = find(table, pin, url);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->subject->url, url);
    EXPECT_EQ(pin.find({url, true}, table.hash_of({url, true})), nullptr);
  }
  EXPECT_EQ(find(table, pin, "https://h/100"), nullptr);
  table.erase({"https://h/7", false}, table.hash_of({"https://h/7", false}));
  EXPECT_EQ(find(table, pin, "https://h/7"), nullptr);
  EXPECT_NE(find(table, pin, "https://h/8"), nullptr);
}

TEST(DirectoryTable, HashesOfAllLengthsDiffer) {
  const DirectoryTable table(4);
  std::vector<std::uint64_t> hashes;
  for (std::size_t size = 0; size < 100; ++size) {
    hashes.push_back(table.hash_of({std::string(size, 'a'), false}));
    hashes.push_back(table.hash_of({std::string(size, 'a'), true}));
  }
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::adjacent_find(hashes.begin(), hashes.end()), hashes.end());
}

TEST(DirectoryTable, WhatAReaderFoundLivesUntilItsNextFindHoweverLongItSleeps) {
  DirectoryTable table(16);
  DirectoryTable::Pin sleeper(table);
  const TestKey key = make_key();
  DirectoryPointer first = version(table, "https://h/", key);
  const std::weak_ptr<const Directory> watch = first;
  table.put(std::move(first));
  const Directory* found = find(table, sleeper, "https://h/");
  for (int i = 0; i < 1000; ++i) table.put(version(table, "https://h/", key));
  ASSERT_FALSE(watch.expired());
  EXPECT_EQ(found->keys->keys().front().key.thumbprint(), key.keyid);
  // What it does not hold is freed meanwhile.
  EXPECT_LT(table.waiting_to_be_freed(), 32U);
  EXPECT_NE(find(table, sleeper, "https://h/"), found);
  for (int i = 0; i < 100; ++i) table.put(version(table, "https://h/", key));
  EXPECT_TRUE(watch.expired());
}

TEST(DirectoryTable, ReadersSeeWholeVersionsWhileAWriterReplacesThem) {
  DirectoryTable table(16);  // few buckets: neighbours are replaced along
  std::vector<TestKey> keys;
  for (int i = 0; i < 4; ++i) keys.push_back(make_key());
  constexpr int urls = 64;
  for (int i = 0; i < urls; ++i) {
    table.put(version(table, "https://h/" + std::to_string(i), keys[0]));
  }
  std::atomic<bool> stop{false};
  std::atomic<long> lookups{0};
  std::atomic<long> wrong{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 4; ++reader) {
    readers.emplace_back([&, reader] {
      DirectoryTable::Pin pin(table);
      for (int i = reader; !stop; i = (i * 7 + 1) % urls) {
        const std::string url = "https://h/" + std::to_string(i);
        const Directory* found = find(table, pin, url);
        if (found == nullptr) continue;  // being replaced by erase and put
        if (found->subject->url != url) ++wrong;
        const auto& key = found->keys->keys().front();
        if (found->keys->find(key.key.thumbprint()) != &key) ++wrong;
        ++lookups;
      }
    });
  }
  for (int round = 0; round < 20000; ++round) {
    const std::string url = "https://h/" + std::to_string(round % urls);
    if (round % 5 == 0) table.erase({url, false}, table.hash_of({url, false}));
    table.put(version(table, url, keys[static_cast<std::size_t>(round) % keys.size()]));
    if (round % 100 == 0) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(lookups, 0);
}

TEST(DirectoryTable, SlotsOfReadersThatAreGoneAreUsedAgain) {
  DirectoryTable table(16);
  const TestKey key = make_key();
  for (int i = 0; i < 1000; ++i) {
    DirectoryTable::Pin pin(table);
    table.put(version(table, "https://h/", key));
    EXPECT_NE(find(table, pin, "https://h/"), nullptr);
  }
  EXPECT_LT(table.waiting_to_be_freed(), 32U);
}

TEST(RequestRing, RefusesWhatDoesNotFitAndLeavesItAlone) {
  RequestRing<std::unique_ptr<int>> ring(4);
  for (int i = 0; i < 4; ++i) {
    auto value = std::make_unique<int>(i);
    EXPECT_TRUE(ring.push(value));
  }
  auto more = std::make_unique<int>(4);
  EXPECT_FALSE(ring.push(more));
  ASSERT_NE(more, nullptr);
  std::unique_ptr<int> out;
  ASSERT_TRUE(ring.pop(out));
  EXPECT_EQ(*out, 0);
  EXPECT_TRUE(ring.push(more));
}

TEST(RequestRing, LosesNothingAmongThreads) {
  RequestRing<std::unique_ptr<long>> ring(64);
  constexpr long each = 20000;
  std::vector<std::thread> writers;
  for (long writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      for (long i = 0; i < each; ++i) {
        auto value = std::make_unique<long>(writer * each + i);
        while (!ring.push(value)) std::this_thread::yield();
      }
    });
  }
  long sum = 0;
  std::unique_ptr<long> value;
  for (long got = 0; got < 4 * each;) {
    if (!ring.pop(value)) {
      std::this_thread::yield();
      continue;
    }
    sum += *value;
    ++got;
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(sum, 4 * each * (4 * each - 1) / 2);
  EXPECT_FALSE(ring.pop(value));
}

}  // namespace
