// @authority and target URIs: RFC 9421 §2.2.3, RFC 9110 §4.2.3 and §7.1.

#include <string>

#include <gtest/gtest.h>

#include <wba/component.h>
#include <wba/message.h>

namespace wba::test {
namespace {

std::string normalised(std::string_view authority, std::string_view scheme = "https") {
  std::string out = "kept ";
  const auto done = append_normalised_authority(scheme, authority, out);
  if (!done) {
    EXPECT_EQ(out, "kept ");
    return std::string(to_string(done.error().code));
  }
  return out.substr(5);
}

// CF 70e59a9, stytch, kjdev: a port that is no default one was dropped, or a default one kept.
TEST(Authority, OnlyTheDefaultPortOfTheSchemeIsDropped) {
  EXPECT_EQ(normalised("a.test:443"), "a.test");
  EXPECT_EQ(normalised("a.test:443", "http"), "a.test:443");
  EXPECT_EQ(normalised("a.test:80", "http"), "a.test");
  EXPECT_EQ(normalised("a.test:80"), "a.test:80");
  EXPECT_EQ(normalised("a.test:443", "HTTPS"), "a.test");
  EXPECT_EQ(normalised("a.test:"), "a.test");
  EXPECT_EQ(normalised("a.test:8443"), "a.test:8443");
  EXPECT_EQ(normalised("a.test:443", "wss"), "a.test:443");
}

// adcp, kjdev: brackets of an IPv6 literal, its port, its case.
TEST(Authority, Ipv6LiteralKeepsItsBrackets) {
  EXPECT_EQ(normalised("[2001:DB8::1]"), "[2001:db8::1]");
  EXPECT_EQ(normalised("[2001:db8::1]:443"), "[2001:db8::1]");
  EXPECT_EQ(normalised("[::1]:8443"), "[::1]:8443");
  EXPECT_EQ(normalised("[::ffff:1.2.3.4]"), "[::ffff:1.2.3.4]");
  for (const auto* wrong : {"[::1", "::1", "[::1]x", "[]", "[g::1]", "[::1%eth0]", "[::1]:x"}) {
    EXPECT_EQ(normalised(wrong), "authority-invalid") << wrong;
  }
}

TEST(Authority, WhatIsNoHostIsRefused) {
  EXPECT_EQ(normalised("a_b.test"), "a_b.test");
  for (const auto* wrong : {"", ":443", "user@a.test", "a.test:65536", "a.test:-1", "a.test:1:2",
                            "a.test:+1", "a test", "a\ttest", "a.test/", "a.test?", "a.test#",
                            "b\xc3\xbc"
                            "cher.test",
                            "a\n.test"}) {
    EXPECT_EQ(normalised(wrong), "authority-invalid") << wrong;
  }
}

TEST(TargetUri, IsSplitIntoSchemeAuthorityAndTarget) {
  const auto parts = split_target_uri("HTTPS://Example.com:8443/a%2Fb?x=1#part");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->scheme, "HTTPS");
  EXPECT_EQ(parts->authority, "Example.com:8443");
  EXPECT_EQ(parts->target, "/a%2Fb?x=1");
  EXPECT_EQ(split_target_uri("http://a.test")->target, "");
  EXPECT_EQ(split_target_uri("http://a.test?x")->target, "?x");
  for (const auto* wrong : {"", "a.test", "/path", "ftp://a.test/", "https:///x", "https://",
                            "https://u:p@a.test/", "https://a.test/a b", "https://a.test/\x7f"}) {
    EXPECT_FALSE(split_target_uri(wrong)) << wrong;
  }
}

std::string value_of(std::string_view component, const Request& request) {
  std::string text;
  EXPECT_TRUE(append_component_identifier(component, text));
  sf::Field field;
  EXPECT_TRUE(sf::parse_item(text, field));
  const auto& member = field.members().front();
  const auto id = read_component_identifier(member.value, field.parameters(member));
  ComponentScratch scratch;
  std::string out;
  const auto done = append_component_value(request, *id, {}, scratch, out);
  return done ? out : std::string(to_string(done.error().code));
}

Request request_to(std::string_view method, std::string_view target) {
  return {.method = method, .authority = "Example.com", .target = target};
}

// CF's TypeScript and pyauth #19: "?" and "??" and no query at all.
TEST(Target, QueryIsTakenAsItStands) {
  EXPECT_EQ(value_of("@query", request_to("GET", "/p")), "?");
  EXPECT_EQ(value_of("@query", request_to("GET", "/p?")), "?");
  EXPECT_EQ(value_of("@query", request_to("GET", "/p??")), "??");
  EXPECT_EQ(value_of("@query", request_to("GET", "/p?b=2&a=1")), "?b=2&a=1");
}

// dhensby 1.0.3, adcp: nothing is decoded.
TEST(Target, PathIsTakenAsItStands) {
  EXPECT_EQ(value_of("@path", request_to("GET", "/a%2Fb%20c/../d")), "/a%2Fb%20c/../d");
  EXPECT_EQ(value_of("@path", request_to("GET", "")), "/");
  EXPECT_EQ(value_of("@path", request_to("GET", "?x")), "/");
}

TEST(Target, UriIsRebuiltFromTheMessage) {
  EXPECT_EQ(value_of("@target-uri", request_to("GET", "/p?x")), "https://Example.com/p?x");
  EXPECT_EQ(value_of("@target-uri", request_to("GET", "")), "https://Example.com/");
  EXPECT_EQ(value_of("@target-uri", request_to("OPTIONS", "*")), "https://Example.com");
  EXPECT_EQ(value_of("@target-uri", request_to("GET", "https://example.com/p?x")),
            "https://Example.com/p?x");
}

TEST(Target, WhatIsNoRequestTargetIsRefused) {
  for (const auto* wrong : {"path", "/a b", "/a\nb", "/caf\xc3\xa9", "a.test:80"}) {
    EXPECT_EQ(value_of("@path", request_to("GET", wrong)), "component-value-invalid") << wrong;
  }
  EXPECT_EQ(value_of("@request-target", request_to("CONNECT", "a.test:80")), "a.test:80");
}

}  // namespace
}  // namespace wba::test
