// Decisions about requests that were presented before.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "guard_support.h"

namespace wba::guard {
namespace {

using std::chrono::seconds;
using test::Agent;
using test::GuardUnderTest;
using test::header_of;
using test::OwnedRequest;
using test::start_time;

#define REPLAY "[defaults]\nunsigned = \"challenge\"\nreplay = true\n"

// FixedStore answers as it is told.
class FixedStore final : public ReplayStore {
 public:
  explicit FixedStore(ReplayAnswer answer) : answer_(answer) {}
  ReplayAnswer check_and_record(const ReplayKey& key, Now, Now) noexcept override {
    ++calls;
    owner = key.owner;
    return answer_;
  }
  [[nodiscard]] Now since() const noexcept override { return Now::min(); }
  [[nodiscard]] std::size_t size() const noexcept override { return 0; }

  std::atomic<int> calls{0};
  std::string owner;  // of the last call; one thread

 private:
  ReplayAnswer answer_;
};

TEST(GuardReplay, ARequestPassesOnceAndIsThenSlowedDown) {
  const Agent agent;
  GuardUnderTest guard(REPLAY, {&agent});
  OwnedRequest request;
  agent.sign(request);
  const auto& first = guard.decide(request);
  EXPECT_EQ(first.action, Action::pass);
  EXPECT_EQ(first.record.replay, ReplayCheck::fresh);
  const auto& second = guard.decide(request, start_time + seconds(1));
  EXPECT_EQ(second.action, Action::slow_down);
  EXPECT_EQ(second.status, 429);
  EXPECT_EQ(second.record.cause, Cause::replayed);
  EXPECT_EQ(second.record.outcome, Outcome::verified);
}

// The nonce is held for as long as the verifier takes the signature, skew included.
TEST(GuardReplay, ANonceOutlivesItsSignatureAndTheSkew) {
  const Agent agent;
  GuardUnderTest guard(REPLAY, {&agent});
  OwnedRequest request;
  agent.sign(request);
  EXPECT_EQ(guard.decide(request).action, Action::pass);
  EXPECT_EQ(guard.decide(request, start_time + seconds(119)).record.cause, Cause::replayed);
  const auto& expired = guard.decide(request, start_time + seconds(120));
  EXPECT_EQ(expired.record.reason, Reason::expired);
  EXPECT_EQ(expired.action, Action::refuse);
}

TEST(GuardReplay, AClockThatIsSetBackMakesNoSignatureGoodAgain) {
  const Agent agent;
  GuardUnderTest guard(REPLAY, {&agent});
  OwnedRequest request;
  agent.sign(request);
  EXPECT_EQ(guard.decide(request).action, Action::pass);
  // What has gone is taken out when something comes: into each part of the store.
  for (int i = 0; i < 1000; ++i) {
    OwnedRequest later;
    agent.sign(later, start_time + seconds(150));
    EXPECT_EQ(guard.decide(later, start_time + seconds(150)).action, Action::pass);
  }
  EXPECT_EQ(guard.decide(request, start_time + seconds(100)).record.cause, Cause::replayed);
}

// A nonce holds room for as long as its signature is good.
TEST(GuardReplay, ASignatureIsGoodForMinutesUnlessTheRouteSaysMore) {
  const Agent agent;
  const Agent other("https://other.example/keys");
  const auto decide = [&](const std::string& toml, seconds lifetime) {
    GuardUnderTest guard(toml, {&agent});
    OwnedRequest request;
    agent.sign(request, start_time, {.lifetime = lifetime});
    return guard.decide(request).record.cause;
  };
  EXPECT_EQ(decide(REPLAY, seconds(300)), Cause::none);
  EXPECT_EQ(decide(REPLAY, seconds(301)), Cause::lifetime_too_long);
  const std::string hour = REPLAY "require = { max_lifetime = \"1h\" }\n";
  EXPECT_EQ(decide(hour, seconds(3600)), Cause::none);
  EXPECT_EQ(decide(hour, seconds(3601)), Cause::lifetime_too_long);
  EXPECT_EQ(decide("[defaults]\nunsigned = \"challenge\"\n", seconds(86400)), Cause::none);
  const std::string route =
      "[defaults]\nunsigned = \"challenge\"\n[[routes]]\nname = \"r\"\npaths = \"/\"\nreplay = "
      "true\n";
  EXPECT_EQ(decide(route, seconds(301)), Cause::lifetime_too_long);
  // One that is good for longer leaves no nonce beside one that will do.
  const auto store = std::make_shared<FixedStore>(ReplayAnswer::fresh);
  GuardUnderTest guard(REPLAY, {&agent, &other}, {.replay = store});
  OwnedRequest both;
  agent.sign(both, start_time, {.lifetime = seconds(86400)});
  other.sign(both);
  EXPECT_EQ(guard.decide(both).action, Action::pass);
  EXPECT_EQ(store->calls, 1);
}

TEST(GuardReplay, OfSeveralSignaturesEachIsPresented) {
  const Agent first("https://one.example/keys");
  const Agent second("https://two.example/keys");
  GuardUnderTest guard(REPLAY, {&first, &second});
  OwnedRequest both;
  first.sign(both);
  const auto of_first = both.fields.size();
  second.sign(both);
  EXPECT_EQ(guard.decide(both).action, Action::pass);
  // The same request with one of its signatures taken out, whichever it is.
  OwnedRequest one = both;
  one.fields.resize(of_first);
  OwnedRequest other = both;
  other.fields.erase(other.fields.begin(), other.fields.begin() + static_cast<long>(of_first));
  for (OwnedRequest* stripped : {&one, &other}) {
    const auto& decision = guard.decide(*stripped);
    EXPECT_EQ(decision.record.outcome, Outcome::verified);
    EXPECT_EQ(decision.record.cause, Cause::replayed);
  }
  OwnedRequest fresh;
  second.sign(fresh);
  EXPECT_EQ(guard.decide(fresh).action, Action::pass);
}

TEST(GuardReplay, ANonceIsRecordedOnlyAfterTheSignatureVerified) {
  const Agent agent;
  const auto store = std::make_shared<FixedStore>(ReplayAnswer::fresh);
  GuardUnderTest guard(REPLAY, {&agent}, {.replay = store});
  OwnedRequest request;
  agent.sign(request);
  OwnedRequest forged = request;
  forged.authority = "other.example";
  EXPECT_EQ(guard.decide(forged).action, Action::refuse);
  EXPECT_EQ(store->calls, 0);
  EXPECT_EQ(guard.decide(request).action, Action::pass);
  EXPECT_EQ(store->calls, 1);
}

TEST(GuardReplay, ARequestThatIsNotLetInBurnsNoNonce) {
  const Agent agent;
  const auto store = std::make_shared<FixedStore>(ReplayAnswer::fresh);
  GuardUnderTest guard(REPLAY "require = { components = [\"content-type\"] }\n", {&agent},
                       {.replay = store});
  OwnedRequest request;
  agent.sign(request);
  EXPECT_EQ(guard.decide(request).action, Action::challenge);
  EXPECT_EQ(store->calls, 0);
}

TEST(GuardReplay, AStoreThatCannotTellIsSaidSoAndPolicyDecides) {
  const Agent agent;
  struct Case {
    ReplayAnswer answer;
    std::string_view when_away;
    Action action;
    Cause cause;
  };
  for (const auto& c :
       {Case{ReplayAnswer::away, "refuse", Action::refuse, Cause::replay_store_away},
        Case{ReplayAnswer::away, "pass", Action::pass, Cause::replay_store_away},
        Case{ReplayAnswer::full, "refuse", Action::refuse, Cause::replay_store_full},
        Case{ReplayAnswer::full, "pass", Action::pass, Cause::replay_store_full}}) {
    GuardUnderTest guard(REPLAY "[replay]\nwhen_away = \"" + std::string(c.when_away) + "\"\n",
                         {&agent}, {.replay = std::make_shared<FixedStore>(c.answer)});
    OwnedRequest request;
    agent.sign(request);
    const auto& decision = guard.decide(request);
    EXPECT_EQ(decision.action, c.action);
    EXPECT_EQ(decision.record.cause, c.cause);
    EXPECT_EQ(decision.record.replay, ReplayCheck::unchecked);
    if (c.action == Action::refuse) {
      EXPECT_EQ(decision.status, 503);
      EXPECT_EQ(header_of(decision, "Retry-After"), "1");
    }
  }
}

// What the process before saw, this one cannot know.
TEST(GuardReplay, ASignatureMadeBeforeTheStartIsNotTakenForFresh) {
  const Agent agent;
  for (const bool pass : {false, true}) {
    const std::string toml =
        std::string(REPLAY "[replay]\nwhen_away = \"") + (pass ? "pass" : "refuse") + "\"\n";
    OwnedRequest request;
    agent.sign(request);
    GuardUnderTest before(toml, {&agent});
    EXPECT_EQ(before.decide(request).record.replay, ReplayCheck::fresh);
    const Now restart = start_time + std::chrono::milliseconds(400);
    GuardUnderTest after(toml, {&agent}, {}, restart);
    const auto again = after.decide(request, restart + seconds(1));
    EXPECT_EQ(again.action, pass ? Action::pass : Action::refuse);
    EXPECT_EQ(again.record.cause, Cause::replay_before_start);
    EXPECT_EQ(again.record.replay, ReplayCheck::unchecked);
    EXPECT_EQ(again.record.outcome, Outcome::verified);
    // Let in or not, it is known now.
    EXPECT_EQ(after.decide(request, restart + seconds(2)).record.cause, Cause::replayed);
    // The second of the start itself cannot be told apart; what was made after it is checked as
    // ever.
    OwnedRequest same_second;
    agent.sign(same_second, restart);
    EXPECT_EQ(after.decide(same_second, restart + seconds(1)).record.replay,
              ReplayCheck::unchecked);
    OwnedRequest later;
    agent.sign(later, start_time + seconds(1));
    EXPECT_EQ(after.decide(later, restart + seconds(1)).record.replay, ReplayCheck::fresh);
    EXPECT_EQ(after.decide(later, restart + seconds(1)).record.cause, Cause::replayed);
  }
}

// The other one of two signatures does not vouch for it.
TEST(GuardReplay, OneSignatureMadeBeforeTheStartAmongSeveralIsEnough) {
  const Agent first("https://one.example/keys");
  const Agent second("https://two.example/keys");
  const Now start = start_time + seconds(10);
  for (const bool old_first : {true, false}) {
    GuardUnderTest guard(REPLAY, {&first, &second}, {}, start);
    OwnedRequest both;
    first.sign(both, old_first ? start_time : start);
    second.sign(both, old_first ? start : start_time);
    EXPECT_EQ(guard.decide(both, start).record.replay, ReplayCheck::unchecked);
  }
}

TEST(GuardReplay, AReloadIsNoStart) {
  const Agent agent;
  GuardUnderTest guard(REPLAY, {&agent});
  OwnedRequest request;
  agent.sign(request, start_time + seconds(5));
  const auto config = parse_config(REPLAY "unverified = \"deny\"\n");
  ASSERT_TRUE(config);
  ASSERT_TRUE(guard.guard().reload(test::of_shop(*config)));
  EXPECT_EQ(guard.decide(request, start_time + seconds(10)).record.replay, ReplayCheck::fresh);
}

// Under one registered domain anybody has as many identities as they like.
TEST(GuardReplay, AgentsOfOneDomainCannotFillTheStoreForTheOthers) {
  std::vector<Agent> crowd;
  for (int i = 0; i < 20; ++i) {
    crowd.emplace_back("https://bot" + std::to_string(i) + ".crowd.example/");
  }
  const Agent honest("https://honest.example/");
  auto keys = std::make_shared<StaticResolver>(directory::registered_domain);
  for (const auto& agent : crowd) agent.add_to(*keys);
  honest.add_to(*keys);
  GuardUnderTest guard(REPLAY "[replay]\nentries = 640\nentries_per_agent = 256\n", {},
                       {.resolver = keys});
  const auto send = [&](const Agent& agent) {
    OwnedRequest request;
    agent.sign(request);
    return guard.decide(request).record.cause;
  };
  int full = 0;
  for (int i = 0; i < 2000; ++i) {
    full += send(crowd[static_cast<std::size_t>(i) % crowd.size()]) == Cause::replay_store_full;
  }
  EXPECT_GE(full, 2000 - 256);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(send(honest), Cause::none) << i;
}

TEST(GuardReplay, ANonceCountsForTheDomainOrElseTheIdentityOrElseTheKey) {
  const Agent agent("https://bot.agents.example/keys");
  auto with_domain = std::make_shared<StaticResolver>(directory::registered_domain);
  agent.add_to(*with_domain);
  auto with_url = std::make_shared<StaticResolver>();
  agent.add_to(*with_url);
  auto without_url = std::make_shared<StaticResolver>();
  without_url->add_key(agent.public_key());
  struct Case {
    std::shared_ptr<const KeyResolver> resolver;
    std::string_view owner;
  };
  for (const auto& c : {Case{with_domain, "agents.example"}, Case{with_url, agent.url()},
                        Case{without_url, agent.keyid()}}) {
    const auto store = std::make_shared<FixedStore>(ReplayAnswer::fresh);
    GuardUnderTest guard(REPLAY, {}, {.resolver = c.resolver, .replay = store});
    OwnedRequest request;
    agent.sign(request);
    EXPECT_EQ(guard.decide(request).action, Action::pass);
    EXPECT_EQ(store->owner, c.owner);
  }
}

#undef REPLAY

}  // namespace
}  // namespace wba::guard
