#ifndef WBA_DIRECTORY_HTTP_CACHE_H_
#define WBA_DIRECTORY_HTTP_CACHE_H_

// HTTP caching rules for key directories, RFC 9111, as functions of their arguments: no clock, no
// random source, no state.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <wba/directory_resolver.h>
#include <wba/key_resolver.h>

namespace wba::directory {

using std::chrono::seconds;

// ResponseFields are the values of the response fields that caching looks at; several lines of
// Cache-Control are joined by commas. Absent ones are nullopt.
struct ResponseFields {
  std::optional<std::string> age = {};
  std::optional<std::string> cache_control = {};
  std::optional<std::string> content_type = {};
  std::optional<std::string> date = {};
  std::optional<std::string> etag = {};
  std::optional<std::string> expires = {};
  std::optional<std::string> last_modified = {};
  std::optional<std::string> retry_after = {};
};

// parse_delta_seconds reads a number of seconds, digits only; more than 2147483648 counts as that
// (RFC 9111 §1.2.2). nullopt for anything else.
[[nodiscard]] std::optional<seconds> parse_delta_seconds(std::string_view text);

// parse_http_date reads the three formats of RFC 9110 §5.6.7. `now` decides the century of
// RFC 850's two-digit years. nullopt for anything else.
[[nodiscard]] std::optional<Time> parse_http_date(std::string_view text, Time now);

// http_date writes the preferred of them: "Sun, 06 Nov 1994 08:49:37 GMT". Years 0 to 9999.
[[nodiscard]] std::string http_date(Time time);

// CacheControl is what a response's Cache-Control says. An argument that is no number, or a
// directive that stands twice with different arguments, gives 0: stale, the careful reading of
// RFC 9111 §4.2.1.
struct CacheControl {
  bool no_store = false;
  bool no_cache = false;
  bool must_revalidate = false;  // or proxy-revalidate
  std::optional<seconds> max_age;
  std::optional<seconds> s_maxage;
  std::optional<seconds> stale_if_error;
};
[[nodiscard]] CacheControl parse_cache_control(std::string_view value);

// Freshness says how long a response that came at `received` may be used.
struct Freshness {
  Time fresh_until;
  // Until then it may be served while a refresh runs or fails.
  Time stale_until;
  // It must not be written to disk.
  bool no_store = false;
};

// freshness applies RFC 9111 §4.2 to a response that was asked for at `asked` and came at
// `received`: s-maxage, else max-age, else Expires less Date, else the policy's default; less its
// age; clamped by policy. A resolver is a shared cache.
[[nodiscard]] Freshness freshness(const ResponseFields& fields, Time asked, Time received,
                                  const DirectoryCachePolicy& policy);

// refresh_time says when to refresh ahead of expiry: within the last fifth of the lifetime at a
// place that `random` (0 ≤ random < 1) chooses, never closer to `received` than the policy's
// shortest lifetime.
[[nodiscard]] Time refresh_time(const Freshness& freshness, Time received, double random,
                                const DirectoryCachePolicy& policy);

// retry_time says when to fetch again after the `failures`-th failure in a row: exponential, a
// random half of it jitter, no earlier than Retry-After (RFC 9110 §10.2.3, both forms) and at
// latest the policy's `failure_max` from now.
[[nodiscard]] Time retry_time(int failures, const std::optional<std::string>& retry_after, Time now,
                              double random, const DirectoryCachePolicy& policy);

// media_type_is compares the type and subtype of a Content-Type value without regard to case;
// parameters are passed over. RFC 9110 §8.3.1.
[[nodiscard]] bool media_type_is(std::string_view content_type, std::string_view media_type);

// media_type_is_json is true for application/json and what ends in "+json", such as
// application/jwk-set+json. RFC 8259 §11, RFC 6839 §3.1.
[[nodiscard]] bool media_type_is_json(std::string_view content_type);

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_HTTP_CACHE_H_
