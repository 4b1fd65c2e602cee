#include <cstdio>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <wba/address_policy.h>

#include "support/special_addresses.h"

namespace {

using wba::AddressPolicy;
using wba::AddressRange;
using wba::ErrorCode;
using wba::IpAddress;

IpAddress address(std::string_view text) {
  const auto result = IpAddress::parse(text);
  EXPECT_TRUE(result) << text;
  return result.value_or(IpAddress{});
}

using wba::test::registry_v4;
using wba::test::registry_v6;
using Row = wba::test::SpecialAddressRange;

TEST(AddressPolicy, EveryRowOfTheIpv4RegistryIsJudgedAsItSays) {
  for (const Row& row : registry_v4) {
    EXPECT_EQ(is_public(address(row.first)), row.globally_reachable) << row.first;
    EXPECT_EQ(is_public(address(row.last)), row.globally_reachable) << row.last;
  }
}

TEST(AddressPolicy, EveryRowOfTheIpv6RegistryIsJudgedAsItSays) {
  for (const Row& row : registry_v6) {
    EXPECT_EQ(is_public(address(row.first)), row.globally_reachable) << row.first;
    EXPECT_EQ(is_public(address(row.last)), row.globally_reachable) << row.last;
  }
}

TEST(AddressPolicy, NeighboursOfTheRangesArePublic) {
  for (const std::string_view text :
       {"1.0.0.0",         "9.255.255.255",   "11.0.0.0",       "100.63.255.255",
        "100.128.0.0",     "126.255.255.255", "128.0.0.0",      "169.253.255.255",
        "169.255.0.0",     "172.15.255.255",  "172.32.0.0",     "191.255.255.255",
        "192.0.1.0",       "192.0.3.0",       "192.88.98.255",  "192.88.100.0",
        "192.167.255.255", "192.169.0.0",     "198.17.255.255", "198.20.0.0",
        "198.51.99.255",   "198.51.101.0",    "203.0.112.255",  "203.0.114.0",
        "223.255.255.255", "8.8.8.8",         "2001:200::",     "2001:db7::1",
        "2001:db9::1",     "2003::1",         "2606:4700::1",   "2a00::1",
        "3ffe::1",         "3fff:1000::1"}) {
    EXPECT_TRUE(is_public(address(text))) << text;
  }
}

TEST(AddressPolicy, MulticastAndUnassignedIpv6AreNotPublic) {
  for (const std::string_view text :
       {"224.0.0.1", "239.255.255.255", "ff02::1", "fec0::1", "4000::", "::2", "1::", "200::1"}) {
    EXPECT_FALSE(is_public(address(text))) << text;
  }
}

// Every registry row again inside every IPv6 form that carries an IPv4 address.
TEST(AddressPolicy, Ipv4InIpv6CannotHideWhatIpv4Refuses) {
  for (const Row& row : registry_v4) {
    for (const std::string_view end : {row.first, row.last}) {
      const std::string v4(end);
      EXPECT_FALSE(is_public(address("::ffff:" + v4))) << v4;
      if (v4 != "0.0.0.0") {
        EXPECT_FALSE(is_public(address("::" + v4))) << v4;
      }
      EXPECT_EQ(is_public(address("64:ff9b::" + v4)), row.globally_reachable) << v4;
      EXPECT_FALSE(is_public(address("64:ff9b:1::" + v4))) << v4;
      const auto octets = address(v4).octets();
      char six_to_four[64];
      std::snprintf(six_to_four, sizeof six_to_four, "2002:%02x%02x:%02x%02x::1", octets[0],
                    octets[1], octets[2], octets[3]);
      EXPECT_FALSE(is_public(address(six_to_four))) << six_to_four;
      // Teredo: the client's IPv4 address stands inverted in the last four octets.
      char teredo[64];
      std::snprintf(teredo, sizeof teredo, "2001:0:808:808::%02x%02x:%02x%02x", 255 - octets[0],
                    255 - octets[1], 255 - octets[2], 255 - octets[3]);
      EXPECT_FALSE(is_public(address(teredo))) << teredo;
      EXPECT_FALSE(is_public(address("2606:4700::5efe:" + v4))) << v4;
      EXPECT_FALSE(is_public(address("2606:4700::200:5efe:" + v4))) << v4;
    }
  }
  EXPECT_TRUE(is_public(address("64:ff9b::8.8.8.8")));
  EXPECT_FALSE(is_public(address("::ffff:8.8.8.8")));
  EXPECT_FALSE(is_public(address("2606:4700::5efe:8.8.8.8")));
  EXPECT_TRUE(is_public(address("2606:4700::5eff:8.8.8.8"))) << "no ISATAP";
  EXPECT_TRUE(is_public(address("2606:4700::100:5efe:8.8.8.8"))) << "no ISATAP";
}

TEST(AddressPolicy, PublicAddressIsAllowedOnPort443Only) {
  const AddressPolicy policy;
  EXPECT_TRUE(policy.allows(address("8.8.8.8"), 443));
  EXPECT_FALSE(policy.allows(address("8.8.8.8"), 8443));
  EXPECT_FALSE(policy.allows(address("127.0.0.1"), 443));
}

TEST(AddressPolicy, AllowedRangeHasAnyPortAndNothingBesideIt) {
  const AddressPolicy policy{.allowed = {*AddressRange::parse("127.0.0.0/8")}};
  EXPECT_TRUE(policy.allows(address("127.1.2.3"), 8443));
  EXPECT_FALSE(policy.allows(address("128.0.0.1"), 8443));
  EXPECT_FALSE(policy.allows(address("10.0.0.1"), 443));
  EXPECT_FALSE(policy.allows(address("::1"), 443));
  EXPECT_FALSE(policy.allows(address("::ffff:127.0.0.1"), 443));
}

// DNS rebinding and mixed answers: the decision is about one address at a time, so a good address
// beside a bad one changes nothing for the bad one.
TEST(AddressPolicy, MixedAnswerAllowsOnlyItsGoodAddresses) {
  const AddressPolicy policy;
  const std::string_view answer[] = {"8.8.8.8", "127.0.0.1", "2606:4700::1", "::1"};
  const bool expected[] = {true, false, true, false};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(policy.allows(address(answer[i]), 443), expected[i]) << answer[i];
  }
}

TEST(AddressRange, PrefixOfAnyLengthIsExact) {
  const auto range = AddressRange::parse("192.0.2.128/25");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->contains(address("192.0.2.255")));
  EXPECT_FALSE(range->contains(address("192.0.2.127")));
  const auto one = AddressRange::parse("2001:db8::7");
  ASSERT_TRUE(one);
  EXPECT_TRUE(one->contains(address("2001:db8::7")));
  EXPECT_FALSE(one->contains(address("2001:db8::6")));
  const auto all = AddressRange::parse("0.0.0.0/0");
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->contains(address("203.0.113.1")));
  EXPECT_FALSE(all->contains(address("2001:db8::7")));
}

TEST(AddressRange, WhatIsNoRangeIsRefused) {
  for (const std::string_view text :
       {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8", "10.0.0/8",
        "010.0.0.0/8", "::1/129", "::1/64", "[::1]", "fe80::1%eth0", "localhost", "1.2.3.4.5"}) {
    EXPECT_FALSE(AddressRange::parse(text)) << text;
  }
}

}  // namespace
