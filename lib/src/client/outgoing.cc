#include "client/outgoing.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <wba/message.h>

#include "base/ascii.h"

namespace wba {

const std::string* ClientResponse::field(std::string_view name) const noexcept {
  const ClientField* found = client::find_field(fields, name);
  return found == nullptr ? nullptr : &found->value;
}

bool is_redirect(long status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string_view redirected_method(std::string_view method, long status) noexcept {
  if (status == 303) return method == "HEAD" ? "HEAD" : "GET";
  if ((status == 301 || status == 302) && method == "POST") return "GET";
  return method;
}

namespace client {
namespace {

std::unexpected<Error> fail(ErrorCode code) noexcept { return std::unexpected(Error{code}); }

// RFC 9110 §5.6.2.
bool is_token(std::string_view text) noexcept {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return ascii::is_alpha(c) || ascii::is_digit(c) || others.find(c) != std::string_view::npos;
  });
}

// RFC 9110 §5.5. A line break here would be a field of somebody else's choosing.
bool is_field_value(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet == '\t' || (octet >= 0x20 && octet != 0x7f);
  });
}

bool is_among(std::string_view name, std::span<const std::string_view> names) noexcept {
  return std::ranges::any_of(
      names, [name](std::string_view other) { return field_name_equals(name, other); });
}

constexpr std::array<std::string_view, 3> kReserved{"content-length", "transfer-encoding",
                                                    "connection"};
constexpr std::array<std::string_view, 9> kCredentials{
    "authorization", "proxy-authorization", "cookie",          "cookie2",        "referer",
    "host",          "signature",           "signature-input", "signature-agent"};
// What describes a body, and means nothing without one.
constexpr std::array<std::string_view, 9> kContent{
    "content-type",   "content-encoding", "content-language", "content-location", "content-range",
    "content-digest", "repr-digest",      "digest",           "last-modified"};

}  // namespace

const ClientField* find_field(const std::vector<ClientField>& fields,
                              std::string_view name) noexcept {
  const auto found = std::ranges::find_if(
      fields, [name](const ClientField& field) { return field_name_equals(field.name, name); });
  return found == fields.end() ? nullptr : &*found;
}

bool omits(const ClientRequest& request, std::string_view name) noexcept {
  return std::ranges::any_of(
      request.omitted, [name](std::string_view other) { return field_name_equals(name, other); });
}

Result<Outgoing> read_request(ClientRequest request) {
  if (!is_token(request.method)) return fail(ErrorCode::client_method_invalid);
  std::size_t hosts = 0;
  for (const auto& field : request.fields) {
    if (!is_token(field.name) || !is_field_value(field.value)) {
      return fail(ErrorCode::client_field_invalid);
    }
    if (is_among(field.name, kReserved)) return fail(ErrorCode::client_field_reserved);
    if (field_name_equals(field.name, "host")) {
      std::string normalised;
      if (auto host = append_normalised_authority("https", field.value, normalised); !host) {
        return std::unexpected(host.error());
      }
      if (++hosts > 1) return fail(ErrorCode::client_field_invalid);
    }
  }
  for (const auto& name : request.omitted) {
    if (!is_token(name)) return fail(ErrorCode::client_field_invalid);
    if (is_among(name, kReserved) || field_name_equals(name, "host")) {
      return fail(ErrorCode::client_field_reserved);
    }
  }
  if (request.body && request.stream) return fail(ErrorCode::client_body_ambiguous);
  auto target = parse_target(request.url);
  if (!target) return std::unexpected(target.error());
  return Outgoing{.request = std::move(request), .target = *std::move(target)};
}

bool redirect(Outgoing& outgoing, long status, Target target,
              const std::vector<std::string>& credentials) {
  auto& request = outgoing.request;
  // 303 leads to a representation of the answer: nothing is sent there again.
  const auto method = redirected_method(request.method, status);
  if (status == 303 || method != request.method) {
    request.method = std::string(method);
    request.body.reset();
    request.stream.reset();
    std::erase_if(request.fields,
                  [](const ClientField& field) { return is_among(field.name, kContent); });
  }
  const bool crosses = target.authority != outgoing.target.authority;
  if (crosses) {
    std::erase_if(request.fields, [&](const ClientField& field) {
      return is_among(field.name, kCredentials) ||
             std::ranges::any_of(credentials, [&](const std::string& name) {
               return field_name_equals(field.name, name);
             });
    });
  } else {
    // A signature that the application made was for the first URL.
    std::erase_if(request.fields, [](const ClientField& field) {
      return field_name_equals(field.name, "signature") ||
             field_name_equals(field.name, "signature-input") ||
             field_name_equals(field.name, "signature-agent");
    });
  }
  request.url = target.url;
  outgoing.target = std::move(target);
  return crosses;
}

}  // namespace client
}  // namespace wba
