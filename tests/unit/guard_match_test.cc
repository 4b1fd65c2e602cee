// Which agents and names of the server the guard takes a request for.

#include <string>
#include <vector>

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
      {"absolute", none, "192.0.2.1", "a.example", "http://b.example/x", {}, "https", "b.example"},
      {"absolute junk", none, "192.0.2.1", "a.example", "junk", {}, "", ""},
      {"no host", none, "192.0.2.1", "", "/", {}, "", ""},
      {"path in host", none, "192.0.2.1", "a.example/b", "/", {}, "", ""},
  };
  for (const auto& c : cases) {
    const Request request{
        .method = "GET", .authority = c.host, .target = c.target, .fields = c.fields};
    const auto name = external_name(behind_proxy(c.source), c.peer, request);
    ASSERT_EQ(name.has_value(), !c.scheme.empty()) << c.name;
    if (!name) continue;
    EXPECT_EQ(name->scheme, c.scheme) << c.name;
    EXPECT_EQ(name->authority, c.authority) << c.name;
  }
}

TEST(GuardAuthority, AConfiguredAuthorityGoesBeforeAll) {
  auto server = behind_proxy(ForwardedSource::x_forwarded);
  server.authority = "shop.example";
  const std::vector<FieldLine> fields = {{"X-Forwarded-Host", "b.example"}};
  const auto name =
      external_name(server, "10.0.0.1", {.method = "GET", .authority = "in", .fields = fields});
  ASSERT_TRUE(name);
  EXPECT_EQ(name->authority, "shop.example");
}

// An adapter may find the name out on its own, as wba-authd does.
TEST(GuardAuthority, AConfiguredAuthorityGoesBeforeAnAdaptersToo) {
  const test::Agent agent;
  test::GuardUnderTest open("[defaults]\nunsigned = \"challenge\"\n", {&agent});
  test::GuardUnderTest fixed(
      "[server]\nauthority = \"shop.example\"\n[defaults]\nunsigned = \"challenge\"\n", {&agent});
  test::OwnedRequest request{.authority = "other.example"};
  agent.sign(request);
  const IncomingRequest incoming{.request = request.view(), .is_external = true};
  EXPECT_EQ(open.guard().decide(incoming, test::start_time, open.worker()).action, Action::pass);
  const auto& decision = fixed.guard().decide(incoming, test::start_time, fixed.worker());
  EXPECT_EQ(decision.action, Action::refuse);
  EXPECT_EQ(decision.record.reason, Reason::bad_signature);
  EXPECT_EQ(decision.record.authority, "shop.example");
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
