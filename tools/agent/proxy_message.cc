#include "proxy_message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <wba/message.h>

#include "proxy_authority.h"

namespace wba::agent {
namespace {

constexpr std::string_view kVia = "1.1 wba-agent";

std::unexpected<Refused> refuse(int status, std::string_view reason) {
  return std::unexpected(Refused{.status = status, .reason = std::string(reason)});
}

bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// RFC 9110 §5.6.2.
bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_alphanumeric(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// RFC 3986 §3.3, §3.4: what may stand in a path and query, and what clients send there unencoded.
bool is_target(std::string_view target) noexcept {
  return std::ranges::all_of(target, [](char c) {
    return c > 0x20 && c < 0x7f &&
           std::string_view("\"<>\\^`{|}#").find(c) == std::string_view::npos;
  });
}

// for_each_listed gives the members of a comma-separated list, none of them empty.
template <typename F>
void for_each_listed(std::string_view value, F each) {
  for (;;) {
    const auto comma = value.find(',');
    if (const auto member = trim(value.substr(0, comma)); !member.empty()) each(member);
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

// What is between two neighbours, whether Connection names it or not. RFC 9110 §7.6.1. Trailers are
// not sent on, so neither is their announcement.
constexpr std::array<std::string_view, 11> kBetweenNeighbours{"connection",
                                                              "proxy-connection",
                                                              "keep-alive",
                                                              "te",
                                                              "trailer",
                                                              "transfer-encoding",
                                                              "upgrade",
                                                              "via",
                                                              "expect",
                                                              "proxy-authorization",
                                                              "proxy-authentication-info"};

std::vector<std::string_view> nominated(const ProxyFields& fields) {
  std::vector<std::string_view> names(kBetweenNeighbours.begin(), kBetweenNeighbours.end());
  names.insert(names.end(), {"content-length", "proxy-authenticate", "http2-settings"});
  for (const auto& field : fields) {
    if (!field_name_equals(field.name, "connection")) continue;
    for_each_listed(field.value, [&](std::string_view name) { names.push_back(name); });
  }
  return names;
}

ProxyFields end_to_end(const ProxyFields& fields, bool http_1_0) {
  const auto dropped = nominated(fields);
  ProxyFields kept;
  std::string via;
  for (const auto& field : fields) {
    if (field_name_equals(field.name, "via")) via.append(field.value).append(", ");
    if (std::ranges::none_of(
            dropped, [&](std::string_view name) { return field_name_equals(field.name, name); })) {
      kept.push_back(field);
    }
  }
  // Who it was received by, and in which version. RFC 9110 §7.6.3.
  via.append(http_1_0 ? "1.0 wba-agent" : kVia);
  kept.push_back({.name = "Via", .value = std::move(via)});
  return kept;
}

std::expected<std::uint64_t, Refused> read_length(std::string_view text) {
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  // Nothing has more octets than libcurl counts.
  if (error != std::errc() || end != text.data() + text.size() || length >> 62U != 0) {
    return refuse(400, "content-length-invalid");
  }
  return length;
}

std::expected<void, Refused> read_framing(ProxyRequest& request) {
  bool has_length = false;
  bool has_coding = false;
  for (const auto& field : request.fields) {
    if (field_name_equals(field.name, "content-length")) {
      // Once, even where all say the same. RFC 9112 §6.3.
      if (std::exchange(has_length, true)) return refuse(400, "framing-ambiguous");
      const auto length = read_length(field.value);
      if (!length) return std::unexpected(length.error());
      request.framing = BodyFraming::length;
      request.length = *length;
    } else if (field_name_equals(field.name, "transfer-encoding")) {
      if (std::exchange(has_coding, true) || request.http_1_0) {
        return refuse(400, "framing-ambiguous");
      }
      if (!field_name_equals(field.value, "chunked")) {
        return refuse(501, "transfer-coding-unsupported");
      }
      request.framing = BodyFraming::chunked;
    }
  }
  if (has_length && has_coding) return refuse(400, "framing-ambiguous");
  const bool has_body = has_coding || request.length > 0;
  if (has_body && (request.method == "HEAD" || request.is_tunnel())) {
    return refuse(400, "content-not-allowed");
  }
  return {};
}

std::expected<void, Refused> read_connection(ProxyRequest& request, std::string_view inside) {
  std::size_t hosts = 0;
  request.close = request.http_1_0;
  for (const auto& field : request.fields) {
    if (field_name_equals(field.name, "connection")) {
      for_each_listed(field.value, [&](std::string_view name) {
        request.close = request.close || field_name_equals(name, "close");
      });
    } else if (field_name_equals(field.name, "host")) {
      ++hosts;
      // Over a connection for one host nothing is asked of another. RFC 9110 §15.5.20.
      if (!inside.empty()) {
        const auto host = read_proxy_authority("https", field.value);
        if (!host || *host != inside) return refuse(421, "host-of-another-connection");
      }
    } else if (field_name_equals(field.name, "expect")) {
      if (!field_name_equals(field.value, "100-continue")) {
        return refuse(417, "expectation-unknown");
      }
      request.expects_continue = !request.http_1_0 && request.framing != BodyFraming::none;
    }
  }
  // Which host is meant is said by the target alone, but a request has to have the field.
  if (hosts > 1 || (hosts == 0 && !request.http_1_0)) return refuse(400, "host-missing");
  return {};
}

// OPTIONS can be meant for one on the way. RFC 9110 §7.6.2.
std::expected<void, Refused> count_down(ProxyRequest& request) {
  if (request.method != "OPTIONS") return {};
  for (auto& field : request.fields) {
    if (!field_name_equals(field.name, "max-forwards")) continue;
    const auto left = read_length(field.value);
    if (!left) return refuse(400, "field-invalid");
    if (*left == 0) return refuse(501, "options-of-proxy-unsupported");
    field.value = std::to_string(*left - 1);
  }
  return {};
}

std::expected<void, Refused> read_tunnel_target(ProxyRequest& request, std::string_view target) {
  // A port has to be named. RFC 9112 §3.2.3.
  const auto colon = target.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == target.size() || target.ends_with(']')) {
    return refuse(400, "target-invalid");
  }
  auto authority = read_proxy_authority("https", target);
  if (!authority) return std::unexpected(std::move(authority.error()));
  request.authority = *std::move(authority);
  return {};
}

std::expected<void, Refused> read_absolute_target(ProxyRequest& request, std::string_view target) {
  if (!target.contains("://")) return refuse(400, "target-not-absolute");
  const auto uri = split_target_uri(target);
  // A fragment is no part of a request: it would be lost without a word.
  if (!uri || target.contains('#')) return refuse(400, "target-invalid");
  request.scheme = field_name_equals(uri->scheme, "http") ? "http" : "https";
  auto authority = read_proxy_authority(request.scheme, uri->authority);
  if (!authority) return std::unexpected(std::move(authority.error()));
  request.authority = *std::move(authority);
  request.target = uri->target;
  if (request.target.empty() || request.target.front() == '?') {
    // The server as a whole, "*", is not asked. RFC 9112 §3.2.4.
    if (request.method == "OPTIONS") return refuse(501, "options-of-server-unsupported");
    request.target.insert(0, "/");
  }
  if (!is_target(request.target)) return refuse(400, "target-invalid");
  return {};
}

std::expected<void, Refused> read_origin_target(ProxyRequest& request, std::string_view target,
                                                std::string_view inside) {
  if (!target.starts_with('/') || request.is_tunnel() || !is_target(target)) {
    return refuse(400, "target-invalid");
  }
  request.scheme = "https";
  request.authority = inside;
  request.target = target;
  return {};
}

std::expected<void, Refused> read_request_line(ProxyRequest& request, std::string_view line,
                                               std::string_view inside) {
  const auto first = line.find(' ');
  const auto second = line.rfind(' ');
  if (first == std::string_view::npos || first == second) {
    return refuse(400, "request-line-invalid");
  }
  const auto target = line.substr(first + 1, second - first - 1);
  const auto version = line.substr(second + 1);
  request.method = line.substr(0, first);
  if (!is_token(request.method) || target.empty() || target.contains(' ') ||
      !version.starts_with("HTTP/")) {
    return refuse(400, "request-line-invalid");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse(505, "version-unsupported");
  request.http_1_0 = version == "HTTP/1.0";
  // It would show the client what was signed, credentials of others included.
  if (request.method == "TRACE") return refuse(501, "method-not-forwarded");
  if (!inside.empty()) return read_origin_target(request, target, inside);
  return request.is_tunnel() ? read_tunnel_target(request, target)
                             : read_absolute_target(request, target);
}

}  // namespace

bool read_field_line(std::string_view line, ProxyField& field) {
  // White space before the colon, and a line that goes on with the one before, are no token.
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
  const auto value = trim(line.substr(colon + 1));
  const bool clean = std::ranges::all_of(value, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet == '\t' || (octet >= 0x20 && octet != 0x7f);
  });
  if (clean) field = {.name = std::string(line.substr(0, colon)), .value = std::string(value)};
  return clean;
}

void append_field_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

std::expected<std::optional<std::string>, Refused> take_proxy_head(std::string& in) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  std::size_t empty = 0;
  while (in.compare(empty, 2, "\r\n") == 0) empty += 2;
  in.erase(0, empty);
  // The end may be that of the largest head only where it begins within so many octets.
  const auto end = std::string_view(in).substr(0, max_proxy_head + kEnd.size()).find(kEnd);
  if (end == std::string::npos) {
    if (in.size() >= max_proxy_head + kEnd.size()) return refuse(431, "head-too-large");
    return std::nullopt;
  }
  std::string head = in.substr(0, end);
  in.erase(0, end + kEnd.size());
  return head;
}

std::expected<ProxyRequest, Refused> read_proxy_request(std::string_view head,
                                                        std::string_view inside) {
  ProxyRequest request;
  const auto end = head.find("\r\n");
  if (auto read = read_request_line(request, head.substr(0, end), inside); !read) {
    return std::unexpected(read.error());
  }
  for (auto at = end; at != std::string_view::npos;) {
    head.remove_prefix(at + 2);
    at = head.find("\r\n");
    if (request.fields.size() >= max_proxy_fields) return refuse(431, "too-many-fields");
    if (!read_field_line(head.substr(0, at), request.fields.emplace_back())) {
      return refuse(400, "field-invalid");
    }
  }
  if (auto read = read_framing(request); !read) return std::unexpected(read.error());
  if (auto read = read_connection(request, inside); !read) return std::unexpected(read.error());
  if (auto counted = count_down(request); !counted) return std::unexpected(counted.error());
  return request;
}

ProxyFields forwarded_request_fields(const ProxyRequest& request) {
  ProxyFields fields = end_to_end(request.fields, request.http_1_0);
  std::erase_if(fields,
                [](const ProxyField& field) { return field_name_equals(field.name, "host"); });
  return fields;
}

ProxyFields forwarded_response_fields(const ProxyFields& fields, const ProxyRequest& request) {
  ProxyFields kept = end_to_end(fields, false);
  if (request.scheme != "http") return kept;
  for (auto& field : kept) {
    if (!field_name_equals(field.name, "location")) continue;
    const auto uri = split_target_uri(field.value);
    if (!uri || !field_name_equals(uri->scheme, "https")) continue;
    const auto authority = read_proxy_authority("https", uri->authority);
    if (authority && *authority == request.authority) {
      field.value.erase(uri->scheme.size() - 1, 1);
    }
  }
  return kept;
}

const std::string* find_value(const ProxyFields& fields, std::string_view name) noexcept {
  const auto found = std::ranges::find_if(
      fields, [name](const ProxyField& field) { return field_name_equals(field.name, name); });
  return found == fields.end() ? nullptr : &found->value;
}

}  // namespace wba::agent
