// Authorities: host and port.

#include <gtest/gtest.h>

#include "http/authority.h"

namespace wba::http {
namespace {

TEST(SplitAuthority, HostAndPortAreTold) {
  AuthorityParts parts;
  ASSERT_TRUE(split_authority("a.example:8443", parts));
  EXPECT_EQ(parts.host, "a.example");
  EXPECT_EQ(parts.port, "8443");
  EXPECT_EQ(parts.port_number, 8443);
  ASSERT_TRUE(split_authority("[::1]:80", parts));
  EXPECT_EQ(parts.host, "[::1]");
  EXPECT_EQ(parts.port_number, 80);
  ASSERT_TRUE(split_authority("a.example:", parts));
  EXPECT_EQ(parts.host, "a.example");
  EXPECT_EQ(parts.port, "");
  for (const auto* wrong : {"a:65536", "a:-1", "a:+1", "a:1:2", "a: 1", "[::1", "[::1]x", "::1"}) {
    EXPECT_FALSE(split_authority(wrong, parts)) << wrong;
  }
}

TEST(SameAuthority, ComparesHostAndPortOfTheScheme) {
  EXPECT_TRUE(is_same_authority("https", "a.example", "A.example.:443"));
  EXPECT_TRUE(is_same_authority("http", "a.example:80", "a.example:"));
  EXPECT_TRUE(is_same_authority("https", "[2001:db8::1]:8443", "[2001:DB8:0::1]:8443"));
  EXPECT_FALSE(is_same_authority("http", "a.example", "a.example:443"));
  EXPECT_FALSE(is_same_authority("https", "a.example", "b.example"));
  EXPECT_FALSE(is_same_authority("https", "a.example", "a.example:8443"));
  // What is no authority is not even the same as itself.
  EXPECT_FALSE(is_same_authority("https", "a b", "a b"));
  EXPECT_FALSE(is_same_authority("https", "", ""));
}

}  // namespace
}  // namespace wba::http
