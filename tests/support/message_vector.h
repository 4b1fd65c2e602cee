#ifndef WBA_TESTS_SUPPORT_MESSAGE_VECTOR_H_
#define WBA_TESTS_SUPPORT_MESSAGE_VECTOR_H_

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <wba/component.h>
#include <wba/message.h>

#include "support/exact_buffer.h"
#include "support/json_file.h"

namespace wba::test {

// MessageVector is a message of the vector files ("Message" in vectors/README.md) with the storage
// that its views need: every string in a heap block of exactly its size.
class MessageVector {
 public:
  // The related request, where there is one, must outlive it.
  explicit MessageVector(const nlohmann::ordered_json& json, const Request* related = nullptr) {
    expect_known_keys(json,
                      {"type", "method", "target_uri", "request_target", "status", "headers",
                       "trailers", "body", "field_types", "raw", "related_request"},
                      "message");
    read_fields(json, "headers", fields_);
    read_fields(json, "trailers", trailers_);
    read_types(json);
    if (json.contains("body")) body_ = json["body"].get<std::string>();
    if (json.at("type") == "request") {
      read_request(json);
    } else {
      response_ = Response{.status = json.at("status").get<std::uint16_t>(),
                           .fields = fields_,
                           .trailers = trailers_,
                           .request = related};
    }
  }
  MessageVector(const MessageVector&) = delete;
  MessageVector& operator=(const MessageVector&) = delete;

  [[nodiscard]] bool is_request() const { return request_.has_value(); }
  [[nodiscard]] const Request& request() const { return *request_; }
  [[nodiscard]] const Response& response() const { return *response_; }
  [[nodiscard]] Message message() const {
    return request_ ? Message(*request_) : Message(*response_);
  }
  [[nodiscard]] const std::vector<FieldType>& field_types() const { return types_; }
  [[nodiscard]] const std::optional<std::string>& body() const { return body_; }

 private:
  std::string_view keep(std::string_view text) { return storage_.emplace_back(text).view(); }

  void read_fields(const nlohmann::ordered_json& json, const char* name,
                   std::vector<FieldLine>& into) {
    if (!json.contains(name)) return;
    for (const auto& line : json[name]) {
      into.push_back({.name = keep(line.at(0).get_ref<const std::string&>()),
                      .value = keep(line.at(1).get_ref<const std::string&>())});
    }
  }

  void read_types(const nlohmann::ordered_json& json) {
    if (!json.contains("field_types")) return;
    for (const auto& [name, type] : json["field_types"].items()) {
      ASSERT_TRUE(type == "dictionary" || type == "list" || type == "item") << type;
      types_.push_back({.name = keep(name),
                        .structure = type == "dictionary" ? FieldType::Structure::dictionary
                                     : type == "list"     ? FieldType::Structure::list
                                                          : FieldType::Structure::item});
    }
  }

  void read_request(const nlohmann::ordered_json& json) {
    const auto uri = keep(json.at("target_uri").get_ref<const std::string&>());
    const auto parts = split_target_uri(uri);
    ASSERT_TRUE(parts) << uri;
    request_ = Request{.method = keep(json.at("method").get_ref<const std::string&>()),
                       .scheme = parts->scheme,
                       .authority = parts->authority,
                       .target = parts->target,
                       .fields = fields_,
                       .trailers = trailers_};
    if (json.contains("request_target")) {
      request_->target = keep(json["request_target"].get_ref<const std::string&>());
    }
  }

  std::deque<ExactBuffer> storage_;
  std::vector<FieldLine> fields_;
  std::vector<FieldLine> trailers_;
  std::vector<FieldType> types_;
  std::optional<std::string> body_;
  std::optional<Request> request_;
  std::optional<Response> response_;
};

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_MESSAGE_VECTOR_H_
