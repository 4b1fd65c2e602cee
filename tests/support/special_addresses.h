#ifndef WBA_TESTS_SUPPORT_SPECIAL_ADDRESSES_H_
#define WBA_TESTS_SUPPORT_SPECIAL_ADDRESSES_H_

// The IANA Special-Purpose Address Registries as they stood in November 2026. Where the registry
// says "N/A" the range counts as not globally reachable. 64:ff9b::/96 is not here: it is judged by
// the IPv4 address inside.

#include <string_view>

namespace wba::test {

struct SpecialAddressRange {
  std::string_view first;
  std::string_view last;
  bool globally_reachable;
};

// Every row of the IANA IPv4 Special-Purpose Address Registry, first and last address.
inline constexpr SpecialAddressRange registry_v4[] = {
    {"0.0.0.0", "0.255.255.255", false},       {"0.0.0.0", "0.0.0.0", false},
    {"10.0.0.0", "10.255.255.255", false},     {"100.64.0.0", "100.127.255.255", false},
    {"127.0.0.0", "127.255.255.255", false},   {"169.254.0.0", "169.254.255.255", false},
    {"172.16.0.0", "172.31.255.255", false},   {"192.0.0.0", "192.0.0.255", false},
    {"192.0.0.0", "192.0.0.7", false},         {"192.0.0.8", "192.0.0.8", false},
    {"192.0.0.9", "192.0.0.9", true},          {"192.0.0.10", "192.0.0.10", true},
    {"192.0.0.170", "192.0.0.171", false},     {"192.0.2.0", "192.0.2.255", false},
    {"192.31.196.0", "192.31.196.255", true},  {"192.52.193.0", "192.52.193.255", true},
    {"192.88.99.0", "192.88.99.255", false},   {"192.168.0.0", "192.168.255.255", false},
    {"192.175.48.0", "192.175.48.255", true},  {"198.18.0.0", "198.19.255.255", false},
    {"198.51.100.0", "198.51.100.255", false}, {"203.0.113.0", "203.0.113.255", false},
    {"240.0.0.0", "255.255.255.255", false},   {"255.255.255.255", "255.255.255.255", false},
};

// Every row of the IANA IPv6 Special-Purpose Address Registry, first and last address.
inline constexpr SpecialAddressRange registry_v6[] = {
    {"::1", "::1", false},
    {"::", "::", false},
    {"::ffff:0:0", "::ffff:ffff:ffff", false},
    {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", false},
    {"100::", "100::ffff:ffff:ffff:ffff", false},
    {"100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", false},
    {"2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"2001:1::1", "2001:1::1", true},
    {"2001:1::2", "2001:1::2", true},
    {"2001:1::3", "2001:1::3", true},
    {"2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", false},
    {"2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", true},
    {"2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", true},
    {"2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", true},
    {"2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", true},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", true},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
};

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_SPECIAL_ADDRESSES_H_
