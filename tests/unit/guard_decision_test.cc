// From a request to a decision: every rule and default, by table.

#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <wba/accept_signature.h>

#include "guard_support.h"

namespace wba::guard {
namespace {

using test::Agent;
using test::GuardUnderTest;
using test::header_of;
using test::OwnedRequest;
using test::start_time;

const Agent& known_agent() {
  static const Agent agent;
  return agent;
}

// The four outcomes, as requests.
enum class Sender { verified, unsigned_, unverified, no_keys, invalid, unreadable };

OwnedRequest request_of(Sender sender, std::string target = "/", std::string method = "GET") {
  OwnedRequest request{.method = std::move(method), .target = std::move(target)};
  static const Agent stranger("https://stranger.example/keys");
  switch (sender) {
    case Sender::verified:
      known_agent().sign(request);
      break;
    case Sender::unsigned_:
      break;
    case Sender::unverified:  // a key that the directory does not have
      stranger.sign(request, start_time, {.agent_url = known_agent().url()});
      break;
    case Sender::no_keys:  // no directory
      stranger.sign(request);
      break;
    case Sender::invalid:
      known_agent().sign(request);
      request.authority = "other.example";
      break;
    case Sender::unreadable:
      known_agent().sign(request);
      request.fields.back().second = "sig1=junk";
      break;
  }
  return request;
}

struct DecisionCase {
  std::string_view name;
  std::string_view toml;
  Sender sender;
  std::string_view target;
  Action action;
  std::uint16_t status;
  std::string_view rule = "";
  Cause cause = Cause::none;
  std::string_view method = "GET";
};

// PrintTo keeps addresses out of what a failure says.
void PrintTo(const DecisionCase& row, std::ostream* out) { *out << row.name; }

class GuardDecision : public testing::TestWithParam<DecisionCase> {};

TEST_P(GuardDecision, FollowsTheConfiguration) {
  const DecisionCase& c = GetParam();
  GuardUnderTest guard(c.toml, {&known_agent()});
  auto request = request_of(c.sender, std::string(c.target), std::string(c.method));
  const auto& decision = guard.decide(request);
  EXPECT_EQ(to_string(decision.action), to_string(c.action));
  EXPECT_EQ(decision.status, c.status);
  EXPECT_EQ(decision.record.rule, c.rule);
  EXPECT_EQ(to_string(decision.record.cause), to_string(c.cause));
  // Only what verified is ever called so.
  EXPECT_EQ(decision.is_verified(), c.sender == Sender::verified);
  EXPECT_EQ(decision.record.identity, c.sender == Sender::verified ? known_agent().url() : "");
  EXPECT_EQ(header_of(decision, "Accept-Signature").empty(), c.action != Action::challenge);
  EXPECT_EQ(header_of(decision, "Cache-Control"), c.action == Action::pass ? "" : "no-store");
}

#define ALLOW "[defaults]\nunsigned = \"allow\"\n"
#define AGENTS_ONLY "[defaults]\nunsigned = \"challenge\"\n"
constexpr std::string_view kRules = R"(
[defaults]
unsigned = "allow"
unverified = "allow"
[[rules]]
name = "robots for all"
outcomes = ["verified", "unverified", "invalid", "unsigned"]
paths = ["/robots.txt"]
action = "allow"
[[rules]]
name = "known"
agent_hosts = ["bot.example"]
any_path = true
paths = ["/api/*"]
methods = ["GET"]
action = "allow"
[[rules]]
name = "others"
outcomes = ["verified", "unsigned", "unverified"]
paths = ["/api/*"]
action = "challenge"
[[rules]]
name = "banned"
agent_urls = ["https://bot.example/keys"]
paths = ["/private/*"]
action = "deny"
[[rules]]
name = "never"
agent_host_suffixes = ["evil.example"]
action = "allow"
)";

constexpr std::string_view kRulesOfOutcomes = R"(
[defaults]
unsigned = "allow"
keys_unavailable = "pass"
[[rules]]
name = "closed to unsigned"
outcomes = ["unsigned"]
paths = ["/closed"]
action = "deny"
[[rules]]
name = "closed to unverified"
outcomes = ["unverified"]
action = "deny"
)";

constexpr std::string_view kAgentRules = R"(
[defaults]
unsigned = "allow"
[[rules]]
name = "known"
agent_hosts = ["bot.example"]
any_path = true
action = "allow"
[[rules]]
name = "invalid"
outcomes = ["invalid", "verified"]
paths = ["/private/*"]
action = "allow"
)";

INSTANTIATE_TEST_SUITE_P(
    Defaults, GuardDecision,
    testing::Values(
        DecisionCase{"verified", ALLOW, Sender::verified, "/", Action::pass, 200},
        DecisionCase{"unsigned_allowed", ALLOW, Sender::unsigned_, "/", Action::pass, 200},
        DecisionCase{"unsigned_challenged", AGENTS_ONLY, Sender::unsigned_, "/", Action::challenge,
                     403},
        DecisionCase{"unsigned_denied", "[defaults]\nunsigned = \"deny\"\n", Sender::unsigned_, "/",
                     Action::refuse, 403},
        DecisionCase{"unverified", ALLOW, Sender::unverified, "/", Action::challenge, 403},
        DecisionCase{"unverified_denied", ALLOW "unverified = \"deny\"\n", Sender::unverified, "/",
                     Action::refuse, 403},
        DecisionCase{"unverified_allowed", ALLOW "unverified = \"allow\"\n", Sender::unverified,
                     "/", Action::pass, 200},
        DecisionCase{"keys_unavailable_closed", ALLOW, Sender::no_keys, "/", Action::refuse, 503,
                     "", Cause::keys_unavailable},
        DecisionCase{"keys_unavailable_open", ALLOW "keys_unavailable = \"pass\"\n",
                     Sender::no_keys, "/", Action::pass, 200, "", Cause::keys_unavailable},
        // A signature that nobody can check opens nothing that is closed without one.
        DecisionCase{"open_is_as_unsigned_and_challenged",
                     AGENTS_ONLY "keys_unavailable = \"pass\"\n", Sender::no_keys, "/",
                     Action::challenge, 403, "", Cause::keys_unavailable},
        DecisionCase{"open_is_as_unsigned_and_denied",
                     "[defaults]\nunsigned = \"deny\"\nkeys_unavailable = \"pass\"\n",
                     Sender::no_keys, "/", Action::refuse, 403, "", Cause::keys_unavailable},
        DecisionCase{"open_is_not_as_unverified",
                     ALLOW "keys_unavailable = \"pass\"\nunverified = \"deny\"\n", Sender::no_keys,
                     "/", Action::pass, 200, "", Cause::keys_unavailable},
        DecisionCase{"open_is_not_for_a_missing_key", AGENTS_ONLY "keys_unavailable = \"pass\"\n",
                     Sender::unverified, "/", Action::challenge, 403},
        DecisionCase{"open_is_not_for_invalid", AGENTS_ONLY "keys_unavailable = \"pass\"\n",
                     Sender::invalid, "/", Action::refuse, 403},
        DecisionCase{"invalid", ALLOW, Sender::invalid, "/", Action::refuse, 403},
        DecisionCase{"invalid_challenged", ALLOW "invalid = \"challenge\"\n", Sender::invalid, "/",
                     Action::challenge, 403},
        DecisionCase{"unreadable_is_a_bad_request", ALLOW, Sender::unreadable, "/", Action::refuse,
                     400},
        DecisionCase{"verified_denied", ALLOW "verified = \"deny\"\n", Sender::verified, "/",
                     Action::refuse, 403}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Rules, GuardDecision,
    testing::Values(
        DecisionCase{"for_all", kRules, Sender::invalid, "/robots.txt", Action::pass, 200,
                     "robots for all"},
        DecisionCase{"known_agent", kRules, Sender::verified, "/api/x", Action::pass, 200, "known"},
        DecisionCase{"claimed_is_not_known", kRules, Sender::unverified, "/api/x",
                     Action::challenge, 403, "others"},
        DecisionCase{"invalid_is_not_known", kRules, Sender::invalid, "/api/x", Action::refuse,
                     403},
        DecisionCase{"method", kRules, Sender::verified, "/api/x", Action::challenge, 403, "others",
                     Cause::none, "POST"},
        DecisionCase{"denied_agent", kRules, Sender::verified, "/private/a", Action::refuse, 403,
                     "banned"},
        DecisionCase{"denied_agent_without_signature", kRules, Sender::unsigned_, "/private/a",
                     Action::pass, 200},
        DecisionCase{"no_rule", kRules, Sender::verified, "/", Action::pass, 200},
        // one server takes these for /private/a, another does not
        DecisionCase{"path_of_two_readings", kRules, Sender::verified, "/x%2F..%2Fprivate/a",
                     Action::refuse, 400, "", Cause::path_unclear},
        DecisionCase{"doubled_slash", kRules, Sender::verified, "//private/a", Action::refuse, 400,
                     "", Cause::path_unclear},
        // by rules too
        DecisionCase{"keys_unavailable_open_by_rule", kRulesOfOutcomes, Sender::no_keys, "/closed",
                     Action::refuse, 403, "closed to unsigned", Cause::keys_unavailable},
        DecisionCase{"keys_unavailable_open_is_no_unverified", kRulesOfOutcomes, Sender::no_keys,
                     "/other", Action::pass, 200, "", Cause::keys_unavailable},
        DecisionCase{"unverified_by_rule", kRulesOfOutcomes, Sender::unverified, "/other",
                     Action::refuse, 403, "closed to unverified"},
        // each server takes these for a path of its own
        DecisionCase{"parameter_before_dots", kRules, Sender::verified, "/x/../private/;y/../a",
                     Action::refuse, 400, "", Cause::path_unclear},
        DecisionCase{"doubled_slash_before_dots", kRules, Sender::verified, "/x/../private//../a",
                     Action::refuse, 400, "", Cause::path_unclear},
        DecisionCase{"backslash_before_dots", kRules, Sender::verified, "/x/../private/\\y/../../a",
                     Action::refuse, 400, "", Cause::path_unclear},
        DecisionCase{"fragment", kRules, Sender::verified, "/x#/../private/a", Action::refuse, 400,
                     "", Cause::path_unclear},
        DecisionCase{"no_escape", kRules, Sender::verified, "/%u0070rivate/a", Action::refuse, 400,
                     "", Cause::path_unclear},
        DecisionCase{"escaped_control", kRules, Sender::verified, "/robots.txt%00", Action::refuse,
                     400, "", Cause::path_unclear},
        DecisionCase{"ambiguous_where_no_path_counts", kAgentRules, Sender::verified,
                     "/x#/../private/a", Action::pass, 200, "known"},
        DecisionCase{"ambiguous_where_a_path_counts_for_others", kAgentRules, Sender::unsigned_,
                     "/x#/../private/a", Action::pass, 200},
        DecisionCase{"ambiguous_where_a_path_counts_for_it", kAgentRules, Sender::invalid,
                     "/x#/../private/a", Action::refuse, 400, "", Cause::path_unclear},
        DecisionCase{"encoded_slash_below_one_rule", kRules, Sender::verified, "/api/x%2Fy",
                     Action::pass, 200, "known"}),
    [](const auto& row) { return std::string(row.param.name); });

constexpr std::string_view kModes = R"(
[defaults]
unsigned = "challenge"
[[routes]]
name = "off"
paths = ["/off/*"]
mode = "off"
[[routes]]
name = "observed"
paths = ["/observed/*"]
mode = "observe"
)";

TEST(GuardModes, ObserveDecidesAndLetsPass) {
  GuardUnderTest guard(kModes, {&known_agent()});
  auto request = request_of(Sender::unsigned_, "/observed/a");
  const auto& decision = guard.decide(request);
  EXPECT_EQ(decision.action, Action::pass);
  EXPECT_EQ(decision.status, 200);
  EXPECT_EQ(decision.record.decided, Action::challenge);
  EXPECT_TRUE(decision.headers.empty());
}

TEST(GuardModes, OffVerifiesNothing) {
  GuardUnderTest guard(kModes, {&known_agent()});
  auto request = request_of(Sender::verified, "/off/a");
  const auto& decision = guard.decide(request);
  EXPECT_EQ(decision.action, Action::pass);
  EXPECT_FALSE(decision.is_verified());
  EXPECT_TRUE(decision.record.identity.empty());
}

TEST(GuardModes, APathThatIsOffInOneReadingOnlyIsRefused) {
  GuardUnderTest guard(kModes, {&known_agent()});
  for (const auto* target : {"/off/..%2Fsecret", "/off/../secret", "/secret/..%2f../off/x"}) {
    auto request = request_of(Sender::unsigned_, target);
    const auto& decision = guard.decide(request);
    EXPECT_EQ(decision.action, Action::refuse) << target;
    EXPECT_EQ(decision.status, 400) << target;
  }
}

TEST(GuardModes, AnUnclearPathIsTreatedByTheStricterOfItsRoutes) {
  const Agent& agent = known_agent();
  GuardUnderTest guard(R"(
[defaults]
unsigned = "challenge"
mode = "off"
[[routes]]
name = "off"
paths = ["/off/*"]
[[routes]]
name = "observed"
paths = ["/observed/*"]
mode = "observe"
)",
                       {&agent});
  auto both_off = request_of(Sender::unsigned_, "/off/../x");
  EXPECT_EQ(guard.decide(both_off).action, Action::pass);
  EXPECT_EQ(guard.decide(both_off).record.cause, Cause::none);
  auto observed = request_of(Sender::unsigned_, "/x/../observed/y");
  EXPECT_EQ(guard.decide(observed).action, Action::pass);
  EXPECT_EQ(guard.decide(observed).record.cause, Cause::path_unclear);
}

// Nothing was verified by then: that there is a signature is all that is known of it.
TEST(GuardModes, WhatIsRefusedBeforeItIsVerifiedNamesNobody) {
  GuardUnderTest guard(
      "[defaults]\nunsigned = \"allow\"\n[[rules]]\nname = \"a\"\n"
      "outcomes = [\"unsigned\"]\npaths = [\"/a\"]\naction = \"deny\"\n",
      {&known_agent()});
  struct Case {
    Sender sender;
    Caller caller;
    Outcome outcome;
    Reason reason;
  };
  for (const auto& c :
       {Case{Sender::unsigned_, Caller::unsigned_, Outcome::unsigned_, Reason::no_signature},
        Case{Sender::verified, Caller::claimed_agent, Outcome::unverified,
             Reason::internal_error}}) {
    auto request = request_of(c.sender, "/b");
    request.fields.emplace_back("Host", "shop.example");
    request.fields.emplace_back("Host", "other.example");
    const auto& decision = guard.decide(request);
    EXPECT_EQ(decision.status, 400);
    EXPECT_EQ(decision.record.cause, Cause::authority_unclear);
    EXPECT_EQ(decision.record.caller, c.caller);
    EXPECT_EQ(decision.record.outcome, c.outcome);
    EXPECT_EQ(decision.record.reason, c.reason);
    EXPECT_EQ(decision.record.identity, "");
  }
}

struct RequireCase {
  std::string_view require;
  Agent::Signing signing;
  Cause cause;
  std::string_view asks = "";  // a part of Accept-Signature
};

TEST(GuardRequirements, AVerifiedSignatureThatLacksSomethingIsChallenged) {
  const std::vector<RequireCase> cases = {
      {R"(components = ["@method", "@path"])",
       {.components = {"@authority", "@method", "@path"}},
       Cause::none},
      {R"(components = ["@method", "@path"])",
       {.components = {"@authority", "@method"}},
       Cause::component_not_covered,
       R"(("@authority" "@method" "@path" "signature-agent";key="sig1"))"},
      {R"(components = ["@path"])", {.components = {"@target-uri"}}, Cause::none},
      {R"(components_if_present = ["authorization"])",
       {.components = {"@authority", "authorization"}},
       Cause::none},
      {R"(components_if_present = ["Authorization"])",
       {.components = {"@authority"}},
       Cause::component_not_covered,
       R"("authorization")"},
      {R"(components_if_present = ["x-absent"])", {.components = {"@authority"}}, Cause::none},
      {R"(max_lifetime = "60s")", {.lifetime = std::chrono::seconds(60)}, Cause::none},
      {R"(max_lifetime = "60s")", {.lifetime = std::chrono::seconds(61)}, Cause::lifetime_too_long},
      {R"(nonce = true)", {}, Cause::none},
      {R"(nonce = true)",
       {.nonce_mode = SigningOptions::Nonce::none},
       Cause::nonce_missing,
       ";nonce=\""},
  };
  for (const auto& c : cases) {
    const std::string toml = ALLOW "require = { " + std::string(c.require) + " }\n";
    GuardUnderTest guard(toml, {&known_agent()});
    OwnedRequest request{.target = "/a"};
    request.fields.emplace_back("Authorization", "Bearer x");
    known_agent().sign(request, start_time, c.signing);
    const auto& decision = guard.decide(request);
    EXPECT_EQ(to_string(decision.record.cause), to_string(c.cause)) << c.require;
    EXPECT_EQ(decision.action, c.cause == Cause::none ? Action::pass : Action::challenge);
    EXPECT_EQ(decision.record.outcome, Outcome::verified);
    EXPECT_THAT(header_of(decision, "Accept-Signature"), testing::HasSubstr(std::string(c.asks)));
  }
}

TEST(GuardRequirements, AChallengeThatIsAnsweredPasses) {
  GuardUnderTest guard(AGENTS_ONLY
                       "replay = true\nrequire = { components = [\"@method\", "
                       "\"@query-param;name=\\\"q\\\"\"] }\n",
                       {&known_agent()});
  OwnedRequest request{.target = "/a?q=1"};
  const std::string asked = header_of(guard.decide(request), "Accept-Signature");
  const std::string_view line = asked;
  const auto parsed = parse_accept_signature(std::span(&line, 1), SignatureTarget::request);
  ASSERT_TRUE(parsed) << asked;
  ASSERT_EQ(parsed->size(), 1U);
  const auto& wanted = parsed->front();
  EXPECT_EQ(wanted.tag, "web-bot-auth");
  EXPECT_TRUE(wanted.created && wanted.expires);
  ASSERT_TRUE(wanted.nonce);
  EXPECT_EQ(wanted.nonce->size(), 44U);
  const std::vector<std::string_view> components(wanted.components.begin(),
                                                 wanted.components.end() - 1);
  EXPECT_EQ(wanted.components.back(), "\"signature-agent\";key=\"sig1\"");
  known_agent().sign(request, start_time, {.components = components, .label = wanted.label});
  EXPECT_EQ(guard.decide(request).action, Action::pass);
}

TEST(GuardRequirements, EachChallengeHasANonceOfItsOwn) {
  GuardUnderTest guard(AGENTS_ONLY "replay = true\n", {});
  OwnedRequest request;
  const std::string one = header_of(guard.decide(request), "Accept-Signature");
  EXPECT_NE(one, header_of(guard.decide(request), "Accept-Signature"));
}

TEST(GuardRequirements, OfTwoSignaturesTheOneThatWillDoCounts) {
  const Agent other("https://other.example/keys");
  GuardUnderTest guard(ALLOW "require = { components = [\"@path\"] }\n", {&known_agent(), &other});
  OwnedRequest request;
  known_agent().sign(request, start_time, {.components = {"@authority"}, .label = "a"});
  other.sign(request, start_time, {.components = {"@authority", "@path"}, .label = "b"});
  const auto& decision = guard.decide(request);
  EXPECT_EQ(decision.action, Action::pass);
  EXPECT_EQ(decision.record.identity, other.url());
}

struct BodyCase {
  bool digest;
  bool covered;
  bool at_hand;
  bool changed;
  Action action;
  Cause cause;
};

TEST(GuardRequirements, ABodyIsComparedWithItsDigest) {
  const BodyCase cases[] = {
      {true, true, true, false, Action::pass, Cause::none},
      {true, true, true, true, Action::refuse, Cause::none},
      {true, true, false, false, Action::refuse, Cause::body_not_checked},
      {true, false, true, false, Action::challenge, Cause::component_not_covered},
      {false, false, true, false, Action::challenge, Cause::component_not_covered},
  };
  for (const auto& c : cases) {
    GuardUnderTest guard(ALLOW "require = { body_digest = true }\n", {&known_agent()},
                         {.sees_bodies = true});
    OwnedRequest request{.method = "POST"};
    // The signer covers a Content-Digest that is there, so an uncovered one is added later.
    const std::string body = "{\"order\":1}";
    if (c.digest && c.covered) request.fields.emplace_back("Content-Digest", content_digest(body));
    known_agent().sign(request);
    if (c.digest && !c.covered) request.fields.emplace_back("Content-Digest", content_digest(body));
    if (c.at_hand) request.body = c.changed ? "{\"order\":2}" : body;
    const auto& decision = guard.decide(request);
    EXPECT_EQ(decision.action, c.action) << to_string(decision.record.reason);
    EXPECT_EQ(decision.record.cause, c.cause);
    if (c.changed) {
      EXPECT_EQ(decision.record.reason, Reason::content_digest_mismatch);
    }
  }
}

TEST(GuardRequirements, ABodyIsAskedForWhereARouteOrRuleNeedsIt) {
  GuardUnderTest guard(R"(
[defaults]
unsigned = "allow"
[[routes]]
name = "orders"
paths = ["/orders/*"]
methods = ["POST"]
require = { body_digest = true }
[[rules]]
name = "r"
agent_hosts = ["bot.example"]
any_path = true
paths = ["/ruled"]
action = "allow"
require = { body_digest = true }
)",
                       {}, {.sees_bodies = true});
  const auto needs = [&](std::string_view method, std::string_view target) {
    return guard.guard().needs_body({.method = method, .authority = "a", .target = target},
                                    guard.worker());
  };
  EXPECT_TRUE(needs("POST", "/orders/1"));
  EXPECT_TRUE(needs("GET", "/ruled"));
  EXPECT_TRUE(needs("GET", "/x#/../ruled"));
  EXPECT_FALSE(needs("GET", "/orders/1"));
  EXPECT_FALSE(needs("POST", "/x#/../orders/1"));  // refused without
  EXPECT_FALSE(needs("POST", "/"));
}

TEST(GuardRequirements, AnAdapterThatSeesNoBodiesCannotBeAskedForDigests) {
  const auto config = parse_config(ALLOW "require = { body_digest = true }\n");
  ASSERT_TRUE(config);
  const auto guard =
      Guard::create(test::of_shop(*config), {.resolver = std::make_shared<StaticResolver>()});
  ASSERT_FALSE(guard);
  EXPECT_THAT(guard.error()[0].reason, testing::HasSubstr("body_digest"));
}

#undef ALLOW
#undef AGENTS_ONLY

}  // namespace
}  // namespace wba::guard
