// Callers over TCP: their tokens, and the heads of their requests.

#include <gtest/gtest.h>

#include "agent/loopback.h"
#include "agent/request_head.h"
#include "agent/tokens.h"

namespace wba::agent {
namespace {

const std::string kFirst(32, 'a');
const std::string kSecond = std::string(31, 'a') + "b";

TEST(AgentTokens, HolderIsWhoShowsTheWholeToken) {
  Tokens tokens;
  ASSERT_TRUE(tokens.add("first", kFirst));
  ASSERT_TRUE(tokens.add("second", kSecond));
  EXPECT_EQ(tokens.holder("Bearer " + kFirst), "first");
  EXPECT_EQ(tokens.holder("bearer " + kSecond), "second");
  for (const std::string& other :
       {std::string(), std::string("Bearer "), "Bearer " + kFirst + "a",
        "Bearer " + kFirst.substr(1), "Bearer  " + kFirst, "Basic " + kFirst, kFirst,
        "Bearer " + std::string(32, 'A'), "Bearer " + std::string(257, 'a')}) {
    EXPECT_EQ(tokens.holder(other), "") << other;
  }
  EXPECT_EQ(Tokens().holder("Bearer " + kFirst), "");
}

TEST(AgentTokens, ShortOrStrangeOrSharedTokensAreRefused) {
  Tokens tokens;
  EXPECT_FALSE(tokens.add("t", std::string(31, 'a')));
  EXPECT_FALSE(tokens.add("t", std::string(257, 'a')));
  EXPECT_FALSE(tokens.add("t", std::string(31, 'a') + " "));
  EXPECT_FALSE(tokens.add("t", std::string(31, 'a') + "\n"));
  EXPECT_TRUE(tokens.add("t", kFirst));
  const auto shared = tokens.add("u", kFirst);
  ASSERT_FALSE(shared);
  EXPECT_FALSE(shared.error().contains(kFirst)) << "never shown";
}

TEST(AgentLoopback, ListensOnLoopbackAlone) {
  const auto listener = LoopbackListener::listen("127.0.0.1:0");
  ASSERT_TRUE(listener) << listener.error();
  EXPECT_TRUE(listener->address().starts_with("127.0.0.1:"));
  EXPECT_NE(listener->address(), "127.0.0.1:0");
  for (const auto* other : {"", ":", "127.0.0.1", "0.0.0.0:0", "[::]:0", "::1:0", "128.0.0.1:0",
                            "127.0.0.1:-1", "127.0.0.1: 0", "localhost:0", "127.0.0.1:70000"}) {
    EXPECT_FALSE(LoopbackListener::listen(other)) << other;
  }
}

TEST(AgentLoopback, HearsWhoNamesItAndComesFromNoPage) {
  const auto listener = LoopbackListener::listen("127.0.0.1:0").value();
  const std::string port = listener.address().substr(9);
  const auto refusal = [&](const std::string& fields) -> std::string {
    const auto* reason = listener.refusal(read_head("GET / HTTP/1.1" + fields).value());
    return reason == nullptr ? "" : reason;
  };
  EXPECT_EQ(refusal("\r\nHost: 127.0.0.1" + port), "");
  EXPECT_EQ(refusal("\r\nHost: LocalHost" + port), "");
  EXPECT_EQ(refusal(""), "host-not-allowed");
  EXPECT_EQ(refusal("\r\nHost: evil.test" + port), "host-not-allowed");
  EXPECT_EQ(refusal("\r\nHost: 127.0.0.1"), "host-not-allowed");
  EXPECT_EQ(refusal("\r\nHost: 127.0.0.1" + port + "\r\nOrigin: null"), "origin-not-allowed");
}

TEST(AgentRequestHead, TwoHostsOrAuthorizationsAreNoRequest) {
  EXPECT_TRUE(read_head("GET / HTTP/1.1\r\nHost: a"));
  EXPECT_FALSE(read_head("GET / HTTP/1.1\r\nHost: a\r\nHost: a"));
  EXPECT_FALSE(read_head("GET / HTTP/1.1\r\nAuthorization: a\r\nauthorization: b"));
}

}  // namespace
}  // namespace wba::agent
