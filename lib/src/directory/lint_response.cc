#include <algorithm>

#include <wba/agent_identity.h>
#include <wba/directory_document.h>

#include "directory/http_cache.h"
#include "directory/lint_parts.h"
#include "directory/text.h"

namespace wba::directory {
namespace {

void lint_url(Lint& lint) {
  const std::string_view url = lint.fetched.url;
  const auto parts = split_target_uri(url);
  if (!parts) {
    lint.https = false;
    lint.add(Level::fail, "url", "", "not an absolute https URL: " + quote(url, 200),
             "give the URL that your agent sends, or its origin");
    return;
  }
  const std::string_view target = parts->target.substr(0, parts->target.find('?'));
  lint.well_known = target == directory_well_known_path;
  if (ascii_lower(parts->scheme) != "https") {
    lint.https = false;
    lint.add(Level::fail, "url", "", "not https: " + quote(url, 200),
             "serve the directory over https only");
  } else if (parts->target.find('?') != std::string_view::npos) {
    lint.add(Level::warn, "url", "",
             "the URL has a query, which verifiers by the draft drop from the agent's identity",
             "serve the directory at a URL without one");
  } else {
    lint.add(Level::ok, "url", "", lint.well_known ? "the well-known path" : "a key set's own URL");
  }
}

void lint_redirect(Lint& lint) {
  const auto locations = field_lines(lint.fetched.fields, "location");
  std::string message = "answers " + std::to_string(lint.fetched.status);
  if (!locations.empty()) message += ", to " + quote(locations.front(), 200);
  lint.add(Level::fail, "redirect", "", message + ": verifiers follow no redirect",
           "serve the directory with status 200 at this very URL");
}

// status_advice says what to do about a status that is neither 200 nor a redirect.
std::string_view status_advice(std::uint16_t status) {
  switch (status) {
    case 401:
    case 403:
      return "take the path out of login, bot protection and address rules: verifiers are plain "
             "clients";
    case 404:
    case 410:
      return "put the directory there, or check the path";
    case 406:
    case 415:
      return "ignore the Accept field and always answer with the directory";
    case 429:
      return "take the path out of rate limits: many verifiers fetch it";
    case 304:
      return "answer 304 only to conditional requests: this one had no validator";
    default:
      return status >= 500 ? "look into the server's log" : "answer 200 with the directory";
  }
}

bool lint_status(Lint& lint) {
  const std::uint16_t status = lint.fetched.status;
  if (status == 200) {
    lint.add(Level::ok, "status", "", "200");
    return true;
  }
  if (status >= 300 && status < 400 && status != 304) {
    lint_redirect(lint);
    return false;
  }
  lint.add(Level::fail, "status", "", "answers " + std::to_string(status) + " instead of 200",
           std::string(status_advice(status)));
  return false;
}

void lint_media_type(Lint& lint) {
  const auto lines = field_lines(lint.fetched.fields, "content-type");
  const std::string right(media_type);
  lint.media_type_right = false;
  lint.media_type_is_json = false;
  if (lines.empty()) {
    lint.add(Level::fail, "media-type", "", "no Content-Type", "send Content-Type: " + right);
    return;
  }
  if (lines.size() > 1) {
    lint.add(Level::fail, "media-type", "", "more than one Content-Type line",
             "send one: Content-Type: " + right);
    return;
  }
  const std::string type = ascii_lower(trimmed(lines.front().substr(0, lines.front().find(';'))));
  lint.media_type_right = type == media_type;
  lint.media_type_is_json = media_type_is_json(type);
  if (lint.media_type_right) {
    lint.add(Level::ok, "media-type", "", right);
  } else if (!lint.well_known && lint.media_type_is_json) {
    lint.add(Level::ok, "media-type", "", type);
  } else {
    lint.add(Level::fail, "media-type", "", quote(type, 100) + " instead of " + right,
             "send Content-Type: " + right);
  }
}

std::string joined(const std::vector<std::string_view>& lines) {
  std::string out;
  for (const std::string_view line : lines) out.append(out.empty() ? "" : ", ").append(line);
  return out;
}

// left_of gives what is left of a lifetime for a response that has spent a part of it in caches on
// the way.
std::chrono::seconds left_of(std::chrono::seconds lifetime, const Lint& lint) {
  const auto ages = field_lines(lint.fetched.fields, "age");
  const auto age = ages.empty() ? std::nullopt : parse_delta_seconds(ages.front());
  return std::max(lifetime - age.value_or(std::chrono::seconds(0)), std::chrono::seconds(0));
}

void lint_expires(Lint& lint, std::string_view field) {
  const auto expires = parse_http_date(field, lint.now);
  // What is no date lies in the past. RFC 9111 §5.3.
  const Time end = std::max(expires.value_or(lint.now), lint.now);
  lint.cache_lifetime = end - lint.now;
  lint.add(
      Level::ok, "cache", "",
      expires ? "cached until Expires: " + utc_time(*expires) : "not cached: Expires is no date");
}

void lint_caching(Lint& lint) {
  const auto lines = field_lines(lint.fetched.fields, "cache-control");
  const CacheControl caching = parse_cache_control(joined(lines));
  // Verifiers are shared caches. RFC 9111 §5.2.2.10.
  const auto lifetime = caching.s_maxage ? caching.s_maxage : caching.max_age;
  const std::string advice = "send Cache-Control: max-age=86400, or less while keys are changing";
  if (caching.no_store) {
    lint.cache_lifetime = std::chrono::seconds(0);
    lint.add(Level::warn, "cache", "",
             "no-store: verifiers must fetch again and again, and lose the keys in any outage",
             advice);
  } else if (lifetime) {
    lint.cache_lifetime = caching.no_cache ? std::chrono::seconds(0) : left_of(*lifetime, lint);
    const std::string served = "cached for " + duration_text(*lifetime);
    if (caching.no_cache || lifetime->count() < 60) {
      lint.add(Level::warn, "cache", "", served + ": hardly cached at all", advice);
    } else if (*lifetime > std::chrono::days(7)) {
      lint.add(Level::warn, "cache", "", served + ": a key that you take out works as long",
               advice);
    } else {
      lint.add(Level::ok, "cache", "", served);
    }
  } else if (const auto expires = field_lines(lint.fetched.fields, "expires"); !expires.empty()) {
    lint_expires(lint, expires.front());
  } else {
    lint.add(Level::warn, "cache", "", "neither Cache-Control nor Expires: each cache guesses",
             advice);
  }
}

// lint_clock compares Date with the time of the check: signatures are made by that clock.
void lint_clock(Lint& lint) {
  const auto dates = field_lines(lint.fetched.fields, "date");
  // An Age says that the response comes from a cache, and its Date from then.
  if (dates.empty() || !field_lines(lint.fetched.fields, "age").empty()) return;
  const auto date = parse_http_date(dates.front(), lint.now);
  if (!date) {
    lint.add(Level::warn, "clock", "", "Date is no date: " + quote(dates.front(), 40),
             "send Date as RFC 9110 has it, or leave it out");
  } else if (*date - lint.now > lint.options.skew || lint.now - *date > lint.options.skew) {
    const bool ahead = *date > lint.now;
    lint.add(Level::warn, "clock", "",
             "the server's clock is " + duration_text(ahead ? *date - lint.now : lint.now - *date) +
                 (ahead ? " ahead" : " behind"),
             "set it: verifiers refuse signatures from the future and from the past");
  } else {
    lint.add(Level::ok, "clock", "", "the server's clock is right");
  }
}

void lint_fields(Lint& lint) {
  const auto& fields = lint.fetched.fields;
  if (field_lines(fields, "etag").empty() && field_lines(fields, "last-modified").empty()) {
    lint.add(Level::warn, "validator", "", "neither ETag nor Last-Modified",
             "send an ETag, so that caches can ask for changes only");
  } else {
    lint.add(Level::ok, "validator", "", "can be revalidated");
  }
  const auto encodings = field_lines(fields, "content-encoding");
  if (!encodings.empty() && ascii_lower(encodings.front()) != "identity") {
    lint.add(Level::warn, "content-encoding", "",
             "encoded as " + quote(encodings.front(), 40) +
                 ": Content-Digest then is of the encoded bytes",
             "serve it unencoded: it is small");
  }
}

}  // namespace

std::vector<std::string_view> field_lines(std::span<const FieldLine> fields,
                                          std::string_view name) {
  std::vector<std::string_view> lines;
  for (const FieldLine& field : fields) {
    if (field_name_equals(field.name, name)) lines.push_back(trimmed(field.value));
  }
  return lines;
}

bool lint_response(Lint& lint) {
  if (lint.is_file()) return true;
  lint_url(lint);
  lint.answered = lint_status(lint);
  if (!lint.answered) return false;
  lint_media_type(lint);
  lint_caching(lint);
  lint_clock(lint);
  lint_fields(lint);
  return true;
}

}  // namespace wba::directory
