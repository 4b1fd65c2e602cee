#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <wba/http/host.h>

namespace wba::http {
namespace {

std::string normalised(std::string_view host) {
  std::string out = "kept ";
  const auto kind = append_host(host, out);
  if (!kind) {
    EXPECT_EQ(out, "kept ") << host;
    return std::string(to_string(kind.error().code));
  }
  return out.substr(5);
}

constexpr std::string_view refused = "authority-invalid";

// RFC 1034 §3.1.
TEST(Host, DotAtTheEndIsTheSameHost) {
  EXPECT_EQ(normalised("bad.example."), "bad.example");
  EXPECT_EQ(normalised("localhost."), "localhost");
  EXPECT_EQ(normalised("192.0.2.1."), "192.0.2.1");
}

// Two dots at the end are no name of DNS: they must not make a host of their own.
TEST(Host, FurtherDotsAtTheEndAreTheSameHost) {
  EXPECT_EQ(normalised("bad.example.."), "bad.example");
  EXPECT_EQ(normalised("192.0.2.1..."), "192.0.2.1");
}

TEST(Host, DotsAloneAreRefused) {
  for (const std::string_view host : {".", "..", ""}) EXPECT_EQ(normalised(host), refused) << host;
}

TEST(Host, UpperCaseIsTheSameHost) {
  EXPECT_EQ(normalised("Bad.EXAMPLE"), "bad.example");
  EXPECT_EQ(normalised("XN--Bcher-KVA.example"), "xn--bcher-kva.example");
  EXPECT_EQ(normalised("a_b-c.example"), "a_b-c.example");
}

TEST(Host, EmptyLabelIsRefused) {
  for (const std::string_view host :
       {".bad.example", "bad..example", "bad..example.", "bad..example.."}) {
    EXPECT_EQ(normalised(host), refused) << host;
  }
}

// RFC 1035 §2.3.4.
TEST(Host, LabelOf64OctetsIsRefused) {
  const std::string longest(63, 'a');
  EXPECT_EQ(normalised(longest + ".example"), longest + ".example");
  EXPECT_EQ(normalised(longest + "a.example"), refused);
  EXPECT_EQ(normalised("example." + longest + "a"), refused);
}

// RFC 1035 §2.3.4.
TEST(Host, NameOf254OctetsIsRefused) {
  std::string name;
  for (int i = 0; i < 126; ++i) name.append("a.");
  name.append("a");
  ASSERT_EQ(name.size(), max_host_size);
  EXPECT_EQ(normalised(name), name);
  EXPECT_EQ(normalised(name + "."), name);
  EXPECT_EQ(normalised("a" + name), refused);
}

TEST(Host, OctetThatNoNameHasIsRefused) {
  for (const std::string_view host : {"a b", "a%62", "a/b", "a@b", "a:443", "a~b", "a!b", "a\\b",
                                      "*.example", "\xc3\xa4.example", "a\n", "[a]", "a]"}) {
    EXPECT_EQ(normalised(host), refused) << host;
  }
  EXPECT_EQ(normalised(std::string_view("a\0b", 3)), refused);
}

TEST(Host, Ipv4AddressIsFourDecimalParts) {
  EXPECT_EQ(normalised("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(normalised("0.0.0.0"), "0.0.0.0");
  EXPECT_EQ(normalised("255.255.255.255"), "255.255.255.255");
}

// What inet_aton and the URL standard's IPv4 parser read as an address.
TEST(Host, OtherFormsOfAnIpv4AddressAreRefused) {
  for (const std::string_view host :
       {"3221225985", "192.0.2.001", "192.0.513", "192.513", "0xc0.0.2.1", "0xC0000201",
        "0300.0.2.1", "192.0.2.0x1", "192.0.2.1..1", "192.0.2.256", "192.0.2.1.5", "1", "0x",
        "0X1F", "example.1", "example.0x1", "00.0.0.0"}) {
    EXPECT_EQ(normalised(host), refused) << host;
  }
}

TEST(Host, NameWithDigitsThatIsNoAddressStands) {
  for (const std::string_view host : {"1.example", "0x1.example", "1a", "0xg", "192.0.2.1a"}) {
    EXPECT_EQ(normalised(host), host);
  }
}

// RFC 5952 §4.
TEST(Host, Ipv6AddressHasOneText) {
  for (const std::string_view host :
       {"[2001:db8::1]", "[2001:DB8:0:0::1]", "[2001:0db8:0000:0000:0000:0000:0000:0001]",
        "[2001:db8:0:0:0:0:0:1]", "[2001:db8::0.0.0.1]"}) {
    EXPECT_EQ(normalised(host), "[2001:db8::1]") << host;
  }
  EXPECT_EQ(normalised("[2001:db8:0:1:1:1:1:1]"), "[2001:db8:0:1:1:1:1:1]");
  EXPECT_EQ(normalised("[2001:db8::1:1:1:1:1]"), "[2001:db8:0:1:1:1:1:1]");
  EXPECT_EQ(normalised("[2001:0:0:1:0:0:0:1]"), "[2001:0:0:1::1]");
  EXPECT_EQ(normalised("[2001:db8:0:0:1:0:0:1]"), "[2001:db8::1:0:0:1]");
  EXPECT_EQ(normalised("[::1]"), "[::1]");
  EXPECT_EQ(normalised("[::]"), "[::]");
}

TEST(Host, Ipv6AddressThatHoldsAnIpv4AddressIsRefused) {
  for (const std::string_view host :
       {"[::ffff:192.0.2.1]", "[::FFFF:c000:201]", "[0:0:0:0:0:ffff:c000:0201]", "[::192.0.2.1]",
        "[::c000:201]", "[::2]", "[64:ff9b::192.0.2.1]", "[64:ff9b::c000:201]"}) {
    EXPECT_EQ(normalised(host), refused) << host;
  }
}

TEST(Host, WhatIsNoIpv6AddressInBracketsIsRefused) {
  for (const std::string_view host :
       {"[", "]", "[]", "[::1", "::1", "[::1]]", "[[::1]]", "[::1%25eth0]", "[fe80::1%eth0]",
        "[v1.a]", "[::g]", "[1:2:3:4:5:6:7]", "[192.0.2.1]", "[::1]."}) {
    EXPECT_EQ(normalised(host), refused) << host;
  }
  EXPECT_EQ(normalised(std::string_view("[::1\0]", 6)), refused);
  EXPECT_EQ(normalised("[" + std::string(100, '0') + "::1]"), refused);
}

TEST(Host, KindIsToldApart) {
  std::string out;
  EXPECT_EQ(append_host("bad.example", out), HostKind::name);
  EXPECT_EQ(append_host("192.0.2.1", out), HostKind::ipv4);
  EXPECT_EQ(append_host("[2001:db8::1]", out), HostKind::ipv6);
}

TEST(Host, NormalisingTwiceChangesNothing) {
  for (const std::string_view host : {"Bad.Example.", "[2001:DB8:0:0::1]", "192.0.2.1."}) {
    const std::string once = normalised(host);
    EXPECT_EQ(normalised(once), once);
  }
}

TEST(Host, ErrorSaysWhere) {
  EXPECT_EQ(normalise_host("ab..c").error().offset, 3U);
  EXPECT_EQ(normalise_host("ab c").error().offset, 2U);
}

}  // namespace
}  // namespace wba::http
