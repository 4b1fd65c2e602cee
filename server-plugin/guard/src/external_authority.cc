#include "external_authority.h"

#include <algorithm>

#include "base/ascii.h"
#include "http/authority.h"

namespace wba::guard {
namespace {

std::unexpected<Error> unclear() { return std::unexpected(Error{ErrorCode::authority_invalid}); }

// last_line gives the last line with this name; a proxy that adds a line adds it at the end.
std::string_view last_line(const Request& request, std::string_view name) noexcept {
  std::string_view value;
  for (const auto& line : request.fields) {
    if (field_name_equals(line.name, name)) value = line.value;
  }
  return value;
}

std::string_view last_element(std::string_view list) noexcept {
  return ascii::trim(list.substr(list.rfind(',') + 1));
}

bool is_scheme(std::string_view text) noexcept {
  return ascii::equals_ignoring_case(text, "https") || ascii::equals_ignoring_case(text, "http");
}

std::string_view unquoted(std::string_view value) noexcept {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    return value.substr(1, value.size() - 2);
  }
  return value;
}

// The last element of a Forwarded field, RFC 7239 §4. Commas and semicolons inside quotes do not
// separate. An escape inside quotes has no place in a host or scheme: such an element is refused.
Result<void> read_forwarded(std::string_view line, ExternalName& name) noexcept {
  bool quoted = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') return unclear();
    if (line[i] == '"') quoted = !quoted;
    if (line[i] == ',' && !quoted) start = i + 1;
  }
  if (quoted) return unclear();
  std::string_view element = line.substr(start);
  bool has_host = false;
  bool has_scheme = false;
  while (!element.empty()) {
    std::size_t end = 0;
    for (quoted = false; end < element.size() && (quoted || element[end] != ';'); ++end) {
      if (element[end] == '"') quoted = !quoted;
    }
    const auto pair = ascii::trim(element.substr(0, end));
    element.remove_prefix(std::min(end + 1, element.size()));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) {
      if (pair.empty()) continue;
      return unclear();
    }
    const auto key = pair.substr(0, equals);
    const auto value = unquoted(pair.substr(equals + 1));
    if (ascii::equals_ignoring_case(key, "host")) {
      if (has_host) return unclear();
      has_host = true;
      name.authority = value;
    } else if (ascii::equals_ignoring_case(key, "proto")) {
      if (has_scheme) return unclear();
      has_scheme = true;
      name.scheme = value;
    }
  }
  return {};
}

Result<void> read_forwarding_fields(const ServerSettings& server, const Request& request,
                                    ExternalName& name) noexcept {
  if (server.forwarded == ForwardedSource::forwarded) {
    const auto line = last_line(request, "forwarded");
    if (!line.empty()) return read_forwarded(line, name);
  } else if (server.forwarded == ForwardedSource::x_forwarded) {
    const auto host = last_element(last_line(request, "x-forwarded-host"));
    const auto scheme = last_element(last_line(request, "x-forwarded-proto"));
    if (!host.empty()) name.authority = host;
    if (!scheme.empty()) name.scheme = scheme;
  }
  return {};
}

}  // namespace

bool is_trusted_peer(const ServerSettings& server, std::string_view peer) noexcept {
  if (server.trusted_proxies.empty() || peer.empty()) return false;
  // A socket that takes both families tells IPv4 peers as mapped addresses.
  constexpr std::string_view kMapped = "::ffff:";
  if (peer.size() > kMapped.size() && peer.find('.') != std::string_view::npos &&
      ascii::equals_ignoring_case(peer.substr(0, kMapped.size()), kMapped)) {
    peer.remove_prefix(kMapped.size());
  }
  const auto address = IpAddress::parse(peer);
  return address && std::ranges::any_of(server.trusted_proxies, [&](const AddressRange& range) {
           return range.contains(*address);
         });
}

Result<ExternalName> external_name(const ServerSettings& server, std::string_view peer,
                                   const Request& request) noexcept {
  const auto hosts = std::ranges::count_if(
      request.fields, [](const FieldLine& line) { return field_name_equals(line.name, "host"); });
  if (hosts > 1) return unclear();
  ExternalName name{.scheme = server.scheme, .authority = request.authority};
  if (!request.target.empty() && request.target.front() != '/' && request.target != "*" &&
      request.method != "CONNECT") {
    const auto uri = split_target_uri(request.target);
    if (!uri) return unclear();
    // A backend may go by either.
    if (!http::is_same_authority(name.scheme, uri->authority, ascii::trim(name.authority))) {
      return unclear();
    }
  }
  if (server.forwarded != ForwardedSource::none && is_trusted_peer(server, peer)) {
    if (auto read = read_forwarding_fields(server, request, name); !read) {
      return std::unexpected(read.error());
    }
  }
  name.authority = ascii::trim(name.authority);
  if (!is_scheme(name.scheme) || name.authority.empty() ||
      name.authority.find_first_of(" \t,/?#@\\\"") != std::string_view::npos) {
    return unclear();
  }
  return name;
}

}  // namespace wba::guard
