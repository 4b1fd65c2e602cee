// Accept-Signature on 401, 403 and 429.

#include <gtest/gtest.h>

#include "client_support.h"

namespace wba::test {
namespace {

class ClientChallenges : public testing::Test {
 protected:
  ClientChallenges() { client.config.profile.nonce = false; }

  HttpReply answer(const Judged& judged) {
    EXPECT_TRUE(judged.verified()) << to_string(judged.reason);
    const bool satisfied = judged.nonce == wanted_nonce && judged.covers(wanted_component);
    if (satisfied) return {.body = "in"};
    return {.status = status, .fields = {{"Accept-Signature", challenge}}, .body = "sign!"};
  }

  TestCa ca;
  TestAgent agent;
  int status = 403;
  std::string challenge = "sig1=(\"@authority\" \"@query\");created;nonce=\"abc\"";
  std::string wanted_nonce = "abc";
  std::string wanted_component = "\"@query\"";
  Origin origin{ca, agent, "a.test", [this](const Judged& judged) { return answer(judged); }};
  Client client{ca, agent, {&origin}};
};

TEST_F(ClientChallenges, AreAnsweredWithWhatWasAskedFor) {
  for (const int code : {401, 403, 429}) {
    status = code;
    const auto response = client.perform({.url = origin.url("/p?q")});
    EXPECT_EQ(response.status, 200) << code;
    EXPECT_EQ(response.challenges, 1U);
    EXPECT_EQ(response.stop, ClientStop::none);
    EXPECT_EQ(client.body, "in");
    EXPECT_EQ(client.heads, 1);
    // What the profile covers is covered still.
    EXPECT_TRUE(origin.judged().back().covers("\"@path\""));
  }
  EXPECT_EQ(origin.judged().size(), 6U);
}

TEST_F(ClientChallenges, OfOtherStatusesAreAnswers) {
  status = 400;
  EXPECT_EQ(client.perform({.url = origin.url("/")}).status, 400);
  EXPECT_EQ(client.body, "sign!");
  EXPECT_EQ(origin.judged().size(), 1U);
}

TEST_F(ClientChallenges, BodyIsSentAgainWithItsDigest) {
  challenge = "sig1=(\"@authority\" \"content-digest\");nonce=\"abc\";tag=\"web-bot-auth\"";
  wanted_component = "\"content-digest\"";
  client.perform(
      {.method = "PUT", .url = origin.url("/"), .stream = std::make_shared<Text>("twice")});
  EXPECT_EQ(client.body, "in");
  EXPECT_EQ(origin.judged()[1].request.body, "twice");
  client.perform(
      {.method = "PUT", .url = origin.url("/"), .stream = std::make_shared<Text>("once", false)});
  EXPECT_EQ(client.body, "sign!");
}

TEST_F(ClientChallenges, AreAnsweredOnce) {
  wanted_nonce = "something else";
  const auto response = client.perform({.url = origin.url("/")});
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.stop, ClientStop::challenged_again);
  EXPECT_EQ(response.challenges, 1U);
  EXPECT_EQ(client.body, "sign!");
  EXPECT_EQ(origin.judged().size(), 2U);
}

TEST_F(ClientChallenges, ForWhatWasSignedAreNotAnswered) {
  challenge = "sig1=(\"@authority\" \"@path\");created;expires;tag=\"web-bot-auth\"";
  const auto response = client.perform({.url = origin.url("/")});
  EXPECT_EQ(response.stop, ClientStop::challenged_again);
  EXPECT_EQ(origin.judged().size(), 1U);
}

TEST_F(ClientChallenges, OutsideOfPolicyAreRefused) {
  const std::string keyid(agent.signer->keyid());
  for (const auto& asked : std::vector<std::string>{
           "s=(\"@authority\" \"@query\");nonce=\"abc\";tag=\"agent-payer-auth\"",  // other
                                                                                    // protocol
           "s=(\"@query\");nonce=\"abc\";keyid=\"other\"",
           "s=(\"@query\");nonce=\"abc\";alg=\"rsa-pss-sha512\"",
           "s=(\"x-not-sent\");nonce=\"abc\"",
           "s=(\"@query\");nonce=\"" + std::string(257, 'n') + "\"",
       }) {
    challenge = asked;
    const auto response = client.perform({.url = origin.url("/")});
    EXPECT_EQ(response.stop, ClientStop::challenge_refused) << asked;
    EXPECT_EQ(client.body, "sign!");
  }
  challenge = "s=(\"@authority\" \"@query\");nonce=\"abc\";alg=\"ed25519\";keyid=\"" + keyid + "\"";
  EXPECT_EQ(client.perform({.url = origin.url("/")}).status, 200);
  client.config.challenge.allow_nonce = false;
  client.session.reset();
  EXPECT_EQ(client.perform({.url = origin.url("/")}).stop, ClientStop::challenge_refused);
  client.config.challenge.answer = false;
  client.session.reset();
  EXPECT_EQ(client.perform({.url = origin.url("/")}).stop, ClientStop::none);
}

TEST_F(ClientChallenges, ThatAreUnreadableAreRefused) {
  for (const std::string asked :
       {"s=(\"@status\")", "s", "s=(", "s=(\"@nothing\")", "s=(\"@query\");nonce"}) {
    challenge = asked;
    EXPECT_EQ(client.perform({.url = origin.url("/")}).stop, ClientStop::challenge_unreadable)
        << asked;
  }
}

TEST_F(ClientChallenges, OfWebBotAuthComeBeforeOthers) {
  challenge =
      "x=(\"@method\");nonce=\"no\", y=(\"@authority\" "
      "\"@query\");nonce=\"abc\";tag=\"web-bot-auth\"";
  EXPECT_EQ(client.perform({.url = origin.url("/")}).status, 200);
  EXPECT_TRUE(origin.judged().back().covers("\"signature-agent\";key=\"y\""));
}

}  // namespace
}  // namespace wba::test
