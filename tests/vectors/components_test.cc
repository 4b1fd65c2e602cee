// vectors/rfc9421/components.json: component values, signature bases, signature parameters, errors.

#include <map>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <wba/component.h>
#include <wba/signature.h>

#include "paths.h"
#include "support/json_file.h"
#include "support/message_vector.h"

namespace wba::test {
namespace {

class Components : public testing::Test {
 protected:
  void SetUp() override {
    file_ = read_json_file(WBA_VECTORS_DIR "/rfc9421/components.json");
    ASSERT_TRUE(file_.is_object());
    expect_known_keys(file_,
                      {"title", "source", "notes", "messages", "values", "bases",
                       "signature_params", "signature_params_errors", "errors"},
                      "components.json");
  }

  const MessageVector& message(const std::string& name) {
    auto& slot = messages_[name];
    if (slot == nullptr) {
      const auto& json = file_.at("messages").at(name);
      const Request* related = nullptr;
      if (json.contains("related_request")) {
        related = &message(json["related_request"].get<std::string>()).request();
      }
      slot = std::make_unique<MessageVector>(json, related);
    }
    return *slot;
  }

  // parse_list gives the field `sig=(components…)parameters`, parsed.
  static Result<void> parse_input(const std::string& value, std::string& text, sf::Field& field) {
    text = "sig=" + value;
    return sf::parse_dictionary(text, field);
  }

  static std::string list_of(const nlohmann::ordered_json& components) {
    std::string list = "(";
    for (const auto& component : components) {
      if (list.size() > 1) list += ' ';
      list += component.get<std::string>();
    }
    return list + ")";
  }

  Result<std::string> base_of(const MessageVector& message, const std::string& input) {
    std::string text;
    sf::Field field;
    if (auto parsed = parse_input(input, text, field); !parsed) {
      return std::unexpected(parsed.error());
    }
    std::string base = "left from before";
    const auto built = build_signature_base(message.message(), field, field.members().front(),
                                            {.field_types = message.field_types()}, scratch_, base);
    if (!built) {
      EXPECT_EQ(base, "");
      return std::unexpected(built.error());
    }
    return base;
  }

  nlohmann::ordered_json file_;
  std::map<std::string, std::unique_ptr<MessageVector>> messages_;
  ComponentScratch scratch_;
};

TEST_F(Components, EveryValueIsAsInTheVectors) {
  ASSERT_EQ(file_["values"].size(), 125U);
  for (const auto& vector : file_["values"]) {
    expect_known_keys(
        vector,
        {"id", "section", "origin", "title", "notes", "message", "component", "value", "line"},
        "values");
    const auto name = vector.at("message").get<std::string>();
    const auto component = vector.at("component").get<std::string>();
    SCOPED_TRACE(name + " " + component);
    const auto base = base_of(message(name), "(" + component + ")");
    ASSERT_TRUE(base) << to_string(base.error().code);
    const auto expected =
        vector.at("line").get<std::string>() + "\n\"@signature-params\": (" + component + ")";
    EXPECT_EQ(*base, expected);
    EXPECT_EQ(vector["line"].get<std::string>(),
              component + ": " + vector.at("value").get<std::string>());
  }
}

TEST_F(Components, EveryBaseIsAsInTheVectors) {
  ASSERT_EQ(file_["bases"].size(), 8U);
  for (const auto& vector : file_["bases"]) {
    expect_known_keys(vector,
                      {"id", "section", "origin", "title", "notes", "message", "covered",
                       "signature_params", "signature_base"},
                      "bases");
    SCOPED_TRACE(vector.at("id").get<std::string>());
    const auto base = base_of(message(vector.at("message").get<std::string>()),
                              vector.at("signature_params").get<std::string>());
    ASSERT_TRUE(base) << to_string(base.error().code);
    EXPECT_EQ(*base, vector.at("signature_base").get<std::string>());
  }
}

TEST_F(Components, SignatureParametersGetTheirStrictForm) {
  ASSERT_EQ(file_["signature_params"].size(), 7U);
  for (const auto& vector : file_["signature_params"]) {
    expect_known_keys(vector,
                      {"id", "section", "origin", "title", "notes", "input", "signature_params"},
                      "signature_params");
    SCOPED_TRACE(vector.at("id").get<std::string>());
    std::string text;
    sf::Field field;
    ASSERT_TRUE(parse_input(vector.at("input").get<std::string>(), text, field));
    std::string serialised;
    sf::append_member_value(field, field.members().front(), serialised);
    EXPECT_EQ(serialised, vector.at("signature_params").get<std::string>());
  }
}

TEST_F(Components, MalformedSignatureParametersAreRefused) {
  ASSERT_EQ(file_["signature_params_errors"].size(), 9U);
  const MessageVector& request = message("test-request");
  for (const auto& vector : file_["signature_params_errors"]) {
    expect_known_keys(vector, {"id", "section", "origin", "title", "notes", "input", "error"},
                      "signature_params_errors");
    SCOPED_TRACE(vector.at("id").get<std::string>());
    EXPECT_FALSE(base_of(request, vector.at("input").get<std::string>()));
  }
}

ErrorCode code_of(const std::string& name) {
  static const std::map<std::string, ErrorCode> codes{
      {"unknown_derived_component", ErrorCode::component_name_unknown},
      {"invalid_component_name", ErrorCode::component_name_invalid},
      {"not_applicable_to_message", ErrorCode::component_not_applicable},
      {"req_in_request", ErrorCode::component_req_in_request},
      {"related_request_missing", ErrorCode::component_related_request_missing},
      {"missing_field", ErrorCode::component_field_missing},
      {"incompatible_parameters", ErrorCode::component_parameters_incompatible},
      {"unknown_parameter", ErrorCode::component_parameter_unknown},
      {"invalid_parameter_value", ErrorCode::component_parameter_invalid},
      {"missing_dictionary_member", ErrorCode::component_member_missing},
      {"malformed_structured_field", ErrorCode::component_field_malformed},
      {"not_a_dictionary", ErrorCode::component_field_not_dictionary},
      {"unknown_structured_type", ErrorCode::component_field_type_unknown},
      {"duplicate_component", ErrorCode::component_duplicate},
      {"signature_params_listed", ErrorCode::component_signature_params_listed},
      {"query_param_missing", ErrorCode::component_query_param_missing},
      {"query_param_repeated", ErrorCode::component_query_param_repeated},
      {"invalid_value", ErrorCode::component_value_invalid},
  };
  return codes.at(name);
}

TEST_F(Components, EveryErrorIsNamed) {
  ASSERT_EQ(file_["errors"].size(), 66U);
  for (const auto& vector : file_["errors"]) {
    expect_known_keys(
        vector, {"id", "section", "origin", "title", "notes", "message", "components", "error"},
        "errors");
    const auto name = vector.at("message").get<std::string>();
    SCOPED_TRACE(name + " " + vector.at("components").dump());
    const auto base = base_of(message(name), list_of(vector["components"]));
    ASSERT_FALSE(base);
    EXPECT_EQ(to_string(base.error().code),
              to_string(code_of(vector.at("error").get<std::string>())));
  }
}

}  // namespace
}  // namespace wba::test
