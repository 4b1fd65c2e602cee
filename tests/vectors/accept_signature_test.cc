// vectors/accept-signature.json.

#include <map>
#include <string>

#include <gtest/gtest.h>

#include <wba/accept_signature.h>

#include "paths.h"
#include "support/exact_buffer.h"
#include "support/json_file.h"

namespace wba::test {
namespace {

using Json = nlohmann::ordered_json;

bool is_of(ErrorCode code, const std::string& name) {
  static const std::map<std::string, ErrorCode> codes{
      {"unknown_derived_component", ErrorCode::component_name_unknown},
      {"signature_params_listed", ErrorCode::component_signature_params_listed},
      {"duplicate_component", ErrorCode::component_duplicate},
      {"not_applicable_to_target", ErrorCode::component_not_applicable},
  };
  if (name == "malformed") {
    return to_string(code).starts_with("sf-") ||
           code == ErrorCode::signature_input_not_inner_list ||
           code == ErrorCode::signature_input_not_string;
  }
  return code == codes.at(name);
}

std::map<std::string, Json> parameters_of(const RequestedSignature& request) {
  std::map<std::string, Json> parameters;
  if (request.created) parameters["created"] = true;
  if (request.expires) parameters["expires"] = true;
  if (request.nonce) parameters["nonce"] = *request.nonce;
  if (request.alg) parameters["alg"] = *request.alg;
  if (request.keyid) parameters["keyid"] = *request.keyid;
  if (request.tag) parameters["tag"] = *request.tag;
  return parameters;
}

void expect_requests(const Json& expected, const std::vector<RequestedSignature>& requests) {
  ASSERT_EQ(requests.size(), expected.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(requests[i].label, expected[i].at("label").get<std::string>());
    EXPECT_EQ(requests[i].components, expected[i].at("components").get<std::vector<std::string>>());
    std::map<std::string, Json> parameters;
    for (const auto& parameter : expected[i].at("params")) {
      parameters[parameter.at(0).get<std::string>()] = parameter.at(1);
    }
    EXPECT_EQ(parameters_of(requests[i]), parameters);
  }
}

TEST(AcceptSignatureVectors, EveryVectorGivesItsExpectedResult) {
  const auto file = read_json_file(WBA_VECTORS_DIR "/accept-signature.json");
  ASSERT_EQ(file.at("vectors").size(), 19U);
  for (const auto& vector : file["vectors"]) {
    expect_known_keys(vector,
                      {"id", "section", "origin", "title", "field", "value", "target", "expect",
                       "requests", "error", "notes"},
                      "vector");
    SCOPED_TRACE(vector.at("id").get<std::string>());
    const ExactBuffer value(vector.at("value").get_ref<const std::string&>());
    const std::string_view lines[] = {value.view()};
    const auto target =
        vector.at("target") == "request" ? SignatureTarget::request : SignatureTarget::response;
    const auto requests = parse_accept_signature(lines, target);
    if (vector.at("expect") == "error") {
      ASSERT_FALSE(requests);
      EXPECT_TRUE(is_of(requests.error().code, vector.at("error").get<std::string>()))
          << to_string(requests.error().code);
      continue;
    }
    ASSERT_TRUE(requests) << to_string(requests.error().code);
    expect_requests(vector.at("requests"), *requests);
    // What is written is read as the same.
    std::string written;
    ASSERT_TRUE(append_accept_signature(*requests, written));
    const std::string_view written_lines[] = {written};
    const auto again = parse_accept_signature(written_lines, target);
    ASSERT_TRUE(again) << written;
    expect_requests(vector["requests"], *again);
  }
}

}  // namespace
}  // namespace wba::test
