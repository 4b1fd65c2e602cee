// Rules that name agents.

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "guard_support.h"

namespace wba::guard {
namespace {

using test::Agent;
using test::GuardUnderTest;
using test::OwnedRequest;

TEST(GuardRules, BanHoldsForEverySpellingOfTheHostAndEveryPath) {
  for (const std::string_view who :
       {"agent_hosts = [\"bad.example\"]", "agent_hosts = [\"BAD.example.:443\"]",
        "agent_host_suffixes = [\"bad.example.\"]"}) {
    for (const std::string_view url :
         {"https://bad.example", "https://bad.example./", "https://BAD.example:443",
          "https://bad.example./keys", "https://bad.example/?u=k"}) {
      const Agent agent{std::string(url)};
      GuardUnderTest guard(std::string("[defaults]\nunsigned = \"allow\"\n"
                                       "[[rules]]\nname = \"ban\"\naction = \"deny\"\n") +
                               std::string(who) + "\n",
                           {&agent});
      OwnedRequest request;
      agent.sign(request);
      EXPECT_EQ(guard.decide(request).status, 403) << who << " " << url;
    }
  }
}

TEST(GuardRules, OriginAmongAgentUrlsIsTheAgentInEveryDialect) {
  constexpr std::string_view kBan =
      "[defaults]\nunsigned = \"allow\"\n"
      "[[rules]]\nname = \"ban\"\nagent_urls = [\"https://bad.example\"]\naction = \"deny\"\n";
  for (const std::string_view url :
       {"https://bad.example", "https://bad.example.",
        "https://bad.example/.well-known/http-message-signatures-directory"}) {
    const Agent agent{std::string(url)};
    GuardUnderTest guard(std::string(kBan), {&agent});
    OwnedRequest request;
    agent.sign(request);
    EXPECT_EQ(guard.decide(request).status, 403) << url;
  }
  const Agent other("https://bad.example/keys");
  GuardUnderTest guard(std::string(kBan), {&other});
  OwnedRequest request;
  other.sign(request);
  EXPECT_EQ(guard.decide(request).action, Action::pass);
}

TEST(GuardRules, UploadedKeySetIsNotTheHostsAgent) {
  constexpr std::string_view kPartner =
      "[defaults]\nunsigned = \"deny\"\nverified = \"deny\"\n[[rules]]\nname = \"p\"\nagent_hosts "
      "= [\"partner.example\"]\naction = \"allow\"\n";
  const auto status = [&](std::string_view url) {
    const Agent agent{std::string(url)};
    GuardUnderTest guard(std::string(kPartner), {&agent});
    OwnedRequest request;
    agent.sign(request);
    return guard.decide(request).status;
  };
  EXPECT_EQ(status("https://partner.example"), 200);
  EXPECT_EQ(status("https://partner.example/uploads/avatar-4711.png"), 403);
  EXPECT_EQ(status("https://partner.example/?url=https://attacker.example/jwks.json"), 403);
}

}  // namespace
}  // namespace wba::guard
