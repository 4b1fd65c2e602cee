// Many requests at once, and signatures that are used again.

#include <map>

#include <gtest/gtest.h>

#include "client_support.h"

namespace wba::test {
namespace {

using namespace std::chrono_literals;

class ClientMulti : public testing::Test {
 protected:
  TestCa ca;
  TestAgent agent;
  Origin a{ca, agent, "a.test"};
  Origin b{ca, agent, "b.test", [this](const Judged& judged) {
             if (judged.request.target != "/move") return HttpReply{.body = "b"};
             return HttpReply{.status = 307, .fields = {{"Location", a.url("/moved")}}};
           }};
  Client client{ca, agent, {&a, &b}};
};

TEST_F(ClientMulti, AThousandRequestsAreVerifiedOverFewConnections) {
  auto session = SigningSession::create(client.config).value();
  MultiSession multi(
      session, [this](CURL* easy) { client.handle.set_up(easy); }, 8);
  int done = 0;
  std::map<long, int> statuses;
  for (int i = 0; i < 1000; ++i) {
    const std::string body = std::to_string(i);
    ClientRequest request{.url = i % 10 == 0 ? b.url("/move") : a.url("/" + body)};
    if (i % 2 == 0) {
      request.method = "POST";
      request.body = body;
    }
    multi.add(std::move(request), {}, [&](const Result<ClientResponse>& response, CURLcode code) {
      ++done;
      ++statuses[response ? response->status : -code];
    });
  }
  EXPECT_EQ(multi.run(120s), 0U);
  EXPECT_EQ(done, 1000);
  EXPECT_EQ(statuses, (std::map<long, int>{{200, 1000}}));
  EXPECT_EQ(a.judged().size(), 1000U);
  EXPECT_EQ(b.judged().size(), 100U);
  for (const auto* origin : {&a, &b}) {
    for (const auto& judged : origin->judged()) EXPECT_TRUE(judged.verified());
    EXPECT_LE(origin->connections(), 16);
  }
  EXPECT_EQ(session.signatures_made(), 1100U);
}

TEST_F(ClientMulti, FailuresEndInTheirOwnCallback) {
  auto session = SigningSession::create(client.config).value();
  MultiSession multi(session, [this](CURL* easy) { client.handle.set_up(easy); });
  std::vector<std::string> ends;
  const auto done = [&](const Result<ClientResponse>& response, CURLcode) {
    ends.push_back(response ? std::to_string(response->status)
                            : std::string(to_string(response.error().code)));
    if (ends.size() == 1) multi.add({.url = a.url("/later")}, {}, {});
  };
  multi.add({.url = "http://a.test/"}, {}, done);
  multi.add({.url = "https://a.test:1/"}, {}, done);
  multi.add({.url = a.url("/")}, {}, done);
  EXPECT_EQ(multi.run(20s), 0U);
  std::ranges::sort(ends);
  EXPECT_EQ(ends,
            (std::vector<std::string>{"200", "client-transfer-failed", "client-url-not-https"}));
  EXPECT_EQ(a.judged().size(), 2U);
}

TEST_F(ClientMulti, RunEndsAtItsLimit) {
  Origin slow(ca, agent, "s.test", [](const Judged&) { return HttpReply{.delay = 10s}; });
  Client other(ca, agent, {&slow});
  auto session = SigningSession::create(other.config).value();
  MultiSession multi(session, [&](CURL* easy) { other.handle.set_up(easy); });
  multi.add({.url = slow.url("/")}, {}, {});
  EXPECT_EQ(multi.run(100ms), 1U);
}

class ClientReuse : public ClientMulti {
 protected:
  ClientReuse() {
    client.config.profile.components = {"@authority"};
    client.config.profile.lifetime = 60s;
    client.config.reuse.enabled = true;
    client.config.clock = [this] { return now; };
  }
  Time now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
};

TEST_F(ClientReuse, IsOffUnlessAskedFor) {
  client.config.reuse = {};
  client.perform({.url = a.url("/1")});
  client.perform({.url = a.url("/2")});
  EXPECT_EQ(client.session->signatures_made(), 2U);
  EXPECT_NE(a.judged()[0].nonce, a.judged()[1].nonce);
}

TEST_F(ClientReuse, OneSignatureServesAnAuthority) {
  for (int i = 0; i < 5; ++i) {
    client.perform({.method = i % 2 == 0 ? "GET" : "HEAD", .url = a.url("/" + std::to_string(i))});
  }
  client.perform({.url = b.url("/")});
  client.perform({.url = a.url("/")});
  EXPECT_EQ(client.session->signatures_made(), 2U);
  EXPECT_EQ(client.session->signatures_reused(), 5U);
  for (const auto& judged : a.judged()) EXPECT_TRUE(judged.verified());
  EXPECT_TRUE(b.judged()[0].verified());
}

TEST_F(ClientReuse, OnlyWhereEverythingCoveredIsTheSame) {
  client.config.profile.components = {"@authority", "@method", "x-user"};
  const auto send = [&](std::string method, std::string user) {
    client.perform(
        {.method = std::move(method), .url = a.url("/"), .fields = {{"X-User", std::move(user)}}});
  };
  send("GET", "1");
  send("GET", "2");
  send("POST", "1");
  EXPECT_EQ(client.session->signatures_made(), 3U);
  send("GET", "1");
  send("POST", "1");
  EXPECT_EQ(client.session->signatures_made(), 3U);
  for (const auto& judged : a.judged()) EXPECT_TRUE(judged.verified());
}

TEST_F(ClientReuse, EndsShortlyBeforeTheSignatureExpires) {
  client.perform({.url = a.url("/")});
  now += 54s;
  client.perform({.url = a.url("/")});
  EXPECT_EQ(client.session->signatures_made(), 1U);
  now += 1s;  // 5 s before it expires
  client.perform({.url = a.url("/")});
  EXPECT_EQ(client.session->signatures_made(), 2U);
  now -= 60s;  // a clock set back: that signature is from the future
  client.perform({.url = a.url("/")});
  EXPECT_EQ(client.session->signatures_made(), 3U);
}

TEST_F(ClientReuse, MemoryIsBoundedByTheLeastRecentlyUsedAuthority) {
  client.config.reuse.max_authorities = 2;
  const auto send = [&](std::string host) {
    client.perform({.url = a.url("/"), .fields = {{"Host", std::move(host)}}});
  };
  send("1.test");
  send("2.test");
  send("1.test");
  send("3.test");  // 2.test goes
  EXPECT_EQ(client.session->signatures_made(), 3U);
  send("1.test");
  EXPECT_EQ(client.session->signatures_made(), 3U);
  send("2.test");
  EXPECT_EQ(client.session->signatures_made(), 4U);
}

TEST_F(ClientReuse, AnswerToAChallengeIsFresh) {
  Origin strict(
      ca, agent, "r.test", [seen = std::map<std::string, int>()](const Judged& judged) mutable {
        if (++seen[judged.nonce] == 1) return HttpReply{};
        return HttpReply{.status = 429, .fields = {{"Accept-Signature", "sig1=(\"@authority\")"}}};
      });
  Client other(ca, agent, {&strict});
  other.config = client.config;
  EXPECT_EQ(other.perform({.url = strict.url("/")}).challenges, 0U);
  const auto response = other.perform({.url = strict.url("/")});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.challenges, 1U);
  EXPECT_EQ(other.session->signatures_made(), 2U);
  EXPECT_EQ(other.session->signatures_reused(), 1U);
}

}  // namespace
}  // namespace wba::test
