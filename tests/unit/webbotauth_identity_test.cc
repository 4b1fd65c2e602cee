#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <wba/agent_identity.h>

namespace {

using wba::AgentKind;
using wba::AgentLink;
using wba::ErrorCode;

std::string identity(std::string_view url) {
  const auto result = wba::normalise_agent_url(url);
  return result ? *result : "error: " + std::string(to_string(result.error().code));
}

std::string document(std::string_view url, AgentKind kind) {
  std::string buffer;
  const auto result = wba::locate_agent({.url = url, .kind = kind}, buffer);
  return result ? std::string(result->document)
                : "error: " + std::string(to_string(result.error().code));
}

struct Row {
  std::string_view url;
  std::string_view identity;
};

// RFC 3986 §6.2.2.1, §6.2.2.2, §6.2.2.3 and §6.2.3, each in both directions.
TEST(AgentIdentity, EquivalentUrlsAreOneIdentity) {
  constexpr std::string_view kOrigin =
      "https://example.com/.well-known/http-message-signatures-directory";
  const Row rows[] = {
      {"https://example.com", kOrigin},
      {"https://example.com/", kOrigin},
      {"HTTPS://EXAMPLE.com/", kOrigin},
      {"https://example.com:443/", kOrigin},
      {"https://example.com:0443/", kOrigin},
      {"https://example.com:/", kOrigin},
      {"https://example.com:8443/k", "https://example.com:8443/k"},
      {"https://example.com?x=1", "https://example.com/?x=1"},
      {"https://example.com/keys?x=%7e1", "https://example.com/keys?x=~1"},
      {"https://example.com/.well-known/http-message-signatures-directory", kOrigin},
      {"https://example.com/%7euser", "https://example.com/~user"},
      {"https://example.com/%7Euser", "https://example.com/~user"},
      {"https://example.com/a%2fb", "https://example.com/a%2Fb"},
      {"https://example.com/a%c3%bc", "https://example.com/a%C3%BC"},
      {"https://example.com/a/./b/../c", "https://example.com/a/c"},
      {"https://example.com/a/b/..", "https://example.com/a/"},
      {"https://example.com/a/b/.", "https://example.com/a/b/"},
      {"https://example.com/../a", "https://example.com/a"},
      {"https://example.com/%2e%2E/a", "https://example.com/a"},
      {"https://example.com/..", kOrigin},
      {"https://example.com/a//../b", "https://example.com/a/b"},
      {"https://example.com/a//b", "https://example.com/a//b"},
      {"https://example.com/...", "https://example.com/..."},
      {"https://example.com.", kOrigin},
      {"https://example.com..", kOrigin},
      {"https://example.com.:443/", kOrigin},
      {"https://example.com.:8443/k", "https://example.com:8443/k"},
      {"https://[2001:DB8::1]:443/k", "https://[2001:db8::1]/k"},
      {"https://[2001:db8:0:0::1]/k", "https://[2001:db8::1]/k"},
      {"https://[2001:db8::0.0.0.1]:8443/k", "https://[2001:db8::1]:8443/k"},
      {"https://192.0.2.1/k", "https://192.0.2.1/k"},
  };
  for (const Row& row : rows) EXPECT_EQ(identity(row.url), row.identity) << row.url;
}

// RFC 3986 §5.2.4, the two examples worked there.
TEST(AgentIdentity, DotSegmentsOfRfc3986) {
  EXPECT_EQ(identity("https://h/a/b/c/./../../g"), "https://h/a/g");
  EXPECT_EQ(identity("https://h/mid/content=5/../6"), "https://h/mid/6");
}

TEST(AgentIdentity, DifferentUrlsStayDifferent) {
  EXPECT_NE(identity("https://example.com/a"), identity("https://example.com/A"));
  EXPECT_NE(identity("https://example.com/a"), identity("https://example.com/a/"));
  EXPECT_NE(identity("https://example.com/a%2Fb"), identity("https://example.com/a/b"));
  EXPECT_NE(identity("https://example.com"), identity("https://example.com.evil.test"));
  EXPECT_NE(identity("https://example.com:8443"), identity("https://example.com"));
  EXPECT_NE(identity("https://example.com/keys?a"), identity("https://example.com/keys?b"));
  EXPECT_NE(identity("https://example.com/keys?"), identity("https://example.com/keys"));
}

// What a server answers to a query may be another's to choose.
TEST(AgentIdentity, UrlWithAQueryIsNotTheWellKnownDirectory) {
  for (const std::string_view url :
       {"https://example.com/?url=https://evil.test/k.json",
        "https://example.com?url=https://evil.test/k.json", "https://example.com/?",
        "https://example.com/.well-known/http-message-signatures-directory?u=evil"}) {
    EXPECT_FALSE(wba::is_well_known_document(identity(url))) << url;
    EXPECT_NE(identity(url), identity("https://example.com")) << url;
  }
}

TEST(AgentIdentity, NormalisingTwiceChangesNothing) {
  for (const std::string_view url :
       {"https://Example.COM:0443/%7e/a/../%2f?q", "https://h/..//../a/%2e/", "https://h/%25%41"}) {
    const std::string once = identity(url);
    EXPECT_EQ(identity(once), once) << url;
  }
}

TEST(AgentIdentity, WhatIsNoHttpsUrlIsRefused) {
  const Row rows[] = {
      {"", "agent-url-invalid"},
      {"example.com", "agent-url-invalid"},
      {"//example.com", "agent-url-invalid"},
      {"/keys", "agent-url-invalid"},
      {"https:", "agent-url-invalid"},
      {"https://", "agent-url-invalid"},
      {"https:///keys", "agent-url-invalid"},
      {"https://:443", "agent-url-invalid"},
      {"http://example.com", "agent-url-not-https"},
      {"httpss://example.com", "agent-url-not-https"},
      {"ftp://example.com", "agent-url-not-https"},
      {"https://user@example.com", "agent-url-invalid"},
      {"https://user:secret@example.com/", "agent-url-invalid"},
      {"https://example.com#fragment", "agent-url-invalid"},
      {"https://example.com/a#fragment", "agent-url-invalid"},
      {"https://example.com/a?b#c", "agent-url-invalid"},
      {"https://exa mple.com", "agent-url-invalid"},
      {"https://example.com/a b", "agent-url-invalid"},
      {"https://example.com/%4", "agent-url-invalid"},
      {"https://example.com/%zz", "agent-url-invalid"},
      {"https://example.com/?%zz", "agent-url-invalid"},
      {"https://ex%61mple.com/", "agent-url-invalid"},
      {"https://ex\xc3\xa4mple.com/", "agent-url-invalid"},
      {"https://example.com/\xc3\xa4", "agent-url-invalid"},
      {"https://example.com:0/", "agent-url-invalid"},
      {"https://example.com:65536/", "agent-url-invalid"},
      {"https://example.com:44x/", "agent-url-invalid"},
      {"https://example.com\\@evil.test/", "agent-url-invalid"},
      {"https://example..com/", "agent-url-invalid"},
      {"https://./", "agent-url-invalid"},
      {"https://3221225985/", "agent-url-invalid"},
      {"https://192.0.2.001/", "agent-url-invalid"},
      {"https://0xc0000201/", "agent-url-invalid"},
      {"https://192.0.513:8443/", "agent-url-invalid"},
      {"https://[::ffff:192.0.2.1]/", "agent-url-invalid"},
      {"https://[::1", "agent-url-invalid"},
      {"https://[::g]/", "agent-url-invalid"},
      {"https://[fe80::1%25eth0]/", "agent-url-invalid"},
      {"https://[v1.a]/", "agent-url-invalid"},
      {"https://[::1]x/", "agent-url-invalid"},
      {"https://example.com/\"", "agent-url-invalid"},
      {"https://example.com/\n", "agent-url-invalid"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(identity(row.url), "error: " + std::string(row.identity)) << row.url;
  }
}

TEST(AgentIdentity, LongestUrlIsAcceptedAndOneOctetMoreRefused) {
  std::string url = "https://example.com/";
  url.append(wba::max_agent_url_size - url.size(), 'a');
  EXPECT_EQ(identity(url), url);
  url.push_back('a');
  EXPECT_EQ(identity(url), "error: agent-url-invalid");
}

TEST(AgentLocation, OriginLeadsToItsWellKnownPath) {
  for (const std::string_view url : {"https://example.com", "https://EXAMPLE.com:443/"}) {
    EXPECT_EQ(document(url, AgentKind::well_known),
              "https://example.com/.well-known/http-message-signatures-directory");
  }
}

TEST(AgentLocation, LegacyUrlWithPathIsTheKeySetItself) {
  EXPECT_EQ(document("https://example.com/keys.json?v=1", AgentKind::well_known),
            "https://example.com/keys.json?v=1");
}

TEST(AgentLocation, KeySetAndMetadataDocumentAreFetchedAsNamedWithTheirQuery) {
  EXPECT_EQ(document("https://example.com/k?a=b?c", AgentKind::key_set),
            "https://example.com/k?a=b?c");
  EXPECT_EQ(document("https://example.com/", AgentKind::key_set), "https://example.com/");
  EXPECT_EQ(document("https://example.com/client", AgentKind::cimd), "https://example.com/client");
}

TEST(AgentLocation, DocumentAndHostViewTheBuffer) {
  std::string buffer;
  const auto origin = wba::locate_agent({.url = "https://Example.com:8443"}, buffer);
  ASSERT_TRUE(origin);
  EXPECT_EQ(origin->document, buffer);
  EXPECT_EQ(origin->host, "example.com");
  const auto literal =
      wba::locate_agent({.url = "https://[2001:DB8::1]/k?q", .kind = AgentKind::key_set}, buffer);
  ASSERT_TRUE(literal);
  EXPECT_EQ(literal->host, "2001:db8::1");
  EXPECT_EQ(literal->document, "https://[2001:db8::1]/k?q");
}

TEST(AgentLocation, ErrorSaysWhere) {
  std::string buffer;
  const auto result = wba::locate_agent({.url = "https://example.com/a b"}, buffer);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().offset, 21U);
  const auto host = wba::locate_agent({.url = "https://a..example/"}, buffer);
  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().offset, 10U);
}

TEST(WellKnownDocument, OnlyTheExactPathCounts) {
  EXPECT_TRUE(wba::is_well_known_document(
      "https://example.com/.well-known/http-message-signatures-directory"));
  EXPECT_FALSE(wba::is_well_known_document(
      "https://example.com/.well-known/http-message-signatures-directory?x"));
  EXPECT_FALSE(wba::is_well_known_document(
      "https://example.com/a/.well-known/http-message-signatures-directory"));
  EXPECT_FALSE(wba::is_well_known_document("https://example.com/keys"));
}

}  // namespace
