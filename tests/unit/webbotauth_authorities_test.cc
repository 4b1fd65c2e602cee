// Which authorities are a server's own.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wba/authorities.h>

#include "support/allocation_counter.h"

namespace wba::test {
namespace {

Authorities of(std::initializer_list<std::string_view> patterns) {
  return Authorities::of(patterns).value();
}

TEST(Authorities, ANameIsItselfAtTheDefaultPortOfTheScheme) {
  const auto ours = of({"shop.example"});
  for (const auto* same : {"shop.example", "SHOP.Example", "shop.example:443",
                           "shop.example:", "shop.example.", "shop.example.:443"}) {
    EXPECT_TRUE(ours.contains("https", same)) << same;
  }
  for (const auto* other :
       {"evil.example", "shop.example:80", "shop.example:8443", "a.shop.example", "shop.exampl",
        "xshop.example", "shop.example.evil.example", "", ":443", "shop.example:443:443",
        "user@shop.example", "shop.example/", "shop.example,evil.example", " shop.example",
        "shop.example\n", "[shop.example]"}) {
    EXPECT_FALSE(ours.contains("https", other)) << other;
  }
  EXPECT_TRUE(ours.contains("http", "shop.example"));
  EXPECT_TRUE(ours.contains("HTTP", "shop.example:80"));
  EXPECT_FALSE(ours.contains("http", "shop.example:443"));
  EXPECT_FALSE(ours.contains("gopher", "shop.example"));
}

TEST(Authorities, APortIsThatPort) {
  const auto ours = of({"shop.example:8443", "shop.example:443"});
  EXPECT_TRUE(ours.contains("https", "shop.example:8443"));
  EXPECT_TRUE(ours.contains("http", "shop.example:8443"));
  EXPECT_TRUE(ours.contains("https", "shop.example"));
  EXPECT_TRUE(ours.contains("http", "shop.example:443"));
  EXPECT_FALSE(ours.contains("http", "shop.example"));
  EXPECT_FALSE(ours.contains("https", "shop.example:8444"));
}

// As nginx's server_name has it.
TEST(Authorities, AWildcardIsEveryHostBelowAtAnyDepthAndNotTheNameItself) {
  const auto ours = of({"*.shop.example", "*.api.example:8443"});
  for (const auto* below :
       {"www.shop.example", "a.b.shop.example", "WWW.Shop.Example.", "www.shop.example:443"}) {
    EXPECT_TRUE(ours.contains("https", below)) << below;
  }
  for (const auto* other :
       {"shop.example", ".shop.example", "evilshop.example", "a..shop.example",
        "www.shop.example:8443", "www.shop.example.evil.example", "a@b.shop.example",
        "a/b.shop.example", "v1.api.example", "api.example:8443"}) {
    EXPECT_FALSE(ours.contains("https", other)) << other;
  }
  EXPECT_TRUE(ours.contains("https", "v1.api.example:8443"));
}

TEST(Authorities, AnAddressIsThatAddressInAnySpelling) {
  const auto ours = of({"192.0.2.1", "[2001:DB8:0::1]:8443"});
  EXPECT_TRUE(ours.contains("https", "192.0.2.1"));
  EXPECT_FALSE(ours.contains("https", "192.0.2.2"));
  EXPECT_FALSE(ours.contains("https", "3221225985"));
  EXPECT_TRUE(ours.contains("https", "[2001:db8::1]:8443"));
  EXPECT_FALSE(ours.contains("https", "[2001:db8::1]"));
  EXPECT_FALSE(ours.contains("https", "[2001:db8::2]:8443"));
}

TEST(Authorities, WhatIsNoPatternIsRefusedWithItsPlace) {
  for (const auto* wrong : {"",
                            "*",
                            "*.",
                            "shop.*",
                            "w*.shop.example",
                            "*.*.shop.example",
                            "*shop.example",
                            "https://shop.example",
                            "shop.example/",
                            "shop.example:0",
                            "shop.example:65536",
                            "shop.example:*",
                            "*.192.0.2.1",
                            "*.[::1]",
                            "[::1",
                            "192.0.2.001",
                            "user@shop.example",
                            "shop example",
                            ".shop.example",
                            "b\xc3\xbc"
                            "cher.example"}) {
    const auto made = Authorities::of({"shop.example", wrong});
    ASSERT_FALSE(made) << wrong;
    EXPECT_EQ(made.error(), (Error{ErrorCode::authority_invalid, 1})) << wrong;
  }
  EXPECT_EQ(Authorities::of({}).error().code, ErrorCode::argument_invalid);
}

TEST(Authorities, AnyTakesEveryAuthority) {
  EXPECT_TRUE(Authorities::any().is_any());
  EXPECT_TRUE(Authorities::any().contains("https", "evil.example"));
  EXPECT_FALSE(of({"shop.example"}).is_any());
}

TEST(Authorities, EqualWhereTheirPatternsAre) {
  EXPECT_EQ(of({"a.example", "*.B.example"}), of({"*.b.example", "A.example.", "a.example"}));
  EXPECT_NE(of({"a.example"}), of({"*.a.example"}));
  EXPECT_NE(of({"a.example"}), of({"a.example:8443"}));
  EXPECT_NE(of({"a.example"}), Authorities::any());
  EXPECT_EQ(Authorities::any(), Authorities::any());
}

TEST(Authorities, OfThousandsEachIsFoundAndNothingIsAllocated) {
  std::vector<std::string> names;
  for (int i = 0; i < 5000; ++i) names.push_back("s" + std::to_string(i) + ".example");
  for (int i = 0; i < 5000; ++i) names.push_back("*.w" + std::to_string(i) + ".example");
  const auto ours =
      Authorities::of(std::vector<std::string_view>(names.begin(), names.end())).value();
  const std::size_t before = allocation_count();
  bool all = true;
  for (int i = 0; i < 5000; ++i) {
    all = all && ours.contains("https", names[static_cast<std::size_t>(i)]);
  }
  all = all && ours.contains("https", "a.b.w4999.example") && !ours.contains("https", "w1.example");
  EXPECT_TRUE(all);
  EXPECT_EQ(allocation_count(), before);
}

}  // namespace
}  // namespace wba::test
