// Where requests go, and what redirects make of them.

#include <gtest/gtest.h>

#include "client/outgoing.h"
#include "client/target.h"

namespace wba::client {
namespace {

std::string url_of(std::string_view url) {
  const auto target = parse_target(url);
  return target ? target->url : std::string(to_string(target.error().code));
}

TEST(ClientTarget, IsNormalisedAsItIsSent) {
  EXPECT_EQ(url_of("https://Example.COM:443/a/../b?x=1#top"), "https://example.com/b?x=1");
  EXPECT_EQ(url_of("https://example.com"), "https://example.com/");
  EXPECT_EQ(url_of("https://example.com:8443/"), "https://example.com:8443/");
  EXPECT_EQ(url_of("https://example.com?q"), "https://example.com/?q");
  EXPECT_EQ(url_of("https://[2001:DB8::1]:8443/"), "https://[2001:db8::1]:8443/");
}

TEST(ClientTarget, PathAndQueryKeepTheirOctets) {
  EXPECT_EQ(url_of("https://example.com/a%2Fb%20c"), "https://example.com/a%2Fb%20c");
  EXPECT_EQ(url_of("https://example.com/a?"), "https://example.com/a?");
  EXPECT_EQ(url_of("https://example.com/a??b"), "https://example.com/a??b");
  EXPECT_EQ(url_of("https://example.com/a b"), "https://example.com/a%20b");
  EXPECT_EQ(url_of("https://example.com/\xc3\xbc"), "https://example.com/%c3%bc");
}

TEST(ClientTarget, OnlyHttpsIsSpoken) {
  EXPECT_EQ(url_of("http://example.com/"), "client-url-not-https");
  EXPECT_EQ(url_of("ftp://example.com/"), "client-url-not-https");
  EXPECT_EQ(url_of("gopherx://example.com/"), "client-url-not-https");
  EXPECT_EQ(url_of("example.com/"), "target-uri-invalid");
  EXPECT_EQ(url_of(""), "target-uri-invalid");
  EXPECT_EQ(url_of("https://"), "target-uri-invalid");
  EXPECT_EQ(url_of(std::string_view("https://example.com\0.evil.test/", 32)), "target-uri-invalid");
}

TEST(ClientTarget, UserInformationIsRefused) {
  EXPECT_EQ(url_of("https://user@example.com/"), "client-url-has-credentials");
  EXPECT_EQ(url_of("https://user:secret@example.com/"), "client-url-has-credentials");
  EXPECT_EQ(url_of("https://example.com/@user"), "https://example.com/@user");
}

TEST(ClientTarget, LocationIsResolvedAgainstTheRequest) {
  const auto base = parse_target("https://example.com/a/b?x").value();
  const auto resolved = [&](std::string_view reference) {
    const auto target = resolve_target(base, reference);
    return target ? target->url : std::string(to_string(target.error().code));
  };
  EXPECT_EQ(resolved("c"), "https://example.com/a/c");
  EXPECT_EQ(resolved("/c?y"), "https://example.com/c?y");
  EXPECT_EQ(resolved("//other.test/d"), "https://other.test/d");
  EXPECT_EQ(resolved("https://other.test:444/"), "https://other.test:444/");
  EXPECT_EQ(resolved("http://example.com/a"), "client-url-not-https");
  EXPECT_EQ(resolved("file:///etc/passwd"), "client-url-not-https");
  EXPECT_EQ(resolved("https://user:x@other.test/"), "client-url-has-credentials");
  EXPECT_EQ(resolved(""), "target-uri-invalid");
}

// RFC 9110 §15.4.
TEST(ClientRedirect, MethodsFollowTheStatus) {
  EXPECT_EQ(redirected_method("POST", 301), "GET");
  EXPECT_EQ(redirected_method("POST", 302), "GET");
  EXPECT_EQ(redirected_method("PUT", 302), "PUT");
  EXPECT_EQ(redirected_method("PUT", 303), "GET");
  EXPECT_EQ(redirected_method("HEAD", 303), "HEAD");
  EXPECT_EQ(redirected_method("POST", 307), "POST");
  EXPECT_EQ(redirected_method("POST", 308), "POST");
  EXPECT_EQ(redirected_method("HEAD", 301), "HEAD");
  EXPECT_TRUE(is_redirect(301) && is_redirect(302) && is_redirect(303) && is_redirect(307) &&
              is_redirect(308));
  EXPECT_FALSE(is_redirect(300) || is_redirect(304) || is_redirect(305) || is_redirect(306));
}

Outgoing posted() {
  return read_request({.method = "POST",
                       .url = "https://a.test/form",
                       .fields = {{"Authorization", "Bearer x"},
                                  {"cookie", "a=b"},
                                  {"X-Key", "k"},
                                  {"Content-Type", "text/plain"},
                                  {"Content-Digest", "sha-256=:AA==:"},
                                  {"Signature", "s=:AA==:"},
                                  {"Accept-Language", "de"}},
                       .body = "hello"})
      .value();
}

std::string names(const Outgoing& outgoing) {
  std::string all;
  for (const auto& field : outgoing.request.fields) all += field.name + " ";
  return all;
}

TEST(ClientRedirect, BodyAndItsFieldsGoWithTheMethod) {
  Outgoing outgoing = posted();
  EXPECT_FALSE(redirect(outgoing, 302, parse_target("https://a.test/next").value(), {}));
  EXPECT_EQ(outgoing.request.method, "GET");
  EXPECT_FALSE(outgoing.has_body());
  EXPECT_EQ(names(outgoing), "Authorization cookie X-Key Accept-Language ");

  Outgoing kept = posted();
  EXPECT_FALSE(redirect(kept, 307, parse_target("https://a.test/next").value(), {}));
  EXPECT_EQ(kept.request.method, "POST");
  EXPECT_EQ(kept.request.body, "hello");
  EXPECT_EQ(names(kept), "Authorization cookie X-Key Content-Type Content-Digest Accept-Language ");
}

TEST(ClientRedirect, CredentialsStayWithTheirOrigin) {
  for (const auto* url : {"https://b.test/", "https://a.test:8443/", "https://sub.a.test/"}) {
    Outgoing outgoing = posted();
    EXPECT_TRUE(redirect(outgoing, 308, parse_target(url).value(), {"x-key"})) << url;
    EXPECT_EQ(names(outgoing), "Content-Type Content-Digest Accept-Language ") << url;
  }
  Outgoing same = posted();
  EXPECT_FALSE(redirect(same, 308, parse_target("https://A.test:443/x").value(), {"x-key"}));
}

std::string refusal(ClientRequest request) {
  const auto read = read_request(std::move(request));
  return read ? "taken" : std::string(to_string(read.error().code));
}

TEST(ClientRequest, FieldsCannotSmuggleFields) {
  const std::string url = "https://a.test/";
  EXPECT_EQ(refusal({.url = url, .fields = {{"X", "a\r\nEvil: b"}}}), "client-field-invalid");
  EXPECT_EQ(refusal({.url = url, .fields = {{"X", std::string("a\0b", 3)}}}),
            "client-field-invalid");
  EXPECT_EQ(refusal({.url = url, .fields = {{"X: y", "a"}}}), "client-field-invalid");
  EXPECT_EQ(refusal({.url = url, .fields = {{"", "a"}}}), "client-field-invalid");
  EXPECT_EQ(refusal({.url = url, .fields = {{"X", "a\tb \xc3\xbc"}, {"Y", ""}}}), "taken");
  EXPECT_EQ(refusal({.method = "GET /x", .url = url}), "client-method-invalid");
  EXPECT_EQ(refusal({.method = "", .url = url}), "client-method-invalid");
  EXPECT_EQ(refusal({.url = url, .fields = {{"content-length", "5"}}}), "client-field-reserved");
  EXPECT_EQ(refusal({.url = url, .fields = {{"Transfer-Encoding", "chunked"}}}),
            "client-field-reserved");
}

TEST(ClientRequest, HostIsOneAuthority) {
  const std::string url = "https://a.test/";
  EXPECT_EQ(refusal({.url = url, .fields = {{"Host", "b.test:8443"}}}), "taken");
  EXPECT_EQ(refusal({.url = url, .fields = {{"Host", "b.test/x"}}}), "authority-invalid");
  EXPECT_EQ(refusal({.url = url, .fields = {{"Host", "b.test"}, {"host", "c.test"}}}),
            "client-field-invalid");
}

}  // namespace
}  // namespace wba::client
