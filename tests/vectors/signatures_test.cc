// vectors/rfc9421/signatures.json and vectors/webbotauth/draft-….json: every signature through
// verify_message, with its base.

#include <map>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <wba/content_digest.h>
#include <wba/key.h>
#include <wba/signature.h>

#include "crypto/base64.h"
#include "paths.h"
#include "support/json_file.h"
#include "support/message_vector.h"

namespace wba::test {
namespace {

using Json = nlohmann::ordered_json;

class Keys {
 public:
  Keys() {
    const auto file = read_json_file(WBA_VECTORS_DIR "/rfc9421/keys.json");
    for (const auto& key : file.at("keys")) {
      add(key.at("id").get<std::string>(),
          key.contains("public_jwk") ? key["public_jwk"] : key.at("private_jwk"));
    }
  }

  void add(const std::string& id, const Json& jwk) {
    auto key = PublicKey::from_jwk(jwk.dump());
    ASSERT_TRUE(key) << id << " " << to_string(key.error().code);
    keys_.emplace(id, *std::move(key));
  }

  const PublicKey& at(const std::string& id) const { return keys_.at(id); }

 private:
  std::map<std::string, PublicKey> keys_;
};

// What a caller of verify_message judges beside the signature: these two reasons mark vectors whose
// signature is sound.
bool is_refused_by_caller(const Json& vector, const SignatureParameters& parameters,
                          const MessageVector& message) {
  const auto now = vector.at("now").get<std::int64_t>();
  if (parameters.expires && *parameters.expires <= now) return true;
  if (!message.body()) return false;
  std::vector<std::string_view> digests;
  for (const auto& line : message.message().fields()) {
    if (field_name_equals(line.name, "content-digest")) digests.push_back(line.value);
  }
  return !digests.empty() && !check_content_digest(digests, *message.body());
}

void run_vector(const Json& vector, const Keys& keys) {
  expect_known_keys(vector,
                    {"id", "section", "origin", "title", "message", "request", "label",
                     "signature_input", "covered", "params", "signature", "signature_base", "alg",
                     "key", "keyid", "now", "expect", "reason", "notes"},
                    "vector");
  std::optional<MessageVector> related;
  if (vector.contains("request") && !vector["request"].is_null()) {
    related.emplace(vector["request"]);
  }
  const MessageVector message(vector.at("message"), related ? &related->request() : nullptr);
  const auto label = vector.at("label").get<std::string>();
  SignatureFields fields;
  ASSERT_TRUE(fields.parse(message.message().fields()));
  const sf::Member* member = fields.input().find(label);
  ASSERT_NE(member, nullptr);

  std::string octets;
  for (const char c : fields.signature().find(label)->value.text) octets.push_back(c);
  std::string encoded;
  crypto::base64_append(std::as_bytes(std::span(octets)), crypto::Base64::standard, encoded);
  EXPECT_EQ(encoded, vector.at("signature").get<std::string>());

  ComponentScratch scratch;
  std::string base;
  const BaseOptions options{.field_types = message.field_types()};
  const auto built =
      build_signature_base(message.message(), fields.input(), *member, options, scratch, base);
  if (vector.at("signature_base").is_null()) {
    EXPECT_FALSE(built);
  } else {
    ASSERT_TRUE(built) << to_string(built.error().code);
    EXPECT_EQ(base, vector["signature_base"].get<std::string>());
  }

  const PublicKey& key = keys.at(vector.at("key").get<std::string>());
  // Where the vector's algorithm is among the parameters, the two agree; an RSA key's algorithm is
  // not to be guessed.
  Result<SignatureParameters> verified = std::unexpected(Error{ErrorCode::signature_wrong});
  const auto algorithm = algorithm_from_name(vector.at("alg").get<std::string>());
  ASSERT_TRUE(algorithm);
  const auto parameters = read_signature_parameters(fields.input().parameters(*member));
  ASSERT_TRUE(parameters);
  if (parameters->alg || key.algorithm()) {
    verified = verify_message(message.message(), fields, label, key, options);
  } else if (built) {
    const auto checked = key.verify(*algorithm, base, *fields.value(label));
    verified = checked ? parameters : std::unexpected(checked.error());
  }
  const bool good = verified && !is_refused_by_caller(vector, *verified, message);
  EXPECT_EQ(good, vector.at("expect") == "verified")
      << (verified ? "" : to_string(verified.error().code));
}

TEST(Rfc9421Signatures, EveryVectorGivesItsExpectedResult) {
  const auto file = read_json_file(WBA_VECTORS_DIR "/rfc9421/signatures.json");
  Keys keys;
  for (const auto& key : file.at("extra_keys")) {
    keys.add(key.at("id").get<std::string>(), key.at("public_jwk"));
  }
  ASSERT_EQ(file.at("vectors").size(), 46U);
  for (const auto& vector : file["vectors"]) {
    SCOPED_TRACE(vector.at("id").get<std::string>());
    run_vector(vector, keys);
  }
}

TEST(WebBotAuthDraftSignatures, EveryVectorGivesItsExpectedResult) {
  const auto file =
      read_json_file(WBA_VECTORS_DIR "/webbotauth/draft-ietf-webbotauth-httpsig-protocol-01.json");
  const Keys keys;
  ASSERT_EQ(file.at("vectors").size(), 12U);
  ASSERT_EQ(file.at("compat").size(), 2U);
  for (const auto* list : {&file["vectors"], &file["compat"]}) {
    for (const auto& vector : *list) {
      SCOPED_TRACE(vector.at("id").get<std::string>());
      run_vector(vector, keys);
    }
  }
}

}  // namespace
}  // namespace wba::test
