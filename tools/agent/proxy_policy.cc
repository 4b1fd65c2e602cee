#include "proxy_policy.h"

#include <algorithm>
#include <chrono>

#include <wba/message.h>

#include "log_line.h"

namespace wba::agent {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxLogged = 500;

Clocks now() {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  return {
      .now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()),
      .steady_ms =
          duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count()};
}

bool has_body(const ProxyRequest& request) noexcept {
  return request.framing == BodyFraming::chunked || request.length > 0;
}

bool is_ascii(const ProxyField& field) noexcept {
  return std::ranges::all_of(field.value, [](char c) { return static_cast<signed char>(c) >= 0; });
}

std::expected<ProxyFields, Refused> read_answer(const Answer& answer) {
  const auto object = json::parse(answer.body, nullptr, false);
  if (answer.status != 200) {
    return std::unexpected(
        Refused{.status = answer.status, .reason = object.value("error", "not-signed")});
  }
  ProxyFields fields;
  for (const auto& line : object.at("headers")) {
    fields.push_back(
        {.name = line.at(0).get<std::string>(), .value = line.at(1).get<std::string>()});
  }
  return fields;
}

}  // namespace

bool ProxyPolicy::knows_user(uid_t user) {
  const std::lock_guard guard(lock_);
  return service_.policy().knows_user(user);
}

bool ProxyPolicy::wants_digest(uid_t user, const ProxyRequest& request) {
  const bool has_digest = find_value(request.fields, "content-digest") != nullptr;
  const std::lock_guard guard(lock_);
  return rule_on(service_.policy(), {.user = user,
                                     .authority = request.authority,
                                     .method = request.method,
                                     .path = http::request_path(request.target),
                                     .has_digest = has_digest,
                                     .has_body = has_body(request)})
             .refusal == Refusal::digest_missing;
}

std::expected<ProxyFields, Refused> ProxyPolicy::sign(uid_t user, const ProxyRequest& request,
                                                      const ProxyFields& fields) {
  json headers = json::array();
  for (const auto& field : fields) {
    Overrides overrides;
    overrides.note(field.name, field.value);
    // What is not ASCII is in no signature base (RFC 9421 §2.5): a rule that covers such a field
    // finds it missing.
    if (is_ascii(field) || overrides.any()) headers.push_back({field.name, field.value});
  }
  const std::string body = dump({{"method", request.method},
                                 {"url", "https://" + request.authority + request.target},
                                 {"headers", std::move(headers)}});
  const std::lock_guard guard(lock_);
  return read_answer(service_.answer({.method = "POST",
                                      .target = "/sign",
                                      .body = body,
                                      .user = user,
                                      .through = "proxy",
                                      .has_body = has_body(request)},
                                     now(), log_));
}

std::expected<void, Refused> ProxyPolicy::allow_tunnel(uid_t user, const ProxyRequest& request) {
  auto line = entry(user, &request);
  const auto refuse = [&](int status, std::string_view reason) {
    line["action"] = "refused";
    line["reason"] = reason;
    static_cast<void>(log_(dump(line)));
    return std::unexpected(Refused{.status = status, .reason = std::string(reason)});
  };
  const auto clocks = now();
  const std::lock_guard guard(lock_);
  const Ruling ruling =
      rule_on(service_.policy(),
              {.user = user, .authority = request.authority, .method = request.method, .path = ""});
  if (ruling.rule != nullptr) line["rule"] = ruling.rule->name;
  if (ruling.refusal != Refusal::none) return refuse(403, to_string(ruling.refusal));
  if (ruling.rule->per_minute != 0 &&
      !tunnels_[{ruling.rule->name, user}].take(clocks.steady_ms, ruling.rule->per_minute)) {
    return refuse(429, to_string(Refusal::rate_exceeded));
  }
  line["action"] = "tunnelled";
  line["signed"] = false;
  if (!log_(dump(line))) {
    return std::unexpected(Refused{.status = 503, .reason = "log-unavailable"});
  }
  return {};
}

void ProxyPolicy::note(What what, std::optional<uid_t> user, const ProxyRequest* request,
                       std::string_view reason) {
  auto line = entry(user, request);
  line["action"] = what == What::refused ? "refused" : "failed";
  line["reason"] = reason;
  const std::lock_guard guard(lock_);
  static_cast<void>(log_(dump(line)));
}

json ProxyPolicy::entry(std::optional<uid_t> user, const ProxyRequest* request) {
  json line{{"time", iso_time(now().now)}, {"through", "proxy"}};
  if (user) line["user"] = *user;
  if (request == nullptr) return line;
  line["method"] = request->method;
  line["authority"] = request->authority.substr(0, kMaxLogged);
  if (!request->is_tunnel())
    line["path"] = http::request_path(request->target).substr(0, kMaxLogged);
  return line;
}

}  // namespace wba::agent
