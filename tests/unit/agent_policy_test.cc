// The signing daemon's policy: what it allows, what it refuses, and how its file is read.

#include <gtest/gtest.h>

#include "agent/policy.h"

namespace wba::agent {
namespace {

using std::chrono::seconds;

constexpr std::string_view kPolicy = R"(log = "/tmp/log"
[[key]]
name = "main"
file = "/etc/key"
agent = "https://agent.test/keys"
[[key]]
name = "other"
file = "/etc/other"
agent = "https://agent.test"
profile = "cloudflare"
[[rule]]
name = "reader"
users = [1000]
keys = ["main"]
authorities = ["Example.com:443", "*.example.org", "example.com:8443"]
methods = ["GET", "HEAD"]
paths = ["/public/*", "/one"]
max_lifetime = 60
[[rule]]
name = "writer"
users = [1000, 1001]
keys = ["other", "main"]
authorities = ["api.test"]
require_digest = true
cover = ["@query"]
per_minute = 3
)";

Policy policy() { return read_policy(kPolicy, "p").value(); }

std::string ruling(const Wanted& wanted) {
  const Policy rules = policy();
  const Ruling made = rule_on(rules, wanted);
  if (made.refusal != Refusal::none) return std::string(to_string(made.refusal));
  return made.rule->name + " " + made.key->name;
}

Wanted reading() {
  return {.user = 1000, .authority = "example.com", .method = "GET", .path = "/public/x"};
}

TEST(AgentPolicy, FirstRuleThatFitsDecides) {
  EXPECT_EQ(ruling(reading()), "reader main");
  EXPECT_EQ(ruling({.user = 1001, .authority = "api.test", .method = "GET", .path = "/"}),
            "writer other");
  EXPECT_EQ(
      ruling({.user = 1001, .key = "main", .authority = "api.test", .method = "GET", .path = "/"}),
      "writer main");
}

TEST(AgentPolicy, UsersAndKeysThatAreNotListedAreRefused) {
  Wanted wanted = reading();
  wanted.user = 0;
  EXPECT_EQ(ruling(wanted), "user-unknown");
  wanted = reading();
  wanted.key = "other";
  EXPECT_EQ(ruling(wanted), "authority-not-allowed") << "other is writer's, for api.test";
  wanted.key = "none";
  EXPECT_EQ(ruling(wanted), "key-not-allowed");
}

TEST(AgentPolicy, TokensAreNoUsersAndUsersNoTokens) {
  std::string text(kPolicy);
  text.insert(text.find("[[rule]]"), "[[token]]\nname = \"ci\"\nfile = \"/etc/token\"\n");
  text +=
      "[[rule]]\nname = \"builds\"\ntokens = [\"ci\"]\nkeys = [\"main\"]\n"
      "authorities = [\"build.test\"]\n";
  const Policy rules = read_policy(text, "p").value();
  const auto refusal = [&](uid_t user, std::string_view token, std::string_view authority) {
    return to_string(
        rule_on(
            rules,
            {.user = user, .token = token, .authority = authority, .method = "GET", .path = "/one"})
            .refusal);
  };
  EXPECT_EQ(refusal(0, "ci", "build.test"), "none");
  EXPECT_EQ(refusal(1000, "", "build.test"), "authority-not-allowed");
  EXPECT_EQ(refusal(1000, "ci", "example.com"), "authority-not-allowed");
  EXPECT_EQ(refusal(1000, "", "example.com"), "none");
  EXPECT_EQ(refusal(0, "other", "build.test"), "user-unknown");
  EXPECT_FALSE(rules.knows_user(0));
}

TEST(AgentPolicy, AuthoritiesFitOnLabelBorders) {
  const auto at = [](std::string_view authority) {
    Wanted wanted = reading();
    wanted.authority = authority;
    return ruling(wanted);
  };
  EXPECT_EQ(at("a.example.org"), "reader main");
  EXPECT_EQ(at("a.b.example.org"), "reader main");
  EXPECT_EQ(at("example.com:8443"), "reader main");
  for (const auto* other : {"example.org", "badexample.org", "example.com.evil.test",
                            "example.com:444", "a.example.com", ".example.org", ""}) {
    EXPECT_EQ(at(other), "authority-not-allowed") << other;
  }
}

TEST(AgentPolicy, MethodsFitExactly) {
  const auto with = [](std::string_view method) {
    Wanted wanted = reading();
    wanted.method = method;
    return ruling(wanted);
  };
  for (const auto* method : {"POST", "GETX", ""}) {
    EXPECT_EQ(with(method), "method-not-allowed") << method;
  }
  for (const auto* method : {"get", "Head"}) EXPECT_EQ(with(method), "method-ambiguous") << method;
}

TEST(AgentPolicy, PathsFitWholeOrBelow) {
  const auto at = [](std::string_view path) {
    Wanted wanted = reading();
    wanted.path = path;
    return ruling(wanted);
  };
  EXPECT_EQ(at("/one"), "reader main");
  EXPECT_EQ(at("/public/"), "reader main");
  for (const auto* below : {"/public", "/public/a%20b", "/public/Ab/", "/public/a%2Fb",
                            "/public//x", "/public/./x", "/public/a;b=c"}) {
    EXPECT_EQ(at(below), "reader main") << below;
  }
  for (const auto* other : {"/", "/publicx", "public/x", "/two"}) {
    EXPECT_EQ(at(other), "path-not-allowed") << other;
  }
}

// A server may find another path behind these.
TEST(AgentPolicy, PathsThatServersReadDifferentlyAreAmbiguous) {
  for (const auto* path :
       {"/public/..;/admin", "/public/..;x=1/admin", "/public/.;/..;/admin", "/public/..%3b/admin",
        "/public/%u002e%u002e/admin", "/public/..%09/admin", "/public/..%0a/admin",
        "/public/%c0%ae%c0%ae/admin", "/public/..%c0%afadmin", "/public/../admin", "/public/..",
        "/public/%2e%2E/admin", "/public/..%2fadmin", "/public/..%5cadmin", "/public/..\\admin",
        "/public/%252e%252e/admin", "/public/..%252fadmin", "/public/%00", "/public/..%20/admin",
        "/public/..%00/admin", "/public/%e0%80%ae%e0%80%ae/admin", "/public/..#/admin",
        // case, and a slash at the end
        "/Public/x", "/PUBLIC", "/one/", "/ONE", "/%4fne"}) {
    Wanted wanted = reading();
    wanted.path = path;
    EXPECT_EQ(ruling(wanted), "path-ambiguous") << path;
  }
}

constexpr std::string_view kTwoRules = R"(log = "/tmp/log"
[[key]]
name = "main"
file = "/etc/key"
agent = "https://agent.test/keys"
[[rule]]
name = "deletes"
users = [1000]
keys = ["main"]
authorities = ["api.test"]
methods = ["DELETE"]
paths = ["/admin/*"]
require_digest = true
[[rule]]
name = "rest"
users = [1000]
keys = ["main"]
authorities = ["api.test"]
)";

std::string ruling_of_two(const Wanted& wanted) {
  const Policy rules = read_policy(kTwoRules, "p").value();
  const Ruling made = rule_on(rules, wanted);
  return made.refusal == Refusal::none ? made.rule->name : std::string(to_string(made.refusal));
}

// A server may see what the first rule is for, without what that rule demands.
TEST(AgentPolicy, ALaterRuleSignsNothingThatMayBeAnEarlierOnes) {
  Wanted wanted{.user = 1000, .authority = "api.test", .method = "DELETE", .path = "/x"};
  EXPECT_EQ(ruling_of_two(wanted), "rest");
  wanted.path = "/admin/x";
  wanted.has_body = true;
  EXPECT_EQ(ruling_of_two(wanted), "digest-missing");
  for (const auto* path : {"/ADMIN/x", "/x/..;/admin", "/x%2f..%2fadmin", "/%c0%ae"}) {
    wanted.path = path;
    EXPECT_EQ(ruling_of_two(wanted), "path-ambiguous") << path;
  }
  wanted.path = "/admin/x";
  wanted.method = "delete";
  EXPECT_EQ(ruling_of_two(wanted), "method-ambiguous");
  wanted.method = "POST";
  EXPECT_EQ(ruling_of_two(wanted), "rest");
  wanted.overrides.method = true;
  EXPECT_EQ(ruling_of_two(wanted), "method-overridden");
  wanted = {.user = 1000, .authority = "api.test", .method = "DELETE", .path = "/x"};
  wanted.overrides.path = true;
  EXPECT_EQ(ruling_of_two(wanted), "path-overridden");
  wanted.method = "GET";
  EXPECT_EQ(ruling_of_two(wanted), "rest") << "that rule is for DELETE alone";
}

TEST(AgentPolicy, FieldsThatOverrideAreKnownByAllTheirSpellings) {
  struct Case {
    std::string_view name;
    std::string_view value;
    bool method;
    bool path;
    bool authority;
  };
  for (const auto& c :
       {Case{"X-HTTP-Method-Override", "DELETE", true, false, false},
        Case{"x-http-method", "", true, false, false},
        Case{"X-Method-Override", "", true, false, false},
        Case{"X-Original-Method", "", true, false, false},
        Case{"X_HTTP_Method_Override", "", true, false, false},
        Case{"X.HTTP.Method.Override", "", true, false, false},
        Case{"X-Original-URL", "/admin", false, true, false},
        Case{"x-rewrite-url", "", false, true, false},
        Case{"X-Original-URI", "", false, true, false},
        Case{"X-Forwarded-Uri", "", false, true, false},
        Case{"X-Forwarded-Host", "evil.test", false, false, true},
        Case{"X-Host", "", false, false, true},
        Case{"Forwarded", "for=a;Host=evil.test", false, false, true},
        Case{"Forwarded", "for=192.0.2.1", false, false, false},
        Case{"X-HTTP-Method-Overrides", "", false, false, false},
        Case{"Method", "", false, false, false}, Case{"Referer", "/admin", false, false, false}}) {
    Overrides overrides;
    overrides.note(c.name, c.value);
    EXPECT_EQ(overrides.method, c.method) << c.name;
    EXPECT_EQ(overrides.path, c.path) << c.name;
    EXPECT_EQ(overrides.authority, c.authority) << c.name;
  }
}

TEST(AgentPolicy, AnOverriddenPartIsRefusedWhereARuleBoundsIt) {
  Wanted wanted = reading();
  wanted.overrides = {.method = true};
  EXPECT_EQ(ruling(wanted), "method-overridden");
  wanted.overrides = {.path = true};
  EXPECT_EQ(ruling(wanted), "path-overridden");
  wanted.overrides = {.authority = true};
  EXPECT_EQ(ruling(wanted), "authority-overridden");
  wanted = {.user = 1001, .authority = "api.test", .method = "GET", .path = "/"};
  wanted.overrides = {.method = true, .path = true};
  EXPECT_EQ(ruling(wanted), "writer other") << "it bounds neither";
  wanted.overrides.authority = true;
  EXPECT_EQ(ruling(wanted), "authority-overridden");
}

TEST(AgentPolicy, ABodyNeedsItsDigestWhateverTheMethod) {
  for (const auto* method : {"GET", "DELETE", "OPTIONS", "POST", "PROPFIND"}) {
    Wanted wanted{.user = 1001, .authority = "api.test", .method = method, .path = "/"};
    wanted.has_body = true;
    EXPECT_EQ(ruling(wanted), "digest-missing") << method;
    wanted.has_digest = true;
    EXPECT_EQ(ruling(wanted), "writer other") << method;
  }
  for (const auto* method : {"GET", "HEAD", "DELETE"}) {
    EXPECT_EQ(ruling({.user = 1001, .authority = "api.test", .method = method, .path = "/"}),
              "writer other")
        << method;
  }
}

TEST(AgentPolicy, LifetimeAndDigestAreTheRules) {
  Wanted wanted = reading();
  wanted.lifetime = seconds(60);
  EXPECT_EQ(ruling(wanted), "reader main");
  wanted.lifetime = seconds(61);
  EXPECT_EQ(ruling(wanted), "lifetime-too-long");
  wanted = {.user = 1001, .authority = "api.test", .method = "POST", .path = "/"};
  EXPECT_EQ(ruling(wanted), "digest-missing");
  wanted.has_digest = true;
  EXPECT_EQ(ruling(wanted), "writer other");
}

TEST(AgentPolicy, RateIsOfTheLastMinute) {
  RateWindow window;
  EXPECT_TRUE(window.take(0, 2));
  EXPECT_TRUE(window.take(30'000, 2));
  EXPECT_FALSE(window.take(59'999, 2));
  EXPECT_TRUE(window.take(60'000, 2));
  EXPECT_FALSE(window.take(89'999, 2));
  EXPECT_TRUE(window.take(90'000, 2));
}

TEST(AgentPolicyFile, IsReadWhole) {
  const Policy read = policy();
  EXPECT_EQ(read.log, "/tmp/log");
  ASSERT_EQ(read.keys.size(), 2U);
  EXPECT_EQ(read.keys[0].profile, SignerProfile::draft_01);
  EXPECT_EQ(read.keys[1].profile, SignerProfile::cloudflare);
  ASSERT_EQ(read.rules.size(), 2U);
  EXPECT_EQ(read.rules[0].authorities[0], "example.com") << "normalised";
  EXPECT_EQ(read.rules[1].cover, (std::vector<std::string>{"\"@query\""}));
  EXPECT_EQ(read.rules[1].per_minute, 3U);
  EXPECT_TRUE(read.knows_user(1001));
  EXPECT_FALSE(read.knows_user(0));
}

TEST(AgentPolicyFile, HostsHaveOneSpelling) {
  std::string text(kPolicy);
  const std::string_view was = "\"*.example.org\", \"example.com:8443\"";
  text.replace(text.find(was), was.size(),
               "\"*.Example.org.\", \"example.com.:08443\", \"[2001:DB8:0:0::1]:443\"");
  const auto read = read_policy(text, "p");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->rules[0].authorities,
            (std::vector<std::string>{"example.com", "*.example.org", "example.com:8443",
                                      "[2001:db8::1]"}));
}

std::string mistake(std::string_view was, std::string_view is) {
  std::string text(kPolicy);
  const auto at = text.find(was);
  EXPECT_NE(at, std::string::npos) << was;
  text.replace(at, was.size(), is);
  const auto read = read_policy(text, "p");
  return read ? "taken" : read.error();
}

TEST(AgentPolicyFile, MistakesAreToldWithTheirLine) {
  EXPECT_EQ(mistake("log =", "log"), "p:1: not TOML");
  EXPECT_EQ(mistake("log =", "lgo ="), "p:1: log is missing");
  EXPECT_EQ(mistake("max_lifetime = 60", "max_lifetimes = 60"),
            "p:18: a name that is not known here");
  EXPECT_EQ(mistake("max_lifetime = 60", "max_lifetime = \"60\""),
            "p:18: max_lifetime is of the wrong type");
  EXPECT_EQ(mistake("max_lifetime = 60", "max_lifetime = 0"),
            "p:11: max_lifetime is not 1 to 86400 seconds");
  EXPECT_EQ(mistake("methods = [\"GET\", \"HEAD\"]", "methods = []"),
            "p:16: methods is an empty list");
  EXPECT_EQ(mistake("users = [1000]", "users = [-1]"), "p:11: users holds no user id");
  EXPECT_EQ(mistake("users = [1000]\n", ""), "p:11: users or tokens is missing");
  EXPECT_EQ(mistake("keys = [\"main\"]", "keys = [\"mian\"]"),
            "p:11: keys names a key that is not in this file");
  EXPECT_EQ(mistake("\"other\"", "\"main\""), "p:6: two keys of this name");
  EXPECT_EQ(mistake("https://agent.test/keys", "http://agent.test"), "p:2: agent is no https URL");
  EXPECT_EQ(mistake("cloudflare", "cloudfront"),
            "p:6: no such profile: draft-01, draft-00 and cloudflare are known");
  EXPECT_TRUE(mistake("*.example.org", "*example.org").contains("what is no host"));
  for (const auto* host : {"*", "*.", "a.*.example", "a..example", "3221225985", "192.0.2.001",
                           "[::ffff:192.0.2.1]", "example.org:0", "example.org/", ""}) {
    EXPECT_TRUE(mistake("*.example.org", host).contains("what is no host")) << host;
  }
  EXPECT_TRUE(mistake("/public/*", "/pub*").contains("what is no path"));
  EXPECT_TRUE(mistake("/public/*", "*").contains("what is no path"));
  EXPECT_TRUE(mistake("/public/*", "/public/../*").contains("what is no path"));
  EXPECT_TRUE(mistake("/public/*", "/public%2F*").contains("what is no path"));
  EXPECT_TRUE(mistake("@query\"", "@nothing\"").contains("what is no component"));
  EXPECT_EQ(mistake("max_lifetime = 60", "max_lifetime = 60"), "taken");
}

}  // namespace
}  // namespace wba::agent
