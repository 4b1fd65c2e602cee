// What a proxy asks about, in the words of each, and what wba-authd answers.

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answer.h"
#include "framing.h"
#include "guard_support.h"
#include "original_request.h"

namespace wba::forward_auth {
namespace {

struct StyleCase {
  std::string_view name;
  HeaderStyle style;
  Request asking;
  std::vector<FieldLine> fields;
  std::string_view method;  // empty: an error
  std::string_view scheme;
  std::string_view authority;
  std::string_view target;
};

const FieldLine method{"X-Original-Method", "POST"};
const FieldLine scheme{"X-Original-Scheme", "http"};
const FieldLine host{"X-Original-Host", "Shop.Example:8443"};
const FieldLine uri{"X-Original-URI", "/a%2Fb?c"};
const FieldLine from{"X-Original-Client", "192.0.2.7"};

TEST(OriginalRequest, IsReadInTheWordsOfEachProxy) {
  const Request get{.method = "GET", .authority = "authd", .target = "/ask"};
  constexpr auto original = HeaderStyle::original;
  constexpr auto forwarded = HeaderStyle::forwarded;
  constexpr auto direct = HeaderStyle::direct;
  const std::vector<StyleCase> cases = {
      {"nginx",
       original,
       get,
       {method, scheme, host, uri, from},
       "POST",
       "http",
       "Shop.Example:8443",
       "/a%2Fb?c"},
      {"no scheme",
       original,
       get,
       {method, host, uri, from},
       "POST",
       "https",
       "Shop.Example:8443",
       "/a%2Fb?c"},
      {"no method", original, get, {scheme, host, uri, from}, "", "", "", ""},
      {"no host", original, get, {method, scheme, uri, from}, "", "", "", ""},
      {"no target", original, get, {method, scheme, host, from}, "", "", "", ""},
      {"no client", original, get, {method, scheme, host, uri}, "", "", "", ""},
      {"client twice", original, get, {method, host, uri, from, from}, "", "", "", ""},
      {"target twice",
       original,
       get,
       {method, host, uri, {"x-original-uri", "/"}, from},
       "",
       "",
       "",
       ""},
      {"host twice", original, get, {method, host, host, uri, from}, "", "", "", ""},
      {"bad scheme",
       original,
       get,
       {method, {"X-Original-Scheme", "ftp"}, host, uri, from},
       "",
       "",
       "",
       ""},
      {"host list",
       original,
       get,
       {method, {"X-Original-Host", "a, b"}, uri, from},
       "",
       "",
       "",
       ""},
      {"empty method",
       original,
       get,
       {{"X-Original-Method", " "}, host, uri, from},
       "",
       "",
       "",
       ""},
      {"other style",
       original,
       get,
       {{"X-Forwarded-Method", "GET"}, {"X-Forwarded-Host", "a"}, {"X-Forwarded-Uri", "/"}},
       "",
       "",
       "",
       ""},
      {"caddy",
       forwarded,
       get,
       {{"X-Forwarded-Method", "GET"},
        {"X-Forwarded-Proto", "https"},
        {"X-Forwarded-Host", "shop.example"},
        {"X-Forwarded-Uri", "/x"}},
       "GET",
       "https",
       "shop.example",
       "/x"},
      {"envoy",
       direct,
       {.method = "PUT", .authority = "shop.example", .target = "/y?z"},
       {{"Host", "shop.example"}, {"X-Forwarded-Proto", "http"}},
       "PUT",
       "http",
       "shop.example",
       "/y?z"},
      {"envoy ignores the others",
       direct,
       {.method = "PUT", .authority = "shop.example", .target = "/y"},
       {{"Host", "shop.example"}, uri, host},
       "PUT",
       "https",
       "shop.example",
       "/y"},
      {"envoy without host",
       direct,
       {.method = "PUT", .authority = "", .target = "/y"},
       {},
       "",
       "",
       "",
       ""},
  };
  for (auto c : cases) {
    c.asking.fields = c.fields;
    OriginalRequest read;
    const auto done = read_original_request(c.style, c.asking, "https", read);
    ASSERT_EQ(done.has_value(), !c.method.empty()) << c.name;
    if (!done) continue;
    EXPECT_EQ(read.request.method, c.method) << c.name;
    EXPECT_EQ(read.request.scheme, c.scheme) << c.name;
    EXPECT_EQ(read.request.authority, c.authority) << c.name;
    EXPECT_EQ(read.request.target, c.target) << c.name;
  }
}

TEST(OriginalRequest, FieldsOfTheAskingAreNotTheClients) {
  const std::vector<FieldLine> fields = {
      {"Host", "authd"},       method,         host, uri, from, {"Cookie", "a"},
      {"Connection", "close"}, {"cookie", "b"}};
  OriginalRequest read;
  ASSERT_TRUE(read_original_request(HeaderStyle::original,
                                    {.method = "GET", .authority = "authd", .fields = fields},
                                    "https", read));
  ASSERT_EQ(read.fields.size(), 3U);
  EXPECT_EQ(read.fields[0].value, "a");
  EXPECT_EQ(read.fields[1].value, "b");
  EXPECT_EQ(read.fields[2].name, "host");
  EXPECT_EQ(read.fields[2].value, "Shop.Example:8443");
}

TEST(OriginalRequest, TheClientIsWhomTheProxyItselfHasSeen) {
  struct Case {
    HeaderStyle style;
    std::vector<FieldLine> fields;
    std::string_view client;
  };
  const FieldLine claim{"X-Forwarded-For", "192.0.2.1"};
  const std::vector<Case> cases = {
      {HeaderStyle::original, {claim, from}, "192.0.2.7"},
      {HeaderStyle::forwarded, {from}, ""},
      {HeaderStyle::forwarded, {claim}, "192.0.2.1"},
      {HeaderStyle::forwarded,
       {{"x-forwarded-for", "192.0.2.1, 192.0.2.2 ,\t2001:db8::1 "}},
       "2001:db8::1"},
      {HeaderStyle::forwarded, {{"X-Forwarded-For", "192.0.2.1, "}}, ""},
      {HeaderStyle::direct, {claim, {"X-Forwarded-For", "192.0.2.3"}}, "192.0.2.3"},
  };
  for (auto c : cases) {
    std::vector<FieldLine> fields = {method, host, uri, {"Host", "shop.example"}};
    for (const auto* name : {"X-Forwarded-Method", "X-Forwarded-Host", "X-Forwarded-Uri"}) {
      fields.push_back({name, "/"});
    }
    fields[5].value = "shop.example";
    fields.insert(fields.end(), c.fields.begin(), c.fields.end());
    OriginalRequest read;
    ASSERT_TRUE(read_original_request(
        c.style, {.method = "GET", .authority = "shop.example", .target = "/", .fields = fields},
        "https", read));
    EXPECT_EQ(read.client, c.client);
  }
}

// Content-Length is that of the question, which has no body: the proxy tells the client's.
TEST(OriginalRequest, TheLengthIsWhatTheProxyTells) {
  const auto length_of = [](HeaderStyle style, std::vector<FieldLine> more) {
    std::vector<FieldLine> fields = {method, host, uri, from, {"Host", "shop.example"}};
    for (const auto* name : {"X-Forwarded-Method", "X-Forwarded-Uri"})
      fields.push_back({name, "/"});
    fields.push_back({"X-Forwarded-Host", "shop.example"});
    fields.push_back({"Content-Length", "0"});
    fields.insert(fields.end(), more.begin(), more.end());
    OriginalRequest read;
    if (!read_original_request(style,
                               {.method = "POST", .authority = "shop.example", .fields = fields},
                               "https", read)) {
      return std::string("refused");
    }
    std::string lengths;
    for (const auto& line : read.fields) {
      if (field_name_equals(line.name, "content-length")) lengths.append(line.value).append(";");
    }
    return lengths;
  };
  const FieldLine told{"X-Original-Content-Length", "18"};
  const FieldLine told_forwarded{"X-Forwarded-Content-Length", "18"};
  EXPECT_EQ(length_of(HeaderStyle::original, {told}), "18;");
  EXPECT_EQ(length_of(HeaderStyle::forwarded, {told_forwarded}), "18;");
  EXPECT_EQ(length_of(HeaderStyle::original, {}), "");
  EXPECT_EQ(length_of(HeaderStyle::original, {{"X-Original-Content-Length", ""}}), "");
  EXPECT_EQ(length_of(HeaderStyle::original, {told_forwarded}), "");
  EXPECT_EQ(length_of(HeaderStyle::original, {told, told}), "refused");
  EXPECT_EQ(length_of(HeaderStyle::forwarded, {told}), "");
  EXPECT_EQ(length_of(HeaderStyle::direct, {told, told_forwarded}), "");
}

struct FramingCase {
  std::string_view method;
  std::vector<FieldLine> fields;
  bool clear;
};

TEST(Framing, IsClearOnlyWhereLibeventAndTheProxyMustAgree) {
  const std::vector<FramingCase> cases = {
      {"GET", {}, true},
      {"GET", {{"Content-Length", "0"}}, true},
      {"GET", {{"content-length", "00"}}, false},
      {"GET", {{"Content-Length", "5"}}, false},
      {"GET", {{"Content-Length", ""}}, false},
      {"HEAD", {{"Content-Length", "1"}}, false},
      {"DELETE", {{"Content-Length", "1"}}, false},
      {"OPTIONS", {{"Content-Length", "1"}}, false},
      {"post", {{"Content-Length", "1"}}, false},
      {"POST", {{"Content-Length", "5"}}, false},
      {"PUT", {{"Content-Length", "0"}}, true},
      {"PATCH", {{"Content-Length", "70"}}, false},
      {"POST", {{"Content-Length", "+5"}}, false},
      {"POST", {{"Content-Length", "5, 5"}}, false},
      {"POST", {{"Content-Length", "0x5"}}, false},
      {"POST", {{"Content-Length", "5"}, {"content-length", "5"}}, false},
      {"POST", {{"Transfer-Encoding", "chunked"}}, false},
      {"GET", {{"transfer-encoding", "identity"}}, false},
      {"GET", {{"X-Transfer-Encoding", "chunked"}}, true},
      {"GET", {{"Content-Length ", "5"}}, false},
      {"GET", {{"Content\x01Length", "5"}}, false},
      {"GET", {{"", "5"}}, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(is_framed_clearly(c.fields), c.clear)
        << c.method << (c.fields.empty() ? "" : c.fields[0].value);
  }
}

class AnswererTest : public testing::Test {
 protected:
  const Answer& ask(const std::vector<FieldLine>& client, std::string_view target,
                    std::string_view peer = "10.0.0.1",
                    RefusalStatus refusal = RefusalStatus::exact) {
    auto resolver = std::make_shared<StaticResolver>();
    agent_.add_to(*resolver);
    const auto config = guard::parse_config(R"(
[server]
trusted_proxies = ["10.0.0.0/8"]
[defaults]
unsigned = "challenge"
[[routes]]
name = "open"
paths = ["/open"]
unsigned = "allow"
[[routes]]
name = "off"
paths = ["/off"]
mode = "off"
[[routes]]
name = "once"
paths = ["/once"]
unsigned = "allow"
replay = true
[[routes]]
name = "limited"
paths = ["/limited"]
unsigned = "allow"
limit = "slow"
[limits.slow]
requests = 1
per = "24h"
)");
    // What is signed in the second of the start is not what this is about.
    auto guard =
        guard::Guard::create(test::of_shop(config.value()),
                             {.resolver = resolver, .started = now() - std::chrono::minutes(1)});
    AuthdOptions options;
    options.refusal = refusal;
    guard_ = std::move(guard).value();
    answerer_ = std::make_unique<Answerer>(guard_, options, std::make_shared<PassedRequests>());
    fields_ = client;
    fields_.push_back({"X-Original-Method", "GET"});
    fields_.push_back({"X-Original-Host", "shop.example"});
    target_ = target;
    fields_.push_back({"X-Original-URI", target_});
    fields_.push_back(from);
    return answerer_->answer({.method = "GET", .authority = "authd", .fields = fields_}, peer);
  }

  // ask_again puts the last question once more, with more fields.
  const Answer& ask_again(const std::vector<FieldLine>& more = {},
                          std::string_view peer = "10.0.0.1") {
    auto fields = fields_;
    fields.insert(fields.end(), more.begin(), more.end());
    return answerer_->answer({.method = "GET", .authority = "authd", .fields = fields}, peer);
  }

  static guard::Now now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }

  static std::string header(const Answer& answer, std::string_view name) {
    for (const auto& [known, value] : answer.headers) {
      if (known == name) return value;
    }
    return {};
  }

  std::vector<FieldLine> signed_fields(std::string_view target) {
    request_ = {.target = std::string(target)};
    agent_.sign(request_, now());
    const Request view = request_.view();
    return {view.fields.begin(), view.fields.end()};
  }

  test::Agent agent_;
  test::OwnedRequest request_;
  std::shared_ptr<guard::Guard> guard_;
  std::unique_ptr<Answerer> answerer_;
  std::vector<FieldLine> fields_;
  std::string target_;
};

TEST_F(AnswererTest, AVerifiedAgentPassesWithItsName) {
  const auto& answer = ask(signed_fields("/a?b"), "/a?b");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(header(answer, "X-Agent-Outcome"), "verified");
  EXPECT_EQ(header(answer, "X-Agent-Identity"), agent_.url());
  EXPECT_EQ(header(answer, "X-Agent-Keyid"), agent_.keyid());
  EXPECT_FALSE(header(answer, "X-Agent-Request-Id").empty());
}

TEST_F(AnswererTest, AnUnsignedRequestIsChallengedInTheStatusOfTheDecision) {
  const auto& answer = ask({}, "/a");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(header(answer, "X-Agent-Status"), "403");
  EXPECT_FALSE(header(answer, "Accept-Signature").empty());
  EXPECT_TRUE(header(answer, "X-Agent-Outcome").empty());
}

TEST_F(AnswererTest, NginxIsAlwaysAnswered403WithTheStatusBeside) {
  const std::vector<FieldLine> junk = {{"Signature", "junk"}, {"Signature-Input", "junk"}};
  EXPECT_EQ(ask(junk, "/a").status, 400);
  const auto& answer = ask(junk, "/a", "10.0.0.1", RefusalStatus::forbidden);
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(header(answer, "X-Agent-Status"), "400");
}

TEST_F(AnswererTest, NobodyButATrustedPeerIsAnswered) {
  for (const auto* peer : {"192.0.2.1", "", "unix"}) {
    const auto& answer = ask(signed_fields("/open"), "/open", peer);
    EXPECT_EQ(answer.status, 403) << peer;
    EXPECT_EQ(header(answer, "X-Agent-Error"), "peer-not-trusted");
    EXPECT_THAT(guard_->metrics(),
                testing::HasSubstr("wba_undecided_total{error=\"peer-not-trusted\"} 1\n"));
  }
}

TEST_F(AnswererTest, AnAskingWhoseEndIsNotClearIsTheLast) {
  EXPECT_FALSE(ask({}, "/open").close);
  auto fields = signed_fields("/open");
  fields.push_back({"Content-Length", "5"});
  const auto& answer = ask(fields, "/open");
  EXPECT_EQ(answer.status, 403);
  EXPECT_TRUE(answer.close);
  EXPECT_EQ(header(answer, "X-Agent-Error"), "framing-unclear");
  EXPECT_THAT(guard_->metrics(),
              testing::HasSubstr("wba_undecided_total{error=\"framing-unclear\"} 1\n"));
  EXPECT_TRUE(header(answer, "X-Agent-Outcome").empty());
}

TEST_F(AnswererTest, OfWhoIsNotVerifiedNothingIsSaidButTheOutcome) {
  auto fields = signed_fields("/open");
  fields.back().value = "sig1=:AAAA:";
  const auto& invalid = ask(fields, "/open");
  EXPECT_NE(invalid.status, 200);
  EXPECT_TRUE(header(invalid, "X-Agent-Identity").empty());
  const auto& open = ask({}, "/open");
  EXPECT_EQ(open.status, 200);
  EXPECT_EQ(header(open, "X-Agent-Outcome"), "unsigned");
  EXPECT_TRUE(header(open, "X-Agent-Identity").empty());
  const auto& off = ask(signed_fields("/off"), "/off");
  EXPECT_EQ(off.status, 200);
  EXPECT_TRUE(header(off, "X-Agent-Outcome").empty());
  EXPECT_TRUE(header(off, "X-Agent-Identity").empty());
}

// A proxy that copies fields could leave a client's own where there is none to copy.
TEST_F(AnswererTest, WhatPassesHasEveryFieldIfEmpty) {
  for (const auto* target : {"/open", "/off"}) {
    const auto& answer = ask({}, target);
    EXPECT_EQ(answer.status, 200);
    for (const auto* name : {"X-Agent-Outcome", "X-Agent-Identity", "X-Agent-Domain",
                             "X-Agent-Keyid", "X-Agent-Dialect", "X-Agent-Request-Id"}) {
      EXPECT_EQ(
          std::ranges::count(answer.headers, name, &std::pair<std::string, std::string>::first), 1)
          << target << name;
    }
  }
}

// A cache in front would give one caller's decision to another.
TEST_F(AnswererTest, NoAnswerMayBeStored) {
  const auto count = [](const Answer& answer) {
    return std::ranges::count(answer.headers,
                              std::pair<std::string, std::string>("Cache-Control", "no-store"));
  };
  EXPECT_EQ(count(ask(signed_fields("/a"), "/a")), 1);
  EXPECT_EQ(count(ask({}, "/open")), 1);
  EXPECT_EQ(count(ask({}, "/off")), 1);
  EXPECT_EQ(count(ask({}, "/a")), 1);
  EXPECT_EQ(count(ask({}, "/a", "192.0.2.1")), 1);
  EXPECT_EQ(count(ask({{"Content-Length", "5"}}, "/a")), 1);
}

const FieldLine id{"X-Original-Request-Id", "5fa0"};

// nginx asks again after an internal redirect.
TEST_F(AnswererTest, ARequestIsOneUseOfItsNonceHoweverOftenItIsAskedAbout) {
  auto fields = signed_fields("/once");
  const auto named = [&](FieldLine with) {
    auto all = fields;
    all.push_back(with);
    return all;
  };
  const std::string request_id = header(ask(named(id), "/once"), "X-Agent-Request-Id");
  for (int i = 0; i < 2; ++i) {
    const auto& answer = ask_again();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(header(answer, "X-Agent-Identity"), agent_.url());
    EXPECT_EQ(header(answer, "X-Agent-Request-Id"), request_id);
  }
  // In the metrics it is one request, which had one fresh nonce.
  EXPECT_THAT(guard_->metrics(), testing::HasSubstr("wba_replay_entries 1\n"));
  EXPECT_THAT(guard_->metrics(), testing::HasSubstr("wba_decision_seconds_count 1\n"));
  // Another request of the proxy that presents it is a replay.
  fields_.erase(std::ranges::find(fields_, id.name, &FieldLine::name));
  EXPECT_EQ(ask_again().status, 429);
  EXPECT_EQ(ask_again({{id.name, "5fa1"}}).status, 429);
}

TEST_F(AnswererTest, AnotherRequestUnderTheSameIdIsNotTheSame) {
  auto fields = signed_fields("/once");
  fields.push_back(id);
  EXPECT_EQ(ask(fields, "/once").status, 200);
  EXPECT_EQ(ask_again({{"Cookie", "a=1"}}).status, 429);
  EXPECT_EQ(ask_again({{"X-Original-Content-Length", "5"}}).status, 429);
  EXPECT_EQ(ask_again({{"X-Original-Scheme", "https"}}, "10.0.0.2").status, 429);
  auto& client = *std::ranges::find(fields_, from.name, &FieldLine::name);
  client.value = "192.0.2.8";
  EXPECT_EQ(ask_again().status, 429);
  client.value = from.value;
  EXPECT_EQ(ask_again().status, 200);
}

// A refusal is not remembered, and no more askings pass than nginx has redirects.
TEST_F(AnswererTest, AskingAgainComesToAnEnd) {
  auto fields = signed_fields("/once");
  fields.push_back(id);
  EXPECT_EQ(ask(fields, "/once").status, 200);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask_again().status, 200) << i;
  EXPECT_EQ(ask_again().status, 429);
  EXPECT_EQ(ask_again().status, 429);
}

TEST_F(AnswererTest, ARequestIsOneOfItsRateHoweverOftenItIsAskedAbout) {
  EXPECT_EQ(ask({id}, "/limited").status, 200);
  EXPECT_EQ(ask_again().status, 200);
  fields_.erase(std::ranges::find(fields_, id.name, &FieldLine::name));
  EXPECT_EQ(ask_again({{id.name, "5fa1"}}).status, 429);
  EXPECT_EQ(ask_again({{id.name, "5fa1"}}).status, 429);
}

TEST_F(AnswererTest, ACoveredLengthIsCheckedWhereItIsTold) {
  request_ = {.target = "/open", .fields = {{"Content-Length", "18"}}};
  agent_.sign(request_, now(), {.components = {"@authority", "content-length"}});
  const Request view = request_.view();
  const std::vector<FieldLine> fields(view.fields.begin() + 1, view.fields.end());
  const auto told = [&](std::string_view length) {
    auto all = fields;
    all.push_back({"X-Original-Content-Length", length});
    return ask(all, "/open").status;
  };
  EXPECT_EQ(told("18"), 200);
  EXPECT_EQ(told("19"), 403);
  EXPECT_EQ(guard_->metrics().find("component-not-visible\"} 1"), std::string::npos);
}

// The sender could leave the signature out: it opens nothing and closes nothing.
TEST_F(AnswererTest, ASignatureOverALengthThatIsNotToldCountsAsNone) {
  request_ = {.target = "/open", .fields = {{"Content-Length", "18"}}};
  agent_.sign(request_, now(), {.components = {"@authority", "content-length"}});
  const Request view = request_.view();
  const std::vector<FieldLine> fields(view.fields.begin() + 1, view.fields.end());
  const auto& answer = ask(fields, "/open");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(header(answer, "X-Agent-Outcome"), "unverified");
  EXPECT_TRUE(header(answer, "X-Agent-Identity").empty());
  EXPECT_THAT(guard_->metrics(), testing::HasSubstr("cause=\"component-not-visible\"} 1\n"));
  EXPECT_EQ(ask(fields, "/closed").status, 403);
}

// What any proxy hands on is not there because the client did not send it.
TEST_F(AnswererTest, AnotherFieldThatIsCoveredAndMissingIsInvalid) {
  request_ = {.target = "/open", .fields = {{"X-Token", "t"}}};
  agent_.sign(request_, now(), {.components = {"@authority", "x-token"}});
  const Request view = request_.view();
  const auto& answer = ask({view.fields.begin() + 1, view.fields.end()}, "/open");
  EXPECT_EQ(answer.status, 403);
  EXPECT_TRUE(header(answer, "Accept-Signature").empty());
  EXPECT_EQ(guard_->metrics().find("component-not-visible\"} 1"), std::string::npos);
}

TEST(PassedRequests, AreForgottenInTimeAndForRoom) {
  using std::chrono::seconds;
  PassedRequests passed(4);
  const auto key = [](std::uint64_t n) { return PassedRequests::Key{n, n}; };
  const guard::Now now{seconds(1000)};
  for (std::uint64_t n = 1; n <= 4; ++n) passed.remember(key(n), n, now + seconds(n));
  EXPECT_EQ(passed.find(key(1), now + seconds(60)), 1U);
  EXPECT_EQ(passed.find(key(5), now), 0U);
  passed.remember(key(5), 5, now + seconds(5));
  EXPECT_EQ(passed.find(key(1), now + seconds(5)), 0U);
  EXPECT_EQ(passed.find(key(2), now + seconds(121)), 2U);
  EXPECT_EQ(passed.find(key(2), now + seconds(122)), 0U);
  EXPECT_EQ(passed.find(key(5), now + seconds(122)), 5U);
}

TEST_F(AnswererTest, AProxyThatTellsNothingIsRefused) {
  const auto& answer = [&]() -> const Answer& {
    ask({}, "/open");
    return answerer_->answer({.method = "GET", .authority = "authd"}, "10.0.0.1");
  }();
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(header(answer, "X-Agent-Error"), "component-field-missing");
  EXPECT_THAT(guard_->metrics(),
              testing::HasSubstr("wba_undecided_total{error=\"component-field-missing\"} 1\n"));
  // What was decided is not among them.
  ask({}, "/open");
  EXPECT_EQ(guard_->metrics().find("wba_undecided_total{"), std::string::npos);
}

}  // namespace
}  // namespace wba::forward_auth
