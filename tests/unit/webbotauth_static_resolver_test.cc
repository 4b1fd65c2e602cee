// Lookups among many directories that were given.

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <wba/agent_identity.h>
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
      EXPECT_EQ(found.identity, url + std::string(wba::directory_well_known_path));
      EXPECT_EQ(found.key->thumbprint(), keyids_[i]);
      // Its neighbour's key is not its own, though it was found a moment ago.
      const std::size_t other = (i + 1) % directories;
      EXPECT_EQ(reader->lookup({.url = url}, keyids_[other], now).reason,
                keyids_[i] == keyids_[other] ? Reason::none : Reason::key_not_in_directory);
    }
  }
  EXPECT_EQ(reader->lookup({.url = "https://other.example"}, keyids_[0], now).reason,
            Reason::no_keys_given);
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

// Rules, rates and nonces hang on the identity: none may split when an agent changes its dialect.
TEST(StaticResolver, AgentHasOneIdentityInEveryDialect) {
  const auto key = wba::PrivateKey::generate(wba::KeyType::ed25519).value().public_key();
  const std::string document =
      "https://agent.example" + std::string(wba::directory_well_known_path);
  wba::StaticResolver resolver([](std::string_view host) { return "of " + std::string(host); });
  ASSERT_TRUE(
      resolver.add_directory("https://Agent.example.", "{\"keys\":[" + key.jwk().value() + "]}"));
  const auto reader = resolver.reader();
  using wba::AgentKind;
  using wba::Dialect;
  for (const wba::AgentLink& link :
       {wba::AgentLink{"https://agent.example", AgentKind::well_known, Dialect::bare_uri},
        wba::AgentLink{"https://agent.example/", AgentKind::well_known, Dialect::legacy_string},
        wba::AgentLink{"https://agent.example.", AgentKind::well_known, Dialect::origin_dictionary},
        wba::AgentLink{document, AgentKind::key_set, Dialect::direct_dictionary}}) {
    for (int round = 0; round < 2; ++round) {
      const KeyLookup found = reader->lookup(link, key.thumbprint(), now);
      ASSERT_EQ(found.reason, Reason::none) << link.url;
      EXPECT_EQ(found.identity, document) << link.url;
      EXPECT_EQ(found.domain, "of agent.example") << link.url;
    }
  }
}

TEST(StaticResolver, DocumentsThatDifferInTheirQueryAreDifferentAgents) {
  const auto key = wba::PrivateKey::generate(wba::KeyType::ed25519).value().public_key();
  wba::StaticResolver resolver;
  ASSERT_TRUE(resolver.add_directory("https://agent.example/k?u=evil",
                                     "{\"keys\":[" + key.jwk().value() + "]}"));
  const auto reader = resolver.reader();
  const auto lookup = [&](std::string_view url) {
    return reader->lookup({.url = url, .kind = wba::AgentKind::key_set}, key.thumbprint(), now);
  };
  EXPECT_EQ(lookup("https://agent.example/k?u=evil").identity, "https://agent.example/k?u=evil");
  EXPECT_EQ(lookup("https://agent.example/k?u=evil").domain, "");
  EXPECT_EQ(lookup("https://agent.example/k").reason, Reason::no_keys_given);
  EXPECT_EQ(lookup("https://agent.example/k?u=good").reason, Reason::no_keys_given);
}

TEST(StaticResolver, ClientsIdentityIsItsMetadataDocument) {
  const auto key = wba::PrivateKey::generate(wba::KeyType::ed25519).value().public_key();
  wba::StaticResolver resolver([](std::string_view host) { return std::string(host); });
  ASSERT_TRUE(resolver.add_directory("https://client.example/id",
                                     R"({"jwks_uri":"https://keys.example/set"})"));
  ASSERT_TRUE(
      resolver.add_directory("https://keys.example/set", "{\"keys\":[" + key.jwk().value() + "]}"));
  const auto reader = resolver.reader();
  const KeyLookup found = reader->lookup(
      {.url = "https://client.example/id", .kind = wba::AgentKind::cimd}, key.thumbprint(), now);
  ASSERT_EQ(found.reason, Reason::none);
  EXPECT_EQ(found.identity, "https://client.example/id");
  EXPECT_EQ(found.domain, "client.example");
}

// Whoever is asked for after memory ran out gets his own answer, not half of another's. Of 600 keys
// some share the place of the one that is asked for before and after.
TEST(StaticResolver, MemoryThatRunsOutLeavesNoAgentWithAnothersKey) {
  constexpr std::size_t others = 15;
  constexpr std::size_t keys_of_each = 40;
  const auto new_key = [] {
    return wba::PrivateKey::generate(wba::KeyType::ed25519).value().public_key();
  };
  wba::StaticResolver resolver;
  const wba::PublicKey own = new_key();
  ASSERT_TRUE(resolver.add_directory(url_of(0), "{\"keys\":[" + own.jwk().value() + "]}"));
  std::vector<std::pair<std::string, std::string>> asked;  // URL and keyid
  for (std::size_t i = 1; i <= others; ++i) {
    const std::string url =
        "https://a-much-longer-name-of-an-agent-that-takes-memory." + url_of(i).substr(8);
    std::string jwks;
    for (std::size_t j = 0; j < keys_of_each; ++j) {
      const wba::PublicKey key = new_key();
      jwks += (j == 0 ? "" : ",") + key.jwk().value();
      asked.emplace_back(url, key.thumbprint());
    }
    ASSERT_TRUE(resolver.add_directory(url, "{\"keys\":[" + jwks + "]}"));
  }
  const std::string own_url = url_of(0);
  std::size_t failed = 0;
  for (const auto& [url, keyid] : asked) {
    for (std::size_t granted = 0; granted < 5; ++granted) {
      const auto reader = resolver.reader();
      const auto expect_own = [&] {
        const KeyLookup found = reader->lookup({.url = own_url}, own.thumbprint(), now);
        ASSERT_EQ(found.reason, Reason::none);
        ASSERT_EQ(found.identity, own_url + std::string(wba::directory_well_known_path));
        ASSERT_EQ(found.key->thumbprint(), own.thumbprint());
      };
      expect_own();
      {
        const wba::test::FailingAllocations failing(granted);
        if (reader->lookup({.url = url}, keyid, now).reason != Reason::none) ++failed;
      }
      expect_own();
    }
  }
  EXPECT_GT(failed, 0U);
}

TEST_F(ManyDirectories, WordsOfSendersAreNotKept) {
  const auto reader = resolver_.reader();
  const std::string url = url_of(0);
  const std::string long_path(400, 'p');
  // The first makes the reader's buffer grow, once.
  const auto ask = [&](int number) {
    const std::string keyid = std::to_string(number) + std::string(4000, 'k');
    const std::string unknown = "https://" + std::to_string(number) + ".example/" + long_path;
    const std::size_t before = wba::test::allocation_count();
    EXPECT_EQ(reader->lookup({.url = url}, keyid, now).reason, Reason::key_not_in_directory);
    EXPECT_EQ(reader->lookup({.url = unknown}, keyids_[1], now).reason, Reason::no_keys_given);
    return wba::test::allocation_count() - before;
  };
  (void)ask(0);
  for (int i = 1; i < 2000; ++i) ASSERT_EQ(ask(i), 0U) << i;
}

TEST(StaticResolver, WithNothingInItKnowsNobody) {
  const auto reader = wba::StaticResolver().reader();
  EXPECT_EQ(reader->lookup({}, "", now).reason, Reason::signature_agent_absent);
  EXPECT_EQ(reader->lookup({.url = "https://agent.example"}, "", now).reason,
            Reason::no_keys_given);
}

}  // namespace
