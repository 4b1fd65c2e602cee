#include "fetch_report.h"

#include <span>
#include <utility>

#include <wba/structured_field.h>

#include "context.h"

namespace wba::cli {
namespace {

using nlohmann::json;

std::string_view version_text(long version) {
  switch (version) {
    case 10:
      return "HTTP/1.0";
    case 11:
      return "HTTP/1.1";
    case 20:
      return "HTTP/2";
    case 30:
      return "HTTP/3";
    default:
      return "HTTP";
  }
}

std::string base64(std::string_view octets) {
  std::string text;
  sf::append_byte_sequence(std::as_bytes(std::span(octets)), text);
  return text.substr(1, text.size() - 2);  // between the colons
}

json json_fields(std::span<const ClientField> fields) {
  json list = json::array();
  for (const auto& field : fields) list.push_back({field.name, field.value});
  return list;
}

bool is_utf8(std::string_view text) {
  try {
    static_cast<void>(json(text).dump());
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

}  // namespace

std::string verbose_request(const SentRequest& sent) {
  std::string text = "> " + escape(sent.method) + " " + escape(sent.url, 2000) + "\n";
  for (const auto& field : sent.fields) {
    text += "> " + escape(field.name) + ": " + escape(field.value, 2000) + "\n";
  }
  if (sent.reused) text += "* the signature was used before\n";
  // The base is made of lines; what stands in them is escaped.
  std::string_view base = sent.signature_base;
  while (!base.empty()) {
    const auto end = base.find('\n');
    text += "* base: " + escape(base.substr(0, end), 2000) + "\n";
    base.remove_prefix(end == std::string_view::npos ? base.size() : end + 1);
  }
  return text;
}

std::string verbose_response(const ClientResponse& response) {
  std::string text = "< " + std::string(version_text(response.http_version)) + " " +
                     std::to_string(response.status) + "\n";
  for (const auto& field : response.fields) {
    text += "< " + escape(field.name) + ": " + escape(field.value, 2000) + "\n";
  }
  return text;
}

std::string head_text(const ClientResponse& response) {
  std::string text(version_text(response.http_version));
  text += " " + std::to_string(response.status) + "\r\n";
  for (const auto& field : response.fields) text += field.name + ": " + field.value + "\r\n";
  return text + "\r\n";
}

json json_request(const SentRequest& sent) {
  return {{"method", sent.method},
          {"url", sent.url},
          {"headers", json_fields(sent.fields)},
          {"signature_base", sent.signature_base}};
}

json json_response(const ClientResponse& response, const std::string* body, json requests) {
  json object{{"status", response.status},
              {"url", response.url},
              {"http_version", version_text(response.http_version)},
              {"headers", json_fields(response.fields)},
              {"redirects", response.redirects},
              {"challenges", response.challenges},
              {"stop", response.stop == ClientStop::none ? json() : json(to_string(response.stop))},
              {"clock_drift", response.clock_drift ? json(response.clock_drift->count()) : json()},
              {"requests", std::move(requests)}};
  if (body != nullptr) {
    const bool text = is_utf8(*body);
    object[text ? "body" : "body_base64"] = text ? *body : base64(*body);
  }
  return object;
}

}  // namespace wba::cli
