#include "sign_output.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace wba::cli {
namespace {

// A shell takes what stands in single quotes as it is; a quote itself ends them.
std::string shell_quote(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string field_line(const FieldLine& line) {
  return std::string(line.name) + ": " + std::string(line.value);
}

std::string headers_output(const SignedRequest& made) {
  std::string text;
  for (const auto& line : made.added) text += field_line(line) + "\n";
  return text;
}

bool gives(const SignedRequest& made, std::string_view name) {
  return std::ranges::any_of(
      made.given, [name](const FieldLine& line) { return field_name_equals(line.name, name); });
}

std::string message_output(const SignedRequest& made) {
  std::string text(made.request.method);
  text += ' ';
  if (made.request.target.empty() || made.request.target.front() == '?') text += '/';
  text.append(made.request.target).append(" HTTP/1.1\r\n");
  if (!gives(made, "Host")) text.append("Host: ").append(made.request.authority).append("\r\n");
  for (const auto& line : made.given) text += field_line(line) + "\r\n";
  for (const auto& line : made.added) text += field_line(line) + "\r\n";
  if (made.body && !gives(made, "Content-Length")) {
    text += "Content-Length: " + std::to_string(made.body->size()) + "\r\n";
  }
  text += "\r\n";
  if (made.body) text += *made.body;
  return text;
}

std::string curl_output(const SignedRequest& made, std::string_view url,
                        std::string_view body_file) {
  // HEAD by -X would wait for a body; --path-as-is keeps the path that was signed.
  std::string text = made.request.method == "HEAD" ? std::string("curl -I")
                                                   : "curl -X " + shell_quote(made.request.method);
  text += " --path-as-is";
  for (const auto& line : made.given) {
    // "Name:" would mean to curl that the field is not to be sent.
    text +=
        " -H " + shell_quote(line.value.empty() ? std::string(line.name) + ";" : field_line(line));
  }
  for (const auto& line : made.added) text += " -H " + shell_quote(field_line(line));
  if (!body_file.empty()) text += " --data-binary " + shell_quote("@" + std::string(body_file));
  return text + " " + shell_quote(url) + "\n";
}

std::string json_output(const SignedRequest& made, std::string_view url) {
  nlohmann::ordered_json json;
  json["method"] = made.request.method;
  json["url"] = url;
  json["headers"] = nlohmann::ordered_json::array();
  for (const auto& line : made.added) {
    json["headers"].push_back({std::string(line.name), std::string(line.value)});
  }
  json["signature_base"] = made.fields.lines.base;
  return json.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::optional<OutputFormat> output_format_from_name(std::string_view name) noexcept {
  if (name == "headers") return OutputFormat::headers;
  if (name == "message") return OutputFormat::message;
  if (name == "curl") return OutputFormat::curl;
  if (name == "json") return OutputFormat::json;
  return std::nullopt;
}

std::string signed_output(const SignedRequest& made, OutputFormat format, std::string_view url,
                          std::string_view body_file) {
  switch (format) {
    case OutputFormat::headers:
      return headers_output(made);
    case OutputFormat::message:
      return message_output(made);
    case OutputFormat::curl:
      return curl_output(made, url, body_file);
    case OutputFormat::json:
      return json_output(made, url);
  }
  return {};
}

}  // namespace wba::cli
