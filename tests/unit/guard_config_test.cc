// The guard's configuration: its defaults, and every mistake with its line and reason.

#include <fstream>
#include <ostream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <wba/guard/config.h>

#include "paths.h"

namespace wba::guard {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view least = "[defaults]\nunsigned = \"allow\"\n";

TEST(GuardConfig, TheLeastConfigurationHasTheDocumentedDefaults) {
  const auto config = parse_config(least);
  ASSERT_TRUE(config) << to_text(config.error());
  ASSERT_EQ(config->routes.size(), 1U);
  const Route& route = config->routes[0];
  EXPECT_EQ(route.name, "default");
  EXPECT_EQ(route.mode, Mode::enforce);
  EXPECT_EQ(route.actions.verified, RuleAction::allow);
  EXPECT_EQ(route.actions.unsigned_, RuleAction::allow);
  EXPECT_EQ(route.actions.unverified, RuleAction::challenge);
  EXPECT_EQ(route.actions.invalid, RuleAction::deny);
  EXPECT_EQ(route.keys_unavailable, KeysUnavailable::refuse);
  EXPECT_FALSE(route.replay);
  EXPECT_TRUE(route.require.empty());
  EXPECT_TRUE(config->rules.empty());
  EXPECT_EQ(config->server.scheme, "https");
  EXPECT_EQ(config->server.forwarded, ForwardedSource::none);
  EXPECT_EQ(config->verify.max_lifetime, hours(24));
  EXPECT_EQ(config->verify.skew, seconds(60));
  EXPECT_FALSE(config->verify.allow_test_keys);
  EXPECT_FALSE(config->verify.strict_label);
  EXPECT_TRUE(config->verify.dialects.bare_uri);
  EXPECT_EQ(config->replay.store, StoreKind::memory);
  EXPECT_EQ(config->replay.when_away, WhenAway::refuse);
  EXPECT_EQ(config->rates.when_away, WhenAway::pass);
  EXPECT_EQ(config->redis.timeout, milliseconds(100));
  EXPECT_TRUE(config->audit.path.empty());
  EXPECT_FALSE(config->uses_redis());
}

TEST(GuardConfig, ARouteSaysWhatItSaysAndIsElseAsTheDefaults) {
  const auto config = parse_config(R"(
[defaults]
unsigned = "deny"
keys_unavailable = "pass"
require = { components = ["@method"] }
[[routes]]
name = "a"
paths = "/a/*"
mode = "observe"
[[routes]]
name = "b"
methods = ["POST"]
require = { nonce = true }
)");
  ASSERT_TRUE(config) << to_text(config.error());
  ASSERT_EQ(config->routes.size(), 3U);
  EXPECT_EQ(config->routes[0].mode, Mode::observe);
  EXPECT_EQ(config->routes[0].actions.unsigned_, RuleAction::deny);
  EXPECT_EQ(config->routes[0].keys_unavailable, KeysUnavailable::pass);
  EXPECT_THAT(config->routes[0].require.components, testing::ElementsAre("\"@method\""));
  EXPECT_TRUE(config->routes[1].require.nonce);
  EXPECT_TRUE(config->routes[1].require.components.empty());
  EXPECT_EQ(config->routes[2].name, "default");
}

TEST(GuardConfig, AgentsOfARuleAreNormalisedAndMeanVerifiedOnly) {
  const auto config = parse_config(std::string(least) + R"(
[[rules]]
name = "r"
agent_urls = ["HTTPS://Bot.Example:443/a/../keys?x"]
agent_hosts = ["Bot.Example:8443"]
agent_host_suffixes = ["Agents.Example.ORG"]
action = "allow"
)");
  ASSERT_TRUE(config) << to_text(config.error());
  const Rule& rule = config->rules.at(0);
  EXPECT_THAT(rule.agent_urls, testing::ElementsAre("https://bot.example/keys?x"));
  EXPECT_THAT(rule.agent_hosts, testing::ElementsAre("bot.example:8443"));
  EXPECT_THAT(rule.agent_host_suffixes, testing::ElementsAre("agents.example.org"));
  EXPECT_THAT(rule.outcomes, testing::ElementsAre(false, false, false, true));
}

TEST(GuardConfig, OriginAmongAgentUrlsIsItsWellKnownDirectory) {
  const auto config = parse_config(std::string(least) + R"(
[[rules]]
name = "r"
agent_urls = ["https://bot.example", "https://bot.example:8443/", "https://bot.example/?u=k"]
action = "allow"
)");
  ASSERT_TRUE(config) << to_text(config.error());
  EXPECT_THAT(
      config->rules.at(0).agent_urls,
      testing::ElementsAre("https://bot.example/.well-known/http-message-signatures-directory",
                           "https://bot.example:8443/.well-known/http-message-signatures-directory",
                           "https://bot.example/?u=k"));
}

// A ban must not be left by naming another path of the same host.
TEST(GuardConfig, HostsMeanAnyPathWhereARuleRefuses) {
  const auto any_path = [](const std::string& rest) {
    const auto config = parse_config(
        std::string(least) + "[[rules]]\nname = \"r\"\nagent_hosts = \"bot.example\"\n" + rest);
    EXPECT_TRUE(config) << to_text(config.error());
    return config && config->rules.at(0).any_path;
  };
  EXPECT_FALSE(any_path("action = \"allow\"\n"));
  EXPECT_FALSE(
      any_path("action = \"limit\"\nlimit = \"l\"\n[limits.l]\nrequests = 1\nper = \"1m\"\n"));
  EXPECT_TRUE(any_path("action = \"deny\"\n"));
  EXPECT_TRUE(any_path("action = \"challenge\"\n"));
  EXPECT_TRUE(any_path("action = \"allow\"\nany_path = true\n"));
  EXPECT_FALSE(any_path("action = \"deny\"\nany_path = false\n"));
}

TEST(GuardConfig, DotAtTheEndOfAnAgentsHostIsDropped) {
  const auto config = parse_config(std::string(least) + R"(
[[rules]]
name = "r"
agent_urls = ["https://bad.example./keys"]
agent_hosts = ["bad.example.", "bad.example.:8443", "[2001:DB8:0:0::1]"]
agent_host_suffixes = ["bad.example."]
action = "deny"
)");
  ASSERT_TRUE(config) << to_text(config.error());
  const Rule& rule = config->rules.at(0);
  EXPECT_THAT(rule.agent_urls, testing::ElementsAre("https://bad.example/keys"));
  EXPECT_THAT(rule.agent_hosts,
              testing::ElementsAre("bad.example", "bad.example:8443", "[2001:db8::1]"));
  EXPECT_THAT(rule.agent_host_suffixes, testing::ElementsAre("bad.example"));
}

TEST(GuardConfig, AuthoritiesAreAListOrOneOrAny) {
  const auto server = [](std::string_view value) {
    const auto config =
        parse_config("[server]\nauthorities = " + std::string(value) + "\n" + std::string(least));
    EXPECT_TRUE(config) << (config ? "" : to_text(config.error()));
    return config->server.authorities;
  };
  EXPECT_EQ(server("[\"Shop.example\", \"*.shop.example\", \"[2001:db8::1]:8443\"]"),
            Authorities::of({"shop.example", "*.shop.example", "[2001:db8::1]:8443"}).value());
  EXPECT_EQ(server("\"shop.example\""), Authorities::of({"shop.example"}).value());
  EXPECT_EQ(server("\"any\""), Authorities::any());
  EXPECT_FALSE(parse_config(least)->server.authorities);
}

TEST(GuardConfig, TheExampleIsAConfiguration) {
  const auto config = load_config(WBA_SOURCE_DIR "/server-plugin/guard/guard.example.toml");
  ASSERT_TRUE(config) << to_text(config.error());
  EXPECT_EQ(config->routes.size(), 3U);
  EXPECT_EQ(config->rules.size(), 2U);
  EXPECT_EQ(config->limits.at("partner").burst, 50U);
}

TEST(GuardConfig, RedisOnAnotherMachineSaysWhetherItHasTls) {
  const auto tls_of = [](const std::string& redis) {
    const auto config = parse_config(std::string(least) + "[redis]\n" + redis);
    EXPECT_TRUE(config) << to_text(config.error());
    return config ? config->redis.tls : std::nullopt;
  };
  EXPECT_EQ(tls_of("host = \"redis.internal\"\ntls = true\nca_file = \"/c\"\n"), true);
  EXPECT_EQ(tls_of("host = \"redis.internal\"\ntls = false\n"), false);
  for (const auto* here : {"localhost", "127.0.0.9", "::1"}) {
    EXPECT_EQ(tls_of("host = \"" + std::string(here) + "\"\n"), std::nullopt);
  }
}

TEST(GuardConfig, NoncesAreHeldForMinutesUnlessTheRouteSaysMore) {
  const auto lifetime_of = [](const std::string& rest) {
    const auto config = parse_config(std::string(least) + rest);
    EXPECT_TRUE(config) << to_text(config.error());
    return config->routes.front().require.max_lifetime;
  };
  EXPECT_EQ(lifetime_of(""), std::nullopt);
  EXPECT_EQ(lifetime_of("replay = true\n"), std::chrono::minutes(5));
  EXPECT_EQ(lifetime_of("replay = true\nrequire = { max_lifetime = \"2h\" }\n"), hours(2));
  EXPECT_EQ(lifetime_of("[[routes]]\nname = \"a\"\npaths = \"/a\"\nreplay = true\n"),
            std::chrono::minutes(5));
  EXPECT_EQ(lifetime_of("require = { max_lifetime = \"2h\" }\n[[routes]]\nname = \"a\"\n"
                        "paths = \"/a\"\nreplay = true\n"),
            hours(2));
  EXPECT_EQ(lifetime_of("require = { max_lifetime = \"2h\" }\n[[routes]]\nname = \"a\"\n"
                        "paths = \"/a\"\nreplay = true\nrequire = { nonce = true }\n"),
            std::chrono::minutes(5));
}

// What the example shows as a default is the default: uncommenting it changes nothing that counts.
TEST(GuardConfig, TheExamplesCommentedDefaultsAreTheDefaults) {
  std::ifstream stream(WBA_SOURCE_DIR "/server-plugin/guard/guard.example.toml");
  std::string text;
  std::string table;
  int uncommented = 0;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("[")) table = line.substr(0, line.find(']') + 1);
    const bool examples_of_values =
        line.find("trusted_proxies =") != std::string::npos || table == "[redis]" ||
        line.find("body_digest =") != std::string::npos || line.starts_with("# [audit]");
    if (line.starts_with("# [audit]")) break;
    if (line.starts_with("# ") && line.find(" = ") != std::string::npos && !examples_of_values) {
      line.erase(0, 2);
      ++uncommented;
    }
    text += line + "\n";
  }
  EXPECT_GE(uncommented, 20);
  const auto full = parse_config(text);
  ASSERT_TRUE(full) << to_text(full.error());
  const auto plain = load_config(WBA_SOURCE_DIR "/server-plugin/guard/guard.example.toml");
  ASSERT_TRUE(plain);
  EXPECT_EQ(full->server, plain->server);
  EXPECT_EQ(full->rates, plain->rates);
  EXPECT_EQ(full->replay, plain->replay);
  EXPECT_EQ(full->verify.max_lifetime, plain->verify.max_lifetime);
  EXPECT_EQ(full->verify.skew, plain->verify.skew);
  EXPECT_EQ(full->verify.max_signatures, plain->verify.max_signatures);
  const Route& a = full->routes.back();
  const Route& b = plain->routes.back();
  EXPECT_EQ(a.mode, b.mode);
  EXPECT_EQ(a.actions.verified, b.actions.verified);
  EXPECT_EQ(a.actions.unverified, b.actions.unverified);
  EXPECT_EQ(a.actions.invalid, b.actions.invalid);
  EXPECT_EQ(a.keys_unavailable, b.keys_unavailable);
  EXPECT_EQ(a.replay, b.replay);
}

struct MistakeCase {
  std::string_view name;
  std::string_view text;
  std::size_t line;
  std::string_view reason;  // a part of it
};

// PrintTo keeps addresses out of what a failure says.
void PrintTo(const MistakeCase& row, std::ostream* out) { *out << row.name; }

class GuardConfigMistakes : public testing::TestWithParam<MistakeCase> {};

TEST_P(GuardConfigMistakes, IsFoundInItsLine) {
  const MistakeCase& c = GetParam();
  const auto config = parse_config(c.text);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error()[0].line, c.line);
  EXPECT_THAT(config.error()[0].reason, testing::HasSubstr(std::string(c.reason)));
  EXPECT_EQ(config.error().size(), 1U) << to_text(config.error());
}

// D begins each with two lines of [defaults].
#define D "[defaults]\nunsigned = \"allow\"\n"
#define X "limit = \"x\"\n[limits.x]\n"  // a limit in use, in lines 3 and 4
INSTANTIATE_TEST_SUITE_P(
    All, GuardConfigMistakes,
    testing::Values(
        MistakeCase{"no_toml", "[defaults", 1, "no TOML"},
        MistakeCase{"no_defaults", "", 1, "[defaults] is missing"},
        MistakeCase{"no_unsigned", "[defaults]\n", 1, "unsigned is missing"},
        MistakeCase{"unknown_table", D "[sever]\n", 3, "unknown key \"sever\""},
        MistakeCase{"unknown_key", D "[server]\nschema = \"https\"\n", 4, "unknown key \"schema\""},
        MistakeCase{"unknown_key_escaped", D "\"a\\u001b[2J\" = 1\n", 3, "a\\x1b[2J"},
        MistakeCase{"table_is_text", "server = 1\n" D, 1, "must be a table"},
        MistakeCase{"scheme", D "[server]\nscheme = \"ftp\"\n", 4, "one of \"https\", \"http\""},
        MistakeCase{"authority", D "[server]\nauthority = \"shop.example\"\n", 4,
                    "write authorities = [\"shop.example\"]"},
        MistakeCase{"authorities", D "[server]\nauthorities = [\"a.example\", \"a b\"]\n", 4,
                    "\"a b\" is no host"},
        MistakeCase{"authority_with_scheme", D "[server]\nauthorities = \"https://a.example\"\n", 4,
                    "is no host"},
        MistakeCase{"no_authorities", D "[server]\nauthorities = []\n", 4, "must not be empty"},
        MistakeCase{"any_among_others", D "[server]\nauthorities = [\"any\", \"a.example\"]\n", 4,
                    "stands alone"},
        MistakeCase{"authorities_of_a_registry", D "[server]\nauthorities = \"*.co.uk\"\n", 4,
                    "has a public suffix"},
        MistakeCase{"authorities_of_a_hoster", D "[server]\nauthorities = \"*.GitHub.io:8443\"\n",
                    4, "has a public suffix"},
        MistakeCase{"backend", D "[server]\nbackend = \"express\"\n", 4,
                    "one of \"any\", \"exact\""},
        MistakeCase{"path_pattern_of_two_readings",
                    D "[[routes]]\nname = \"a\"\npaths = [\"/a%3Fb\"]\n", 5, "must begin with /"},
        MistakeCase{"forwarded_from_anybody", D "[server]\nforwarded = \"forwarded\"\n", 4,
                    "needs trusted_proxies"},
        MistakeCase{"proxy_range", D "[server]\ntrusted_proxies = [\"10.0.0.0/33\"]\n", 4,
                    "10.0.0.0/33"},
        MistakeCase{"proxy_on_a_unix_socket",
                    D "[server]\ntrusted_proxies = [\"10.0.0.1\", \"unix\"]\n", 4, "\"unix\" is"},
        MistakeCase{"redis_in_clear", D "[redis]\nhost = \"redis.internal\"\n", 4,
                    "say tls = true, or tls = false"},
        MistakeCase{"redis_of_another_address_in_clear", D "[redis]\nhost = \"128.0.0.1\"\n", 4,
                    "say tls = true, or tls = false"},
        MistakeCase{"redis_tls_on_a_socket", D "[redis]\nunix_socket = \"/r\"\ntls = true\n", 5,
                    "a unix_socket has none"},
        MistakeCase{"redis_ca_without_tls", D "[redis]\nca_file = \"/c\"\n", 4, "needs tls = true"},
        MistakeCase{"redis_name_without_tls", D "[redis]\ntls = false\nserver_name = \"r\"\n", 5,
                    "needs tls = true"},
        MistakeCase{"dialect", D "[verify]\ndialects = [\"draft-01\"]\n", 4, "no such dialect"},
        MistakeCase{"no_dialect", D "[verify]\ndialects = []\n", 4, "must not be empty"},
        MistakeCase{"number_as_duration", D "[verify]\nskew = 60\n", 4, "must be a duration"},
        MistakeCase{"duration_without_unit", D "[verify]\nskew = \"60\"\n", 4,
                    "must be a duration"},
        MistakeCase{"duration_overflow", D "[verify]\nskew = \"99999999999999999d\"\n", 4,
                    "must be a duration"},
        MistakeCase{"skew_too_long", D "[verify]\nskew = \"2h\"\n", 4, "must be from 0ms to 1h"},
        MistakeCase{"part_of_a_second", D "[verify]\nskew = \"1500ms\"\n", 4, "whole seconds"},
        MistakeCase{"flag", D "[verify]\nstrict_label = \"yes\"\n", 4, "true or false"},
        MistakeCase{"signatures", D "[verify]\nmax_signatures = 0\n", 4, "from 1 to 16"},
        MistakeCase{"default_action", "[defaults]\nunsigned = \"limit\"\n", 2,
                    "one of \"allow\", \"deny\", \"challenge\""},
        MistakeCase{"mode", D "mode = \"on\"\n", 3, "one of \"off\", \"observe\", \"enforce\""},
        MistakeCase{"unknown_limit", D "limit = \"x\"\n", 3, "no [limits.x]"},
        MistakeCase{"component", D "require = { components = [\"@nothing\"] }\n", 3,
                    "is no component"},
        MistakeCase{"component_of_response", D "require = { components = [\"@status\"] }\n", 3,
                    "a request has no"},
        MistakeCase{"component_twice",
                    D "require = { components = [\"@path\", \"\\\"@path\\\"\"] }\n", 3, "twice"},
        MistakeCase{"field_name", D "require = { components_if_present = [\"a b\"] }\n", 3,
                    "is no field name"},
        MistakeCase{"unknown_requirement", D "require = { nonces = true }\n", 3,
                    "unknown key \"nonces\""},
        MistakeCase{"route_without_name", D "[[routes]]\npaths = \"/a\"\n", 3,
                    "name: must be given"},
        MistakeCase{"route_called_default", D "[[routes]]\nname = \"default\"\npaths = \"/a\"\n", 4,
                    "[defaults] is called"},
        MistakeCase{"route_twice",
                    D "[[routes]]\nname = \"a\"\npaths = \"/a\"\n[[routes]]\nname = \"a\"\npaths = "
                      "\"/b\"\n",
                    7, "stands twice"},
        MistakeCase{"route_for_everything", D "[[routes]]\nname = \"a\"\n", 3,
                    "needs paths or methods"},
        MistakeCase{"path", D "[[routes]]\nname = \"a\"\npaths = [\"/a\", \"b\"]\n", 5, "\"b\""},
        MistakeCase{"path_star", D "[[routes]]\nname = \"a\"\npaths = \"/a*/b\"\n", 5,
                    "no other *"},
        MistakeCase{"path_dots", D "[[routes]]\nname = \"a\"\npaths = \"/a/../b\"\n", 5,
                    "no dot segments"},
        MistakeCase{"method", D "[[routes]]\nname = \"a\"\nmethods = \"GET POST\"\n", 5,
                    "is no method"},
        MistakeCase{"method_in_lower_case",
                    D "[[rules]]\nname = \"r\"\noutcomes = \"unsigned\"\nmethods = [\"GET\", "
                      "\"post\"]\naction = \"deny\"\n",
                    6, "\"post\" would never fit"},
        MistakeCase{"rule_for_nobody", D "[[rules]]\nname = \"r\"\naction = \"allow\"\n", 3,
                    "whom it is for is missing"},
        MistakeCase{"rule_without_action", D "[[rules]]\nname = \"r\"\noutcomes = \"verified\"\n",
                    3, "action is missing"},
        MistakeCase{"unverified_agent",
                    D "[[rules]]\nname = \"r\"\nagent_hosts = \"a.example\"\noutcomes = "
                      "[\"verified\", \"unverified\"]\naction = \"allow\"\n",
                    6, "for verified requests only"},
        MistakeCase{"agent_http",
                    D "[[rules]]\nname = \"r\"\nagent_urls = \"http://a.example/\"\naction = "
                      "\"allow\"\n",
                    5, "no https URL"},
        MistakeCase{"agent_host_path",
                    D
                    "[[rules]]\nname = \"r\"\nagent_hosts = \"a.example/b\"\naction = \"allow\"\n",
                    5, "is no host"},
        MistakeCase{"any_path_without_hosts",
                    D "[[rules]]\nname = \"r\"\nagent_urls = \"https://a.example\"\naction = "
                      "\"allow\"\nany_path = true\n",
                    7, "goes with agent_hosts or agent_host_suffixes only"},
        MistakeCase{"agent_url_with_an_empty_label",
                    D "[[rules]]\nname = \"r\"\nagent_urls = \"https://a..example/\"\naction = "
                      "\"deny\"\n",
                    5, "no https URL"},
        MistakeCase{"agent_host_with_empty_label",
                    D "[[rules]]\nname = \"r\"\nagent_hosts = \"a..example\"\naction = \"deny\"\n",
                    5, "is no host"},
        MistakeCase{"agent_host_as_a_number",
                    D "[[rules]]\nname = \"r\"\nagent_hosts = \"3221225985\"\naction = \"deny\"\n",
                    5, "is no host"},
        MistakeCase{"agent_host_with_leading_zeros",
                    D "[[rules]]\nname = \"r\"\nagent_hosts = \"192.0.2.001\"\naction = \"deny\"\n",
                    5, "is no host"},
        MistakeCase{"agent_host_mapped",
                    D "[[rules]]\nname = \"r\"\nagent_hosts = \"[::ffff:192.0.2.1]\"\naction = "
                      "\"deny\"\n",
                    5, "is no host"},
        MistakeCase{"suffix_that_is_an_address",
                    D "[[rules]]\nname = \"r\"\nagent_host_suffixes = \"192.0.2.1\"\naction = "
                      "\"deny\"\n",
                    5, "two labels or more"},
        MistakeCase{"suffix_of_a_registry_with_dot",
                    D "[[rules]]\nname = \"r\"\nagent_host_suffixes = \"co.uk.\"\naction = "
                      "\"deny\"\n",
                    5, "is a public suffix"},
        MistakeCase{"suffix_of_one_label",
                    D
                    "[[rules]]\nname = \"r\"\nagent_host_suffixes = \"com\"\naction = \"allow\"\n",
                    5, "two labels or more"},
        MistakeCase{"suffix_with_dot",
                    D "[[rules]]\nname = \"r\"\nagent_host_suffixes = \".a.example\"\naction = "
                      "\"allow\"\n",
                    5, "two labels or more"},
        MistakeCase{"suffix_of_a_registry",
                    D "[[rules]]\nname = \"r\"\nagent_host_suffixes = [\"a.example\", "
                      "\"Co.UK\"]\naction = \"allow\"\n",
                    5, "\"Co.UK\" is a public suffix"},
        MistakeCase{"suffix_of_a_hoster",
                    D "[[rules]]\nname = \"r\"\nagent_host_suffixes = \"github.io\"\naction = "
                      "\"allow\"\n",
                    5, "\"github.io\" is a public suffix"},
        MistakeCase{"outcome",
                    D "[[rules]]\nname = \"r\"\noutcomes = \"good\"\naction = \"allow\"\n", 5,
                    "no such outcome"},
        MistakeCase{"limit_without_name",
                    D "[[rules]]\nname = \"r\"\noutcomes = \"verified\"\naction = \"limit\"\n", 3,
                    "needs limit"},
        MistakeCase{"denied_with_requirements",
                    D
                    "[[rules]]\nname = \"r\"\noutcomes = \"verified\"\naction = \"deny\"\nrequire "
                    "= { nonce = true }\n",
                    7, "goes with action"},
        MistakeCase{"unsigned_with_requirements",
                    D "[[rules]]\nname = \"r\"\noutcomes = \"unsigned\"\naction = "
                      "\"allow\"\nrequire = { nonce = true }\n",
                    7, "verified requests only"},
        MistakeCase{"limit_without_requests", D X "per = \"1s\"\n", 4, "requests is missing"},
        MistakeCase{"limit_without_period", D X "requests = 1\n", 4, "per is missing"},
        MistakeCase{"limit_that_overflows", D X "requests = 1\nper = \"31d\"\nburst = 1000000000\n",
                    7, "longer than a year"},
        MistakeCase{"limit_of_thirteen_months", D X "requests = 1\nper = \"31d\"\nburst = 12\n", 7,
                    "longer than a year"},
        MistakeCase{"limit_too_fine", D X "requests = 1001\nper = \"1ms\"\n", 5,
                    "one a microsecond"},
        MistakeCase{"limit_unused", D "[limits.x]\nrequests = 1\nper = \"1s\"\n", 3,
                    "[limits.x]: no route and no rule"},
        MistakeCase{"limit_used_by_another_name",
                    D "limit = \"x\"\n[limits]\nx = { requests = 1, per = \"1s\" }\ny = { requests "
                      "= 1, per = \"1s\" }\n",
                    6, "[limits.y]: no route and no rule"},
        MistakeCase{"limit_name", D "[limits.\"a b\"]\nrequests = 1\nper = \"1s\"\n", 3, "letters"},
        MistakeCase{"replay_share", D "[replay]\nentries = 10\nentries_per_agent = 11\n", 5,
                    "not be more"},
        MistakeCase{"replay_store", D "[replay]\nstore = \"disk\"\n", 4, "one of \"memory\""},
        MistakeCase{"redis_twice", D "[redis]\nport = 1\nunix_socket = \"/s\"\n", 5, "give one"},
        MistakeCase{"redis_user", D "[redis]\nuser = \"u\"\n", 4, "needs password_file"},
        MistakeCase{"redis_port", D "[redis]\nport = 65536\n", 4, "from 1 to 65535"},
        MistakeCase{"audit_path", D "[audit]\nfiles = 3\n", 3, "path: is missing"},
        MistakeCase{"audit_size", D "[audit]\npath = \"/a\"\nmax_bytes = 1\n", 5, "from 4096"}),
    [](const auto& row) { return std::string(row.param.name); });
#undef D
#undef X

TEST(GuardConfig, ALimitMayTakeAYearToFillAndAMethodMayBeAnyInUpperCase) {
  const auto config = parse_config(std::string(least) + R"(limit = "x"
[limits.x]
requests = 1
per = "31d"
burst = 11
[[routes]]
name = "a"
methods = ["PROPFIND", "VERSION-CONTROL"]
[[rules]]
name = "r"
agent_host_suffixes = ["user.github.io", "example.co.uk"]
action = "allow"
)");
  ASSERT_TRUE(config) << to_text(config.error());
}

TEST(GuardConfig, AllMistakesAreToldInTheOrderOfTheLines) {
  const auto config = parse_config(
      "[verify]\nskew = 1\n[defaults]\nunsigned = \"perhaps\"\nmood = 1\n[server]\nscheme = 2\n");
  ASSERT_FALSE(config);
  std::vector<std::size_t> lines;
  for (const auto& mistake : config.error()) lines.push_back(mistake.line);
  EXPECT_THAT(lines, testing::ElementsAre(2, 4, 5, 7));
}

TEST(GuardConfig, AFileThatIsNotThereIsAMistake) {
  const auto config = load_config("/nowhere/guard.toml");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error()[0].reason, testing::HasSubstr("cannot read"));
}

TEST(GuardConfig, AConfigurationOverTheLimitIsRefused) {
  EXPECT_FALSE(parse_config(std::string(least) + std::string(max_config_size, '#')));
}

}  // namespace
}  // namespace wba::guard
