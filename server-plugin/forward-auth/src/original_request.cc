#include "original_request.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ascii.h"

namespace wba::forward_auth {
namespace {

// Names are the fields of one style. An empty one: not told in a field.
struct Names {
  std::string_view method;
  std::string_view scheme;
  std::string_view host;
  std::string_view target;
  std::string_view client;
  std::string_view length;
  std::string_view request_id;
};

Names names_of(HeaderStyle style) noexcept {
  switch (style) {
    case HeaderStyle::original:
      return {"x-original-method",    "x-original-scheme", "x-original-host",
              "x-original-uri",       "x-original-client", "x-original-content-length",
              "x-original-request-id"};
    case HeaderStyle::forwarded:
      return {"x-forwarded-method",
              "x-forwarded-proto",
              "x-forwarded-host",
              "x-forwarded-uri",
              "",
              "x-forwarded-content-length",
              ""};
    case HeaderStyle::direct:
      return {"", "x-forwarded-proto", "", "", "", "", ""};
  }
  return {};
}

// only_line gives the one line with this name; nullopt where there is none.
Result<std::optional<std::string_view>> only_line(std::span<const FieldLine> fields,
                                                  std::string_view name) noexcept {
  std::optional<std::string_view> value;
  for (const auto& line : fields) {
    if (!field_name_equals(line.name, name)) continue;
    if (value) return std::unexpected(Error{ErrorCode::component_duplicate});
    value = ascii::trim(line.value);
  }
  return value;
}

// take puts the value of a field into `into`, where the style has one.
Result<void> take(const Request& asking, std::string_view name, bool required,
                  std::string_view& into) noexcept {
  if (name.empty()) return {};
  const auto value = only_line(asking.fields, name);
  if (!value) return std::unexpected(value.error());
  if (*value) {
    into = **value;
  } else if (required) {
    return std::unexpected(Error{ErrorCode::component_field_missing});
  }
  return {};
}

bool belongs_to_asking(std::string_view name, const Names& names) noexcept {
  const std::array<std::string_view, 10> own = {
      names.method, names.scheme,     names.host, names.target, names.client,
      names.length, names.request_id, "host",     "connection", "content-length"};
  return std::ranges::any_of(own, [&](std::string_view known) {
    return !known.empty() && field_name_equals(name, known);
  });
}

// last_forwarded_for gives the last address of X-Forwarded-For: those before it are claims.
std::string_view last_forwarded_for(std::span<const FieldLine> fields) noexcept {
  std::string_view list;
  for (const auto& line : fields) {
    if (field_name_equals(line.name, "x-forwarded-for")) list = line.value;
  }
  return ascii::trim(list.substr(list.rfind(',') + 1));
}

}  // namespace

Result<void> read_original_request(HeaderStyle style, const Request& asking,
                                   std::string_view scheme, OriginalRequest& original) {
  const Names names = names_of(style);
  Request request{.method = asking.method,
                  .scheme = scheme,
                  .authority = asking.authority,
                  .target = asking.target};
  const bool told = style != HeaderStyle::direct;
  if (auto taken = take(asking, names.method, told, request.method); !taken) return taken;
  if (auto taken = take(asking, names.scheme, false, request.scheme); !taken) return taken;
  if (auto taken = take(asking, names.host, told, request.authority); !taken) return taken;
  if (auto taken = take(asking, names.target, told, request.target); !taken) return taken;
  std::string_view client = last_forwarded_for(asking.fields);
  if (auto taken = take(asking, names.client, told, client); !taken) return taken;
  std::string_view length;
  if (auto taken = take(asking, names.length, false, length); !taken) return taken;
  std::string_view request_id;
  if (auto taken = take(asking, names.request_id, false, request_id); !taken) return taken;
  if (style == HeaderStyle::direct) {
    const auto host = only_line(asking.fields, "host");
    if (!host || !*host) return std::unexpected(Error{ErrorCode::authority_invalid});
  }
  if (request.authority.empty() ||
      request.authority.find_first_of(" \t,/?#@\\\"") != std::string_view::npos) {
    return std::unexpected(Error{ErrorCode::authority_invalid});
  }
  const bool https = ascii::equals_ignoring_case(request.scheme, "https");
  if (request.method.empty() || request.target.empty() ||
      (!https && !ascii::equals_ignoring_case(request.scheme, "http"))) {
    return std::unexpected(Error{ErrorCode::component_value_invalid});
  }
  original.fields.clear();
  for (const auto& line : asking.fields) {
    if (!belongs_to_asking(line.name, names)) original.fields.push_back(line);
  }
  // For signatures that cover it.
  original.fields.push_back({"host", request.authority});
  if (!length.empty()) original.fields.push_back({"content-length", length});
  request.fields = original.fields;
  original.client = client;
  original.request_id = request_id;
  original.request = request;
  return {};
}

}  // namespace wba::forward_auth
