#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <wba/agent_card.h>

#include "paths.h"
#include "support/json_file.h"

namespace wba::directory {
namespace {

constexpr Time now{std::chrono::seconds(1'790'000'000)};
constexpr std::string_view url = "https://example.com/bot";

Level worst(const std::vector<Finding>& findings) {
  Level level = Level::ok;
  for (const Finding& finding : findings) level = std::max(level, finding.level);
  return level;
}

std::vector<Finding> check(std::string_view body) {
  return check_card({.url = url, .body = body}, now);
}

// refused_at names the subject of the first failure.
std::optional<std::string> refused_at(std::string_view body) {
  for (const Finding& finding : check(body)) {
    EXPECT_TRUE(std::ranges::all_of(finding.message, [](char c) { return c >= ' ' && c <= '~'; }));
    if (finding.level == Level::fail) return finding.subject;
  }
  return std::nullopt;
}

std::string card(std::string_view members) {
  return R"({"client_id":"https://example.com/bot","jwks_uri":"https://example.com/keys")" +
         std::string(members) + "}";
}

std::string extended(std::string_view members) {
  return card(R"(,"web_bot_auth":{)" + std::string(members) + "}");
}

TEST(AgentCard, GoodCardHasNoFinding) {
  EXPECT_EQ(worst(check(extended(R"("trigger":"crawler","purpose":"search")"))), Level::ok);
}

struct CardCase {
  std::string name;
  std::string body;
  std::optional<std::string> refused;
};

// PrintTo keeps addresses out of what a failure says.
void PrintTo(const CardCase& row, std::ostream* out) { *out << row.name; }

class AgentCardCases : public ::testing::TestWithParam<CardCase> {};

TEST_P(AgentCardCases, Check) { EXPECT_EQ(refused_at(GetParam().body), GetParam().refused); }

INSTANTIATE_TEST_SUITE_P(
    Members, AgentCardCases,
    ::testing::Values(
        CardCase{"NotJson", "<html>", ""}, CardCase{"Array", "[]", ""}, CardCase{"Empty", "{}", ""},
        CardCase{"MemberTwice", R"({"client_id":"https://example.com/bot","client_id":"x"})", ""},
        CardCase{"NoClientId", R"({"client_name":"x"})", "client_id"},
        CardCase{"ClientIdNoText", R"({"client_id":1})", "client_id"},
        CardCase{"ClientIdHttp", R"({"client_id":"http://example.com/bot"})", "client_id"},
        CardCase{"ClientIdOther", R"({"client_id":"https://example.com/other"})", "client_id"},
        // Compared octet by octet, not normalised.
        CardCase{"ClientIdCase", R"({"client_id":"https://EXAMPLE.com/bot"})", "client_id"},
        CardCase{"UnknownMember", card(R"(,"grant_types":[])"), std::nullopt},
        CardCase{"Name", card(R"(,"client_name":"Bot \u00e9")"), std::nullopt},
        CardCase{"NameNoText", card(R"(,"client_name":[])"), "client_name"},
        CardCase{"ClientUri", card(R"(,"client_uri":"https://example.com/about#bot")"),
                 std::nullopt},
        CardCase{"ClientUriNoUrl", card(R"(,"client_uri":"/about")"), "client_uri"},
        CardCase{"LogoHttp", card(R"(,"logo_uri":"http://example.com/l.png")"), "logo_uri"},
        CardCase{"Contacts", card(R"(,"contacts":["mailto:a@example.com","https://x.test/"])"),
                 std::nullopt},
        CardCase{"ContactsText", card(R"(,"contacts":"mailto:a@example.com")"), "contacts"},
        CardCase{"ContactNoUri", card(R"(,"contacts":["a@example.com"])"), "contacts"},
        CardCase{"JwksUriHttp",
                 R"({"client_id":"https://example.com/bot","jwks_uri":"http://example.com/k"})",
                 "jwks_uri"},
        CardCase{"BothKeys", card(R"(,"jwks":{"keys":[]})"), ""},
        CardCase{"JwksEmpty", R"({"client_id":"https://example.com/bot","jwks":{"keys":[]}})",
                 "jwks"},
        CardCase{
            "JwksPrivate",
            R"({"client_id":"https://example.com/bot","jwks":{"keys":[{"kty":"OKP","d":"A"}]}})",
            "jwks key 1"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    WebBotAuth, AgentCardCases,
    ::testing::Values(
        CardCase{"NoObject", card(R"(,"web_bot_auth":[])"), "web_bot_auth"},
        CardCase{"UnknownMember", extended(R"("new":1)"), std::nullopt},
        CardCase{"UserAgent", extended(R"("expected-user-agent":"ExampleBot/*")"), std::nullopt},
        CardCase{"UserAgentList", extended(R"("expected-user-agent":["x"])"),
                 "expected-user-agent"},
        CardCase{"Token", extended(R"("rfc9309-product-token":"Example-Bot_x")"), std::nullopt},
        CardCase{"TokenVersion", extended(R"("rfc9309-product-token":"Bot/1.0")"),
                 "rfc9309-product-token"},
        CardCase{"Compliance", extended(R"("rfc9309-compliance":true)"), std::nullopt},
        CardCase{"ComplianceText", extended(R"("rfc9309-compliance":"true")"),
                 "rfc9309-compliance"},
        CardCase{"Trigger", extended(R"("trigger":"fetcher")"), std::nullopt},
        CardCase{"TriggerOther", extended(R"("trigger":"user")"), "trigger"},
        CardCase{"KnownUrls", extended(R"("known-urls":["/","*.png"])"), std::nullopt},
        CardCase{"KnownUrlsText", extended(R"("known-urls":"/")"), "known-urls"},
        CardCase{"KnownUrlsNumber", extended(R"("known-urls":[1])"), "known-urls"},
        CardCase{"IpsHttp", extended(R"("ips_uri":"http://example.com/ips.json")"), "ips_uri"}),
    [](const auto& row) { return row.param.name; });

TEST(AgentCard, CardWithoutKeysIsAWarning) {
  EXPECT_EQ(worst(check(R"({"client_id":"https://example.com/bot"})")), Level::warn);
}

TEST(AgentCard, StatusOtherThan200IsRefused) {
  const std::string body = card("");
  for (const unsigned code : {201U, 204U, 301U, 302U, 404U, 500U}) {
    const auto status = static_cast<std::uint16_t>(code);
    EXPECT_EQ(worst(check_card({.url = url, .status = status, .body = body}, now)), Level::fail);
  }
  const FieldLine json{"Content-Type", "application/json; charset=utf-8"};
  EXPECT_EQ(worst(check_card({.url = url, .status = 200, .fields = {&json, 1}, .body = body}, now)),
            Level::ok);
  const FieldLine html{"Content-Type", "text/html"};
  EXPECT_EQ(worst(check_card({.url = url, .status = 200, .fields = {&html, 1}, .body = body}, now)),
            Level::warn);
}

TEST(AgentCard, FileMayBeServedAnywhere) {
  EXPECT_EQ(worst(check_card({.body = card("")}, now)), Level::ok);
}

TEST(AgentCard, MadeCardIsTheDraftsExample) {
  const auto made =
      make_card({.client_id = "https://example.com/bot",
                 .client_name = "Example Bot",
                 .client_uri = "https://example.com/bot/about.html",
                 .logo_uri = "https://example.com/logo.png",
                 .contacts = {"mailto:bot-support@example.com"},
                 .jwks_uri = "https://example.com/.well-known/http-message-signatures-directory",
                 .expected_user_agent = "Mozilla/5.0 ExampleBot",
                 .product_token = "ExampleBot",
                 .robots_compliance = false,
                 .trigger = AgentTrigger::fetcher,
                 .purpose = "search",
                 .targeted_content = "Cat pictures",
                 .rate_control = "429",
                 .rate_expectation = "avg=10rps;max=100rps",
                 .known_urls = {"/", "/robots.txt", "*.png"},
                 .ips_uri = "https://example.com/ips.json"});
  ASSERT_TRUE(made);
  // draft-meunier-webbotauth-registry, section 3.
  EXPECT_EQ(nlohmann::ordered_json::parse(*made).dump(), nlohmann::ordered_json::parse(R"({
    "client_id": "https://example.com/bot",
    "client_name": "Example Bot",
    "client_uri": "https://example.com/bot/about.html",
    "logo_uri": "https://example.com/logo.png",
    "contacts": ["mailto:bot-support@example.com"],
    "jwks_uri": "https://example.com/.well-known/http-message-signatures-directory",
    "web_bot_auth": {
      "expected-user-agent": "Mozilla/5.0 ExampleBot",
      "rfc9309-product-token": "ExampleBot",
      "rfc9309-compliance": false,
      "trigger": "fetcher",
      "purpose": "search",
      "targeted-content": "Cat pictures",
      "rate-control": "429",
      "rate-expectation": "avg=10rps;max=100rps",
      "known-urls": ["/", "/robots.txt", "*.png"],
      "ips_uri": "https://example.com/ips.json"}})")
                                                             .dump());
}

TEST(AgentCard, WhatIsMadeIsChecked) {
  const auto code = [](const AgentCard& wanted) {
    const auto made = make_card(wanted);
    EXPECT_FALSE(made);
    return made ? ErrorCode::out_of_memory : made.error().code;
  };
  EXPECT_EQ(code({.client_id = ""}), ErrorCode::agent_url_invalid);
  EXPECT_EQ(code({.client_id = "http://example.com/"}), ErrorCode::agent_url_not_https);
  EXPECT_EQ(code({.client_id = "https://a.test/", .jwks_uri = "http://a.test/k"}),
            ErrorCode::agent_url_not_https);
  EXPECT_EQ(code({.client_id = "https://a.test/", .jwks_uri = "https://a.test/k", .jwks = "{}"}),
            ErrorCode::argument_invalid);
  EXPECT_EQ(code({.client_id = "https://a.test/", .jwks = "{}"}), ErrorCode::directory_not_key_set);
  EXPECT_EQ(code({.client_id = "https://a.test/", .product_token = "a b"}),
            ErrorCode::argument_invalid);
  EXPECT_EQ(code({.client_id = "https://a.test/", .contacts = {"a@b"}}),
            ErrorCode::argument_invalid);
  EXPECT_EQ(code({.client_id = "https://a.test/", .client_name = "\xff"}),
            ErrorCode::argument_invalid);
}

TEST(AgentCard, ThirdPartyCards) {
  if (std::string_view(WBA_EXTERNAL_VECTORS_DIR).empty()) {
    GTEST_SKIP() << "no third-party vectors: set WBA_EXTERNAL_VECTORS";
  }
  const auto file = test::read_json_file(
      WBA_EXTERNAL_VECTORS_DIR "/web-bot-auth/test_data/web_bot_auth_signature_agent_card_v1.json");
  ASSERT_EQ(file.size(), 4U);
  for (const auto& vector : file) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    const std::string at = vector["url"];
    const std::string body = vector["card"].dump();
    // One of them lists the RFC's test key, which is sound as a card and refused as a key.
    const auto findings = check_card({.url = at, .body = body}, now);
    const bool valid = std::ranges::none_of(findings, [](const Finding& finding) {
      return finding.level == Level::fail && finding.check != "test-key" &&
             finding.check != "usable";
    });
    EXPECT_EQ(valid, vector["valid"].get<bool>());
  }
}

std::vector<std::string> urls(const Registry& registry) {
  std::vector<std::string> out;
  for (const RegistryEntry& entry : registry.entries) out.push_back(entry.url);
  return out;
}

TEST(AgentRegistry, EveryLineEndingIsTaken) {
  const Registry registry =
      read_registry("https://a.test/1\r\nhttps://a.test/2\rhttps://a.test/3\nhttps://a.test/4");
  EXPECT_THAT(urls(registry), ::testing::ElementsAre("https://a.test/1", "https://a.test/2",
                                                     "https://a.test/3", "https://a.test/4"));
  EXPECT_EQ(registry.entries[3].line, 4U);
  EXPECT_EQ(worst(registry.findings), Level::ok);
}

TEST(AgentRegistry, CommentsBlankLinesAndSpaceArePassedOver) {
  const Registry registry =
      read_registry("# bots \xc3\xa9\n\n \t \n https://a.test/1\t# first\nhttps://a.test/2#x\n");
  EXPECT_THAT(urls(registry), ::testing::ElementsAre("https://a.test/1", "https://a.test/2"));
  EXPECT_EQ(registry.entries[0].line, 4U);
  EXPECT_EQ(worst(registry.findings), Level::ok);
}

struct LineCase {
  std::string name;
  std::string line;
  Level level;
};

// PrintTo keeps addresses out of what a failure says.
void PrintTo(const LineCase& row, std::ostream* out) { *out << row.name; }

class AgentRegistryLine : public ::testing::TestWithParam<LineCase> {};

TEST_P(AgentRegistryLine, IsNamedAndTheOthersStay) {
  const Registry registry =
      read_registry("https://a.test/\n" + GetParam().line + "\nhttps://b.test/\n");
  EXPECT_THAT(urls(registry), ::testing::ElementsAre("https://a.test/", "https://b.test/"));
  EXPECT_EQ(worst(registry.findings), GetParam().level);
  EXPECT_EQ(registry.findings.front().subject, "line 2");
}

INSTANTIATE_TEST_SUITE_P(
    Cases, AgentRegistryLine,
    ::testing::Values(LineCase{"Http", "http://c.test/", Level::fail},
                      LineCase{"NoScheme", "c.test", Level::fail},
                      LineCase{"TwoUrls", "https://c.test/ https://d.test/", Level::fail},
                      LineCase{"User", "https://u@c.test/", Level::fail},
                      LineCase{"Escape", "https://c.test/\x1b[2J", Level::fail},
                      LineCase{"Nul", std::string("https://c.test/\0x", 17), Level::fail},
                      LineCase{"NotUtf8", "# \xc3(", Level::fail},
                      LineCase{"Surrogate", "# \xed\xa0\x80", Level::fail},
                      LineCase{"Overlong", "# \xc0\xaf", Level::fail},
                      LineCase{"Cut", "# \xe2\x82", Level::fail},
                      LineCase{"Data", "data:application/json,{}", Level::warn},
                      LineCase{"Twice", "https://A.test:443", Level::warn}),
    [](const auto& row) { return row.param.name; });

TEST(AgentRegistry, ByteOrderMarkIsNoPartOfTheFirstUrl) {
  const Registry registry = read_registry("\xef\xbb\xbfhttps://a.test/\n");
  EXPECT_THAT(urls(registry), ::testing::ElementsAre("https://a.test/"));
  EXPECT_EQ(worst(registry.findings), Level::warn);
}

TEST(AgentRegistry, EmptyOneIsAWarning) {
  EXPECT_EQ(worst(read_registry("").findings), Level::warn);
  EXPECT_EQ(worst(read_registry("# nothing").findings), Level::warn);
}

TEST(AgentRegistry, LimitsHold) {
  const std::string two = "https://a.test/\nhttps://b.test/\n";
  EXPECT_EQ(read_registry(two, {.bytes = two.size() - 1}).entries.size(), 0U);
  EXPECT_EQ(read_registry(two, {.entries = 1}).entries.size(), 1U);
  EXPECT_EQ(worst(read_registry(two, {.entries = 1}).findings), Level::fail);
  EXPECT_EQ(worst(read_registry(two, {.bytes = two.size(), .entries = 2}).findings), Level::ok);
  EXPECT_LE(read_registry(std::string(10'000, 'x') + "\nx\nx\nx", {.findings = 2}).findings.size(),
            2U);
}

TEST(AgentRegistry, ThirdPartyRegistries) {
  if (std::string_view(WBA_EXTERNAL_VECTORS_DIR).empty()) {
    GTEST_SKIP() << "no third-party vectors: set WBA_EXTERNAL_VECTORS";
  }
  const auto file = test::read_json_file(WBA_EXTERNAL_VECTORS_DIR
                                         "/web-bot-auth/test_data/web_bot_auth_registry_v1.json");
  ASSERT_EQ(file.size(), 2U);
  for (const auto& vector : file) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    const std::string text = vector["registry_txt"];
    EXPECT_EQ(urls(read_registry(text)),
              vector["signature_agent_cards"].get<std::vector<std::string>>());
  }
}

}  // namespace
}  // namespace wba::directory
