// HTTP caching of key directories: whatever a response says, by whatever clock, a directory is
// fresh and stale within the bounds of policy, is refreshed within its freshness, and is asked for
// again in time after a failure.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "directory/http_cache.h"
#include "fuzz/fuzz_input.h"

namespace {

using wba::DirectoryCachePolicy;
using wba::Time;
using wba::fuzz::Input;
using wba::fuzz::require;
using namespace wba::directory;

constexpr DirectoryCachePolicy policy;

std::optional<std::string> field(Input& input, bool present) {
  const std::string_view value = input.take_until('\n');
  return present ? std::optional<std::string>(value) : std::nullopt;
}

void check_date(std::string_view text, Time now) {
  const auto time = parse_http_date(text, now);
  if (!time) return;
  // Four digits of a year: nothing that is reckoned with can overflow.
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(*time)};
  require(day.ok() && static_cast<int>(day.year()) >= -50 && static_cast<int>(day.year()) <= 10050);
  require(parse_http_date(" " + std::string(text) + "\t", now) == time);
}

void check_control(std::string_view value) {
  const CacheControl control = parse_cache_control(value);
  for (const auto& delta : {control.max_age, control.s_maxage, control.stale_if_error}) {
    require(!delta || (delta->count() >= 0 && delta->count() <= 2147483648));
  }
  // An empty member more says nothing more.
  const CacheControl again = parse_cache_control("," + std::string(value));
  require(again.no_store == control.no_store && again.no_cache == control.no_cache &&
          again.max_age == control.max_age && again.s_maxage == control.s_maxage);
}

void check_freshness(const ResponseFields& fields, Time asked, Time received, double random) {
  const Freshness result = freshness(fields, asked, received, policy);
  require(result.fresh_until >= received + policy.fresh_min);
  require(result.fresh_until <= received + policy.fresh_max);
  require(result.stale_until >= result.fresh_until);
  require(result.stale_until <= result.fresh_until + policy.stale_max);
  const Time refresh = refresh_time(result, received, random, policy);
  require(refresh >= received + policy.fresh_min && refresh <= result.fresh_until);
  const CacheControl control = parse_cache_control(fields.cache_control.value_or(""));
  if (control.no_store || control.no_cache || control.must_revalidate) {
    require(result.stale_until <= result.fresh_until + policy.stale_guarded);
  }
  if (control.no_store || control.no_cache) {
    require(result.fresh_until == received + policy.fresh_min);
  }
  require(result.no_store == control.no_store);
  // An older response is not fresh for longer.
  ResponseFields older = fields;
  older.age = "2147483648";
  require(freshness(older, asked, received, policy).fresh_until <= result.fresh_until);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::uint8_t present = input.take_byte();
  const double random = input.take_byte() / 256.0;
  const int failures = 1 + input.take_byte();
  const std::chrono::seconds took(input.take_byte());
  // 1980 to 2523.
  std::int64_t at = 315532800;
  for (int shift = 26; shift >= 2; shift -= 8) {
    at += std::int64_t{input.take_byte()} << static_cast<unsigned>(shift);
  }
  const Time now{std::chrono::seconds(at)};
  const ResponseFields fields{.age = field(input, (present & 1U) != 0),
                              .cache_control = field(input, (present & 2U) != 0),
                              .date = field(input, (present & 4U) != 0),
                              .expires = field(input, (present & 8U) != 0),
                              .retry_after = field(input, (present & 16U) != 0)};
  check_freshness(fields, now - took, now, random);
  // A clock that was set back between request and response.
  check_freshness(fields, now + took, now, random);
  const Time retry = retry_time(failures, fields.retry_after, now, random, policy);
  require(retry > now && retry <= now + policy.failure_max);
  require(retry_time(failures, std::nullopt, now, random, policy) <= retry);
  for (const auto& value : {fields.date, fields.expires, fields.retry_after}) {
    if (value) check_date(*value, now);
  }
  check_control(fields.cache_control.value_or(""));
  static_cast<void>(media_type_is(fields.expires.value_or(""), "application/json"));
  return 0;
}
