// Redirects, followed over real origins.

#include <gtest/gtest.h>

#include "client_support.h"

namespace wba::test {
namespace {

class ClientRedirects : public testing::Test {
 protected:
  HttpReply first(const Judged& judged) {
    EXPECT_TRUE(judged.verified()) << to_string(judged.reason);
    if (location.empty()) return {.body = "first"};
    HttpReply reply{.status = status, .fields = {{"Location", location}}, .body = "moved"};
    if (!judged.request.target.starts_with("/again")) return reply;
    reply.fields = {{"Location", "/again" + std::to_string(++again)}};
    return reply;
  }

  TestCa ca;
  TestAgent agent;
  int status = 302;
  std::string location;
  int again = 0;
  Origin a{ca, agent, "a.test", [this](const Judged& judged) { return first(judged); }};
  Origin b{ca, agent, "b.test"};
  Client client{ca, agent, {&a, &b}};
};

TEST_F(ClientRedirects, EachHopIsSignedForItsOwnAuthority) {
  location = b.url("/x?y");
  client.config.profile.digest = DigestAlgorithm::sha_256;
  for (const int code : {301, 302, 303, 307, 308}) {
    status = code;
    const auto response = client.perform({.method = "POST", .url = a.url("/"), .body = "hello"});
    EXPECT_EQ(response.status, 200) << code;
    EXPECT_EQ(response.redirects, 1U);
    EXPECT_EQ(response.url, b.url("/x?y"));
    EXPECT_EQ(client.body, "none") << "the redirect's own body is dropped";
    EXPECT_EQ(client.heads, 1);
    const Judged at_b = b.judged().back();
    EXPECT_TRUE(at_b.verified()) << to_string(at_b.reason);
    EXPECT_EQ(at_b.request.method, code < 304 ? "GET" : "POST");
    EXPECT_EQ(at_b.request.body, code < 304 ? "" : "hello");
    EXPECT_EQ(at_b.covers("\"content-digest\""), code > 304);
    EXPECT_NE(at_b.nonce, a.judged().back().nonce);
  }
}

TEST_F(ClientRedirects, CredentialsDoNotCrossOrigins) {
  location = b.url("/");
  curl_easy_setopt(client.handle.get(), CURLOPT_COOKIE, "session=1");
  curl_easy_setopt(client.handle.get(), CURLOPT_USERPWD, "user:secret");
  client.config.credential_fields = {"X-Api-Key"};
  client.perform({.url = a.url("/"), .fields = {{"X-Api-Key", "k"}, {"X-Other", "o"}}});
  const Judged at_a = a.judged().back();
  EXPECT_EQ(at_a.count("cookie") + at_a.count("authorization") + at_a.count("x-api-key"), 3U);
  const Judged at_b = b.judged().back();
  EXPECT_TRUE(at_b.verified());
  EXPECT_EQ(at_b.count("cookie") + at_b.count("authorization") + at_b.count("x-api-key"), 0U);
  EXPECT_EQ(at_b.request.field("x-other"), "o");
}

TEST_F(ClientRedirects, CredentialsStayOnTheSameOrigin) {
  Origin same(ca, agent, "s.test", [](const Judged& judged) {
    if (judged.request.target == "/end") return HttpReply{};
    return HttpReply{.status = 302, .fields = {{"Location", "end"}}};
  });
  Client other(ca, agent, {&same});
  other.perform({.url = same.url("/"), .fields = {{"Authorization", "Bearer x"}}});
  ASSERT_EQ(same.judged().size(), 2U);
  EXPECT_TRUE(same.judged()[1].verified());
  EXPECT_EQ(same.judged()[1].request.field("authorization"), "Bearer x");
  EXPECT_EQ(same.connections(), 1);
}

TEST_F(ClientRedirects, NeverToPlainHttp) {
  for (const std::string target : {"http://b.test/", "ftp://b.test/", "file:///etc/passwd"}) {
    location = target;
    const auto response = client.perform({.url = a.url("/")});
    EXPECT_EQ(response.status, 302);
    EXPECT_EQ(response.stop, ClientStop::redirect_not_https) << target;
    EXPECT_EQ(client.body, "moved");
  }
}

TEST_F(ClientRedirects, AreBounded) {
  location = "/again";
  client.config.max_redirects = 4;
  const auto response = client.perform({.url = a.url("/again")});
  EXPECT_EQ(response.stop, ClientStop::redirect_limit);
  EXPECT_EQ(response.redirects, 4U);
  EXPECT_EQ(a.judged().size(), 5U);
}

TEST_F(ClientRedirects, AreNotFollowedWhereNoneAreWanted) {
  location = b.url("/");
  client.config.max_redirects = 0;
  const auto response = client.perform({.url = a.url("/")});
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(response.stop, ClientStop::none);
  EXPECT_EQ(client.body, "moved");
  EXPECT_TRUE(b.judged().empty());
}

TEST_F(ClientRedirects, UnreadableLocationsStop) {
  location = "https://user:secret@b.test/";
  EXPECT_EQ(client.perform({.url = a.url("/")}).stop, ClientStop::redirect_unreadable);
  Origin two(ca, agent, "t.test", [](const Judged&) {
    return HttpReply{.status = 302, .fields = {{"Location", "/x"}, {"Location", "/y"}}};
  });
  Origin none(ca, agent, "n.test", [](const Judged&) { return HttpReply{.status = 302}; });
  Client other(ca, agent, {&two, &none});
  EXPECT_EQ(other.perform({.url = two.url("/")}).stop, ClientStop::redirect_unreadable);
  EXPECT_EQ(other.perform({.url = none.url("/")}).stop, ClientStop::redirect_unreadable);
}

TEST_F(ClientRedirects, BodyThatCannotBeReadTwiceIsNotSentTwice) {
  location = b.url("/");
  status = 307;
  const auto once = [] { return std::make_shared<Text>("once", false); };
  EXPECT_EQ(client.perform({.method = "PUT", .url = a.url("/"), .stream = once()}).stop,
            ClientStop::body_not_rewindable);
  // A redirect that makes it a GET needs no body.
  status = 303;
  EXPECT_EQ(client.perform({.method = "PUT", .url = a.url("/"), .stream = once()}).status, 200);
  // One that can be is.
  status = 308;
  client.perform({.method = "PUT", .url = a.url("/"), .stream = std::make_shared<Text>("twice")});
  EXPECT_EQ(b.judged().back().request.body, "twice");
  EXPECT_TRUE(b.judged().back().verified());
}

TEST_F(ClientRedirects, LongBodyOfARedirectIsCutOff) {
  Origin heavy(ca, agent, "h.test", [this](const Judged&) {
    return HttpReply{.status = 302,
                     .fields = {{"Location", b.url("/")}},
                     .body = std::string(8U << 20U, 'x'),
                     .chunked = true};
  });
  Client other(ca, agent, {&heavy, &b});
  EXPECT_EQ(other.perform({.url = heavy.url("/")}).status, 200);
  EXPECT_EQ(other.body, "none");
}

}  // namespace
}  // namespace wba::test
