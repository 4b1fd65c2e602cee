// Which connection makes room for another.

#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "server/fair_share.h"

namespace wba::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Holder kMany = 1;
constexpr Holder kFew = 2;
constexpr Holder kNew = 3;

Clock::time_point second(int number) { return Clock::time_point(std::chrono::seconds(number)); }

Held held(Holder holder, int progress) { return {.holder = holder, .progress = second(progress)}; }

TEST(FairShare, NothingIsClosedWhileThereIsRoom) {
  const std::vector<Held> open = {held(kMany, 1), held(kMany, 2), held(kFew, 0)};
  EXPECT_EQ(makes_room(open, kNew, {}), std::nullopt);
  EXPECT_EQ(makes_room(open, kNew, {.all = 4}), std::nullopt);
  EXPECT_EQ(makes_room(open, kMany, {.all = 4, .each = 3}), std::nullopt);
  EXPECT_EQ(makes_room({}, kNew, {.all = 1}), std::nullopt);
}

TEST(FairShare, WhoHasMostLosesTheOneWithoutProgressForLongest) {
  const std::vector<Held> open = {held(kFew, 0), held(kMany, 5), held(kMany, 1), held(kMany, 2)};
  EXPECT_EQ(makes_room(open, kNew, {.all = 4}), 2U);
  EXPECT_EQ(makes_room(open, kFew, {.all = 4}), 2U);
  EXPECT_EQ(makes_room(open, kMany, {.all = 4}), 2U);
}

TEST(FairShare, OfEqualSharesTheNewcomersIsTheLarger) {
  const std::vector<Held> open = {held(kFew, 0), held(kMany, 5), held(kFew, 1), held(kMany, 2)};
  EXPECT_EQ(makes_room(open, kMany, {.all = 4}), 3U);
  EXPECT_EQ(makes_room(open, kFew, {.all = 4}), 0U);
  EXPECT_EQ(makes_room(open, kNew, {.all = 4}), 0U);
}

TEST(FairShare, AHolderAtItsLimitLosesOneOfItsOwn) {
  const std::vector<Held> open = {held(kFew, 0), held(kMany, 5), held(kMany, 1), held(kMany, 2)};
  EXPECT_EQ(makes_room(open, kFew, {.each = 1}), 0U);
  EXPECT_EQ(makes_room(open, kMany, {.all = 100, .each = 3}), 2U);
  EXPECT_EQ(makes_room(open, kNew, {.all = 100, .each = 3}), std::nullopt);
}

TEST(FairShare, CallersThatAreKnownStayWhileThereAreOthers) {
  std::vector<Held> open = {held(kMany, 0), held(kMany, 1), held(kMany, 2), held(kFew, 3)};
  for (std::size_t i = 0; i < 3; ++i) open[i].is_known = true;
  EXPECT_EQ(makes_room(open, kMany, {.all = 4}), 3U);
  EXPECT_EQ(makes_room(open, kNew, {.all = 4}), 3U);
  open[3].is_known = true;
  EXPECT_EQ(makes_room(open, kNew, {.all = 4}), 0U);
}

TEST(FairShare, ASilentConnectionGoesBeforeOneThatHasBegun) {
  std::vector<Held> open = {held(kMany, 0), held(kMany, 1), held(kMany, 2)};
  open[0].has_begun = true;
  EXPECT_EQ(makes_room(open, kMany, {.all = 3}), 1U);
  for (auto& one : open) one.has_begun = true;
  EXPECT_EQ(makes_room(open, kMany, {.all = 3}), 0U);
}

Holder v4(const char* text) {
  sockaddr_storage address{};
  auto* in = reinterpret_cast<sockaddr_in*>(&address);
  in->sin_family = AF_INET;
  EXPECT_EQ(::inet_pton(AF_INET, text, &in->sin_addr), 1);
  return holder_of(address);
}

Holder v6(const char* text) {
  sockaddr_storage address{};
  auto* in = reinterpret_cast<sockaddr_in6*>(&address);
  in->sin6_family = AF_INET6;
  EXPECT_EQ(::inet_pton(AF_INET6, text, &in->sin6_addr), 1);
  return holder_of(address);
}

TEST(FairShare, AHolderIsAnAddressOrANetworkOf64Bits) {
  EXPECT_EQ(v4("192.0.2.1"), v6("::ffff:192.0.2.1"));
  EXPECT_NE(v4("192.0.2.1"), v4("192.0.2.2"));
  EXPECT_EQ(v6("2001:db8::1"), v6("2001:db8::2:3"));
  EXPECT_NE(v6("2001:db8::1"), v6("2001:db8:0:1::1"));
  EXPECT_NE(v4("0.0.0.1"), v6("::1"));
}

}  // namespace
}  // namespace wba::server
