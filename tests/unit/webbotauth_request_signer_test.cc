// Signing by the profile: what is sent, and that our own verifier takes it.

#include <gtest/gtest.h>

#include <wba/content_digest.h>
#include <wba/request_signer.h>
#include <wba/verifier.h>

#include "support/allocation_counter.h"
#include "support/signed_request.h"

namespace wba::test {
namespace {

class Sign : public testing::Test {
 protected:
  Sign() : resolver_(std::make_shared<StaticResolver>()) {
    EXPECT_TRUE(resolver_->add_directory("https://agent.test", jwks_of(signer_)));
    EXPECT_TRUE(resolver_->add_directory("https://agent.test/keys", jwks_of(signer_)));
  }

  Result<void> sign(RequestBuilder& built, const SigningOptions& options) {
    const auto done = request_signer_.sign(built.request, signer_, options, kNow, fields_);
    if (!done) return done;
    if (!fields_.signature_agent.empty()) built.add("Signature-Agent", fields_.signature_agent);
    built.add("Signature-Input", fields_.lines.signature_input);
    built.add("Signature", fields_.lines.signature);
    return {};
  }

  Reason judge(const RequestBuilder& built, bool strict = true) {
    const auto verifier = Verifier::create({.required = RequiredComponents::profile_only(),
                                            .authorities = Authorities::any(),
                                            .strict_label = strict},
                                           resolver_)
                              .value();
    auto session = verifier.session();
    const auto& verdict = session.verify(built.request, kNow);
    dialect_ = verdict.decisive() == nullptr ? Dialect::none : verdict.decisive()->dialect();
    return verdict.reason();
  }

  KeySigner signer_ = new_signer();
  std::shared_ptr<StaticResolver> resolver_;
  RequestSigner request_signer_;
  SignedFields fields_;
  Dialect dialect_ = Dialect::none;
};

TEST_F(Sign, EachProfileVerifiesInItsDialect) {
  struct Row {
    SignerProfile profile;
    std::string_view agent;
    std::string_view field;
    Dialect dialect;
  };
  const Row rows[] = {
      {SignerProfile::draft_01, "https://agent.test/keys", "sig1=\"https://agent.test/keys\"",
       Dialect::direct_dictionary},
      {SignerProfile::draft_00, "https://agent.test", "sig1=\"https://agent.test\"",
       Dialect::origin_dictionary},
      {SignerProfile::cloudflare, "https://agent.test", "\"https://agent.test\"",
       Dialect::legacy_string},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(to_string(row.profile));
    RequestBuilder built;
    ASSERT_TRUE(sign(built, {.profile = row.profile, .agent_url = row.agent}));
    EXPECT_EQ(fields_.signature_agent, row.field);
    EXPECT_EQ(judge(built), Reason::none);
    EXPECT_EQ(dialect_, row.dialect);
    EXPECT_EQ(signer_profile_from_name(to_string(row.profile)), row.profile);
  }
}

TEST_F(Sign, ParametersStandAsInTheDraft) {
  RequestBuilder built;
  ASSERT_TRUE(sign(built, {.profile = SignerProfile::cloudflare,
                           .agent_url = "https://agent.test",
                           .nonce_mode = SigningOptions::Nonce::given,
                           .nonce = "abc"}));
  EXPECT_EQ(fields_.lines.signature_input,
            "sig1=(\"@authority\" \"@method\" \"@path\" \"signature-agent\");created=1760000000;"
            "keyid=\"" +
                std::string(signer_.keyid()) +
                "\";alg=\"ed25519\";expires=1760000060;nonce=\"abc\";tag=\"web-bot-auth\"");
}

TEST_F(Sign, NonceIsNewEachTimeUnlessToldOtherwise) {
  const auto nonce_of = [this](SigningOptions::Nonce mode) {
    RequestBuilder built;
    EXPECT_TRUE(sign(built, {.profile = SignerProfile::cloudflare,
                             .agent_url = "https://agent.test",
                             .nonce_mode = mode}));
    const auto& input = fields_.lines.signature_input;
    const auto start = input.find("nonce=\"");
    return start == std::string::npos ? "" : input.substr(start, 90);
  };
  const auto first = nonce_of(SigningOptions::Nonce::random);
  EXPECT_EQ(first.size(), 90U);
  EXPECT_NE(first, nonce_of(SigningOptions::Nonce::random));
  EXPECT_EQ(nonce_of(SigningOptions::Nonce::none), "");
}

// What Cloudflare documents as refused is refused before it is sent.
TEST_F(Sign, CloudflareTakesNoComponentParameters) {
  const auto with = [this](std::string_view component) {
    RequestBuilder built;
    built.add("X-Dict", "a=1");
    const std::string_view components[] = {component};
    const auto done = sign(built, {.profile = SignerProfile::cloudflare,
                                   .agent_url = "https://agent.test",
                                   .components = components});
    return done ? std::string_view("signed") : to_string(done.error().code);
  };
  EXPECT_EQ(with("x-dict"), "signed");
  EXPECT_EQ(with("x-dict;key=\"a\""), "component-parameter-unknown");
  EXPECT_EQ(with("x-dict;bs"), "component-parameter-unknown");
  EXPECT_EQ(with("@query-param;name=\"a\""), "component-parameter-unknown");
  EXPECT_EQ(with("@status"), "component-name-unknown");
}

TEST_F(Sign, TargetAndAgentAreAlwaysCovered) {
  RequestBuilder built;
  const std::string_view components[] = {"@method", "signature-agent;key=\"sig1\""};
  ASSERT_TRUE(sign(built, {.profile = SignerProfile::draft_01,
                           .agent_url = "https://agent.test/keys",
                           .components = components}));
  EXPECT_TRUE(fields_.lines.signature_input.starts_with(
      "sig1=(\"@authority\" \"@method\" \"signature-agent\";key=\"sig1\");"));
  EXPECT_EQ(judge(built), Reason::none);
}

TEST_F(Sign, ContentDigestIsCoveredWhereItIs) {
  RequestBuilder built;
  built.add("Content-Digest", content_digest("hello"));
  ASSERT_TRUE(
      sign(built, {.profile = SignerProfile::draft_01, .agent_url = "https://agent.test/keys"}));
  EXPECT_NE(fields_.lines.signature_input.find("\"content-digest\""), std::string::npos);
  EXPECT_EQ(judge(built), Reason::none);
  built.set("Content-Digest", content_digest("other"));
  EXPECT_EQ(judge(built), Reason::bad_signature);
}

// remitly #33: signing a message that was signed already overwrote the first signature.
TEST_F(Sign, SignatureIsAddedToThoseThatAreThere) {
  RequestBuilder built;
  built.add("Signature-Agent", "other=\"https://other.test\"");
  built.sign(new_signer(), "sig1", {"@method"}, {integer("created", at(0))});
  ASSERT_TRUE(
      sign(built, {.profile = SignerProfile::draft_01, .agent_url = "https://agent.test/keys"}));
  EXPECT_TRUE(fields_.lines.signature.starts_with("sig2=:"));
  EXPECT_EQ(fields_.signature_agent, "sig2=\"https://agent.test/keys\"");
  EXPECT_EQ(judge(built), Reason::none);
}

TEST_F(Sign, LabelThatIsTakenIsRefused) {
  RequestBuilder built;
  built.sign(new_signer(), "sig1", {"@method"}, {integer("created", at(0))});
  const auto done = sign(built, {.profile = SignerProfile::draft_01,
                                 .agent_url = "https://agent.test/keys",
                                 .label = "sig1"});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::signature_label_duplicate);
}

TEST_F(Sign, SignatureAgentThatSaysTheSameStays) {
  RequestBuilder built;
  built.add("Signature-Agent", "\"https://agent.test\"");
  ASSERT_TRUE(
      sign(built, {.profile = SignerProfile::cloudflare, .agent_url = "https://agent.test"}));
  EXPECT_EQ(fields_.signature_agent, "");
  EXPECT_EQ(judge(built), Reason::none);
  RequestBuilder other;
  other.add("Signature-Agent", "\"https://other.test\"");
  const auto done =
      sign(other, {.profile = SignerProfile::cloudflare, .agent_url = "https://agent.test"});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::agent_field_conflict);
}

// A signer keeps the list of components that it wrote last: nothing of it may reach a signature
// that covers something else, has another label, or comes after a list that could not be written.
TEST_F(Sign, WhatIsCoveredMayChangeFromRequestToRequest) {
  const std::string_view one[] = {"@method", "x-a"};
  const std::string_view other[] = {"x-b", "@query-param;name=\"q\""};
  const std::string_view twice[] = {"x-a", "x-a"};
  const auto input_of = [this](std::span<const std::string_view> components,
                               std::string_view label) {
    RequestBuilder built;
    built.add("X-A", "1");
    built.add("X-B", "2");
    built.request.target = "/path?q=3";
    const auto done = sign(built, {.profile = SignerProfile::draft_01,
                                   .agent_url = "https://agent.test/keys",
                                   .label = label,
                                   .components = components});
    if (!done) return std::string(to_string(done.error().code));
    EXPECT_EQ(judge(built), Reason::none);
    const auto& input = fields_.lines.signature_input;
    return input.substr(0, input.find(");created=") + 1);
  };
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(input_of(one, ""),
              "sig1=(\"@authority\" \"@method\" \"x-a\" \"signature-agent\";key=\"sig1\")");
    EXPECT_EQ(input_of(one, ""),
              "sig1=(\"@authority\" \"@method\" \"x-a\" \"signature-agent\";key=\"sig1\")");
    EXPECT_EQ(input_of(other, ""),
              "sig1=(\"@authority\" \"x-b\" \"@query-param\";name=\"q\" "
              "\"signature-agent\";key=\"sig1\")");
    EXPECT_EQ(input_of(one, "b"),
              "b=(\"@authority\" \"@method\" \"x-a\" \"signature-agent\";key=\"b\")");
    EXPECT_EQ(input_of(twice, "b"), "component-duplicate");
    EXPECT_EQ(input_of(twice, "b"), "component-duplicate");
  }
}

TEST_F(Sign, BadOptionsAreNamed) {
  const auto code_of = [this](const SigningOptions& options) {
    RequestBuilder built;
    const auto done = sign(built, options);
    EXPECT_EQ(fields_.lines.signature, "");
    return done ? std::string_view("signed") : to_string(done.error().code);
  };
  constexpr auto kProfile = SignerProfile::draft_01;
  EXPECT_EQ(code_of({.profile = kProfile, .agent_url = "http://agent.test"}),
            "agent-url-not-https");
  EXPECT_EQ(code_of({.profile = kProfile, .agent_url = "agent.test"}), "agent-url-invalid");
  EXPECT_EQ(code_of({.profile = kProfile,
                     .agent_url = "https://agent.test",
                     .lifetime = std::chrono::seconds(-1)}),
            "argument-invalid");
  EXPECT_EQ(code_of({.profile = kProfile, .agent_url = "https://agent.test", .label = "Sig"}),
            "sf-invalid-key");
  EXPECT_EQ(code_of({.profile = kProfile,
                     .agent_url = "https://agent.test",
                     .nonce_mode = SigningOptions::Nonce::given,
                     .nonce = "a\nb"}),
            "sf-invalid-string");
  const std::string_view missing[] = {"x-missing"};
  EXPECT_EQ(
      code_of({.profile = kProfile, .agent_url = "https://agent.test", .components = missing}),
      "component-field-missing");
}

TEST_F(Sign, HmacIsRefused) {
  const KeySigner secret = new_signer(KeyType::hmac);
  RequestBuilder built;
  const auto done = request_signer_.sign(
      built.request, secret,
      {.profile = SignerProfile::draft_01, .agent_url = "https://agent.test"}, kNow, fields_);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::algorithm_key_mismatch);
}

TEST_F(Sign, EveryOtherAlgorithmVerifies) {
  for (const auto type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa}) {
    const KeySigner signer = new_signer(type);
    ASSERT_TRUE(resolver_->add_directory("https://agent.test/keys", jwks_of(signer)));
    RequestBuilder built;
    ASSERT_TRUE(request_signer_.sign(
        built.request, signer,
        {.profile = SignerProfile::draft_01, .agent_url = "https://agent.test/keys"}, kNow,
        fields_));
    built.add("Signature-Agent", fields_.signature_agent);
    built.add("Signature-Input", fields_.lines.signature_input);
    built.add("Signature", fields_.lines.signature);
    EXPECT_EQ(judge(built), Reason::none) << to_string(type);
  }
}

// Signing and verifying allocate nothing once their memory has grown: 16 components, with 8 KB of
// covered values and a body that its Content-Digest is checked against.
TEST_F(Sign, NothingIsAllocatedOnceMemoryHasGrown) {
  constexpr std::string_view body = R"({"item":42,"quantity":1})";
  constexpr std::size_t field_bytes = 750;
  std::vector<std::string> names;
  for (int i = 0; i < 11; ++i) names.push_back("x-field-" + std::to_string(i));
  std::vector<std::string_view> components{"@authority", "@method", "@path", "content-digest"};
  components.insert(components.end(), names.begin(), names.end());
  const auto add_fields = [&](RequestBuilder& built) {
    built.add("Content-Digest", content_digest(body));
    for (const auto& name : names) built.add(name, std::string(field_bytes, 'v'));
  };
  const SigningOptions options{.profile = SignerProfile::draft_01,
                               .agent_url = "https://agent.test/keys",
                               .components = components};
  RequestBuilder unsigned_request;
  add_fields(unsigned_request);
  RequestBuilder built;
  add_fields(built);
  ASSERT_TRUE(sign(built, options));
  ASSERT_GE(fields_.lines.base.size(), std::size_t{8} << 10U);

  const auto sign_again = [&] {
    return request_signer_.sign(unsigned_request.request, signer_, options, kNow, fields_)
        .has_value();
  };
  ASSERT_TRUE(sign_again());
  const auto before_signing = allocation_count();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(sign_again());
  EXPECT_EQ(allocation_count(), before_signing);

  const auto verifier = Verifier::create({.required = RequiredComponents::profile_only(),
                                          .authorities = Authorities::any()},
                                         resolver_)
                            .value();
  auto session = verifier.session();
  const auto verify = [&](std::string_view seen) {
    return session.verify(built.request, seen, kNow).reason();
  };
  ASSERT_EQ(session.verify(built.request, body, kNow).decisive()->covered().size(), 16U);
  const auto before_verifying = allocation_count();
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(verify(body), Reason::none);
    ASSERT_EQ(verify("another body"), Reason::content_digest_mismatch);
  }
  EXPECT_EQ(allocation_count(), before_verifying);
}

}  // namespace
}  // namespace wba::test
