// Lookups among many directories that were given.

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <wba/key.h>
#include <wba/key_resolver.h>

#include "support/allocation_counter.h"

namespace {

using wba::AgentLink;
using wba::KeyLookup;
using wba::Reason;

constexpr wba::Time now{std::chrono::seconds(1'800'000'000)};
constexpr std::size_t directories = 500;

std::string url_of(std::size_t number) {
  return "https://agent-" + std::to_string(number) + ".example";
}

class ManyDirectories : public testing::Test {
 protected:
  void SetUp() override {
    // Every third has the same key, and with it the same keyid.
    const auto shared = wba::PrivateKey::generate(wba::KeyType::ed25519);
    ASSERT_TRUE(shared);
    for (std::size_t i = 0; i < directories; ++i) {
      const auto own = wba::PrivateKey::generate(wba::KeyType::ed25519);
      ASSERT_TRUE(own);
      const auto& key = (i % 3 == 0 ? *shared : *own).public_key();
      keyids_.emplace_back(key.thumbprint());
      ASSERT_TRUE(resolver_.add_directory(url_of(i), "{\"keys\":[" + key.jwk().value() + "]}"));
    }
  }

  wba::StaticResolver resolver_;
  std::vector<std::string> keyids_;
};

TEST_F(ManyDirectories, EachAnswersForItselfHoweverOftenTheOthersAreAsked) {
  const auto reader = resolver_.reader();
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < directories; ++i) {
      const std::string url = url_of(i);
      const KeyLookup found = reader->lookup({.url = url}, keyids_[i], now);
      ASSERT_EQ(found.reason, Reason::none) << i;
      EXPECT_EQ(found.identity, url + "/");
      EXPECT_EQ(found.key->thumbprint(), keyids_[i]);
      // Its neighbour's key is not its own, though it was found a moment ago.
      const std::size_t other = (i + 1) % directories;
      EXPECT_EQ(reader->lookup({.url = url}, keyids_[other], now).reason,
                keyids_[i] == keyids_[other] ? Reason::none : Reason::key_not_in_directory);
    }
  }
  EXPECT_EQ(reader->lookup({.url = "https://other.example"}, keyids_[0], now).reason,
            Reason::directory_unreachable);
}

TEST_F(ManyDirectories, WhatWasFoundBeforeIsFoundAgainWithoutAllocating) {
  const auto reader = resolver_.reader();
  std::vector<std::string> urls;
  for (std::size_t i = 0; i < directories; ++i) urls.push_back(url_of(i));
  const auto ask_all = [&] {
    for (std::size_t i = 0; i < directories; ++i)
      if (reader->lookup({.url = urls[i]}, keyids_[i], now).reason != Reason::none) return false;
    return true;
  };
  ASSERT_TRUE(ask_all());
  const std::size_t before = wba::test::allocation_count();
  ASSERT_TRUE(ask_all());
  EXPECT_EQ(wba::test::allocation_count(), before);
}

}  // namespace
