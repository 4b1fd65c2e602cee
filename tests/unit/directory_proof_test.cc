#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <wba/content_digest.h>
#include <wba/directory_document.h>
#include <wba/directory_lint.h>
#include <wba/directory_proof.h>
#include <wba/signature.h>

#include "paths.h"
#include "support/json_file.h"

namespace wba::directory {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Time now{seconds(1'790'000'000)};
constexpr std::string_view authority = "agent.test";

KeySigner new_signer(KeyType type = KeyType::ed25519) {
  auto key = PrivateKey::generate(type);
  EXPECT_TRUE(key.has_value());
  auto signer = KeySigner::create(std::move(*key));
  EXPECT_TRUE(signer.has_value());
  return std::move(*signer);
}

// Served is a directory of some keys with its fields, as a client holds it.
struct Served {
  std::string body;
  ProofFields proof;
  std::vector<PublicKey> keys;
  std::string asked_authority = std::string(authority);
  std::string content_type = std::string(media_type);
  std::string cache_control = "max-age=3600";
  std::vector<FieldLine> more = {};

  [[nodiscard]] std::vector<FieldLine> fields() const {
    std::vector<FieldLine> lines = {
        {"Content-Type", content_type},           {"Cache-Control", cache_control},
        {"Content-Digest", proof.content_digest}, {"Signature-Input", proof.signature_input},
        {"Signature", proof.signature},           {"ETag", "\"1\""}};
    lines.insert(lines.end(), more.begin(), more.end());
    return lines;
  }

  [[nodiscard]] Result<std::vector<Proof>> check(Time at, const ProofPolicy& policy = {}) const {
    const auto lines = fields();
    const Request request{.method = "GET", .authority = asked_authority, .target = "/"};
    const Response response{.status = 200, .fields = lines, .request = &request};
    std::vector<ProofKey> published;
    for (const PublicKey& key : keys) published.push_back({.key = &key});
    return verify_directory(response, body, published, at, policy);
  }

  [[nodiscard]] ProofProblem problem(Time at = now, const ProofPolicy& policy = {}) const {
    const auto proofs = check(at, policy);
    EXPECT_TRUE(proofs.has_value());
    if (!proofs) return ProofProblem::base_impossible;
    EXPECT_EQ(proofs->size(), 1U);
    return proofs->empty() ? ProofProblem::base_impossible : proofs->front().problem;
  }

  [[nodiscard]] LintReport lint(Time at = now) const {
    const auto lines = fields();
    const Request request{.method = "GET", .authority = asked_authority, .target = "/"};
    return lint_directory(
        {.url = "https://agent.test/.well-known/http-message-signatures-directory",
         .status = 200,
         .fields = lines,
         .body = body,
         .request = &request},
        at);
  }
};

Served serve(const std::vector<const Signer*>& signers, const std::vector<PublicKey>& keys,
             seconds lifetime = hours(24)) {
  Document document;
  for (const PublicKey& key : keys) EXPECT_TRUE(document.add(key));
  Served served;
  served.body = document.serialise();
  served.keys = keys;
  auto proof = sign_directory(served.body, signers,
                              {.authority = authority, .created = now, .lifetime = lifetime});
  EXPECT_TRUE(proof.has_value());
  served.proof = std::move(*proof);
  return served;
}

// cover makes a signature by hand: other components, parameters and tag than sign_directory's.
Served by_hand(const KeySigner& signer, std::vector<std::string_view> components,
               std::string_view parameters, std::string_view digest_of = {}) {
  Served served;
  Document document;
  EXPECT_TRUE(document.add(signer.public_key()));
  served.body = document.serialise();
  served.keys = {signer.public_key()};
  served.proof.content_digest = content_digest(digest_of.empty() ? served.body : digest_of);
  std::string input = "x=(";
  for (std::size_t i = 0; i < components.size(); ++i) {
    input.append(i == 0 ? "" : " ").append(components[i]);
  }
  input.append(")").append(parameters);
  const std::string keyid = "\"" + std::string(signer.keyid()) + "\"";
  if (const auto at = input.find('$'); at != std::string::npos) input.replace(at, 1, keyid);
  sf::Field parsed;
  EXPECT_TRUE(sf::parse_dictionary(input, parsed));
  const FieldLine digest{"Content-Digest", served.proof.content_digest};
  const Request request{.method = "GET", .authority = authority, .target = "/"};
  const Response response{.status = 200, .fields = {&digest, 1}, .request = &request};
  ComponentScratch scratch;
  std::string base;
  EXPECT_TRUE(build_signature_base(response, parsed, parsed.members().front(), {}, scratch, base));
  std::array<std::byte, PrivateKey::max_signature_size> octets;
  const auto size = signer.sign(base, octets);
  EXPECT_TRUE(size.has_value());
  served.proof.signature_input = input;
  served.proof.signature = "x=";
  sf::append_byte_sequence(std::span(octets).first(*size), served.proof.signature);
  return served;
}

constexpr std::string_view good_parameters =
    ";created=1790000000;expires=1790086400;keyid=$;tag=\"http-message-signatures-directory\"";

TEST(DirectoryProof, SignedDirectoryVerifies) {
  const KeySigner signer = new_signer();
  const Served served = serve({&signer}, {signer.public_key()});
  const auto proofs = served.check(now);
  ASSERT_TRUE(proofs);
  ASSERT_EQ(proofs->size(), 1U);
  const Proof& proof = proofs->front();
  EXPECT_EQ(proof.problem, ProofProblem::none);
  EXPECT_EQ(proof.keyid, signer.keyid());
  EXPECT_EQ(proof.key, 0U);
  EXPECT_EQ(proof.created, now);
  EXPECT_EQ(proof.expires, now + hours(24));
  EXPECT_TRUE(proof.covers_digest);
}

TEST(DirectoryProof, FieldsAreThoseOfTheDraft) {
  const KeySigner signer = new_signer();
  const Served served = serve({&signer}, {signer.public_key()}, seconds(600));
  EXPECT_EQ(served.proof.signature_input,
            "binding=(\"@authority\";req \"content-digest\");created=1790000000;"
            "expires=1790000600;keyid=\"" +
                std::string(signer.keyid()) + "\";tag=\"http-message-signatures-directory\"");
}

TEST(DirectoryProof, OneSignatureAKey) {
  const KeySigner one = new_signer();
  const KeySigner two = new_signer(KeyType::ec_p256);
  const KeySigner three = new_signer(KeyType::rsa);
  const Served served =
      serve({&one, &two, &three}, {three.public_key(), two.public_key(), one.public_key()});
  const auto proofs = served.check(now);
  ASSERT_TRUE(proofs);
  ASSERT_EQ(proofs->size(), 3U);
  EXPECT_EQ((*proofs)[0].key, 2U);
  EXPECT_EQ((*proofs)[1].key, 1U);
  EXPECT_EQ((*proofs)[2].key, 0U);
  for (const Proof& proof : *proofs) EXPECT_EQ(proof.problem, ProofProblem::none);
}

TEST(DirectoryProof, NothingToSignWithIsAnError) {
  const KeySigner signer = new_signer();
  const std::vector<const Signer*> one = {&signer};
  const std::vector<const Signer*> none;
  EXPECT_FALSE(
      sign_directory("{}", none, {.authority = authority, .created = now, .lifetime = hours(1)}));
  EXPECT_FALSE(
      sign_directory("{}", one, {.authority = authority, .created = now, .lifetime = seconds(0)}));
  EXPECT_FALSE(sign_directory("{}", one, {.authority = "", .created = now, .lifetime = hours(1)}));
  EXPECT_FALSE(
      sign_directory("{}", one, {.authority = "a b", .created = now, .lifetime = hours(1)}));
}

TEST(DirectoryProof, AuthorityIsNormalised) {
  const KeySigner signer = new_signer();
  Served served = serve({&signer}, {signer.public_key()});
  served.asked_authority = "AGENT.test:443";
  EXPECT_EQ(served.problem(), ProofProblem::none);
  served.asked_authority = "agent.test:8443";
  EXPECT_EQ(served.problem(), ProofProblem::signature_wrong);
}

TEST(DirectoryProof, AnotherAuthorityProvesNothing) {
  const KeySigner signer = new_signer();
  Served served = serve({&signer}, {signer.public_key()});
  served.asked_authority = "evil.test";
  EXPECT_EQ(served.problem(), ProofProblem::signature_wrong);
}

TEST(DirectoryProof, ChangedBodyIsADigestMismatch) {
  const KeySigner signer = new_signer();
  Served served = serve({&signer}, {signer.public_key()});
  served.body += ' ';
  EXPECT_EQ(served.problem(), ProofProblem::digest_mismatch);
}

TEST(DirectoryProof, BodyChangedWithItsDigestIsAWrongSignature) {
  const KeySigner signer = new_signer();
  Served served = serve({&signer}, {signer.public_key()});
  served.body += ' ';
  served.proof.content_digest = content_digest(served.body);
  EXPECT_EQ(served.problem(), ProofProblem::signature_wrong);
}

TEST(DirectoryProof, ExpiresEqualToNowIsExpired) {
  const KeySigner signer = new_signer();
  const Served served = serve({&signer}, {signer.public_key()}, seconds(60));
  EXPECT_EQ(served.problem(now + seconds(59)), ProofProblem::none);
  EXPECT_EQ(served.problem(now + seconds(60)), ProofProblem::expired);
}

TEST(DirectoryProof, CreatedInTheFutureIsRefused) {
  const KeySigner signer = new_signer();
  const Served served = serve({&signer}, {signer.public_key()});
  EXPECT_EQ(served.problem(now - seconds(1)), ProofProblem::created_in_future);
  EXPECT_EQ(served.problem(now - seconds(1), {.skew = seconds(1)}), ProofProblem::none);
}

TEST(DirectoryProof, KeyThatIsNotPublishedProvesNothing) {
  const KeySigner signer = new_signer();
  const KeySigner other = new_signer();
  const Served served = serve({&other}, {signer.public_key()});
  EXPECT_EQ(served.problem(), ProofProblem::key_not_published);
}

TEST(DirectoryProof, NoSignatureIsNoProofAndNoError) {
  const KeySigner signer = new_signer();
  Served served = serve({&signer}, {signer.public_key()});
  served.proof.signature_input.clear();
  served.proof.signature.clear();
  const auto proofs = served.check(now);
  ASSERT_TRUE(proofs);
  EXPECT_TRUE(proofs->empty());
}

TEST(DirectoryProof, UnreadableFieldsAreAnError) {
  const KeySigner signer = new_signer();
  Served served = serve({&signer}, {signer.public_key()});
  served.proof.signature_input = "binding=(\"@authority\";req";
  EXPECT_FALSE(served.check(now));
}

TEST(DirectoryProof, ResponseWithoutItsRequestCannotBeJudged) {
  const Response response{.status = 200};
  const auto proofs = verify_directory(response, "", {}, now);
  ASSERT_FALSE(proofs);
  EXPECT_EQ(proofs.error().code, ErrorCode::component_related_request_missing);
}

struct Hand {
  std::string name;
  std::vector<std::string_view> components;
  std::string_view parameters;
  ProofProblem problem;
};

// PrintTo keeps addresses out of what a failure says.
void PrintTo(const Hand& row, std::ostream* out) { *out << row.name; }

class DirectoryProofByHand : public ::testing::TestWithParam<Hand> {};

TEST_P(DirectoryProofByHand, Gives) {
  const KeySigner signer = new_signer();
  const Served served = by_hand(signer, GetParam().components, GetParam().parameters);
  EXPECT_EQ(served.problem(), GetParam().problem);
}

const std::vector<std::string_view> both = {"\"@authority\";req", "\"content-digest\""};

INSTANTIATE_TEST_SUITE_P(
    Cases, DirectoryProofByHand,
    ::testing::Values(
        Hand{"Both", both, good_parameters, ProofProblem::none},
        Hand{"OtherOrder", {both[1], both[0]}, good_parameters, ProofProblem::none},
        Hand{"NoDigest", {both[0]}, good_parameters, ProofProblem::digest_not_covered},
        Hand{"NoAuthority", {both[1]}, good_parameters, ProofProblem::authority_not_covered},
        Hand{"Nothing", {}, good_parameters, ProofProblem::authority_not_covered},
        Hand{"NoKeyid", both,
             ";created=1790000000;expires=1790086400;tag=\"http-message-signatures-directory\"",
             ProofProblem::keyid_missing},
        Hand{"NoCreated", both,
             ";expires=1790086400;keyid=$;tag=\"http-message-signatures-directory\"",
             ProofProblem::created_missing},
        Hand{"NoExpires", both,
             ";created=1790000000;keyid=$;tag=\"http-message-signatures-directory\"",
             ProofProblem::expires_missing},
        Hand{"WithAlg", both,
             ";created=1790000000;expires=1790086400;keyid=$;alg=\"ed25519\";"
             "tag=\"http-message-signatures-directory\"",
             ProofProblem::none},
        Hand{"WrongAlg", both,
             ";created=1790000000;expires=1790086400;keyid=$;alg=\"ecdsa-p256-sha256\";"
             "tag=\"http-message-signatures-directory\"",
             ProofProblem::algorithm_mismatch}),
    [](const auto& row) { return row.param.name; });

// Google-Agent covers "@authority";req alone; Cloudflare's verifier takes that.
TEST(DirectoryProof, DigestNeedNotBeCoveredWherePolicySaysSo) {
  const KeySigner signer = new_signer();
  const Served served = by_hand(signer, {both[0]}, good_parameters);
  EXPECT_EQ(served.problem(now, {.require_digest = false}), ProofProblem::none);
}

TEST(DirectoryProof, CoveredDigestMustMatchWhateverPolicySays) {
  const KeySigner signer = new_signer();
  const Served served = by_hand(signer, both, good_parameters, "another body");
  EXPECT_EQ(served.problem(now, {.require_digest = false}), ProofProblem::digest_mismatch);
}

// A signature of the request kind must not pass for a proof.
TEST(DirectoryProof, OtherTagsArePassedOver) {
  const KeySigner signer = new_signer();
  const Served served =
      by_hand(signer, both, ";created=1790000000;expires=1790086400;keyid=$;tag=\"web-bot-auth\"");
  const auto proofs = served.check(now);
  ASSERT_TRUE(proofs);
  EXPECT_TRUE(proofs->empty());
}

// Published tools sign the plain "@authority", which a response does not have (cloudflare #69).
TEST(DirectoryProof, AuthorityWithoutReqIsNamed) {
  const KeySigner signer = new_signer();
  Served served = serve({&signer}, {signer.public_key()});
  const auto at = served.proof.signature_input.find(";req");
  served.proof.signature_input.erase(at, 4);
  EXPECT_EQ(served.problem(), ProofProblem::authority_without_req);
}

TEST(DirectoryProof, DraftVectors) {
  const auto file = test::read_json_file(
      WBA_VECTORS_DIR "/webbotauth/draft-ietf-webbotauth-httpsig-protocol-01.json");
  const auto keys = test::read_json_file(WBA_VECTORS_DIR "/rfc9421/keys.json");
  int seen = 0;
  for (const auto& vector : file["vectors"]) {
    if (vector["section"] != "E.2.3") continue;
    ++seen;
    SCOPED_TRACE(vector["id"].get<std::string>());
    std::optional<PublicKey> key;
    for (const auto& entry : keys["keys"]) {
      if (entry["id"] != vector["key"]) continue;
      if (auto read = PublicKey::from_jwk(entry["public_jwk"].dump())) key = *read;
    }
    ASSERT_TRUE(key);
    std::vector<std::pair<std::string, std::string>> headers;
    for (const auto& header : vector["message"]["headers"])
      headers.emplace_back(header[0], header[1]);
    std::vector<FieldLine> fields;
    for (const auto& [name, value] : headers) fields.push_back({name, value});
    const std::string uri = vector["request"]["target_uri"];
    const auto parts = split_target_uri(uri);
    ASSERT_TRUE(parts);
    const Request request{.method = "GET", .authority = parts->authority, .target = parts->target};
    const Response response{.status = 200, .fields = fields, .request = &request};
    const std::string body = vector["message"]["body"];
    const ProofKey published{.key = &*key};
    const auto proofs = verify_directory(response, body, {&published, 1},
                                         Time(seconds(vector["now"].get<std::int64_t>())));
    ASSERT_TRUE(proofs);
    ASSERT_EQ(proofs->size(), 1U);
    EXPECT_EQ(proofs->front().problem == ProofProblem::none, vector["expect"] == "verified");
  }
  EXPECT_EQ(seen, 4);
}

// The findings about response signatures.

std::optional<Level> level_of(const LintReport& report, std::string_view check) {
  std::optional<Level> level;
  for (const Finding& finding : report.findings) {
    if (finding.check == check) level = std::max(level.value_or(Level::ok), finding.level);
  }
  return level;
}

Takes cloudflare(const LintReport& report) {
  for (const Acceptance& acceptance : report.verifiers) {
    if (acceptance.verifier == "cloudflare") return acceptance.takes;
  }
  return Takes::unknown;
}

TEST(DirectoryLintProof, SignedDirectoryIsTakenByAll) {
  const KeySigner signer = new_signer();
  const LintReport report = serve({&signer}, {signer.public_key()}).lint();
  EXPECT_EQ(report.worst(), Level::ok);
  for (const Acceptance& acceptance : report.verifiers) {
    EXPECT_EQ(acceptance.takes, Takes::yes) << acceptance.verifier << ": " << acceptance.reason;
  }
}

TEST(DirectoryLintProof, UnsignedResponseIsAWarning) {
  const KeySigner signer = new_signer();
  Served served = serve({&signer}, {signer.public_key()});
  served.proof.signature_input.clear();
  served.proof.signature.clear();
  EXPECT_EQ(level_of(served.lint(), "proof"), Level::warn);
  EXPECT_EQ(cloudflare(served.lint()), Takes::no);
}

TEST(DirectoryLintProof, SignatureThatEndsBeforeTheCacheDoesIsAFailure) {
  const KeySigner signer = new_signer();
  Served served = serve({&signer}, {signer.public_key()}, seconds(3600));
  EXPECT_EQ(level_of(served.lint(now), "proof-lifetime"), Level::ok);
  EXPECT_EQ(level_of(served.lint(now + seconds(1)), "proof-lifetime"), Level::fail);
  served.cache_control = "max-age=60";
  EXPECT_EQ(level_of(served.lint(now + seconds(1)), "proof-lifetime"), Level::ok);
}

TEST(DirectoryLintProof, TimeSpentInCachesOnTheWayCounts) {
  const KeySigner signer = new_signer();
  Served served = serve({&signer}, {signer.public_key()}, seconds(3600));
  served.more = {{"Age", "600"}};
  EXPECT_EQ(level_of(served.lint(now + seconds(600)), "proof-lifetime"), Level::ok);
  EXPECT_EQ(level_of(served.lint(now + seconds(601)), "proof-lifetime"), Level::fail);
}

TEST(DirectoryLintProof, ExpiresCountsWhereCacheControlSaysNothing) {
  const KeySigner signer = new_signer();
  Served served = serve({&signer}, {signer.public_key()}, seconds(3600));
  served.cache_control = "public";
  const auto level = [&](std::string_view expires) {
    served.more = {{"Expires", expires}};
    return level_of(served.lint(), "proof-lifetime");
  };
  EXPECT_EQ(level("Mon, 21 Sep 2026 15:13:20 GMT"), Level::ok);  // an hour from now
  EXPECT_EQ(level("Mon, 21 Sep 2026 15:13:21 GMT"), Level::fail);
  EXPECT_EQ(level("Mon, 21 Sep 2026 14:13:19 GMT"), Level::ok);
  EXPECT_EQ(level("0"), Level::ok);
}

TEST(DirectoryLintProof, KeyWithoutSignatureIsNamed) {
  const KeySigner one = new_signer();
  const KeySigner two = new_signer();
  const LintReport report = serve({&one}, {one.public_key(), two.public_key()}).lint();
  EXPECT_EQ(level_of(report, "proof"), Level::warn);
  EXPECT_EQ(cloudflare(report), Takes::no);
}

TEST(DirectoryLintProof, SignatureThatProvesNothingIsAFailure) {
  const KeySigner signer = new_signer();
  Served served = serve({&signer}, {signer.public_key()});
  served.asked_authority = "other.test";
  EXPECT_EQ(level_of(served.lint(), "proof"), Level::fail);
  EXPECT_EQ(cloudflare(served.lint()), Takes::no);
}

TEST(DirectoryLintProof, UncoveredDigestIsAWarningThatCloudflareDoesNotMind) {
  const KeySigner signer = new_signer();
  const LintReport report = by_hand(signer, {both[0]}, good_parameters).lint();
  EXPECT_EQ(level_of(report, "proof-digest"), Level::warn);
  EXPECT_EQ(cloudflare(report), Takes::yes);
}

TEST(DirectoryLintProof, UnreadableSignatureFieldsAreAFailure) {
  const KeySigner signer = new_signer();
  Served served = serve({&signer}, {signer.public_key()});
  served.proof.signature = "binding=AAAA";
  EXPECT_EQ(level_of(served.lint(), "proof"), Level::fail);
}

}  // namespace
}  // namespace wba::directory
