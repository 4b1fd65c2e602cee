// What the signing daemon answers, and that it logs it.

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <wba/key.h>
#include <wba/verifier.h>

#include "agent/service.h"

namespace wba::agent {
namespace {

using nlohmann::json;

constexpr std::string_view kPolicy = R"(log = "/tmp/log"
[[key]]
name = "main"
file = "main.pem"
agent = "https://agent.test/keys"
[[rule]]
name = "reader"
users = [1000]
keys = ["main"]
authorities = ["example.com"]
methods = ["GET"]
paths = ["/public/*"]
max_lifetime = 60
cover = ["@query"]
per_minute = 3
[[rule]]
name = "writer"
users = [1000]
keys = ["main"]
authorities = ["api.test"]
require_digest = true
)";

using Read = std::expected<std::shared_ptr<const KeySigner>, std::string>;

class AgentService : public testing::Test {
 protected:
  AgentService() {
    service.emplace(SigningService::create(read_policy(kPolicy, "p").value(),
                                           [this](const KeyEntry& entry) -> Read {
                                             if (entry.file != "main.pem")
                                               return std::unexpected("no");
                                             auto key = PrivateKey::generate(KeyType::ed25519);
                                             secret = key->export_jwk()->text();
                                             jwks = "{\"keys\":[" + *key->public_key().jwk() + "]}";
                                             return std::make_shared<const KeySigner>(
                                                 KeySigner::create(*std::move(key)).value());
                                           })
                        .value());
  }

  Answer post(const json& body) { return post_text(body.dump()); }
  Answer post_text(const std::string& body) {
    return service->answer({.method = "POST", .target = "/sign", .body = body, .user = 1000},
                           {.now = now, .steady_ms = steady}, [this](const std::string& line) {
                             log.push_back(line);
                             return log_works;
                           });
  }
  std::string error(const json& body) {
    const Answer answer = post(body);
    EXPECT_GE(answer.status, 400);
    return json::parse(answer.body).at("error");
  }

  // verdict verifies what the answer says to add.
  Reason verdict(const Answer& answer, std::string_view method, std::string_view authority,
                 std::string_view target, std::vector<FieldLine> fields = {}) {
    const json headers = json::parse(answer.body).at("headers");
    for (const auto& header : headers) {
      fields.push_back({.name = header[0].get_ref<const std::string&>(),
                        .value = header[1].get_ref<const std::string&>()});
    }
    auto resolver = std::make_shared<StaticResolver>();
    EXPECT_TRUE(resolver->add_directory("https://agent.test/keys", jwks));
    const auto verifier = Verifier::create({.required = RequiredComponents::profile_only(),
                                            .authorities = Authorities::any()},
                                           resolver)
                              .value();
    auto session = verifier.session();
    const Request request{
        .method = method, .authority = authority, .target = target, .fields = fields};
    return session.verify(request, now).reason();
  }

  std::optional<SigningService> service;
  std::string secret;
  std::string jwks;
  std::vector<std::string> log;
  bool log_works = true;
  Time now{std::chrono::seconds(1'800'000'000)};
  std::int64_t steady = 0;
};

const json kGood{{"method", "GET"}, {"url", "https://example.com/public/x?y"}};

TEST_F(AgentService, SignsWhatARuleAllows) {
  const Answer answer = post(kGood);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(verdict(answer, "GET", "example.com", "/public/x?y"), Reason::none);
  EXPECT_EQ(json::parse(answer.body).at("expires"), 1'800'000'060);
  ASSERT_EQ(log.size(), 1U);
  const json entry = json::parse(log[0]);
  EXPECT_EQ(entry.at("action"), "signed");
  EXPECT_EQ(entry.at("rule"), "reader");
  EXPECT_EQ(entry.at("time"), "2027-01-15T08:00:00Z");  // date -u -d @1800000000
  EXPECT_EQ(entry.at("path"), "/public/x");
  EXPECT_EQ(entry.at("user"), 1000);
}

TEST_F(AgentService, SignatureIsBoundToWhatTheRuleBounds) {
  json asked = kGood;
  asked["components"] = {"@authority"};
  const Answer answer = post(asked);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(verdict(answer, "GET", "example.com", "/public/x?y"), Reason::none);
  EXPECT_EQ(verdict(answer, "POST", "example.com", "/public/x?y"), Reason::bad_signature);
  EXPECT_EQ(verdict(answer, "GET", "example.com", "/public/z?y"), Reason::bad_signature);
  EXPECT_EQ(verdict(answer, "GET", "example.com", "/public/x?z"), Reason::bad_signature);
  EXPECT_EQ(verdict(answer, "GET", "example.net", "/public/x?y"), Reason::bad_signature);
}

TEST_F(AgentService, RefusesWhatNoRuleAllowsAndLogsIt) {
  const auto with = [](const char* name, const json& value) {
    json asked = kGood;
    asked[name] = value;
    return asked;
  };
  EXPECT_EQ(error(with("url", "https://evil.test/public/x")), "authority-not-allowed");
  EXPECT_EQ(error(with("url", "https://3221225985/public/x")), "url-invalid");
  EXPECT_EQ(error(with("url", "https://example..com/public/x")), "url-invalid");
  EXPECT_EQ(error(with("url", "https://example.com:8443/public/x")), "authority-not-allowed");
  EXPECT_EQ(error(with("url", "https://example.com/admin")), "path-not-allowed");
  EXPECT_EQ(error(with("url", "https://example.com/public/%2e%2e/admin")), "path-ambiguous");
  EXPECT_EQ(error(with("method", "POST")), "method-not-allowed");
  EXPECT_EQ(error(with("lifetime", 61)), "lifetime-too-long");
  EXPECT_EQ(error(with("key", "other")), "key-not-allowed");
  EXPECT_EQ(error({{"method", "POST"}, {"url", "https://api.test/"}}), "digest-missing");
  ASSERT_EQ(log.size(), 10U);
  for (const auto& line : log) {
    EXPECT_EQ(json::parse(line).at("action"), "refused") << line;
  }
  EXPECT_EQ(post({{"method", "POST"},
                  {"url", "https://api.test/"},
                  {"headers", {{"Content-Digest", "sha-256=:AA==:"}}}})
                .status,
            200);
}

TEST_F(AgentService, RefusesFieldsThatOverrideWhatTheRuleBounds) {
  const auto with = [](const char* name) {
    json asked = kGood;
    asked["headers"] = {{name, "x"}};
    return asked;
  };
  EXPECT_EQ(error(with("X-HTTP-Method-Override")), "method-overridden");
  EXPECT_EQ(error(with("X-Original-URL")), "path-overridden");
  EXPECT_EQ(error(with("X-Forwarded-Host")), "authority-overridden");
  EXPECT_EQ(post(with("X-Forwarded-For")).status, 200);
}

TEST_F(AgentService, FieldsTellOfABodyThatNeedsADigest) {
  const auto with = [](const char* method, const char* name, const char* value) {
    json asked{{"method", method}, {"url", "https://api.test/"}};
    asked["headers"] = {{name, value}};
    return asked;
  };
  for (const auto* method : {"GET", "DELETE", "OPTIONS"}) {
    EXPECT_EQ(error(with(method, "Content-Length", "5")), "digest-missing") << method;
    EXPECT_EQ(error(with(method, "Transfer-Encoding", "chunked")), "digest-missing") << method;
    EXPECT_EQ(error(with(method, "Content-Type", "text/plain")), "digest-missing") << method;
    EXPECT_EQ(post(with(method, "Content-Length", "0")).status, 200) << method;
    EXPECT_EQ(post(with(method, "Content-Digest", "sha-256=:AA==:")).status, 200) << method;
  }
}

TEST_F(AgentService, RefusesMoreThanTheRate) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(post(kGood).status, 200);
  EXPECT_EQ(post(kGood).status, 429);
  steady = 60'000;
  EXPECT_EQ(post(kGood).status, 200);
}

TEST_F(AgentService, MalformedRequestsAreRefusedByName) {
  const auto with = [](const char* name, const json& value) {
    json asked = kGood;
    asked[name] = value;
    return asked;
  };
  EXPECT_EQ(error(json::array()), "not-json-object");
  EXPECT_EQ(json::parse(post_text("{\"method\":").body).at("error"), "not-json-object");
  EXPECT_EQ(json::parse(post_text("").body).at("error"), "not-json-object");
  EXPECT_EQ(error({{"url", "https://example.com/"}}), "method-invalid");
  EXPECT_EQ(error({{"method", "GET"}}), "url-invalid");
  EXPECT_EQ(error(with("url", "http://example.com/public/x")), "url-not-https");
  EXPECT_EQ(error(with("url", "https://u:p@example.com/public/x")), "url-invalid");
  EXPECT_EQ(error(with("url", "https://example.com/public/x\n\"@method\": POST")), "url-invalid");
  EXPECT_EQ(error(with("method", "GET\n")), "method-invalid");
  EXPECT_EQ(error(with("headers", {{"X", "a\r\nb"}})), "headers-invalid");
  EXPECT_EQ(error(with("headers", {{"X", 1}})), "headers-invalid");
  EXPECT_EQ(error(with("headers", 1)), "headers-invalid");
  EXPECT_EQ(error(with("components", {"@nothing"})), "components-invalid");
  EXPECT_EQ(error(with("components", {"x-not-there"})), "component-field-missing");
  EXPECT_EQ(error(with("lifetime", "60")), "lifetime-invalid");
  EXPECT_EQ(error(with("lifetime", 0)), "lifetime-invalid");
  EXPECT_EQ(error(with("nonce", 1)), "nonce-invalid");
  EXPECT_EQ(error(with("nonce", std::string(257, 'n'))), "nonce-invalid");
  EXPECT_EQ(error(with("label", 1)), "member-of-wrong-type");
  EXPECT_EQ(error(with("body", "x")), "member-unknown");
}

TEST_F(AgentService, NothingIsSignedThatCannotBeLogged) {
  log_works = false;
  const Answer answer = post(kGood);
  EXPECT_EQ(answer.status, 503);
  EXPECT_FALSE(answer.body.contains("Signature"));
}

TEST_F(AgentService, PublicHalvesAreListedForThoseWhoMayUseThem) {
  const auto list = [&](uid_t user) {
    return service->answer({.method = "GET", .target = "/keys", .body = {}, .user = user}, {}, {})
        .body;
  };
  const json keys = json::parse(list(1000)).at("keys");
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].at("agent"), "https://agent.test/keys");
  EXPECT_FALSE(keys[0].at("jwk").contains("d"));
  EXPECT_TRUE(json::parse(list(0)).at("keys").empty());
}

TEST_F(AgentService, KeyAppearsNeitherInAnswersNorInTheLog) {
  const std::string d = json::parse(secret).at("d");
  std::string all = post(kGood).body + post({}).body;
  for (const auto& line : log) all += line;
  EXPECT_FALSE(all.contains(d));
  EXPECT_TRUE(all.contains("Signature-Input"));
}

TEST_F(AgentService, OtherPathsAndMethodsAreNone) {
  const auto status = [&](std::string_view method, std::string_view target) {
    return service->answer({.method = method, .target = target, .body = {}, .user = 1000}, {}, {})
        .status;
  };
  EXPECT_EQ(status("GET", "/sign"), 405);
  EXPECT_EQ(status("POST", "/keys"), 405);
  EXPECT_EQ(status("GET", "/"), 404);
  EXPECT_EQ(status("GET", "/key.pem"), 404);
}

}  // namespace
}  // namespace wba::agent
