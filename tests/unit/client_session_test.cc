// Requests that the wrapper signs and sends, verified by a real HTTPS origin.

#include <gtest/gtest.h>

#include "client_support.h"

namespace wba::test {
namespace {

using std::chrono::seconds;

class ClientSession : public testing::Test {
 protected:
  TestCa ca;
  TestAgent agent;
  Origin origin{ca, agent, "a.test"};
  Client client{ca, agent, {&origin}};

  Judged last() const { return origin.judged().back(); }
};

TEST_F(ClientSession, GetIsVerified) {
  const auto response = client.perform({.url = origin.url("/a%2Fb?x=1&y=")});
  EXPECT_EQ(response.status, 200) << client.curl_code;
  EXPECT_EQ(client.body, "none");
  EXPECT_EQ(client.heads, 1);
  EXPECT_EQ(response.url, origin.url("/a%2Fb?x=1&y="));
  EXPECT_EQ(last().request.target, "/a%2Fb?x=1&y=");
  EXPECT_TRUE(last().covers("\"@authority\""));
  EXPECT_TRUE(last().covers("\"signature-agent\";key=\"sig1\""));
}

TEST_F(ClientSession, TargetsAreSignedAsTheyAreSent) {
  client.config.profile.components = {"@authority", "@path", "@query", "@target-uri"};
  for (const auto& [asked, sent] :
       std::vector<std::pair<std::string, std::string>>{{"/a/../b", "/b"},
                                                        {"/a?", "/a?"},
                                                        {"/a??b", "/a??b"},
                                                        {"", "/"},
                                                        {"?q", "/?q"},
                                                        {"/a b/\xc3\xbc#x", "/a%20b/%c3%bc"},
                                                        {"//double//slash", "//double//slash"}}) {
    EXPECT_EQ(client.perform({.url = origin.url(asked)}).status, 200) << asked;
    EXPECT_EQ(client.body, "none") << asked;
    EXPECT_EQ(last().request.target, sent);
  }
}

TEST_F(ClientSession, BodyIsDigestedAndCoveredWhereTheProfileSaysSo) {
  client.config.profile.digest = DigestAlgorithm::sha_256;
  EXPECT_EQ(client
                .perform({.method = "POST",
                          .url = origin.url("/form"),
                          .fields = {{"Content-Type", "text/plain"}},
                          .body = "hello"})
                .status,
            200);
  EXPECT_EQ(client.body, "none");
  EXPECT_EQ(last().request.body, "hello");
  EXPECT_TRUE(last().covers("\"content-digest\""));
  // RFC 9530, and `printf hello | openssl dgst -sha256 -binary | base64`.
  EXPECT_EQ(last().request.field("content-digest"),
            "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:");
  EXPECT_EQ(last().request.field("content-type"), "text/plain");

  // Without a body there is nothing to digest.
  EXPECT_EQ(client.perform({.url = origin.url("/")}).status, 200);
  EXPECT_EQ(last().count("content-digest"), 0U);
}

TEST_F(ClientSession, BodyIsNotDigestedUnlessAsked) {
  client.perform({.method = "POST", .url = origin.url("/form"), .body = "hello"});
  EXPECT_EQ(client.body, "none");
  EXPECT_EQ(last().count("content-digest"), 0U);
  EXPECT_EQ(last().count("content-type"), 0U);
}

TEST_F(ClientSession, StreamsAreSentWithAndWithoutASize) {
  client.config.profile.digest = DigestAlgorithm::sha_512;
  const std::string large(300000, 'x');
  for (const bool sized : {true, false}) {
    client.perform({.method = "PUT",
                    .url = origin.url("/file"),
                    .stream = std::make_shared<Text>(large, true, sized)});
    EXPECT_EQ(client.body, "none") << sized;
    EXPECT_EQ(last().request.method, "PUT");
    EXPECT_EQ(last().request.body, large);
    EXPECT_EQ(last().request.field("transfer-encoding"), sized ? "" : "chunked");
  }
}

TEST_F(ClientSession, StreamThatCannotBeReadTwiceHasNoDigest) {
  client.config.profile.digest = DigestAlgorithm::sha_256;
  client.perform({.method = "PUT",
                  .url = origin.url("/file"),
                  .stream = std::make_shared<Text>("once", false)});
  EXPECT_EQ(client.error, ErrorCode::client_body_not_rewindable);
  EXPECT_TRUE(origin.judged().empty());
}

TEST_F(ClientSession, StreamThatCannotBeReadTwiceIsSentOnce) {
  client.perform({.method = "PUT",
                  .url = origin.url("/file"),
                  .stream = std::make_shared<Text>("once", false)});
  EXPECT_EQ(client.body, "none");
  EXPECT_EQ(last().request.body, "once");
}

TEST_F(ClientSession, MethodsGoAsTheyAre) {
  for (const std::string method : {"HEAD", "DELETE", "OPTIONS", "PATCH", "PUT", "POST", "REPORT"}) {
    EXPECT_EQ(client.perform({.method = method, .url = origin.url("/")}).status, 200) << method;
    EXPECT_EQ(last().request.method, method);
    EXPECT_TRUE(last().verified()) << method;
    EXPECT_EQ(client.body, method == "HEAD" ? "" : "none");
    EXPECT_EQ(last().request.field("content-length"),
              method == "PATCH" || method == "PUT" || method == "POST" ? "0" : "")
        << method;
  }
  // The handle is a GET again.
  EXPECT_EQ(client.perform({.url = origin.url("/")}).status, 200);
  EXPECT_EQ(last().request.method, "GET");
}

TEST_F(ClientSession, FieldsOfTheApplicationStayAndCanBeCovered) {
  client.config.profile.components = {"@authority", "x-a", "accept", "content-length", "x-empty"};
  client.perform({.method = "POST",
                  .url = origin.url("/"),
                  .fields = {{"X-A", "1"}, {"x-a", "2"}, {"X-Empty", ""}, {"X-B", " b "}},
                  .body = "12345"});
  EXPECT_EQ(client.body, "none");
  EXPECT_EQ(last().count("x-a"), 2U);
  EXPECT_EQ(last().count("x-empty"), 1U);
  EXPECT_EQ(last().request.field("x-b"), "b");
}

TEST_F(ClientSession, FieldThatIsNotSentCannotBeCovered) {
  client.config.profile.components = {"@authority", "x-a"};
  client.perform({.url = origin.url("/")});
  EXPECT_EQ(client.error, ErrorCode::component_field_missing);
  EXPECT_TRUE(origin.judged().empty());
}

TEST_F(ClientSession, HostOfTheApplicationIsWhatIsSigned) {
  client.perform({.url = origin.url("/"), .fields = {{"Host", "Other.test"}}});
  EXPECT_EQ(client.body, "none");
  EXPECT_EQ(last().request.field("host"), "Other.test");
  EXPECT_EQ(last().count("host"), 1U);
}

TEST_F(ClientSession, SignatureOfTheApplicationStays) {
  client.perform({.url = origin.url("/"),
                  .fields = {{"Signature-Input", "sig1=(\"@method\");created=1;tag=\"other\""},
                             {"Signature", "sig1=:AAAA:"}}});
  EXPECT_EQ(client.body, "none");
  EXPECT_EQ(last().count("signature"), 2U);
  EXPECT_TRUE(last().covers("\"signature-agent\";key=\"sig2\""));
}

TEST_F(ClientSession, ProfileFollowsTheHost) {
  client.config.targets = {
      {"*.a.test", {.profile = SignerProfile::draft_01, .agent_url = agent.url}},
      {"A.test",
       {.profile = SignerProfile::cloudflare, .agent_url = "https://agent.test", .nonce = false}}};
  client.perform({.url = origin.url("/")});
  EXPECT_EQ(client.body, "none");
  EXPECT_EQ(last().request.field("signature-agent"), "\"https://agent.test\"");
  EXPECT_EQ(last().nonce, "");
  client.config.targets.pop_back();
  client.session.reset();
  client.perform({.url = origin.url("/")});
  EXPECT_EQ(last().request.field("signature-agent"), "sig1=\"https://agent.test/keys\"");
  EXPECT_EQ(last().nonce.size(), 88U);
}

TEST_F(ClientSession, PreparedHandleIsTheApplicationsToPerform) {
  client.session.emplace(SigningSession::create(client.config).value());
  const auto prepared = client.session->prepare(
      client.handle.get(), {.method = "POST", .url = origin.url("/x"), .body = "b"});
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->url(), origin.url("/x"));
  EXPECT_EQ(curl_easy_perform(client.handle.get()), CURLE_OK);
  EXPECT_TRUE(last().verified());
  EXPECT_EQ(last().request.field("signature"), prepared->signed_fields().lines.signature);
}

TEST_F(ClientSession, ClockDriftIsReported) {
  const auto now = std::chrono::floor<seconds>(std::chrono::system_clock::now());
  Origin dated(ca, agent, "d.test", [](const Judged&) {
    return HttpReply{.fields = {{"Date", "Tue, 01 Jan 2030 00:00:00 GMT"}, {"Age", "60"}}};
  });
  Client other(ca, agent, {&dated});
  const auto response = other.perform({.url = dated.url("/")});
  // date -d '2030-01-01 00:01:00 UTC' +%s
  const auto expected = seconds(1893456060) - now.time_since_epoch();
  ASSERT_TRUE(response.clock_drift);
  EXPECT_LE(std::chrono::abs(*response.clock_drift - expected), seconds(5));
  EXPECT_FALSE(client.perform({.url = origin.url("/")}).clock_drift);
}

TEST_F(ClientSession, UntrustedServerGetsNothing) {
  const TestCa other;
  Client stranger(other, agent, {&origin});
  stranger.perform({.url = origin.url("/")});
  EXPECT_EQ(stranger.error, ErrorCode::client_transfer_failed);
  EXPECT_EQ(stranger.curl_code, CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_TRUE(origin.judged().empty());
}

TEST_F(ClientSession, BodyHandlerCanEndTheTransfer) {
  auto session = SigningSession::create(client.config).value();
  CURLcode code = CURLE_OK;
  const auto response = session.perform(client.handle.get(), {.url = origin.url("/")},
                                        {.body = [](std::string_view) { return false; }}, &code);
  ASSERT_FALSE(response);
  EXPECT_EQ(code, CURLE_WRITE_ERROR);
}

TEST_F(ClientSession, ConfigurationIsCheckedAtOnce) {
  const auto refusal = [](ClientConfig config) {
    const auto session = SigningSession::create(std::move(config));
    return session ? "taken" : std::string(to_string(session.error().code));
  };
  EXPECT_EQ(refusal(client.config), "taken");
  ClientConfig config = client.config;
  config.signer = nullptr;
  EXPECT_EQ(refusal(config), "argument-invalid");
  config = client.config;
  config.profile.agent_url = "http://agent.test";
  EXPECT_EQ(refusal(config), "agent-url-not-https");
  config = client.config;
  config.profile.components = {"@nothing"};
  EXPECT_EQ(refusal(config), "component-name-unknown");
  for (const std::string host : {"", "*.", "a.*.test", "*", "https://a.test"}) {
    config = client.config;
    config.targets = {{host, config.profile}};
    EXPECT_EQ(refusal(config), "argument-invalid") << host;
  }
}

}  // namespace
}  // namespace wba::test
