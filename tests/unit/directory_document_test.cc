#include <ostream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <wba/directory_document.h>

namespace wba::directory {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time now{seconds(1'790'000'000)};

// Keys that their operators publish, with their thumbprints: see vectors/webbotauth/captures.json.
constexpr std::string_view duck_jwk =
    R"({"kty":"OKP","crv":"Ed25519","x":"pVqc2ohmGpL_H1OJGq7mIGkxAk65mm5JkY7qSdJachE"})";
constexpr std::string_view duck = "5HvpfNA946z6lcCXEIOOpzlN5l0mdZE42jdqimEwPf8";
constexpr std::string_view ahrefs_jwk =
    R"({"kty":"OKP","crv":"Ed25519","x":"0g1xFRWdVlSOm1h92tZ4VFl7FWGtvRnTZ0PwuBdJuDU"})";
constexpr std::string_view ahrefs = "e3vpiy0B6M1Wdxnizw3dqRSgpqS6SXM2qiQ6HtUwZ5g";
// RFC 8037 A.1.
constexpr std::string_view test_jwk =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

PublicKey key_of(std::string_view jwk) {
  auto key = PublicKey::from_jwk(jwk);
  EXPECT_TRUE(key.has_value());
  return *key;
}

Document two_keys() {
  Document document;
  EXPECT_TRUE(document.add(key_of(duck_jwk)));
  EXPECT_TRUE(document.add(key_of(ahrefs_jwk)));
  return document;
}

template <typename T>
ErrorCode code_of(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? ErrorCode::argument_invalid : result.error().code;
}

TEST(DirectoryDocument, NewOneIsAnEmptySet) {
  EXPECT_EQ(nlohmann::json::parse(Document().serialise()), nlohmann::json::parse(R"({"keys":[]})"));
}

TEST(DirectoryDocument, AddedKeyHasThumbprintAsKidAndUseSig) {
  Document document;
  ASSERT_TRUE(document.add(key_of(duck_jwk)));
  // Order of members: as the drafts print them, the same in every run.
  EXPECT_EQ(document.serialise(),
            "{\n  \"keys\": [\n    {\n      \"kty\": \"OKP\",\n      \"crv\": \"Ed25519\",\n"
            "      \"x\": \"pVqc2ohmGpL_H1OJGq7mIGkxAk65mm5JkY7qSdJachE\",\n"
            "      \"kid\": \"5HvpfNA946z6lcCXEIOOpzlN5l0mdZE42jdqimEwPf8\",\n"
            "      \"use\": \"sig\"\n    }\n  ]\n}\n");
}

TEST(DirectoryDocument, TimesAreWholeSeconds) {
  Document document;
  ASSERT_TRUE(document.add(key_of(duck_jwk), {.not_before = now, .expires = now + hours(1)}));
  const auto entry = nlohmann::json::parse(document.serialise())["keys"][0];
  EXPECT_EQ(entry["nbf"], 1'790'000'000);
  EXPECT_EQ(entry["exp"], 1'790'003'600);
  const auto parsed = Document::parse(document.serialise());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->keys()[0].not_before, now);
  EXPECT_EQ(parsed->keys()[0].expires, now + hours(1));
}

TEST(DirectoryDocument, ExpiryMustFollowBeginning) {
  Document document;
  EXPECT_EQ(code_of(document.add(key_of(duck_jwk), {.not_before = now, .expires = now})),
            ErrorCode::directory_time_invalid);
  EXPECT_TRUE(document.keys().empty());
}

TEST(DirectoryDocument, PrivateKeyGivesItsPublicHalfOnly) {
  const auto key = PrivateKey::generate(KeyType::ed25519);
  ASSERT_TRUE(key);
  const auto secret = key->export_jwk();
  ASSERT_TRUE(secret);
  Document document;
  ASSERT_TRUE(document.add(key_of(secret->text())));
  const auto entry = nlohmann::json::parse(document.serialise())["keys"][0];
  EXPECT_FALSE(entry.contains("d"));
  EXPECT_EQ(entry["kid"], key->public_key().thumbprint());
}

TEST(DirectoryDocument, EveryPublicKeyTypeCanBeAddedAndReadBack) {
  Document document;
  for (const KeyType type : {KeyType::ed25519, KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa}) {
    const auto key = PrivateKey::generate(type);
    ASSERT_TRUE(key);
    ASSERT_TRUE(document.add(key->public_key()));
  }
  const auto parsed = Document::parse(document.serialise());
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->keys().size(), 4U);
  for (const DocumentKey& entry : parsed->keys()) {
    ASSERT_TRUE(entry.key);
    EXPECT_EQ(entry.kid, entry.key->thumbprint());
  }
}

TEST(DirectoryDocument, SharedSecretIsRefused) {
  const auto key = PrivateKey::generate(KeyType::hmac);
  ASSERT_TRUE(key);
  Document document;
  EXPECT_EQ(code_of(document.add(key->public_key())), ErrorCode::key_type_unsupported);
}

TEST(DirectoryDocument, KeyIsAddedOnlyOnce) {
  Document document = two_keys();
  EXPECT_EQ(code_of(document.add(key_of(duck_jwk))), ErrorCode::directory_key_duplicate);
  EXPECT_EQ(document.keys().size(), 2U);
}

TEST(DirectoryDocument, PublishedTestKeyIsRefusedUnlessAllowed) {
  Document document;
  EXPECT_EQ(code_of(document.add(key_of(test_jwk))), ErrorCode::directory_test_key);
  EXPECT_TRUE(document.add(key_of(test_jwk), {.allow_test_key = true}));
}

TEST(DirectoryDocument, UnknownMembersAndKeyTypesAreKept) {
  const std::string text =
      R"({"purpose":"ai","keys":[{"kty":"XYZ","v":1},{"x":"pVqc2ohmGpL_H1OJGq7mIGkxAk65mm5JkY7qSdJachE","crv":"Ed25519","kty":"OKP","extra":[1,{"a":null}]}]})";
  auto document = Document::parse(text);
  ASSERT_TRUE(document);
  EXPECT_FALSE(document->keys()[0].key);
  EXPECT_TRUE(document->keys()[1].key);
  ASSERT_TRUE(document->add(key_of(ahrefs_jwk)));
  const auto written = nlohmann::ordered_json::parse(document->serialise());
  EXPECT_EQ(written["purpose"], "ai");
  EXPECT_EQ(written["keys"][0].dump(), R"({"kty":"XYZ","v":1})");
  EXPECT_EQ(written["keys"][1]["extra"].dump(), R"([1,{"a":null}])");
  EXPECT_EQ(written["keys"].size(), 3U);
}

struct Refused {
  std::string name;
  std::string text;
  ErrorCode code;
};

// PrintTo keeps addresses out of what a failure says.
void PrintTo(const Refused& row, std::ostream* out) { *out << row.name; }

class DirectoryDocumentRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(DirectoryDocumentRefuses, Text) {
  EXPECT_EQ(code_of(Document::parse(GetParam().text)), GetParam().code);
}

std::string with_key(const std::string& members) {
  return R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"pVqc2ohmGpL_H1OJGq7mIGkxAk65mm5JkY7qSdJachE")" +
         members + "}]}";
}

INSTANTIATE_TEST_SUITE_P(
    Rules, DirectoryDocumentRefuses,
    ::testing::Values(
        Refused{"Empty", "", ErrorCode::directory_not_json},
        Refused{"Html", "<html></html>", ErrorCode::directory_not_json},
        Refused{"TrailingText", R"({"keys":[]} x)", ErrorCode::directory_not_json},
        Refused{"InvalidUtf8", "{\"keys\":[],\"a\":\"\xff\"}", ErrorCode::directory_not_json},
        Refused{"NumberOutOfRange", R"({"keys":[],"a":1e999})", ErrorCode::directory_not_json},
        Refused{"Array", "[]", ErrorCode::directory_not_key_set},
        Refused{"NoKeys", "{}", ErrorCode::directory_not_key_set},
        Refused{"KeysNoArray", R"({"keys":{}})", ErrorCode::directory_not_key_set},
        Refused{"KeyNoObject", R"({"keys":["a"]})", ErrorCode::directory_not_key_set},
        Refused{"MemberTwice", R"({"keys":[],"keys":[]})", ErrorCode::directory_member_duplicate},
        Refused{"MemberTwiceInKey", with_key(R"(,"x":"AAAA")"),
                ErrorCode::directory_member_duplicate},
        Refused{"PrivateMember", with_key(R"(,"d":"AAAA")"), ErrorCode::directory_private_member},
        Refused{"PrivateMemberNull", with_key(R"(,"d":null)"), ErrorCode::directory_private_member},
        Refused{"SharedSecret", R"({"keys":[{"kty":"oct","k":"AAAA"}]})",
                ErrorCode::directory_private_member},
        Refused{"Milliseconds", with_key(R"(,"exp":1790000000000)"),
                ErrorCode::directory_time_invalid},
        Refused{"TimeText", with_key(R"(,"nbf":"1790000000")"), ErrorCode::directory_time_invalid},
        Refused{"TimeFraction", with_key(R"(,"nbf":1790000000.5)"),
                ErrorCode::directory_time_invalid},
        Refused{"TimeNegative", with_key(R"(,"exp":-1)"), ErrorCode::directory_time_invalid},
        Refused{
            "KeyTwice",
            R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"pVqc2ohmGpL_H1OJGq7mIGkxAk65mm5JkY7qSdJachE"},{"kty":"OKP","crv":"Ed25519","x":"pVqc2ohmGpL_H1OJGq7mIGkxAk65mm5JkY7qSdJachE","kid":"b"}]})",
            ErrorCode::directory_key_duplicate},
        Refused{"Deep", R"({"keys":)" + std::string(100'000, '['), ErrorCode::directory_too_deep}),
    [](const auto& row) { return row.param.name; });

TEST(DirectoryDocument, JsonErrorTellsItsOffset) {
  const auto document = Document::parse("{\"keys\": [}");
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().offset, 10U);
}

TEST(DirectoryDocument, LimitsHold) {
  const std::string text = with_key("");
  EXPECT_TRUE(Document::parse(text, {.bytes = text.size(), .keys = 1}));
  EXPECT_EQ(code_of(Document::parse(text, {.bytes = text.size() - 1})),
            ErrorCode::directory_too_large);
  EXPECT_EQ(code_of(Document::parse(text, {.keys = 0})), ErrorCode::directory_too_many_keys);
}

TEST(DirectoryDocument, WholeNumberWrittenWithExponentIsTaken) {
  const auto document = Document::parse(with_key(R"(,"exp":1.79e9)"));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->keys()[0].expires, now);
}

TEST(DirectoryRetire, KeyStaysUntilCachesAndItsLastSignatureHaveExpired) {
  Document document = two_keys();
  const auto plan = document.retire(duck,
                                    {.signature_lifetime = minutes(10),
                                     .cache_lifetime = hours(24),
                                     .stale_lifetime = hours(6),
                                     .skew = seconds(60)},
                                    now);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->successor_known, now + hours(30));
  EXPECT_EQ(plan->last_signature, now + hours(30));
  EXPECT_EQ(plan->until, now + hours(30) + minutes(11));
  EXPECT_EQ(document.keys()[0].expires, plan->until);
  const auto written = nlohmann::json::parse(document.serialise());
  EXPECT_EQ(written["keys"][0]["exp"], plan->until.time_since_epoch().count());
  EXPECT_FALSE(written["keys"][1].contains("exp"));
}

TEST(DirectoryRetire, EarlierExpiryStays) {
  Document document;
  ASSERT_TRUE(document.add(key_of(duck_jwk), {.expires = now + hours(20)}));
  ASSERT_TRUE(document.add(key_of(ahrefs_jwk)));
  const auto plan =
      document.retire(duck, {.signature_lifetime = hours(1), .skew = minutes(1)}, now);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->until, now + hours(20));
  // What is signed later would outlive the key.
  EXPECT_EQ(plan->last_signature, now + hours(19) - minutes(1));
}

TEST(DirectoryRetire, OnlyKeyIsNotRetired) {
  Document document;
  ASSERT_TRUE(document.add(key_of(duck_jwk)));
  const std::string before = document.serialise();
  EXPECT_EQ(code_of(document.retire(duck, {}, now)), ErrorCode::directory_no_successor);
  EXPECT_EQ(document.serialise(), before);
}

TEST(DirectoryRetire, SuccessorThatEndsFirstIsNone) {
  Document document;
  ASSERT_TRUE(document.add(key_of(duck_jwk)));
  ASSERT_TRUE(document.add(key_of(ahrefs_jwk), {.expires = now + hours(48)}));
  EXPECT_EQ(code_of(document.retire(duck, {}, now)), ErrorCode::directory_no_successor);
  // 24 h each of cache, stale copy and signature, and a minute.
  Document longer;
  ASSERT_TRUE(longer.add(key_of(duck_jwk)));
  ASSERT_TRUE(longer.add(key_of(ahrefs_jwk), {.expires = now + hours(72) + seconds(61)}));
  EXPECT_TRUE(longer.retire(duck, {}, now));
}

TEST(DirectoryRetire, SuccessorThatBeginsLateIsNone) {
  Document document;
  ASSERT_TRUE(document.add(key_of(duck_jwk)));
  ASSERT_TRUE(document.add(key_of(ahrefs_jwk), {.not_before = now + hours(48) + seconds(1)}));
  EXPECT_EQ(code_of(document.retire(duck, {}, now)), ErrorCode::directory_no_successor);
}

TEST(DirectoryRetire, KeyIsFoundByItsOwnLabelToo) {
  auto document = Document::parse(
      R"({"keys":[{"kid":"old","kty":"OKP","crv":"Ed25519","x":"pVqc2ohmGpL_H1OJGq7mIGkxAk65mm5JkY7qSdJachE"}]})");
  ASSERT_TRUE(document);
  ASSERT_TRUE(document->add(key_of(ahrefs_jwk)));
  EXPECT_TRUE(document->retire("old", {}, now));
  EXPECT_EQ(code_of(document->retire("older", {}, now)), ErrorCode::directory_key_missing);
}

TEST(DirectoryRemove, CompromisedKeyGoesAtOnce) {
  Document document = two_keys();
  ASSERT_TRUE(document.remove(duck));
  ASSERT_EQ(document.keys().size(), 1U);
  EXPECT_EQ(document.keys()[0].kid, ahrefs);
  EXPECT_EQ(document.serialise().find(duck), std::string::npos);
  EXPECT_EQ(code_of(document.remove(duck)), ErrorCode::directory_key_missing);
}

TEST(DirectoryRemove, ExpiryEqualToNowIsExpired) {
  Document document;
  ASSERT_TRUE(document.add(key_of(duck_jwk), {.expires = now}));
  ASSERT_TRUE(document.add(key_of(ahrefs_jwk), {.expires = now + seconds(1)}));
  EXPECT_EQ(document.remove_expired(now), 1U);
  ASSERT_EQ(document.keys().size(), 1U);
  EXPECT_EQ(document.keys()[0].kid, ahrefs);
  EXPECT_EQ(document.remove_expired(now), 0U);
}

TEST(DirectoryDocument, CopyIsIndependent) {
  Document document = two_keys();
  Document copy = document;
  ASSERT_TRUE(copy.remove(duck));
  EXPECT_EQ(document.keys().size(), 2U);
  document = copy;
  EXPECT_EQ(document.keys().size(), 1U);
}

}  // namespace
}  // namespace wba::directory
