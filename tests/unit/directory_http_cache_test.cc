#include <string>

#include <gtest/gtest.h>

#include "directory/http_cache.h"

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using wba::DirectoryCachePolicy;
using wba::Time;
using wba::directory::freshness;
using wba::directory::http_date;
using wba::directory::parse_cache_control;
using wba::directory::parse_http_date;
using wba::directory::ResponseFields;
using wba::directory::retry_time;

// Sun, 06 Nov 1994 08:49:37 GMT, the date that RFC 9110 §5.6.7 writes in three ways.
constexpr Time rfc_date{seconds(784111777)};
constexpr Time now{seconds(1800000000)};
constexpr DirectoryCachePolicy policy;

seconds lifetime(const ResponseFields& fields, seconds delay = seconds(0)) {
  return freshness(fields, now - delay, now, policy).fresh_until - now;
}

TEST(HttpDate, ThreeFormatsOfRfc9110AreOneTime) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now), rfc_date);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now), rfc_date);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", now), rfc_date);
}

TEST(HttpDate, IsWrittenInThePreferredFormat) {
  EXPECT_EQ(http_date(Time(seconds(784111777))), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(Time(seconds(0))), "Thu, 01 Jan 1970 00:00:00 GMT");
  // A week of days, each month, leap days: read again as they were written.
  for (std::int64_t at = 951696000; at < 951696000 + 86400 * 800; at += 86399) {
    const Time time{seconds(at)};
    EXPECT_EQ(parse_http_date(http_date(time), time), time) << at;
  }
}

TEST(HttpDate, TwoDigitYearMoreThanFiftyYearsAheadLiesInThePast) {
  EXPECT_EQ(
      parse_http_date("Sunday, 06-Nov-78 08:49:37 GMT", now)->time_since_epoch() / hours(8766), 8);
  const auto later = parse_http_date("Sunday, 06-Nov-70 08:49:37 GMT", now);
  ASSERT_TRUE(later);
  EXPECT_GT(*later, now);
}

TEST(HttpDate, WhatIsNoDateIsNone) {
  for (const std::string_view text :
       {"", "0", "-1", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 +0100",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT x", "sun, 06 nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text, now)) << text;
  }
}

TEST(CacheControl, DirectivesAreReadWithoutRegardToCase) {
  const auto control =
      parse_cache_control("Max-Age=60, NO-STORE,must-revalidate , x=\"a,no-cache\"");
  EXPECT_EQ(control.max_age, seconds(60));
  EXPECT_TRUE(control.no_store);
  EXPECT_TRUE(control.must_revalidate);
  EXPECT_FALSE(control.no_cache);
}

TEST(CacheControl, UnreadableOrContradictingLifetimeIsZero) {
  for (const std::string_view value : {"max-age=x", "max-age=", "max-age", "max-age=-1",
                                       "max-age=1.5", "max-age=60, max-age=120"}) {
    EXPECT_EQ(parse_cache_control(value).max_age, seconds(0)) << value;
  }
  EXPECT_EQ(parse_cache_control("max-age=60, max-age=60").max_age, seconds(60));
  EXPECT_EQ(parse_cache_control("max-age=\"60\"").max_age, seconds(60));
  EXPECT_EQ(parse_cache_control("max-age=99999999999999999999").max_age, seconds(2147483648));
}

TEST(Freshness, SMaxageBeatsMaxAgeBeatsExpiresBeatsDefault) {
  const std::string in_two_hours = "Fri, 15 Jan 2027 10:00:00 GMT";  // now is 08:00
  EXPECT_EQ(lifetime({.cache_control = "s-maxage=300, max-age=600", .expires = in_two_hours}),
            seconds(300));
  EXPECT_EQ(lifetime({.cache_control = "max-age=600", .expires = in_two_hours}), seconds(600));
  EXPECT_EQ(lifetime({.expires = in_two_hours}), hours(2));
  EXPECT_EQ(lifetime({}), policy.fresh_default);
}

TEST(Freshness, ExpiresCountsFromDateAndNotFromOurClock) {
  // The server's clock is an hour ahead: its two hours remain two hours.
  EXPECT_EQ(lifetime({.date = "Fri, 15 Jan 2027 09:00:00 GMT",
                      .expires = "Fri, 15 Jan 2027 11:00:00 GMT"}),
            hours(2));
}

TEST(Freshness, ExpiresThatIsNoDateIsThePast) {
  EXPECT_EQ(lifetime({.expires = "0"}), policy.fresh_min);
  EXPECT_EQ(lifetime({.expires = "Thu, 01 Jan 1970 00:00:00 GMT"}), policy.fresh_min);
}

TEST(Freshness, AgeInCachesOnTheWayIsTakenOff) {
  EXPECT_EQ(lifetime({.age = "100", .cache_control = "max-age=600"}), seconds(500));
  EXPECT_EQ(lifetime({.age = "100", .cache_control = "max-age=600"}, seconds(20)), seconds(480));
  EXPECT_EQ(lifetime({.cache_control = "max-age=600", .date = "Fri, 15 Jan 2027 07:55:00 GMT"}),
            seconds(300));
  EXPECT_EQ(lifetime({.age = "nonsense", .cache_control = "max-age=600"}), seconds(600));
}

TEST(Freshness, PolicyClampsBothEnds) {
  EXPECT_EQ(lifetime({.cache_control = "max-age=1"}), policy.fresh_min);
  EXPECT_EQ(lifetime({.cache_control = "max-age=31536000"}), policy.fresh_max);
  EXPECT_EQ(lifetime({.age = "99999999999", .cache_control = "max-age=600"}), policy.fresh_min);
}

TEST(Freshness, NoStoreIsUsedForTheFloorOnlyAndNeverSaved) {
  const auto result = freshness({.cache_control = "no-store, max-age=600"}, now, now, policy);
  EXPECT_EQ(result.fresh_until, now + policy.fresh_min);
  EXPECT_TRUE(result.no_store);
  EXPECT_EQ(result.stale_until, result.fresh_until + policy.stale_guarded);
  EXPECT_FALSE(freshness({.cache_control = "max-age=600"}, now, now, policy).no_store);
}

TEST(Freshness, StaleLimitIsThePolicysAndStaleIfErrorShortensIt) {
  const auto usual = freshness({.cache_control = "max-age=600"}, now, now, policy);
  EXPECT_EQ(usual.stale_until, now + seconds(600) + policy.stale_max);
  const auto shorter =
      freshness({.cache_control = "max-age=600, stale-if-error=30"}, now, now, policy);
  EXPECT_EQ(shorter.stale_until, now + seconds(630));
  const auto longer =
      freshness({.cache_control = "max-age=600, stale-if-error=9999999"}, now, now, policy);
  EXPECT_EQ(longer.stale_until, usual.stale_until);
  const auto strict =
      freshness({.cache_control = "max-age=600, must-revalidate"}, now, now, policy);
  EXPECT_EQ(strict.stale_until, now + seconds(600) + policy.stale_guarded);
}

TEST(RefreshTime, LiesInTheLastFifthAndVariesWithTheRandomNumber) {
  const auto fresh = freshness({.cache_control = "max-age=1000"}, now, now, policy);
  EXPECT_EQ(refresh_time(fresh, now, 0.0, policy), now + seconds(950));
  EXPECT_EQ(refresh_time(fresh, now, 0.999999, policy), now + seconds(801));
}

TEST(RefreshTime, NeverComesBeforeTheFloor) {
  const auto fresh = freshness({.cache_control = "no-store"}, now, now, policy);
  EXPECT_EQ(refresh_time(fresh, now, 0.9, policy), now + policy.fresh_min);
}

TEST(RetryTime, BacksOffExponentiallyUpToTheLimit) {
  const auto wait = [](int failures, double random) {
    return retry_time(failures, std::nullopt, now, random, policy) - now;
  };
  EXPECT_EQ(wait(1, 1.0), seconds(5));
  EXPECT_EQ(wait(2, 1.0), seconds(10));
  EXPECT_EQ(wait(5, 1.0), seconds(80));
  EXPECT_EQ(wait(7, 1.0), minutes(5));
  EXPECT_EQ(wait(1000000, 1.0), minutes(5));
  EXPECT_EQ(wait(5, 0.0), seconds(40));
  EXPECT_EQ(wait(1000000, 0.0), seconds(150));
}

TEST(RetryTime, RetryAfterIsHonouredInBothFormsUpToFiveMinutes) {
  EXPECT_EQ(retry_time(1, "120", now, 0.5, policy), now + seconds(120));
  EXPECT_EQ(retry_time(1, "Fri, 15 Jan 2027 08:02:00 GMT", now, 0.5, policy), now + seconds(120));
  EXPECT_EQ(retry_time(1, "86400", now, 0.5, policy), now + minutes(5));
  EXPECT_EQ(retry_time(1, "Sat, 16 Jan 2027 08:00:00 GMT", now, 0.5, policy), now + minutes(5));
}

TEST(RetryTime, RetryAfterCannotMakeItSoonerAndNonsenseIsPassedOver) {
  EXPECT_EQ(retry_time(5, "0", now, 1.0, policy), now + seconds(80));
  EXPECT_EQ(retry_time(5, "Thu, 01 Jan 1970 00:00:00 GMT", now, 1.0, policy), now + seconds(80));
  EXPECT_EQ(retry_time(5, "soon", now, 1.0, policy), now + seconds(80));
}

TEST(MediaType, ParametersAndCaseDoNotCount) {
  using wba::directory::media_type_is;
  EXPECT_TRUE(media_type_is("text/html", "text/html"));
  EXPECT_TRUE(media_type_is("Text/HTML ; charset=utf-8", "text/html"));
  EXPECT_FALSE(media_type_is("text/html2", "text/html"));
  EXPECT_FALSE(media_type_is("", "text/html"));
}

}  // namespace
