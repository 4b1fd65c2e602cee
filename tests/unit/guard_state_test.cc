// Decisions that depend on what was before: rates, reload, log and metrics.

#include <array>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "guard_support.h"

namespace wba::guard {
namespace {

using std::chrono::seconds;
using test::Agent;
using test::GuardUnderTest;
using test::header_of;
using test::OwnedRequest;
using test::start_time;
using test::TestFolder;

#define REPLAY "[defaults]\nunsigned = \"challenge\"\nreplay = true\n"

constexpr std::string_view kLimited = R"(
[defaults]
unsigned = "allow"
[[rules]]
name = "limited"
outcomes = ["verified", "unsigned"]
action = "limit"
limit = "slow"
[limits.slow]
requests = 2
per = "60s"
)";

TEST(GuardRates, AreCountedForAnIdentityAndNotForItsKeys) {
  const Agent agent("https://a.example/keys");
  const Agent second_key(agent.url());
  const Agent other("https://b.example/keys");
  auto keys = std::make_shared<StaticResolver>();
  ASSERT_TRUE(keys->add_directory(agent.url(),
                                  "{\"keys\":[" + agent.jwk() + "," + second_key.jwk() + "]}"));
  other.add_to(*keys);
  GuardUnderTest guard(kLimited, {}, {.resolver = keys});
  const auto send = [&](const Agent& from) {
    OwnedRequest request;
    from.sign(request);
    return guard.decide(request);
  };
  EXPECT_EQ(send(agent).action, Action::pass);
  EXPECT_EQ(send(second_key).action, Action::pass);
  const auto over = send(second_key);
  EXPECT_EQ(over.action, Action::slow_down);
  EXPECT_EQ(send(agent).action, Action::slow_down);
  EXPECT_EQ(over.record.identity, agent.url());
  EXPECT_EQ(over.status, 429);
  EXPECT_EQ(over.record.cause, Cause::rate_exceeded);
  EXPECT_EQ(send(other).action, Action::pass);
}

// Under one registered domain anybody has as many identities as they like.
TEST(GuardRates, AnOperatorIsCountedByItsRegisteredDomain) {
  const Agent one("https://bot.crowd.example/keys");
  const Agent two("https://other.crowd.example/k?page=2");
  const Agent honest("https://honest.example/keys");
  auto keys = std::make_shared<StaticResolver>(directory::registered_domain);
  for (const auto* agent : {&one, &two, &honest}) agent->add_to(*keys);
  GuardUnderTest guard(kLimited, {}, {.resolver = keys});
  const auto send = [&](const Agent& from) {
    OwnedRequest request;
    from.sign(request);
    return guard.decide(request).action;
  };
  EXPECT_EQ(send(one), Action::pass);
  EXPECT_EQ(send(two), Action::pass);
  EXPECT_EQ(send(one), Action::slow_down);
  EXPECT_EQ(send(two), Action::slow_down);
  EXPECT_EQ(send(honest), Action::pass);
}

// FullRates has no room for anybody.
class FullRates final : public RateLimiter {
 public:
  RateAnswer take(std::string_view, const RateSubject&, const RateLimit&, Now) noexcept override {
    return {.kind = RateAnswer::Kind::full};
  }
  RateAnswer look(std::string_view, const RateSubject&, const RateLimit&, Now) noexcept override {
    return {.kind = RateAnswer::Kind::full};
  }
  [[nodiscard]] std::size_t size() const noexcept override { return 0; }
};

TEST(GuardRates, AFullStoreIsRefusedWhateverIsSaidOfOneThatIsAway) {
  for (const std::string_view when_away : {"pass", "refuse"}) {
    GuardUnderTest guard(
        std::string(kLimited) + "[rates]\nwhen_away = \"" + std::string(when_away) + "\"\n", {},
        {.rates = std::make_shared<FullRates>()});
    OwnedRequest request;
    const auto& decision = guard.decide(request);
    EXPECT_EQ(decision.action, Action::refuse);
    EXPECT_EQ(decision.status, 503);
    EXPECT_EQ(decision.record.cause, Cause::rate_store_full);
  }
}

// Names of networks are had by the thousand: 2001:db8::/32 alone has four thousand million of /64.
TEST(GuardRates, AFloodOfNetworksDoesNotLiftTheLimit) {
  GuardUnderTest guard(std::string(kLimited) + "[rates]\nentries = 64\n", {});
  const auto passes = [&](const std::string& address) {
    OwnedRequest request;
    return guard.decide(request, start_time, address).action == Action::pass;
  };
  for (int i = 0; i < 2000; ++i) {
    std::array<char, 40> address{};
    std::snprintf(address.data(), address.size(), "2001:db8:%x:%x::1", i / 7, i);
    passes(address.data());
  }
  int passed = 0;
  for (int i = 0; i < 40; ++i) {
    std::array<char, 40> address{};
    std::snprintf(address.data(), address.size(), "2001:db8:ffff:%x::1", i);
    passed += passes(address.data()) ? 1 : 0;
  }
  EXPECT_EQ(passed, 0);
  EXPECT_TRUE(passes("2001:db9::1"));
  EXPECT_TRUE(passes("198.51.100.1"));
}

TEST(GuardRates, RetryAfterSaysWhenTheNextOnePasses) {
  const Agent agent;
  GuardUnderTest guard(kLimited, {&agent});
  OwnedRequest request;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(guard.decide(request).action, Action::pass);
  const auto& over = guard.decide(request);
  EXPECT_EQ(header_of(over, "Retry-After"), "30");
  EXPECT_EQ(guard.decide(request, start_time + seconds(29)).action, Action::slow_down);
  EXPECT_EQ(guard.decide(request, start_time + seconds(30)).action, Action::pass);
}

TEST(GuardRates, UnsignedCallersAreCountedByAddress) {
  GuardUnderTest guard(kLimited, {});
  OwnedRequest request;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(guard.decide(request).action, Action::pass);
  EXPECT_EQ(guard.decide(request).action, Action::slow_down);
  EXPECT_EQ(guard.decide(request, start_time, "192.0.2.8").action, Action::pass);
}

// Whoever has one address of an IPv6 network has all of it.
TEST(GuardRates, UnsignedCallersOfOneIpv6NetworkShareARate) {
  const auto share = [](std::string_view one, std::string_view other) {
    GuardUnderTest guard(kLimited, {});
    OwnedRequest request;
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(guard.decide(request, start_time, one).action, Action::pass);
    }
    return guard.decide(request, start_time, other).action == Action::slow_down;
  };
  EXPECT_TRUE(share("2001:db8::1", "2001:db8::2"));
  EXPECT_TRUE(share("2001:db8::1", "2001:DB8:0:0:ffff:ffff:ffff:ffff"));
  EXPECT_FALSE(share("2001:db8::1", "2001:db8:0:1::1"));
  // IPv4 inside IPv6 is what it is outside: not one network of everybody.
  EXPECT_TRUE(share("192.0.2.1", "::ffff:192.0.2.1"));
  EXPECT_FALSE(share("::ffff:192.0.2.1", "::ffff:192.0.2.2"));
  EXPECT_TRUE(share("64:ff9b::192.0.2.1", "64:ff9b::c000:201"));
  EXPECT_FALSE(share("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2"));
  EXPECT_FALSE(share("192.0.2.1", "192.0.2.2"));
}

TEST(GuardRates, WhatPassesForWantOfKeysIsLimitedToo) {
  const Agent stranger("https://stranger.example/keys");
  GuardUnderTest guard(
      "[defaults]\nunsigned = \"allow\"\nkeys_unavailable = \"pass\"\nlimit = \"slow\"\n"
      "[limits.slow]\nrequests = 2\nper = \"60s\"\n",
      {});
  OwnedRequest request;
  stranger.sign(request);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(guard.decide(request).action, Action::pass);
  EXPECT_EQ(guard.decide(request).record.cause, Cause::rate_exceeded);
}

// Who repeats another's request must not use up the other's rate.
TEST(GuardRates, AReplayedRequestIsNotCounted) {
  const Agent agent;
  GuardUnderTest guard(REPLAY "limit = \"slow\"\n[limits.slow]\nrequests = 2\nper = \"60s\"\n",
                       {&agent});
  OwnedRequest captured;
  agent.sign(captured);
  EXPECT_EQ(guard.decide(captured).action, Action::pass);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(guard.decide(captured).record.cause, Cause::replayed);
  OwnedRequest next;
  agent.sign(next);
  EXPECT_EQ(guard.decide(next).action, Action::pass);
}

TEST(GuardRates, ARequestOverItsRateLeavesNoNonce) {
  const Agent agent;
  auto nonces = make_memory_replay_store({}, start_time);
  GuardUnderTest guard(REPLAY "limit = \"slow\"\n[limits.slow]\nrequests = 2\nper = \"60s\"\n",
                       {&agent}, {.replay = nonces});
  OwnedRequest last;
  for (int i = 0; i < 50; ++i) {
    last = {};
    agent.sign(last);
    const auto& decision = guard.decide(last);
    EXPECT_EQ(decision.action, i < 2 ? Action::pass : Action::slow_down) << i;
    EXPECT_EQ(decision.record.cause, i < 2 ? Cause::none : Cause::rate_exceeded) << i;
  }
  EXPECT_EQ(nonces->size(), 2U);
  // It was not used up, and is good once its time has come.
  EXPECT_EQ(guard.decide(last, start_time + seconds(31)).action, Action::pass);
}

// ClientResolver notes whom a lookup is charged to.
class ClientResolver final : public KeyResolver {
 public:
  [[nodiscard]] std::unique_ptr<Reader> reader() const override {
    return std::make_unique<ClientReader>(client);
  }

  const std::shared_ptr<std::string> client = std::make_shared<std::string>("not asked");

 private:
  class ClientReader final : public Reader {
   public:
    explicit ClientReader(std::shared_ptr<std::string> client) : client_(std::move(client)) {}
    KeyLookup lookup(const AgentLink& link, std::string_view, Time) noexcept override {
      *client_ = link.client;
      return {};
    }

   private:
    std::shared_ptr<std::string> client_;
  };
};

TEST(GuardClients, AFetchIsChargedToTheClientAndNotToATrustedProxy) {
  const auto resolver = std::make_shared<ClientResolver>();
  GuardUnderTest guard(
      "[defaults]\nunsigned = \"allow\"\n[server]\ntrusted_proxies = [\"10.0.0.0/8\"]\n", {},
      {.resolver = resolver});
  const Agent agent;
  OwnedRequest request;
  agent.sign(request);
  const auto charged = [&](std::string_view peer, std::string_view client) {
    guard.guard().decide({.request = request.view(), .peer = peer, .client = client}, start_time,
                         guard.worker());
    return *resolver->client;
  };
  EXPECT_EQ(charged("192.0.2.7", ""), "192.0.2.7");
  EXPECT_EQ(charged("10.0.0.1", "198.51.100.1"), "198.51.100.1");
  EXPECT_EQ(charged("10.0.0.1", ""), "");
}

TEST(GuardReload, TheNewConfigurationHoldsAndNoncesStay) {
  const Agent agent;
  GuardUnderTest guard(REPLAY, {&agent});
  OwnedRequest request;
  agent.sign(request);
  EXPECT_EQ(guard.decide(request).action, Action::pass);
  const auto config = parse_config(REPLAY "unverified = \"deny\"\nverified = \"allow\"\n");
  ASSERT_TRUE(config);
  ASSERT_TRUE(guard.guard().reload(test::of_shop(*config)));
  EXPECT_EQ(guard.decide(request).record.cause, Cause::replayed);
  const auto stricter = parse_config("[defaults]\nunsigned = \"deny\"\nverified = \"deny\"\n");
  ASSERT_TRUE(stricter);
  ASSERT_TRUE(guard.guard().reload(test::of_shop(*stricter)));
  EXPECT_EQ(guard.decide(request).action, Action::refuse);
}

TEST(GuardReload, WhatHoldsStateCannotChange) {
  const Agent agent;
  GuardUnderTest guard(REPLAY, {&agent});
  const auto config = parse_config(REPLAY "[replay]\nentries = 5\n");
  ASSERT_TRUE(config);
  const auto reloaded = guard.guard().reload(test::of_shop(*config));
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error()[0].reason, testing::HasSubstr("[replay] cannot change"));
  OwnedRequest request;
  EXPECT_EQ(guard.decide(request).action, Action::challenge);
}

TEST(GuardReload, ASignatureCannotComeToOutliveItsNonce) {
  const Agent agent;
  GuardUnderTest guard(REPLAY, {&agent});
  const auto wider = parse_config(REPLAY "[verify]\nskew = \"61s\"\n");
  const auto narrower = parse_config(REPLAY "[verify]\nskew = \"30s\"\n");
  ASSERT_TRUE(wider && narrower);
  const auto reloaded = guard.guard().reload(test::of_shop(*wider));
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error()[0].reason, testing::HasSubstr("[verify] skew cannot grow"));
  EXPECT_TRUE(guard.guard().reload(test::of_shop(*narrower)));
  // Where no nonce is held there is none to outlive.
  GuardUnderTest open("[defaults]\nunsigned = \"allow\"\n", {&agent});
  EXPECT_TRUE(open.guard().reload(
      test::of_shop(*parse_config("[defaults]\nunsigned = \"allow\"\n[verify]\nskew = \"1h\"\n"))));
}

TEST(GuardReload, NoRequestIsDroppedWhileItReloads) {
  const Agent agent;
  GuardUnderTest guard("[defaults]\nunsigned = \"allow\"\n", {&agent});
  const auto one = parse_config("[defaults]\nunsigned = \"allow\"\nrequire = { nonce = true }\n");
  const auto two = parse_config(
      "[defaults]\nunsigned = \"allow\"\n[[rules]]\nname = \"r\"\n"
      "agent_hosts = \"bot.example\"\nany_path = true\naction = \"allow\"\n");
  ASSERT_TRUE(one && two);
  std::atomic<bool> done{false};
  std::atomic<int> passed{0};
  std::atomic<int> others{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      auto worker = guard.guard().make_worker();
      OwnedRequest request;
      agent.sign(request);
      while (!done) {
        const auto& decision =
            guard.guard().decide({.request = request.view()}, start_time, worker);
        const bool right = decision.action == Action::pass && decision.is_verified();
        ++(right ? passed : others);
      }
    });
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(guard.guard().reload(test::of_shop(i % 2 == 0 ? *one : *two)));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  done = true;
  for (auto& thread : threads) thread.join();
  EXPECT_GT(passed, 0);
  EXPECT_EQ(others, 0);
}

std::vector<nlohmann::json> lines_of(const std::string& path) {
  std::ifstream stream(path);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(GuardAudit, EveryDecisionIsALine) {
  const TestFolder folder;
  const Agent agent;
  const auto path = (folder.path() / "audit.log").string();
  GuardUnderTest guard("[defaults]\nunsigned = \"challenge\"\n[audit]\npath = \"" + path + "\"\n",
                       {&agent});
  OwnedRequest request{.target = "/a?secret=1"};
  guard.decide(request);
  agent.sign(request);
  guard.decide(request);
  OwnedRequest stolen;
  Agent("https://thief.example/keys").sign(stolen, start_time, {.agent_url = agent.url()});
  guard.decide(stolen);
  const auto verified = lines_of(path);
  ASSERT_EQ(verified.size(), 1U);
  EXPECT_EQ(verified[0]["caller"], "verified-agent");
  EXPECT_EQ(verified[0]["identity"], agent.url());
  EXPECT_EQ(verified[0]["covered"].size(), 4U);
  const auto others = lines_of(path + ".unverified");
  ASSERT_EQ(others.size(), 2U);
  EXPECT_EQ(others[0]["caller"], "unsigned");
  EXPECT_EQ(others[0]["action"], "challenge");
  EXPECT_EQ(others[0]["path"], "/a");
  EXPECT_EQ(others[1]["caller"], "claimed-agent");
  EXPECT_TRUE(others[1]["identity"].is_null());
  EXPECT_EQ(others[1]["claimed"], agent.url());
  EXPECT_EQ(others[1]["reason"], "key-not-in-directory");
}

// Anybody can send requests that are not verified, as many as he likes.
TEST(GuardAudit, RequestsThatAreNotVerifiedRotateOutNoLineAboutAVerifiedAgent) {
  const TestFolder folder;
  const Agent agent;
  const auto path = (folder.path() / "audit.log").string();
  GuardUnderTest guard("[defaults]\nunsigned = \"allow\"\n[audit]\npath = \"" + path +
                           "\"\nmax_bytes = 4096\nfiles = 2\n",
                       {&agent});
  OwnedRequest request;
  agent.sign(request);
  guard.decide(request);
  OwnedRequest unsigned_request;
  OwnedRequest forged;
  Agent("https://thief.example/keys").sign(forged, start_time, {.agent_url = agent.url()});
  for (int i = 0; i < 100; ++i) {
    guard.decide(unsigned_request);
    guard.decide(forged);
  }
  const auto verified = lines_of(path);
  ASSERT_EQ(verified.size(), 1U);
  EXPECT_EQ(verified[0]["caller"], "verified-agent");
  // The flood has been through its own files more than once.
  EXPECT_TRUE(std::filesystem::exists(path + ".unverified.1"));
  EXPECT_FALSE(std::filesystem::exists(path + ".1"));
  EXPECT_THAT(guard.guard().metrics(), testing::HasSubstr("wba_audit_lines_lost 0"));
}

TEST(GuardAudit, AFullDiskStopsNoRequestAndIsCounted) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "there is no /dev/full";
  GuardUnderTest guard("[defaults]\nunsigned = \"allow\"\n[audit]\npath = \"/dev/full\"\n", {});
  OwnedRequest request;
  EXPECT_EQ(guard.decide(request).action, Action::pass);
  EXPECT_THAT(guard.guard().metrics(), testing::HasSubstr("wba_audit_lines_lost 1"));
}

TEST(GuardMetrics, CountByOutcomeReasonAndActionWithoutWhatCallersSent) {
  const Agent agent;
  GuardUnderTest guard(
      "[defaults]\nunsigned = \"challenge\"\n[[rules]]\nname = \"friends\"\n"
      "agent_hosts = \"bot.example\"\nany_path = true\naction = \"allow\"\n",
      {&agent}, {.gauges = {{"wba_directories", "held", [] { return 7.0; }}}});
  OwnedRequest request;
  for (int i = 0; i < 3; ++i) guard.decide(request);
  agent.sign(request);
  guard.decide(request);
  for (int i = 0; i < 20; ++i) {
    OwnedRequest made_up;
    const Agent stranger("https://stranger" + std::to_string(i) + ".example/");
    stranger.sign(made_up);
    guard.decide(made_up);
  }
  const std::string text = guard.guard().metrics();
  EXPECT_THAT(text, testing::HasSubstr("wba_decisions_total{action=\"challenge\",outcome="
                                       "\"unsigned\",reason=\"no-signature\"} 3"));
  EXPECT_THAT(text,
              testing::HasSubstr("wba_rule_decisions_total{action=\"pass\",rule=\"friends\"} 1"));
  EXPECT_THAT(text, testing::HasSubstr("wba_overrides_total{cause=\"keys-unavailable\"} 20"));
  EXPECT_THAT(text, testing::HasSubstr("wba_decision_seconds_count 24"));
  EXPECT_THAT(text, testing::HasSubstr("wba_directories 7"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("stranger")));
}

#undef REPLAY

}  // namespace
}  // namespace wba::guard
