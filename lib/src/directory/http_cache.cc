#include "directory/http_cache.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/ascii.h"

namespace wba::directory {
namespace {

// RFC 9111 §1.2.2: what overflows counts as this.
constexpr seconds delta_max{2147483648};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t";
  const std::size_t first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

// DateText reads the pieces of an HTTP date; after the first that does not fit, `good` is false.
struct DateText {
  std::string_view rest;
  bool good = true;

  void literal(std::string_view text) {
    good = good && rest.starts_with(text);
    if (good) rest.remove_prefix(text.size());
  }
  int number(std::size_t digits) {
    int value = 0;
    good = good && rest.size() >= digits;
    for (std::size_t i = 0; good && i < digits; ++i) {
      good = rest[i] >= '0' && rest[i] <= '9';
      value = value * 10 + (rest[i] - '0');
    }
    if (good) rest.remove_prefix(digits);
    return value;
  }
  template <std::size_t N>
  int name(const std::array<std::string_view, N>& names) {
    for (std::size_t i = 0; good && i < N; ++i) {
      if (rest.starts_with(names[i])) {
        rest.remove_prefix(names[i].size());
        return static_cast<int>(i);
      }
    }
    good = false;
    return 0;
  }
};

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> days = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> long_days = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

seconds time_of_day(DateText& text) {
  const int hour = text.number(2);
  text.literal(":");
  const int minute = text.number(2);
  text.literal(":");
  const int second = text.number(2);
  text.good = text.good && hour < 24 && minute < 60 && second <= 60;
  return std::chrono::hours(hour) + std::chrono::minutes(minute) + seconds(second);
}

std::optional<Time> make_time(const DateText& text, int year, int month, int day, seconds time) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month + 1)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!text.good || !text.rest.empty() || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + time;
}

// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<Time> parse_imf_date(std::string_view value) {
  DateText text{value};
  text.name(days);
  text.literal(", ");
  const int day = text.number(2);
  text.literal(" ");
  const int month = text.name(months);
  text.literal(" ");
  const int year = text.number(4);
  text.literal(" ");
  const seconds time = time_of_day(text);
  text.literal(" GMT");
  return make_time(text, year, month, day, time);
}

// Sunday, 06-Nov-94 08:49:37 GMT. A year more than 50 years ahead lies in the past.
std::optional<Time> parse_rfc850_date(std::string_view value, Time now) {
  DateText text{value};
  text.name(long_days);
  text.literal(", ");
  const int day = text.number(2);
  text.literal("-");
  const int month = text.name(months);
  text.literal("-");
  const int two_digits = text.number(2);
  text.literal(" ");
  const seconds time = time_of_day(text);
  text.literal(" GMT");
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(now)};
  const int this_year = static_cast<int>(today.year());
  int year = this_year - this_year % 100 + two_digits;
  if (year > this_year + 50) year -= 100;
  return make_time(text, year, month, day, time);
}

// Sun Nov  6 08:49:37 1994
std::optional<Time> parse_asctime_date(std::string_view value) {
  DateText text{value};
  text.name(days);
  text.literal(" ");
  const int month = text.name(months);
  text.literal(" ");
  int day = 0;
  if (text.rest.starts_with(" ")) {
    text.literal(" ");
    day = text.number(1);
  } else {
    day = text.number(2);
  }
  text.literal(" ");
  const seconds time = time_of_day(text);
  text.literal(" ");
  const int year = text.number(4);
  return make_time(text, year, month, day, time);
}

// set keeps the first argument; another one that differs makes the directive mean 0.
void set(std::optional<seconds>& slot, std::string_view argument) {
  const seconds value = parse_delta_seconds(argument).value_or(seconds(0));
  slot = slot && *slot != value ? seconds(0) : value;
}

// next_directive cuts the next member off `value`, minding quoted strings.
std::string_view next_directive(std::string_view& value) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < value.size(); ++end) {
    if (quoted && value[end] == '\\') {
      ++end;
    } else if (value[end] == '"') {
      quoted = !quoted;
    } else if (value[end] == ',' && !quoted) {
      break;
    }
  }
  const std::string_view member = value.substr(0, end);
  value.remove_prefix(std::min(end + 1, value.size()));
  return trim(member);
}

seconds lifetime_of(const ResponseFields& fields, const CacheControl& control, Time received,
                    const DirectoryCachePolicy& policy) {
  if (control.no_store || control.no_cache) return seconds(0);
  if (control.s_maxage) return *control.s_maxage;
  if (control.max_age) return *control.max_age;
  if (!fields.expires) return policy.fresh_default;
  // An Expires that is no date ("0") lies in the past. RFC 9111 §5.3.
  const auto expires = parse_http_date(*fields.expires, received);
  if (!expires) return seconds(0);
  const auto date = fields.date ? parse_http_date(*fields.date, received) : std::nullopt;
  return std::clamp<seconds>(*expires - date.value_or(received), seconds(0), delta_max);
}

// RFC 9111 §4.2.3.
seconds age_of(const ResponseFields& fields, Time asked, Time received) {
  const auto date = fields.date ? parse_http_date(*fields.date, received) : std::nullopt;
  const seconds apparent = date ? std::max<seconds>(seconds(0), received - *date) : seconds(0);
  const seconds told =
      fields.age ? parse_delta_seconds(trim(*fields.age)).value_or(seconds(0)) : seconds(0);
  const seconds delay = std::max<seconds>(seconds(0), received - asked);
  return std::max(apparent, told + delay);
}

}  // namespace

std::optional<seconds> parse_delta_seconds(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.begin(), text.end(), value);
  if (status != std::errc{} || value > delta_max.count()) return delta_max;
  return seconds(value);
}

std::optional<Time> parse_http_date(std::string_view text, Time now) {
  text = trim(text);
  if (const auto time = parse_imf_date(text)) return time;
  if (const auto time = parse_rfc850_date(text, now)) return time;
  return parse_asctime_date(text);
}

std::string http_date(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::string text;
  const auto number = [&](std::int64_t value, std::size_t digits) {
    const std::string written = std::to_string(value);
    text.append(digits - std::min(digits, written.size()), '0').append(written);
  };
  const unsigned weekday = std::chrono::weekday(day).iso_encoding();
  text.append(days.at(weekday - 1)).append(", ");
  number(static_cast<unsigned>(date.day()), 2);
  text.append(" ").append(months.at(static_cast<unsigned>(date.month()) - 1)).append(" ");
  number(static_cast<int>(date.year()), 4);
  text.append(" ");
  number(clock.hours().count(), 2);
  text.append(":");
  number(clock.minutes().count(), 2);
  text.append(":");
  number(clock.seconds().count(), 2);
  return text.append(" GMT");
}

CacheControl parse_cache_control(std::string_view value) {
  CacheControl control;
  while (!value.empty()) {
    const std::string_view directive = next_directive(value);
    const std::size_t equals = directive.find('=');
    const std::string_view name = directive.substr(0, equals);
    std::string_view argument =
        equals == std::string_view::npos ? std::string_view() : directive.substr(equals + 1);
    if (argument.size() >= 2 && argument.front() == '"' && argument.back() == '"') {
      argument = argument.substr(1, argument.size() - 2);
    }
    if (equals_ignoring_case(name, "no-store")) control.no_store = true;
    // no-cache="field" and private limit parts of a response that a resolver does not keep.
    if (equals_ignoring_case(name, "no-cache") && argument.empty()) control.no_cache = true;
    if (equals_ignoring_case(name, "must-revalidate")) control.must_revalidate = true;
    if (equals_ignoring_case(name, "proxy-revalidate")) control.must_revalidate = true;
    if (equals_ignoring_case(name, "max-age")) set(control.max_age, argument);
    if (equals_ignoring_case(name, "s-maxage")) set(control.s_maxage, argument);
    if (equals_ignoring_case(name, "stale-if-error")) set(control.stale_if_error, argument);
  }
  return control;
}

Freshness freshness(const ResponseFields& fields, Time asked, Time received,
                    const DirectoryCachePolicy& policy) {
  const CacheControl control = parse_cache_control(fields.cache_control.value_or(""));
  const seconds left =
      lifetime_of(fields, control, received, policy) - age_of(fields, asked, received);
  Freshness result;
  result.fresh_until = received + std::clamp(left, policy.fresh_min, policy.fresh_max);
  const bool guarded = control.no_store || control.no_cache || control.must_revalidate;
  seconds stale = guarded ? std::min(policy.stale_guarded, policy.stale_max) : policy.stale_max;
  if (control.stale_if_error) stale = std::min(stale, *control.stale_if_error);
  result.stale_until = result.fresh_until + stale;
  result.no_store = control.no_store;
  return result;
}

Time refresh_time(const Freshness& freshness, Time received, double random,
                  const DirectoryCachePolicy& policy) {
  const auto lifetime = static_cast<double>((freshness.fresh_until - received).count());
  const seconds ahead(static_cast<std::int64_t>(lifetime * (0.05 + 0.15 * random)));
  return std::max(freshness.fresh_until - ahead, received + policy.fresh_min);
}

Time retry_time(int failures, const std::optional<std::string>& retry_after, Time now,
                double random, const DirectoryCachePolicy& policy) {
  seconds wait = policy.failure_first;
  for (int i = 1; i < failures && wait < policy.failure_max; ++i) wait *= 2;
  wait = std::min(wait, policy.failure_max);
  const auto whole = static_cast<double>(wait.count());
  wait = seconds(static_cast<std::int64_t>(whole * (0.5 + 0.5 * random)));
  if (retry_after) {
    auto told = parse_delta_seconds(trim(*retry_after));
    if (!told) {
      if (const auto date = parse_http_date(*retry_after, now)) told = *date - now;
    }
    if (told) wait = std::max(wait, *told);
  }
  return now + std::clamp(wait, seconds(1), policy.failure_max);
}

namespace {

// media_type_of cuts the parameters off.
std::string_view media_type_of(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

}  // namespace

bool media_type_is(std::string_view content_type, std::string_view media_type) {
  return equals_ignoring_case(media_type_of(content_type), media_type);
}

bool media_type_is_json(std::string_view content_type) {
  constexpr std::string_view suffix = "+json";
  const std::string_view type = media_type_of(content_type);
  const std::size_t slash = type.find('/');
  if (slash == std::string_view::npos || !ascii::is_token(type.substr(0, slash)) ||
      !ascii::is_token(type.substr(slash + 1))) {
    return false;
  }
  if (equals_ignoring_case(type, "application/json")) return true;
  const std::string_view subtype = type.substr(slash + 1);
  return subtype.size() > suffix.size() &&
         equals_ignoring_case(subtype.substr(subtype.size() - suffix.size()), suffix);
}

}  // namespace wba::directory
