// Which agents and names of the server the guard takes a request for.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent_match.h"
#include "external_authority.h"
#include "guard_support.h"

namespace wba::guard {
namespace {

constexpr std::string_view kWellKnown = "/.well-known/http-message-signatures-directory";

TEST(GuardAgents, HostsFitWholeAndSuffixesOnLabelBorders) {
  const AgentMatch match({.name = "r",
                          .agent_hosts = {"two.example", "three.example:8443", "[2001:db8::1]"},
                          .agent_host_suffixes = {"four.example"}});
  const auto fits = [&](std::string_view origin) {
    return match.fits(std::string(origin).append(kWellKnown));
  };
  for (const std::string_view origin :
       {"https://two.example", "https://three.example:8443", "https://[2001:db8::1]",
        "https://four.example", "https://a.b.four.example"}) {
    EXPECT_TRUE(fits(origin)) << origin;
  }
  for (const std::string_view origin :
       {"", "https://one.example", "https://two.example:8443", "https://two.example.evil.example",
        "https://a.two.example", "https://three.example", "https://evilfour.example",
        "https://four.example.evil", "https://four.example:8443", "http://two.example"}) {
    EXPECT_FALSE(fits(origin)) << origin;
  }
}

TEST(GuardAgents, UrlFitsAloneWithItsQuery) {
  const AgentMatch match(
      {.name = "r", .agent_urls = {"https://one.example/keys", "https://two.example/k?a"}});
  EXPECT_TRUE(match.fits("https://one.example/keys"));
  EXPECT_TRUE(match.fits("https://two.example/k?a"));
  for (const std::string_view identity :
       {"", "https://one.example/", "https://one.example/keys/2", "https://one.example/keys?u=evil",
        "https://two.example/k", "https://two.example/k?b"}) {
    EXPECT_FALSE(match.fits(identity)) << identity;
  }
}

// A host may serve what its users upload, or fetch what a query names.
TEST(GuardAgents, HostsAndSuffixesMeanTheWellKnownDirectoryUnlessTheRuleSaysAnyPath) {
  Rule rule{.name = "r", .agent_hosts = {"two.example"}, .agent_host_suffixes = {"four.example"}};
  const AgentMatch directory_alone(rule);
  rule.any_path = true;
  const AgentMatch any_path(rule);
  for (const std::string_view host : {"two.example", "four.example", "a.four.example"}) {
    const std::string origin = "https://" + std::string(host);
    EXPECT_TRUE(directory_alone.fits(origin + std::string(kWellKnown)));
    EXPECT_TRUE(any_path.fits(origin + std::string(kWellKnown)));
    for (const std::string& path :
         {std::string("/"), std::string("/uploads/avatar-4711.png"), std::string("/keys"),
          std::string("/?url=https://evil.example/k.json"), std::string(kWellKnown) + "?u=evil",
          std::string(kWellKnown) + "/", "/a" + std::string(kWellKnown)}) {
      EXPECT_FALSE(directory_alone.fits(origin + path)) << path;
      EXPECT_TRUE(any_path.fits(origin + path)) << path;
    }
  }
  for (const std::string_view identity :
       {"https://evil.example/four.example", "https://evil.example/?https://two.example/"}) {
    EXPECT_FALSE(any_path.fits(identity)) << identity;
  }
}

ServerSettings behind_proxy(ForwardedSource source) {
  ServerSettings server{.forwarded = source};
  server.trusted_proxies = {AddressRange::parse("10.0.0.0/8").value()};
  return server;
}

struct NameCase {
  std::string_view name;
  ForwardedSource source;
  std::string_view peer;
  std::string_view host;
  std::string_view target;
  std::vector<FieldLine> fields;
  std::string_view scheme;  // empty: it cannot be told
  std::string_view authority;
};

TEST(GuardAuthority, OnlyTrustedPeersSayWhatTheClientUsed) {
  constexpr auto x = ForwardedSource::x_forwarded;
  constexpr auto f = ForwardedSource::forwarded;
  constexpr auto none = ForwardedSource::none;
  const std::vector<NameCase> cases = {
      {"host", none, "192.0.2.1", "a.example", "/", {}, "https", "a.example"},
      {"nobody",
       x,
       "192.0.2.1",
       "a.example",
       "/",
       {{"X-Forwarded-Host", "b"}},
       "https",
       "a.example"},
      {"not configured",
       none,
       "10.1.1.1",
       "a.example",
       "/",
       {{"X-Forwarded-Host", "b.example"}},
       "https",
       "a.example"},
      {"trusted",
       x,
       "10.1.1.1",
       "in",
       "/",
       {{"X-Forwarded-Host", "b.example"}},
       "https",
       "b.example"},
      {"mapped",
       x,
       "::ffff:10.1.1.1",
       "in",
       "/",
       {{"X-Forwarded-Host", "b.example"}},
       "https",
       "b.example"},
      {"no peer",
       x,
       "",
       "a.example",
       "/",
       {{"X-Forwarded-Host", "b.example"}},
       "https",
       "a.example"},
      {"other field",
       x,
       "10.1.1.1",
       "a.example",
       "/",
       {{"Forwarded", "host=b.example"}},
       "https",
       "a.example"},
      {"last",
       x,
       "10.1.1.1",
       "in",
       "/",
       {{"X-Forwarded-Host", "evil.example, b.example"}},
       "https",
       "b.example"},
      {"last line",
       x,
       "10.1.1.1",
       "in",
       "/",
       {{"X-Forwarded-Host", "evil"}, {"x-forwarded-host", "b.example"}},
       "https",
       "b.example"},
      {"proto",
       x,
       "10.1.1.1",
       "a.example",
       "/",
       {{"X-Forwarded-Proto", "http"}},
       "http",
       "a.example"},
      {"bad proto", x, "10.1.1.1", "a.example", "/", {{"X-Forwarded-Proto", "gopher"}}, "", ""},
      {"forwarded",
       f,
       "10.1.1.1",
       "in",
       "/",
       {{"Forwarded", "for=1.2.3.4;Host=\"b.example:8443\";proto=http"}},
       "http",
       "b.example:8443"},
      {"forwarded last",
       f,
       "10.1.1.1",
       "in",
       "/",
       {{"Forwarded", "host=evil, for=\"x,y\";host=b.example"}},
       "https",
       "b.example"},
      {"forwarded open quote",
       f,
       "10.1.1.1",
       "in",
       "/",
       {{"Forwarded", "host=\"evil, host=b.example"}},
       "",
       ""},
      {"forwarded twice", f, "10.1.1.1", "in", "/", {{"Forwarded", "host=a;host=b"}}, "", ""},
      {"forwarded junk", f, "10.1.1.1", "in", "/", {{"Forwarded", "junk"}}, "", ""},
      {"two hosts",
       none,
       "192.0.2.1",
       "a.example",
       "/",
       {{"Host", "a.example"}, {"host", "b.example"}},
       "",
       ""},
      {"absolute",
       none,
       "192.0.2.1",
       "a.example",
       "https://A.example:443/x",
       {},
       "https",
       "a.example"},
      {"absolute of another", none, "192.0.2.1", "a.example", "https://b.example/x", {}, "", ""},
      {"absolute port", none, "192.0.2.1", "a.example", "https://a.example:8443/x", {}, "", ""},
      {"absolute junk", none, "192.0.2.1", "a.example", "junk", {}, "", ""},
      {"no host", none, "192.0.2.1", "", "/", {}, "", ""},
      {"path in host", none, "192.0.2.1", "a.example/b", "/", {}, "", ""},
  };
  for (const auto& c : cases) {
    const Request request{
        .method = "GET", .authority = c.host, .target = c.target, .fields = c.fields};
    const auto server = behind_proxy(c.source);  // what `name` views
    const auto name = external_name(server, c.peer, request);
    ASSERT_EQ(name.has_value(), !c.scheme.empty()) << c.name;
    if (!name) continue;
    EXPECT_EQ(name->scheme, c.scheme) << c.name;
    EXPECT_EQ(name->authority, c.authority) << c.name;
  }
}

// An adapter may find the name out on its own, as wba-authd does.
TEST(GuardAuthority, ASignatureForAnotherSiteIsRefusedWhicheverWayTheNameIsFound) {
  const test::Agent agent;
  test::GuardUnderTest ours(
      "[server]\nauthorities = [\"shop.example\", \"*.shop.example\"]\nforwarded = "
      "\"x-forwarded\"\n"
      "trusted_proxies = \"10.0.0.0/8\"\n[defaults]\nunsigned = \"allow\"\n",
      {&agent});
  test::GuardUnderTest any("[server]\nauthorities = \"any\"\n[defaults]\nunsigned = \"allow\"\n",
                           {&agent});
  for (const auto* authority : {"shop.example", "www.Shop.example:443"}) {
    test::OwnedRequest request{.authority = authority};
    agent.sign(request);
    EXPECT_EQ(ours.decide(request).action, Action::pass) << authority;
  }
  test::OwnedRequest relayed{.authority = "evil.example"};
  agent.sign(relayed);
  test::OwnedRequest forwarded = relayed;
  forwarded.authority = "shop.example";
  forwarded.fields.emplace_back("X-Forwarded-Host", "evil.example");
  const IncomingRequest incoming[] = {{.request = relayed.view()},
                                      {.request = relayed.view(), .is_external = true},
                                      {.request = forwarded.view(), .peer = "10.0.0.1"}};
  for (const auto& one : incoming) {
    const auto& decision = ours.guard().decide(one, test::start_time, ours.worker());
    EXPECT_EQ(decision.action, Action::refuse);
    EXPECT_EQ(decision.status, 403);
    EXPECT_EQ(decision.record.reason, Reason::authority_not_ours);
    EXPECT_EQ(decision.record.outcome, Outcome::invalid);
    EXPECT_EQ(decision.record.authority, "evil.example");
    EXPECT_FALSE(decision.is_verified());
  }
  EXPECT_EQ(any.decide(relayed).action, Action::pass);
  // Without a signature nothing is claimed.
  test::OwnedRequest unsigned_request{.authority = "evil.example"};
  EXPECT_EQ(ours.decide(unsigned_request).action, Action::pass);
}

TEST(GuardAuthority, AGuardThatIsNotToldItsAuthoritiesIsNotMade) {
  const auto config = parse_config("[defaults]\nunsigned = \"allow\"\n");
  ASSERT_TRUE(config);
  const auto guard = Guard::create(*config, {.resolver = std::make_shared<StaticResolver>()});
  ASSERT_FALSE(guard);
  EXPECT_THAT(guard.error()[0].reason,
              testing::HasSubstr("authorities = [\"shop.example\", \"*.shop.example\"]"));
}

TEST(GuardAuthority, APeerThatIsNoAddressIsNotTrusted) {
  ServerSettings server;
  server.trusted_proxies = {AddressRange::parse("0.0.0.0/0").value(),
                            AddressRange::parse("::/0").value()};
  EXPECT_TRUE(is_trusted_peer(server, "10.0.0.1"));
  for (const auto* peer : {"", "unix", "nonsense"}) {
    EXPECT_FALSE(is_trusted_peer(server, peer)) << peer;
  }
}

}  // namespace
}  // namespace wba::guard
