// What a client writes into fields of its connection or of its body, against wba-authd behind real
// proxies: neither who it is nor what it asks for changes by that.

#include "forward_auth_proxies.h"

namespace wba::forward_auth {
namespace {

class ForwardAuthFieldsTest : public ForwardAuthTest {};

INSTANTIATE_TEST_SUITE_P(Proxies, ForwardAuthFieldsTest, testing::ValuesIn(proxies),
                         [](const auto& test) { return test.param.name; });

// A proxy takes out the fields that Connection names, RFC 9110 section 7.6.1. HTTP/2 has none.
TEST_P(ForwardAuthFieldsTest, AConnectionFieldTakesNoWordAboutTheClientAway) {
  const std::vector<std::vector<std::string>> connections = {
      {"close, X-Agent-Outcome, X-Agent-Identity"},
      {"keep-alive,x-agent-outcome ,\tx-agent-identity"},
      {"close", "X-Agent-Outcome", "X-AGENT-IDENTITY"},
      {"X-Agent-Outcome;X-Agent-Identity"},
      {"X-Agent-Outcome X-Agent-Identity"},
      {",, ,X-Agent-Outcome,,X-Agent-Identity,"},
  };
  int passed = 0;
  for (const auto& connection : connections) {
    for (const bool is_signed : {true, false}) {
      auto request = is_signed ? make_signed("/items") : OwnedRequest{.target = "/open/a"};
      for (const auto& value : connection) request.fields.emplace_back("Connection", value);
      const auto status = send(request).status;
      if (status != 200) {
        EXPECT_EQ(status, 400) << connection[0] << log();
        EXPECT_EQ(backend_.count(), passed) << connection[0];
        continue;
      }
      EXPECT_EQ(backend_.count(), ++passed);
      const auto seen = backend_.last();
      EXPECT_EQ(seen.get_header_value("X-Agent-Outcome"), is_signed ? "verified" : "unsigned")
          << connection[0];
      EXPECT_EQ(seen.get_header_value("X-Agent-Identity"), is_signed ? agent_.url() : "")
          << connection[0];
    }
  }
}

// Nor what the proxy tells wba-authd, and what wba-authd judges is what the backend gets.
TEST_P(ForwardAuthFieldsTest, AConnectionFieldChangesNothingOfWhatIsJudged) {
  OwnedRequest closed{.target = "/"};
  closed.fields.emplace_back("Connection",
                             "X-Original-URI, X-Original-Host, X-Original-Method, "
                             "X-Original-Client, X-Forwarded-Uri, X-Forwarded-Host, "
                             "X-Forwarded-Method, X-Forwarded-Proto, X-Forwarded-For");
  EXPECT_EQ(send(closed).status, 403) << log();
  EXPECT_EQ(backend_.count(), 0);

  OwnedRequest covered{.authority = authority(), .target = "/a"};
  covered.fields = {{"X-Token", "t"}};
  agent_.sign(covered, wall_clock(), {.components = {"@authority", "@method", "@path", "x-token"}});
  covered.fields.emplace_back("Connection", "x-token");
  if (send(covered).status == 200) {
    EXPECT_EQ(backend_.last().get_header_value("X-Token"), "t") << log();
  } else {
    EXPECT_EQ(backend_.count(), 0);
  }
  for (const auto* usual : {"close", "keep-alive", "Keep-Alive, TE", "close, Upgrade"}) {
    auto request = make_signed("/items");
    request.fields.emplace_back("Connection", usual);
    EXPECT_EQ(send(request).status, 200) << usual << log();
  }
}

// A backend that believes its proxy must not hear the client in its place.
TEST_P(ForwardAuthFieldsTest, WhatOnlyAProxyMaySayDoesNotArriveFromAClient) {
  for (const auto* target : {"/open/a", "/items"}) {
    auto request = target == std::string_view("/open/a") ? OwnedRequest{.target = target}
                                                         : make_signed(target);
    for (const auto* name : {"Forwarded",
                             "X-Forwarded-For",
                             "X-Forwarded-Host",
                             "X-Forwarded-Proto",
                             "X-Forwarded-Port",
                             "X-Forwarded-Prefix",
                             "X-Forwarded-Server",
                             "X-Forwarded-Ssl",
                             "X-Forwarded-Scheme",
                             "X-Forwarded-Uri",
                             "X-Forwarded-Method",
                             "X-Forwarded-User",
                             "X-Forwarded-Content-Length",
                             "X-Original-URL",
                             "X-Original-URI",
                             "X-Original-Host",
                             "X-Original-Method",
                             "X-Original-Client",
                             "X-Original-Request-Id",
                             "X-Original-Content-Length",
                             "X-Rewrite-URL",
                             "X-Real-IP",
                             "X_Forwarded_Host",
                             "X.Forwarded.Host",
                             "x-forwarded_for",
                             "X_Original-URL"}) {
      request.fields.emplace_back(name, "spoofed");
    }
    EXPECT_EQ(send(request).status, 200) << target << log();
    for (const auto& [name, value] : backend_.last().headers) {
      EXPECT_EQ(value.find("spoofed"), std::string::npos) << name;
    }
    EXPECT_EQ(backend_.last().get_header_value("X-Forwarded-For"), "127.0.0.1");
    EXPECT_EQ(backend_.last().get_header_value("X-Forwarded-Proto"), "https");
  }
}

TEST_P(ForwardAuthFieldsTest, ACoveredContentLengthIsCompared) {
  for (const long version : kVersions) {
    for (const bool is_same : {true, false}) {
      // With HTTP/2 a refusal before the body was read may be an error to libcurl.
      if (!is_same && version == CURL_HTTP_VERSION_2TLS) continue;
      OwnedRequest request{.method = "POST", .authority = authority(), .target = "/orders"};
      request.fields = {{"Content-Length", "6"}};
      agent_.sign(request, wall_clock(),
                  {.components = {"@authority", "@method", "@path", "content-length"}});
      // libcurl sends the body's own.
      request.fields.erase(request.fields.begin());
      request.fields.emplace_back("Content-Type", "text/plain");
      request.body = is_same ? "a body" : "another body";
      EXPECT_EQ(send(request, version).status, is_same ? 200 : 403) << version << log();
    }
  }
}

// A body that a method does not need is no reason for another answer: the challenge is
// wba-authd's, and what wba-authd cannot read has none. (With HTTP/2 a stream that ends before its
// body was read is an error to libcurl where it sees that before the answer.)
TEST_P(ForwardAuthFieldsTest, ABodyIsJudgedByItsRequestWhateverTheMethod) {
  for (const auto* method : {"GET", "DELETE", "POST"}) {
    for (const auto* target : {"/", "/items?page=2"}) {
      const auto reply = send({.method = method, .target = target, .body = "a body"});
      EXPECT_EQ(reply.status, 403) << method << target << log();
      EXPECT_THAT(reply.headers, testing::HasSubstr("accept-signature: ")) << method << target;
    }
  }
  EXPECT_EQ(backend_.count(), 0);
}

}  // namespace
}  // namespace wba::forward_auth
