#include <cstdlib>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "directory/fetcher.h"
#include "support/https_server.h"
#include "support/special_addresses.h"

namespace {

using std::chrono::milliseconds;
using wba::AddressRange;
using wba::DirectoryLimits;
using wba::DirectoryNetwork;
using wba::Reason;
using wba::directory::Fetcher;
using wba::directory::FetchRequest;
using wba::directory::FetchResult;
using wba::test::Fault;
using wba::test::HttpReply;
using wba::test::HttpRequest;
using wba::test::HttpsServer;
using wba::test::TestCa;

const std::string good_body = R"({"keys":[]})";

// A CA takes a moment; the tests share one.
const TestCa& ca() {
  static const TestCa instance;
  return instance;
}

DirectoryNetwork loopback(const HttpsServer& server, const std::string& host = "agent.test") {
  return {.ca_file = ca().file(),
          .resolve = {server.resolve(host)},
          .addresses = {.allowed = {*AddressRange::parse("127.0.0.0/8")}}};
}

DirectoryLimits quick() {
  return {.fetch_time = milliseconds(2000), .connect_time = milliseconds(2000)};
}

DirectoryLimits patient() {
  return {.fetch_time = milliseconds(30000), .connect_time = milliseconds(30000)};
}

std::vector<FetchResult> run(Fetcher& fetcher, std::size_t count) {
  std::vector<FetchResult> results;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(40);
  while (results.size() < count && std::chrono::steady_clock::now() < end) {
    for (FetchResult& result : fetcher.poll(milliseconds(100)))
      results.push_back(std::move(result));
  }
  EXPECT_EQ(results.size(), count);
  results.resize(count);
  return results;
}

FetchResult fetch(const DirectoryNetwork& network, const std::string& url,
                  const DirectoryLimits& limits = quick()) {
  const auto fetcher = Fetcher::create(network, limits);
  EXPECT_TRUE(fetcher);
  EXPECT_TRUE(fetcher->start({.id = 7, .url = url, .host = "agent.test"}));
  return run(*fetcher, 1).front();
}

TEST(Fetcher, GoodResponseComesWithBodyAndFields) {
  const HttpsServer server(ca(), {"agent.test"}, [](const HttpRequest&) {
    return wba::test::directory_reply(good_body, {{"Cache-Control", "max-age=60"},
                                                  {"cache-control", "must-revalidate"},
                                                  {"ETag", "\"v1\""},
                                                  {"Signature-Input", "a=()"}});
  });
  const FetchResult result = fetch(loopback(server), server.url("agent.test", "/k?v=1"));
  EXPECT_EQ(result.id, 7U);
  EXPECT_EQ(result.failure, Reason::none);
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.body, good_body);
  EXPECT_EQ(result.fields.cache_control, "max-age=60, must-revalidate");
  EXPECT_EQ(result.fields.etag, "\"v1\"");
  EXPECT_EQ(result.fields.content_type, "application/http-message-signatures-directory+json");
  EXPECT_EQ(result.fields.expires, std::nullopt);
  EXPECT_EQ(result.signature_input, "a=()");
  EXPECT_EQ(server.last_request().target, "/k?v=1");
  EXPECT_NE(server.last_request().field("accept").find("*/*"), std::string::npos);
  EXPECT_EQ(server.last_request().field("if-none-match"), "");
}

TEST(Fetcher, ValidatorsAreSent) {
  const HttpsServer server(ca(), {"agent.test"},
                           [](const HttpRequest&) { return HttpReply{.status = 304}; });
  const auto fetcher = Fetcher::create(loopback(server), quick());
  ASSERT_TRUE(fetcher->start({.url = server.url("agent.test", "/"),
                              .host = "agent.test",
                              .etag = "\"v1\"",
                              .last_modified = "Sun, 06 Nov 1994 08:49:37 GMT"}));
  EXPECT_EQ(run(*fetcher, 1).front().status, 304);
  EXPECT_EQ(server.last_request().field("if-none-match"), "\"v1\"");
  EXPECT_EQ(server.last_request().field("if-modified-since"), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Fetcher, EveryFaultIsNamed) {
  for (const Fault kind : wba::test::all_faults) {
    const HttpsServer server(ca(), {"agent.test"},
                             [&](const HttpRequest&) { return wba::test::fault(kind, good_body); });
    // Only these two end by the clock; a busy machine may take its time over the others.
    const bool waits = kind == Fault::stall || kind == Fault::drip;
    const FetchResult result =
        fetch(loopback(server), server.url("agent.test", "/"), waits ? quick() : patient());
    const auto expect = [&](Reason failure, int status) {
      EXPECT_EQ(result.failure, failure) << to_string(kind);
      EXPECT_EQ(result.status, status) << to_string(kind);
    };
    switch (kind) {
      case Fault::stall:
      case Fault::drip:
      case Fault::close_early:
      case Fault::no_reply:
      case Fault::long_length:
        expect(Reason::directory_unreachable, 0);
        break;
      case Fault::endless_chunks:
      case Fault::gzip_bomb:
      case Fault::many_keys:
      case Fault::deep_json:
        expect(Reason::directory_too_large, 0);
        break;
      case Fault::redirect:
        expect(Reason::none, 302);
        break;
      case Fault::not_modified:
        expect(Reason::none, 304);
        break;
      case Fault::not_found:
        expect(Reason::none, 404);
        break;
      case Fault::not_acceptable:
        expect(Reason::none, 406);
        break;
      case Fault::too_many_requests:
        expect(Reason::none, 429);
        EXPECT_EQ(result.fields.retry_after, "120");
        break;
      case Fault::server_error:
        expect(Reason::none, 500);
        break;
      case Fault::no_content:
        expect(Reason::none, 204);
        break;
      case Fault::short_length:
      case Fault::wrong_media_type:
      case Fault::html:
      case Fault::not_json:
      case Fault::empty_set:
        expect(Reason::none, 200);
        break;
    }
    EXPECT_EQ(server.requests(), 1) << "a redirect or retry was made: " << to_string(kind);
  }
}

TEST(Fetcher, BodyOfExactlyTheLimitIsTakenAndOneOctetMoreIsNot) {
  std::string body(1000, 'x');
  const HttpsServer server(ca(), {"agent.test"}, [&](const HttpRequest&) {
    HttpReply reply = wba::test::directory_reply(body);
    reply.chunked = true;
    return reply;
  });
  DirectoryLimits limits = quick();
  limits.body_bytes = 1000;
  EXPECT_EQ(fetch(loopback(server), server.url("agent.test"), limits).failure, Reason::none);
  body.push_back('x');
  EXPECT_EQ(fetch(loopback(server), server.url("agent.test"), limits).failure,
            Reason::directory_too_large);
}

TEST(Fetcher, SizeCountsAfterDecoding) {
  const HttpsServer server(ca(), {"agent.test"}, [&](const HttpRequest&) {
    return wba::test::directory_reply(wba::test::gzip_stored(good_body),
                                      {{"Content-Encoding", "gzip"}});
  });
  EXPECT_EQ(fetch(loopback(server), server.url("agent.test")).body, good_body);
}

TEST(Fetcher, EndlessHeadersAreCut) {
  const HttpsServer server(ca(), {"agent.test"}, [&](const HttpRequest&) {
    HttpReply reply = wba::test::directory_reply(good_body);
    for (int i = 0; i < 40; ++i) reply.fields.emplace_back("X", std::string(1000, 'x'));
    return reply;
  });
  EXPECT_EQ(fetch(loopback(server), server.url("agent.test")).failure, Reason::directory_too_large);
}

TEST(Fetcher, CertificateIsVerified) {
  const auto handler = [](const HttpRequest&) { return wba::test::directory_reply(good_body); };
  const HttpsServer other(ca(), {"other.test"}, handler);
  EXPECT_EQ(fetch(loopback(other), other.url("agent.test")).failure, Reason::directory_unreachable);
  const HttpsServer expired(ca(), {"agent.test"}, handler, {.expired_certificate = true});
  EXPECT_EQ(fetch(loopback(expired), expired.url("agent.test")).failure,
            Reason::directory_unreachable);
  const HttpsServer server(ca(), {"agent.test"}, handler);
  DirectoryNetwork without_ca = loopback(server);
  without_ca.ca_file.clear();
  EXPECT_EQ(fetch(without_ca, server.url("agent.test")).failure, Reason::directory_unreachable);
  const TestCa another;
  DirectoryNetwork wrong_ca = loopback(server);
  wrong_ca.ca_file = another.file();
  EXPECT_EQ(fetch(wrong_ca, server.url("agent.test")).failure, Reason::directory_unreachable);
  EXPECT_EQ(other.requests() + expired.requests() + server.requests(), 0);
  EXPECT_EQ(fetch(loopback(server), server.url("agent.test")).failure, Reason::none);
}

TEST(Fetcher, OnlyHttpsIsSpoken) {
  const HttpsServer server(ca(), {"agent.test"}, [](const HttpRequest&) {
    return wba::test::directory_reply(good_body);
  });
  for (const char* scheme : {"http://", "ftp://", "file://", "gopher://"}) {
    const std::string url = scheme + ("agent.test:" + std::to_string(server.port())) + "/";
    EXPECT_EQ(fetch(loopback(server), url).failure, Reason::directory_unreachable) << scheme;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(Fetcher, ProxyInTheEnvironmentIsPassedOver) {
  const HttpsServer server(ca(), {"agent.test"}, [](const HttpRequest&) {
    return wba::test::directory_reply(good_body);
  });
  setenv("https_proxy", "http://127.0.0.1:9", 1);
  setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
  const FetchResult result = fetch(loopback(server), server.url("agent.test"));
  unsetenv("https_proxy");
  unsetenv("ALL_PROXY");
  EXPECT_EQ(result.failure, Reason::none);
}

TEST(Fetcher, LoopbackIsForbiddenUnlessAllowed) {
  const HttpsServer server(ca(), {"agent.test"}, [](const HttpRequest&) {
    return wba::test::directory_reply(good_body);
  });
  DirectoryNetwork network = loopback(server);
  network.addresses.allowed.clear();
  EXPECT_EQ(fetch(network, server.url("agent.test")).failure, Reason::directory_address_forbidden);
  EXPECT_EQ(fetch(network, server.url("127.0.0.1")).failure, Reason::directory_address_forbidden);
  EXPECT_EQ(server.connections(), 0);
}

TEST(Fetcher, UnknownHostIsNamed) {
  EXPECT_EQ(fetch({}, "https://agent.invalid/").failure, Reason::directory_host_unknown);
}

// A name that leads to any special-purpose address, by every row of both registries: refused when
// it is the only answer; and beside an allowed address, only that one is connected to.
TEST(Fetcher, NoSpecialPurposeAddressIsConnectedTo) {
  const HttpsServer server(ca(), {"agent.test"}, [](const HttpRequest&) {
    return wba::test::directory_reply(good_body);
  });
  const std::string port = std::to_string(server.port());
  int expected = 0;
  const auto check = [&](std::string_view range) {
    const std::string address = range.find(':') == std::string_view::npos
                                    ? std::string(range)
                                    : "[" + std::string(range) + "]";
    DirectoryNetwork alone;
    alone.ca_file = ca().file();
    alone.resolve = {"agent.test:443:" + address};
    EXPECT_EQ(fetch(alone, "https://agent.test/").failure, Reason::directory_address_forbidden)
        << range;
    for (const std::string& answer : {address + ",127.0.0.1", "127.0.0.1," + address}) {
      DirectoryNetwork mixed;
      mixed.ca_file = ca().file();
      mixed.addresses.allowed = {*AddressRange::parse("127.0.0.1")};
      mixed.resolve = {"agent.test:" + port + ":" + answer};
      EXPECT_EQ(fetch(mixed, server.url("agent.test")).failure, Reason::none) << answer;
      EXPECT_EQ(server.requests(), ++expected) << answer;
    }
  };
  for (const auto& row : wba::test::registry_v4) {
    if (!row.globally_reachable) check(row.last);
  }
  for (const auto& row : wba::test::registry_v6) {
    if (!row.globally_reachable) check(row.last);
  }
}

TEST(Fetcher, OneHostGetsItsShareAndTheQueueIsBounded) {
  const HttpsServer server(ca(), {"agent.test"}, [](const HttpRequest&) {
    HttpReply reply = wba::test::directory_reply(good_body);
    reply.delay = milliseconds(50);
    return reply;
  });
  DirectoryLimits limits = quick();
  limits.fetches_per_host = 2;
  limits.fetches_waiting = 8;
  const auto fetcher = Fetcher::create(loopback(server), limits);
  std::size_t taken = 0;
  for (std::uint64_t id = 0; id < 20; ++id) {
    if (fetcher->start(
            {.id = id, .url = server.url("agent.test"), .host = "agent.test", .known = true})) {
      ++taken;
    }
  }
  EXPECT_EQ(taken, 10U);  // two under way, eight waiting
  for (const FetchResult& result : run(*fetcher, taken)) EXPECT_EQ(result.failure, Reason::none);
  EXPECT_EQ(server.most_at_once(), 2);
  EXPECT_EQ(fetcher->under_way() + fetcher->waiting(), 0U);
}

TEST(Fetcher, NewUrlsLeaveAQuarterOfTheSlotsToKnownOnes) {
  const HttpsServer server(ca(), {"agent.test"},
                           [](const HttpRequest&) { return wba::test::fault(Fault::stall, ""); });
  DirectoryLimits limits = quick();
  limits.fetches = 4;
  limits.fetches_per_host = 100;
  const auto fetcher = Fetcher::create(loopback(server), limits);
  for (std::uint64_t id = 0; id < 10; ++id) {
    ASSERT_TRUE(fetcher->start({.id = id, .url = server.url("agent.test"), .host = "agent.test"}));
  }
  EXPECT_EQ(fetcher->under_way(), 3U);
  ASSERT_TRUE(fetcher->start(
      {.id = 99, .url = server.url("agent.test"), .host = "agent.test", .known = true}));
  EXPECT_EQ(fetcher->under_way(), 4U);
}

TEST(Fetcher, WakeEndsAWaitingPoll) {
  const auto fetcher = Fetcher::create({}, {});
  const auto begun = std::chrono::steady_clock::now();
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(20));
    fetcher->wake();
  });
  EXPECT_TRUE(fetcher->poll(milliseconds(10000)).empty());
  other.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds(5000));
}

}  // namespace
