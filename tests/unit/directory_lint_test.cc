#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <wba/directory_document.h>
#include <wba/directory_lint.h>

namespace wba::directory {
namespace {

using std::chrono::seconds;

constexpr Time now{seconds(1'790'000'000)};
constexpr std::string_view well_known_url =
    "https://agent.test/.well-known/http-message-signatures-directory";
constexpr std::string_view other_url = "https://agent.test/keys";

// The keys of DuckDuckBot and AhrefsBot: vectors/webbotauth/captures.json.
constexpr std::string_view duck_x = "pVqc2ohmGpL_H1OJGq7mIGkxAk65mm5JkY7qSdJachE";
constexpr std::string_view duck = "5HvpfNA946z6lcCXEIOOpzlN5l0mdZE42jdqimEwPf8";

std::string duck_key(std::string_view members) {
  std::string out = R"({"kty":"OKP","crv":"Ed25519","x":")";
  return out.append(duck_x).append("\"").append(members).append("}");
}

std::string kid() { return std::string(R"(,"kid":")").append(duck).append("\""); }

std::string set_of(const std::string& key) { return R"({"keys":[)" + key + "]}"; }

std::string good_body() { return set_of(duck_key(kid())); }

std::vector<FieldLine> good_fields() {
  return {
      {"Content-Type", media_type}, {"Cache-Control", "public, max-age=86400"}, {"ETag", "\"1\""}};
}

LintReport lint(std::string_view body, std::string_view url = well_known_url,
                std::uint16_t status = 200, const std::vector<FieldLine>& fields = good_fields(),
                const LintOptions& options = {}) {
  return lint_directory({.url = url, .status = status, .fields = fields, .body = body}, now,
                        options);
}

// level_of gives the worst level of a check; nullopt where it has no finding.
std::optional<Level> level_of(const LintReport& report, std::string_view check) {
  std::optional<Level> level;
  for (const Finding& finding : report.findings) {
    if (finding.check == check) level = std::max(level.value_or(Level::ok), finding.level);
  }
  return level;
}

const Finding& finding_of(const LintReport& report, std::string_view check) {
  const auto found = std::ranges::find_if(report.findings, [&](const Finding& finding) {
    return finding.check == check && finding.level != Level::ok;
  });
  if (found != report.findings.end()) return *found;
  ADD_FAILURE() << "no such finding: " << check;
  static const Finding none;
  return none;
}

Takes taken_by(const LintReport& report, std::string_view verifier) {
  for (const Acceptance& acceptance : report.verifiers) {
    if (acceptance.verifier == verifier) return acceptance.takes;
  }
  ADD_FAILURE() << "no such verifier: " << verifier;
  return Takes::no;
}

// Whatever a directory holds, a report is printable ASCII.
void expect_printable(const LintReport& report) {
  const auto printable = [](const std::string& text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  };
  for (const Finding& finding : report.findings) {
    EXPECT_TRUE(printable(finding.message)) << finding.check;
    EXPECT_TRUE(printable(finding.advice)) << finding.check;
    EXPECT_TRUE(printable(finding.subject)) << finding.check;
    EXPECT_FALSE(finding.level != Level::ok && finding.advice.empty()) << finding.check;
  }
  for (const CheckedKey& key : report.keys) EXPECT_TRUE(printable(key.kid));
}

TEST(DirectoryLint, GoodDirectoryHasNothingButTheMissingSignature) {
  const LintReport report = lint(good_body());
  EXPECT_EQ(report.worst(), Level::ok);
  for (const Finding& finding : report.findings) {
    EXPECT_EQ(finding.level, Level::ok) << finding.check << ": " << finding.message;
  }
  EXPECT_EQ(taken_by(report, "draft-01"), Takes::yes);
  EXPECT_EQ(taken_by(report, "well-known"), Takes::yes);
  EXPECT_EQ(taken_by(report, "cloudflare"), Takes::no);  // not signed
  ASSERT_EQ(report.keys.size(), 1U);
  EXPECT_EQ(report.keys[0].thumbprint, duck);
  EXPECT_EQ(report.keys[0].kid, duck);
  EXPECT_TRUE(report.keys[0].usable);
}

TEST(DirectoryLint, GoodFileIsGoodAndTheResponseDecides) {
  const LintReport report = lint_directory({.url = "directory.json", .body = good_body()}, now);
  EXPECT_EQ(report.worst(), Level::ok);
  EXPECT_EQ(level_of(report, "status"), std::nullopt);
  EXPECT_EQ(taken_by(report, "draft-01"), Takes::unknown);
  EXPECT_EQ(taken_by(report, "cloudflare"), Takes::unknown);
}

struct BodyCase {
  std::string name;
  std::string body;
  std::string check;
  Level level;
};

// PrintTo keeps addresses out of what a failure says.
void PrintTo(const BodyCase& row, std::ostream* out) { *out << row.name; }

class DirectoryLintBody : public ::testing::TestWithParam<BodyCase> {};

TEST_P(DirectoryLintBody, GivesTheFinding) {
  const LintReport report = lint(GetParam().body);
  EXPECT_EQ(level_of(report, GetParam().check), GetParam().level);
  expect_printable(report);
}

std::string key_case(std::string_view members) { return set_of(duck_key(kid().append(members))); }

INSTANTIATE_TEST_SUITE_P(
    Document, DirectoryLintBody,
    ::testing::Values(
        BodyCase{"EmptyBody", "", "json", Level::fail},
        BodyCase{"BlankBody", " \n", "json", Level::fail},
        BodyCase{"Html", "\n<!doctype html>", "json", Level::fail},
        BodyCase{"NotJson", "{\"keys\":", "json", Level::fail},
        BodyCase{"Deep", R"({"keys":)" + std::string(1000, '['), "json", Level::fail},
        BodyCase{"MemberTwice", R"({"keys":[],"keys":[]})", "json", Level::fail},
        BodyCase{"Json", good_body(), "json", Level::ok},
        BodyCase{"Set", good_body(), "key-set", Level::ok},
        BodyCase{"BareJwk", duck_key(kid()), "key-set", Level::fail},
        BodyCase{"Array", "[]", "key-set", Level::fail},
        BodyCase{"KeysNoArray", R"({"keys":{}})", "key-set", Level::fail},
        BodyCase{"NoKeys", R"({"jwks":[]})", "key-set", Level::fail},
        BodyCase{"EmptySet", R"({"keys":[]})", "keys", Level::fail},
        BodyCase{"OneKey", good_body(), "keys", Level::ok},
        BodyCase{"KeyNoObject", set_of("[]"), "key", Level::fail},
        BodyCase{"Size", good_body(), "size", Level::ok},
        BodyCase{"LargeBody", good_body() + std::string(70'000, ' '), "size", Level::warn},
        BodyCase{"HugeBody", good_body() + std::string(700'000, ' '), "size", Level::fail}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Keys, DirectoryLintBody,
    ::testing::Values(
        BodyCase{"Ed25519", good_body(), "key-type", Level::ok},
        BodyCase{"NoKty", set_of(R"({"x":"AA"})"), "key-type", Level::fail},
        BodyCase{"UnknownKty", set_of(R"({"kty":"XYZ"})"), "key-type", Level::fail},
        BodyCase{
            "X25519",
            set_of(
                R"({"kty":"OKP","crv":"X25519","x":"pVqc2ohmGpL_H1OJGq7mIGkxAk65mm5JkY7qSdJachE"})"),
            "key-type", Level::fail},
        BodyCase{
            "P256",  // RFC 9421 B.1.3
            set_of(
                R"({"kty":"EC","crv":"P-256","x":"qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA","y":"Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0"})"),
            "key-type", Level::warn},
        BodyCase{"SharedSecret", set_of(R"({"kty":"oct","k":"AAAA"})"), "private-member",
                 Level::fail},
        BodyCase{"ShortX", set_of(R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})"), "key",
                 Level::fail},
        BodyCase{"Private", key_case(R"(,"d":"AAAA")"), "private-member", Level::fail},
        BodyCase{"Kid", good_body(), "kid", Level::ok},
        BodyCase{"KidMissing", set_of(duck_key("")), "kid", Level::fail},
        BodyCase{"KidNoText", set_of(duck_key(R"(,"kid":1)")), "kid", Level::fail},
        BodyCase{"KidOther", set_of(duck_key(R"(,"kid":"\u001b[31m")")), "kid", Level::fail},
        BodyCase{"KidOfThumbprintPadded", set_of(duck_key(kid().insert(kid().size() - 1, "="))),
                 "kid", Level::fail},
        BodyCase{"UseSig", key_case(R"(,"use":"sig")"), "usable", Level::ok},
        BodyCase{"UseEnc", key_case(R"(,"use":"enc")"), "use", Level::fail},
        BodyCase{"KeyOpsVerify", key_case(R"(,"key_ops":["verify"])"), "usable", Level::ok},
        BodyCase{"KeyOpsSign", key_case(R"(,"key_ops":["sign"])"), "key-ops", Level::fail},
        BodyCase{"AlgEdDsa", key_case(R"(,"alg":"EdDSA")"), "usable", Level::ok},
        BodyCase{"AlgEd25519", key_case(R"(,"alg":"Ed25519")"), "usable", Level::ok},
        BodyCase{"AlgLowerCase", key_case(R"(,"alg":"ed25519")"), "alg", Level::warn},
        BodyCase{"AlgOther", key_case(R"(,"alg":"ES256")"), "alg", Level::fail},
        BodyCase{"AlgOtherUnusable", key_case(R"(,"alg":"ES256")"), "usable", Level::fail},
        BodyCase{
            "TestKey",  // RFC 8037 A.1
            set_of(
                R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"})"),
            "test-key", Level::fail},
        BodyCase{"KeyTwice", R"({"keys":[)" + duck_key(kid()) + "," + duck_key(kid()) + "]}",
                 "duplicate-key", Level::fail},
        BodyCase{
            "KidTwice",
            R"({"keys":[)" + duck_key(kid()) +
                R"(,{"kty":"OKP","crv":"Ed25519","x":"0g1xFRWdVlSOm1h92tZ4VFl7FWGtvRnTZ0PwuBdJuDU")" +
                kid() + "}]}",
            "duplicate-kid", Level::fail}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Times, DirectoryLintBody,
    ::testing::Values(
        BodyCase{"Begun", key_case(R"(,"nbf":1790000000)"), "nbf", Level::ok},
        BodyCase{"NotBegun", key_case(R"(,"nbf":1790000001)"), "nbf", Level::warn},
        BodyCase{"NotBegunUnusable", key_case(R"(,"nbf":1790000001)"), "usable", Level::fail},
        BodyCase{"NbfMilliseconds", key_case(R"(,"nbf":1790000000000)"), "nbf", Level::fail},
        BodyCase{"NbfText", key_case(R"(,"nbf":"1790000000")"), "nbf", Level::fail},
        BodyCase{"ExpEqualToNowIsExpired", key_case(R"(,"exp":1790000000)"), "exp", Level::warn},
        BodyCase{"ExpiredUnusable", key_case(R"(,"exp":1790000000)"), "usable", Level::fail},
        BodyCase{"ExpLater", key_case(R"(,"exp":1799999999)"), "exp", Level::ok},
        BodyCase{"ExpLaterNeedsNoSuccessor", key_case(R"(,"exp":1799999999)"), "usable", Level::ok},
        BodyCase{"ExpSoon", key_case(R"(,"exp":1790000001)"), "successor", Level::warn},
        BodyCase{"ExpMilliseconds", key_case(R"(,"exp":1790000000000)"), "exp", Level::fail},
        BodyCase{"ExpFraction", key_case(R"(,"exp":1790000000.25)"), "exp", Level::fail},
        BodyCase{"ExpNull", key_case(R"(,"exp":null)"), "exp", Level::fail},
        BodyCase{"NeverValid", key_case(R"(,"nbf":1795000000,"exp":1795000000)"), "exp",
                 Level::fail}),
    [](const auto& row) { return row.param.name; });

// Cloudflare's debug page and Worker example write milliseconds.
TEST(DirectoryLint, MillisecondsAreNamedAsSuch) {
  const LintReport report = lint(key_case(R"(,"nbf":1735689600000,"exp":1798761600000)"));
  EXPECT_THAT(finding_of(report, "nbf").message, ::testing::HasSubstr("milliseconds"));
  EXPECT_THAT(finding_of(report, "nbf").message, ::testing::HasSubstr("2025-01-01T00:00:00Z"));
  EXPECT_THAT(finding_of(report, "nbf").advice, ::testing::HasSubstr("1735689600"));
  EXPECT_THAT(finding_of(report, "exp").message, ::testing::HasSubstr("never expires"));
  EXPECT_FALSE(report.keys[0].usable);  // nbf lies 53,000 years ahead
  EXPECT_TRUE(lint(key_case(R"(,"exp":1798761600000)")).keys[0].usable);
}

TEST(DirectoryLint, JsonErrorIsShownByLineAndColumn) {
  EXPECT_THAT(finding_of(lint("{\n \"keys\": [}"), "json").message,
              ::testing::HasSubstr("line 2, column 11"));
}

TEST(DirectoryLint, BareJwkIsStillLookedAt) {
  const LintReport report = lint(duck_key(kid()));
  ASSERT_EQ(report.keys.size(), 1U);
  EXPECT_EQ(report.keys[0].thumbprint, duck);
  EXPECT_EQ(taken_by(report, "well-known"), Takes::no);
}

TEST(DirectoryLint, TestKeyIsTakenWhereAllowed) {
  const std::string body = set_of(
      R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"})");
  EXPECT_EQ(taken_by(lint(body), "draft-01"), Takes::no);
  const LintReport allowed =
      lint(body, well_known_url, 200, good_fields(), {.allow_test_keys = true});
  EXPECT_EQ(level_of(allowed, "test-key"), Level::warn);
  EXPECT_EQ(taken_by(allowed, "draft-01"), Takes::yes);
}

// Google-Agent publishes short labels at a URL of its own.
TEST(DirectoryLint, KidThatIsNoThumbprintIsTakenOffTheWellKnownPath) {
  const std::string body = set_of(duck_key(R"(,"kid":"g1")"));
  EXPECT_EQ(taken_by(lint(body, well_known_url), "draft-01"), Takes::no);
  const LintReport elsewhere = lint(body, other_url);
  EXPECT_EQ(level_of(elsewhere, "kid"), Level::ok);
  EXPECT_EQ(taken_by(elsewhere, "draft-01"), Takes::yes);
  EXPECT_EQ(taken_by(elsewhere, "well-known"), Takes::no);
}

// The kid of one key and the x of another: a set that was put together wrongly.
TEST(DirectoryLint, KidThatLooksLikeAThumbprintMustBeTheKeysOwn) {
  constexpr std::string_view others = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
  const std::string body = set_of(duck_key(std::string(R"(,"kid":")").append(others).append("\"")));
  const LintReport file = lint_directory({.url = {}, .body = body}, now, {});
  const LintReport well_known = lint(body, well_known_url);
  const LintReport elsewhere = lint(body, other_url);
  EXPECT_EQ(level_of(file, "kid"), Level::fail);
  EXPECT_EQ(level_of(well_known, "kid"), Level::fail);
  EXPECT_EQ(level_of(elsewhere, "kid"), Level::warn);
  for (const LintReport* report : {&file, &well_known, &elsewhere}) {
    EXPECT_THAT(finding_of(*report, "kid").message,
                ::testing::HasSubstr("kid or x is another key's"));
  }
}

TEST(DirectoryLint, ManyKeysAreAWarningAndFarTooManyAFailure) {
  const auto keys = [](std::size_t count) {
    std::string body = R"({"keys":[)";
    for (std::size_t i = 0; i < count; ++i) body += i == 0 ? "{}" : ",{}";
    return body + "]}";
  };
  EXPECT_EQ(level_of(lint(keys(32)), "keys"), Level::ok);
  EXPECT_EQ(level_of(lint(keys(33)), "keys"), Level::warn);
  EXPECT_EQ(level_of(lint(keys(320)), "keys"), Level::warn);
  EXPECT_EQ(level_of(lint(keys(321)), "keys"), Level::fail);
  EXPECT_EQ(lint(keys(10'000)).keys.size(), 320U);
}

TEST(DirectoryLint, SuccessorSilencesTheWarning) {
  const std::string second =
      R"({"kty":"OKP","crv":"Ed25519","x":"0g1xFRWdVlSOm1h92tZ4VFl7FWGtvRnTZ0PwuBdJuDU","kid":"e3vpiy0B6M1Wdxnizw3dqRSgpqS6SXM2qiQ6HtUwZ5g"})";
  const std::string ending = duck_key(kid().append(R"(,"exp":1790000001)"));
  EXPECT_EQ(level_of(lint(set_of(ending)), "successor"), Level::warn);
  EXPECT_EQ(level_of(lint(set_of(ending + "," + second)), "successor"), std::nullopt);
}

TEST(DirectoryLint, KeysOfARotationMustOverlap) {
  const std::string second =
      R"({"kty":"OKP","crv":"Ed25519","x":"0g1xFRWdVlSOm1h92tZ4VFl7FWGtvRnTZ0PwuBdJuDU","kid":"e3vpiy0B6M1Wdxnizw3dqRSgpqS6SXM2qiQ6HtUwZ5g","nbf":)";
  const auto successor = [&](std::int64_t nbf, std::int64_t exp) {
    const std::string ending = duck_key(kid().append(",\"exp\":" + std::to_string(exp)));
    return level_of(lint(set_of(ending + "," + second + std::to_string(nbf) + "}")), "successor");
  };
  const std::int64_t at = now.time_since_epoch().count();
  EXPECT_EQ(successor(at + 100, at + 100), std::nullopt);
  EXPECT_EQ(successor(at + 101, at + 100), Level::warn);
  EXPECT_EQ(successor(at + 8640001, at + 8640000), Level::warn) << "however far off it is";
  EXPECT_EQ(successor(at + 8640000, at + 8640000), std::nullopt);
  EXPECT_EQ(successor((at + 50) * 1000, at + 100), Level::warn) << "milliseconds: never valid";
}

struct ResponseCase {
  std::string name;
  std::string_view url;
  std::uint16_t status;
  std::vector<FieldLine> fields;
  std::string check;
  Level level;
};

// PrintTo keeps addresses out of what a failure says.
void PrintTo(const ResponseCase& row, std::ostream* out) { *out << row.name; }

class DirectoryLintResponse : public ::testing::TestWithParam<ResponseCase> {};

TEST_P(DirectoryLintResponse, GivesTheFinding) {
  const ResponseCase& row = GetParam();
  const LintReport report = lint(good_body(), row.url, row.status, row.fields);
  EXPECT_EQ(level_of(report, row.check), row.level);
  expect_printable(report);
}

std::vector<FieldLine> with(std::string_view name, std::string_view value) {
  std::vector<FieldLine> fields = good_fields();
  std::erase_if(fields, [&](const FieldLine& f) { return field_name_equals(f.name, name); });
  fields.push_back({name, value});
  return fields;
}

std::vector<FieldLine> without(std::string_view name) {
  std::vector<FieldLine> fields = with(name, "");
  fields.pop_back();
  return fields;
}

const auto fine = good_fields();

INSTANTIATE_TEST_SUITE_P(
    Status, DirectoryLintResponse,
    ::testing::Values(ResponseCase{"Http", "http://agent.test/", 200, fine, "url", Level::fail},
                      ResponseCase{"NoUrl", "agent.test", 200, fine, "url", Level::fail},
                      ResponseCase{"Query", "https://a.test/k?v=1", 200, fine, "url", Level::warn},
                      ResponseCase{"WellKnown", well_known_url, 200, fine, "url", Level::ok},
                      ResponseCase{"Ok", well_known_url, 200, fine, "status", Level::ok},
                      ResponseCase{"NoContent", well_known_url, 204, fine, "status", Level::fail},
                      ResponseCase{"Partial", well_known_url, 206, fine, "status", Level::fail},
                      ResponseCase{"Moved", well_known_url, 301, fine, "redirect", Level::fail},
                      ResponseCase{"Found", well_known_url, 302, fine, "redirect", Level::fail},
                      ResponseCase{"Permanent", well_known_url, 308, fine, "redirect", Level::fail},
                      ResponseCase{"NotModified", well_known_url, 304, fine, "status", Level::fail},
                      ResponseCase{"Forbidden", well_known_url, 403, fine, "status", Level::fail},
                      ResponseCase{"NotFound", well_known_url, 404, fine, "status", Level::fail},
                      ResponseCase{"Refused406", well_known_url, 406, fine, "status", Level::fail},
                      ResponseCase{"TooMany", well_known_url, 429, fine, "status", Level::fail},
                      ResponseCase{"Error", well_known_url, 500, fine, "status", Level::fail}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Fields, DirectoryLintResponse,
    ::testing::Values(
        ResponseCase{"Type", well_known_url, 200, fine, "media-type", Level::ok},
        ResponseCase{"TypeCaseAndParameter", well_known_url, 200,
                     with("content-type",
                          "Application/HTTP-message-signatures-directory+JSON ; charset=utf-8"),
                     "media-type", Level::ok},
        ResponseCase{"TypeJson", well_known_url, 200, with("content-type", "application/json"),
                     "media-type", Level::fail},
        ResponseCase{"TypeJsonElsewhere", other_url, 200, with("content-type", "application/json"),
                     "media-type", Level::ok},
        ResponseCase{"TypeHtmlElsewhere", other_url, 200, with("content-type", "text/html"),
                     "media-type", Level::fail},
        ResponseCase{"TypeMissing", well_known_url, 200, without("content-type"), "media-type",
                     Level::fail},
        ResponseCase{"TypePrefix", well_known_url, 200,
                     with("content-type", "application/http-message-signatures-directory+jsonx"),
                     "media-type", Level::fail},
        ResponseCase{"Cache", well_known_url, 200, fine, "cache", Level::ok},
        ResponseCase{"NoStore", well_known_url, 200, with("cache-control", "No-Store"), "cache",
                     Level::warn},
        ResponseCase{"NoCache", well_known_url, 200, with("cache-control", "max-age=600, no-cache"),
                     "cache", Level::warn},
        ResponseCase{"NotSaid", well_known_url, 200, without("cache-control"), "cache",
                     Level::warn},
        ResponseCase{"MaxAgeNoNumber", well_known_url, 200, with("cache-control", "max-age=1h"),
                     "cache", Level::warn},
        ResponseCase{"MaxAgeQuoted", well_known_url, 200, with("cache-control", "max-age=\"600\""),
                     "cache", Level::ok},
        ResponseCase{"MaxAgeLong", well_known_url, 200, with("cache-control", "max-age=31536000"),
                     "cache", Level::warn},
        ResponseCase{"SharedMaxAge", well_known_url, 200,
                     with("cache-control", "s-maxage=600, max-age=1"), "cache", Level::ok},
        ResponseCase{"Clock", well_known_url, 200, with("date", "Mon, 21 Sep 2026 14:13:20 GMT"),
                     "clock", Level::ok},
        ResponseCase{"ClockAhead", well_known_url, 200,
                     with("date", "Mon, 21 Sep 2026 14:14:21 GMT"), "clock", Level::warn},
        ResponseCase{"ClockBehind", well_known_url, 200,
                     with("date", "Mon, 21 Sep 2026 14:12:19 GMT"), "clock", Level::warn},
        ResponseCase{"DateNoDate", well_known_url, 200, with("date", "now"), "clock", Level::warn},
        ResponseCase{"Validator", well_known_url, 200, fine, "validator", Level::ok},
        ResponseCase{"NoValidator", well_known_url, 200, without("etag"), "validator", Level::warn},
        ResponseCase{"Gzip", well_known_url, 200, with("content-encoding", "gzip"),
                     "content-encoding", Level::warn}),
    [](const auto& row) { return row.param.name; });

TEST(DirectoryLint, RedirectShowsItsTargetEscaped) {
  const LintReport report =
      lint("", well_known_url, 302, with("location", "https://evil.test/\x1b]0;x\x07"));
  EXPECT_THAT(finding_of(report, "redirect").message,
              ::testing::HasSubstr(R"(https://evil.test/\x1b]0;x\x07)"));
  EXPECT_EQ(taken_by(report, "draft-01"), Takes::no);
  EXPECT_EQ(taken_by(report, "cloudflare"), Takes::no);
}

TEST(DirectoryLint, TwoContentTypeLinesAreNamed) {
  std::vector<FieldLine> fields = good_fields();
  fields.push_back({"content-type", "text/html"});
  EXPECT_EQ(level_of(lint(good_body(), well_known_url, 200, fields), "media-type"), Level::fail);
}

TEST(DirectoryLint, JsonMediaTypeIsEnoughForSomeVerifiers) {
  const LintReport report =
      lint(good_body(), well_known_url, 200, with("content-type", "application/json"));
  EXPECT_EQ(taken_by(report, "draft-01"), Takes::no);
  EXPECT_EQ(taken_by(report, "well-known"), Takes::yes);
}

}  // namespace
}  // namespace wba::directory
