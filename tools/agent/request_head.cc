#include "request_head.h"

#include <charconv>
#include <system_error>
#include <utility>

#include <wba/message.h>

namespace wba::agent {
namespace {

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool read_field(std::string_view name, std::string_view value, bool& has_length,
                RequestHead& head) {
  if (field_name_equals(name, "transfer-encoding")) return false;
  if (field_name_equals(name, "host") && std::exchange(head.host, value).has_value()) return false;
  if (field_name_equals(name, "origin")) head.has_origin = true;
  if (field_name_equals(name, "authorization") &&
      std::exchange(head.authorization, value).has_value()) {
    return false;
  }
  if (field_name_equals(name, "connection")) {
    head.close = head.close || field_name_equals(value, "close");
  }
  if (!field_name_equals(name, "content-length")) return true;
  const auto* const end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, head.body_size);
  return !std::exchange(has_length, true) && error == std::errc() && rest == end;
}

}  // namespace

std::optional<RequestHead> read_head(std::string_view text) {
  RequestHead head;
  std::string_view line = text.substr(0, text.find("\r\n"));
  const auto first = line.find(' ');
  const auto second = line.rfind(' ');
  if (first == std::string_view::npos || second == first) return std::nullopt;
  const std::string_view version = line.substr(second + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return std::nullopt;
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, second - first - 1);
  head.close = version == "HTTP/1.0";
  bool has_length = false;
  for (auto at = line.size(); at < text.size();) {
    text.remove_prefix(at + 2);
    line = text.substr(0, text.find("\r\n"));
    at = line.size();
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || line.front() == ' ') return std::nullopt;
    if (!read_field(line.substr(0, colon), trim(line.substr(colon + 1)), has_length, head)) {
      return std::nullopt;
    }
  }
  return head;
}

}  // namespace wba::agent
