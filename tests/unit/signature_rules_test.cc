// RFC 9421 rules that others broke, each with its accept and its reject.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wba/accept_signature.h>
#include <wba/signature.h>

#include "support/signed_request.h"

namespace wba::test {
namespace {

class Signature : public testing::Test {
 protected:
  std::string_view judge(const RequestBuilder& built, std::string_view label = "sig1") {
    SignatureFields fields;
    if (const auto parsed = fields.parse(built.request.fields); !parsed) {
      return to_string(parsed.error().code);
    }
    const auto verified = verify_message(built.request, fields, label, signer_.public_key(), {});
    return verified ? "verified" : to_string(verified.error().code);
  }

  std::string_view sign_with(std::string_view component) {
    RequestBuilder built;
    SigningScratch scratch;
    SignedLines lines;
    const std::string_view components[] = {component};
    const auto done = sign_message(built.request, {.label = "sig1", .components = components},
                                   signer_, {}, scratch, lines);
    return done ? "signed" : to_string(done.error().code);
  }

  static std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  }

  KeySigner signer_ = new_signer();
};

// curl #22386: a list of white space became an empty list, which covers nothing.
TEST_F(Signature, WhiteSpaceIsNoComponent) {
  EXPECT_EQ(sign_with("@method"), "signed");
  EXPECT_EQ(sign_with(""), "sf-unexpected-end");
  EXPECT_EQ(sign_with(" "), "component-name-invalid");
  EXPECT_EQ(sign_with("@method @path"), "component-name-unknown");
}

TEST_F(Signature, ComponentListedTwiceIsNotSigned) {
  RequestBuilder built;
  SigningScratch scratch;
  SignedLines lines;
  const std::string_view twice[] = {"@method", "\"@method\""};
  const auto done =
      sign_message(built.request, {.label = "a", .components = twice}, signer_, {}, scratch, lines);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::component_duplicate);
  EXPECT_EQ(lines.signature_input + lines.signature + lines.base, "");
}

// HyperBEAM #1114: the components stand in the base in the order in which they are listed.
TEST_F(Signature, OrderOfComponentsIsSigned) {
  RequestBuilder built;
  built.sign(signer_, "sig1", {"@method", "@path"}, {});
  EXPECT_EQ(judge(built), "verified");
  built.set("Signature-Input", "sig1=(\"@path\" \"@method\")");
  EXPECT_EQ(judge(built), "signature-wrong");
}

TEST_F(Signature, NoneIsAddedBesideAForeignOne) {
  RequestBuilder built;
  built.add("Signature", "keyId=\"k\",signature=\"AwM=\"");
  SigningScratch scratch;
  SignedLines lines;
  const auto done = sign_message(built.request, {.label = "a"}, signer_, {}, scratch, lines);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::signature_value_invalid);
}

// httpsig-rs re-orders parameters.
TEST_F(Signature, OrderOfParametersIsSigned) {
  RequestBuilder built;
  built.sign(signer_, "sig1", {"@method"}, {integer("created", 1), string("tag", "x")});
  EXPECT_EQ(judge(built), "verified");
  built.set("Signature-Input", "sig1=(\"@method\");tag=\"x\";created=1");
  EXPECT_EQ(judge(built), "signature-wrong");
}

// CF #126 and three npm and Go peers: `key` was passed over and the whole field signed.
TEST_F(Signature, KeyParameterPicksTheMember) {
  RequestBuilder built;
  built.add("Example", "a=1, b=2");
  built.sign(signer_, "sig1", {"example;key=\"a\""}, {});
  EXPECT_EQ(judge(built), "verified");
  built.set("Example", "a=1, b=3");
  EXPECT_EQ(judge(built), "verified");
  built.set("Example", "a=2, b=2");
  EXPECT_EQ(judge(built), "signature-wrong");
}

// OpenBotAuth split identifiers at `;key=` by a regular expression.
TEST_F(Signature, IdentifierTextInsideAStringIsText) {
  RequestBuilder built;
  built.add("Example", "a=\"x;key=\\\"b\\\"\", b=2");
  built.sign(signer_, "sig1", {"example;key=\"a\""}, {string("nonce", "\";key=\"b")});
  EXPECT_EQ(judge(built), "verified");
  built.set("Example", "a=\"x;key=\\\"c\\\"\", b=2");
  EXPECT_EQ(judge(built), "signature-wrong");
}

// adcp vectors: created as a String, keyid as a Token.
TEST_F(Signature, ParametersOfTheWrongTypeAreRefused) {
  RequestBuilder built;
  built.sign(signer_, "sig1", {"@method"}, {integer("created", 1), string("keyid", "k")});
  EXPECT_EQ(judge(built), "verified");
  const auto input = built.get("Signature-Input");
  for (const auto& wrong :
       {replaced(input, "=1", "=\"1\""), replaced(input, "=1", "=1.0"),
        replaced(input, "=1", "=@1"), replaced(input, "=1", ""), replaced(input, "=\"k\"", "=k"),
        replaced(input, "=\"k\"", "=:aw==:")}) {
    built.set("Signature-Input", wrong);
    EXPECT_EQ(judge(built), "signature-parameter-invalid") << wrong;
  }
}

// visa TAP #21: the line with the parameters was left out of the base.
TEST_F(Signature, BaseEndsWithTheParameters) {
  SigningScratch scratch;
  SignedLines lines;
  RequestBuilder built;
  const sf::Parameter created[] = {integer("created", 7)};
  ASSERT_TRUE(sign_message(built.request, {.label = "x", .parameters = created}, signer_, {},
                           scratch, lines));
  EXPECT_EQ(lines.base, "\"@signature-params\": ();created=7");
  EXPECT_EQ(lines.signature_input, "x=();created=7");
}

// dhensby 1.0.4: covering nothing is well-formed; whether it is enough is the verifier's to say.
TEST_F(Signature, EmptyComponentListIsWellFormed) {
  RequestBuilder built;
  built.sign(signer_, "sig1", {}, {integer("created", 1)});
  EXPECT_EQ(judge(built), "verified");
}

TEST_F(Signature, AlgorithmParameterMustFitTheKey) {
  RequestBuilder built;
  built.sign(signer_, "sig1", {"@method"}, {string("alg", "ed25519")});
  EXPECT_EQ(judge(built), "verified");
  RequestBuilder other;
  other.sign(signer_, "sig1", {"@method"}, {string("alg", "ecdsa-p256-sha256")});
  EXPECT_EQ(judge(other), "algorithm-key-mismatch");
  RequestBuilder unknown;
  unknown.sign(signer_, "sig1", {"@method"}, {string("alg", "Ed25519")});
  EXPECT_EQ(judge(unknown), "algorithm-unknown");
}

TEST_F(Signature, LabelThatIsNotThereIsNamed) {
  RequestBuilder built;
  built.sign(signer_, "sig1", {"@method"}, {});
  EXPECT_EQ(judge(built, "sig2"), "signature-label-missing");
}

// The Apache module kept the label inside @signature-params.
TEST_F(Signature, LabelIsNotSigned) {
  RequestBuilder built;
  built.sign(signer_, "sig1", {"@method"}, {});
  built.set("Signature-Input", replaced(built.get("Signature-Input"), "sig1", "other"));
  built.set("Signature", replaced(built.get("Signature"), "sig1", "other"));
  EXPECT_EQ(judge(built, "other"), "verified");
}

TEST_F(Signature, ResponseIsBoundToItsRequest) {
  RequestBuilder asked;
  const FieldLine fields[] = {{.name = "Content-Type", .value = "text/plain"}};
  Response response{.status = 200, .fields = fields, .request = &asked.request};
  SigningScratch scratch;
  SignedLines lines;
  const std::string_view components[] = {"@status", "@path;req", "content-type"};
  ASSERT_TRUE(sign_message(response, {.label = "r", .components = components}, signer_, {}, scratch,
                           lines));
  const FieldLine signed_fields[] = {fields[0],
                                     {.name = "Signature-Input", .value = lines.signature_input},
                                     {.name = "Signature", .value = lines.signature}};
  response.fields = signed_fields;
  SignatureFields parsed;
  ASSERT_TRUE(parsed.parse(response.fields));
  const auto judge_response = [&] {
    const auto verified = verify_message(response, parsed, "r", signer_.public_key());
    return verified ? "verified" : to_string(verified.error().code);
  };
  EXPECT_EQ(judge_response(), "verified");
  asked.request.target = "/other";
  EXPECT_EQ(judge_response(), "signature-wrong");
  response.request = nullptr;
  EXPECT_EQ(judge_response(), "component-related-request-missing");
}

TEST_F(Signature, BaseIsHeldToItsLimit) {
  RequestBuilder built;
  built.add("X-Long", std::string(2000, 'x'));
  built.sign(signer_, "sig1", {"x-long"}, {});
  SignatureFields fields;
  ASSERT_TRUE(fields.parse(built.request.fields));
  const auto with = [&](std::size_t bytes) {
    return verify_message(built.request, fields, "sig1", signer_.public_key(), {.max_bytes = bytes})
        .has_value();
  };
  EXPECT_TRUE(with(3000));
  EXPECT_FALSE(with(1999));
}

TEST(AcceptSignature, WhatCannotBeWrittenLeavesTheOutputAlone) {
  std::string out = "before";
  const RequestedSignature good{.label = "sig1", .components = {"@method"}, .created = true};
  ASSERT_TRUE(append_accept_signature(std::span(&good, 1), out));
  EXPECT_EQ(out, "beforesig1=(\"@method\");created");
  out = "before";
  const RequestedSignature two[] = {good, {.label = "Sig2"}};
  EXPECT_FALSE(append_accept_signature(two, out));
  EXPECT_EQ(out, "before");
}

}  // namespace
}  // namespace wba::test
