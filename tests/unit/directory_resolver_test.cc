// DirectoryResolver against real HTTPS servers on loopback.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <wba/agent_identity.h>
#include <wba/directory_resolver.h>

#include "support/resolver_world.h"

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using wba::AddressRange;
using wba::AgentKind;
using wba::DirectoryResolver;
using wba::DirectoryResolverOptions;
using wba::KeyLookup;
using wba::KeyResolution;
using wba::Reason;
using wba::test::ca;
using wba::test::Fault;
using wba::test::good_reply;
using wba::test::HttpReply;
using wba::test::HttpRequest;
using wba::test::HttpsServer;
using wba::test::key_set;
using wba::test::test_key;
using World = wba::test::ResolverWorld;

TEST(DirectoryResolver, ResolveFetchesTheWellKnownPathAndLookupThenKnowsTheKey) {
  World world(good_reply);
  EXPECT_EQ(world.lookup(test_key().keyid).reason, Reason::key_pending);
  const KeyResolution got = world.resolve(test_key().keyid);
  ASSERT_EQ(got.reason, Reason::none);
  EXPECT_EQ(got.key->thumbprint(), test_key().keyid);
  EXPECT_EQ(got.identity, world.origin + std::string(wba::directory_well_known_path));
  EXPECT_EQ(got.domain, "agent.test");
  EXPECT_EQ(world.server.last_request().target, wba::directory_well_known_path);
  const KeyLookup found = world.lookup(test_key().keyid);
  ASSERT_EQ(found.reason, Reason::none);
  EXPECT_EQ(found.key->thumbprint(), test_key().keyid);
  EXPECT_EQ(found.identity, got.identity);
  EXPECT_EQ(found.domain, "agent.test");
  EXPECT_EQ(world.server.requests(), 1);
}

TEST(DirectoryResolver, LookupAloneStartsTheFetch) {
  World world(good_reply);
  EXPECT_TRUE(world.await(test_key().keyid, Reason::none));
  EXPECT_EQ(world.server.requests(), 1);
}

TEST(DirectoryResolver, DialectDecidesWhatIsFetched) {
  World world([](const HttpRequest& request) {
    if (request.target == "/client") {
      const std::string port = request.field("host").substr(request.field("host").find(':'));
      return HttpReply{.fields = {{"Content-Type", "application/json"}},
                       .body = R"({"jwks_uri":"https://keys.test)" + port + R"(/set?v=2"})"};
    }
    return HttpReply{.fields = {{"Content-Type", "application/jwk-set+json"}},
                     .body = key_set({test_key().jwk})};
  });
  const std::string direct = world.server.url("agent.test", "/keys?x=1");
  EXPECT_EQ(world.resolve({.url = direct, .kind = AgentKind::key_set}, test_key().keyid).identity,
            direct);
  EXPECT_EQ(world.server.last_request().target, "/keys?x=1");
  const std::string client = world.server.url("agent.test", "/client");
  const auto by_metadata =
      world.resolve({.url = client, .kind = AgentKind::cimd}, test_key().keyid);
  EXPECT_EQ(by_metadata.reason, Reason::none);
  EXPECT_EQ(by_metadata.identity, client);
  EXPECT_EQ(world.server.last_request().target, "/set?v=2");
  EXPECT_EQ(world.server.last_request().field("host").substr(0, 9), "keys.test");
}

TEST(DirectoryResolver, ThousandFirstRequestsForOneUrlAreOneFetch) {
  World world([](const HttpRequest& request) {
    HttpReply reply = good_reply(request);
    reply.delay = milliseconds(200);
    return reply;
  });
  std::atomic<int> good{0};
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 20; ++thread) {
    threads.emplace_back([&] {
      const auto deadline = std::chrono::steady_clock::now() + seconds(20);
      for (int i = 0; i < 49; ++i) {
        world.resolver->resolve({.url = world.origin}, test_key().keyid, deadline,
                                [&](const KeyResolution& got) {
                                  if (got.reason == Reason::none) ++good;
                                  ++done;
                                });
      }
      if (world.resolver->resolve({.url = world.origin}, test_key().keyid, deadline).reason ==
          Reason::none) {
        ++good;
      }
      ++done;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(World::eventually([&] { return done == 1000; }));
  EXPECT_EQ(good, 1000);
  EXPECT_EQ(world.server.requests(), 1);
}

TEST(DirectoryResolver, EveryFaultIsNamedAndDoesNotVerify) {
  std::atomic<Fault> kind{};
  const auto handler = [&](const HttpRequest&) {
    return wba::test::fault(kind, key_set({test_key().jwk}));
  };
  DirectoryResolverOptions options;
  options.limits.body_bytes = 1 << 20;
  options.limits.fetch_time = milliseconds(2000);
  World hurried(handler, options);
  // Of the others none ends by the clock, though a busy machine may take its time.
  options.limits.fetch_time = options.limits.connect_time = milliseconds(30000);
  World patient(handler, options);
  int number = 0;
  for (const Fault fault : wba::test::all_faults) {
    kind = fault;
    const World& world = fault == Fault::stall || fault == Fault::drip ? hurried : patient;
    const std::string host = "x" + std::to_string(number % 10) + ".agent.test";
    const std::string origin = world.server.url(host);
    // Each fault under an URL of its own, at a well-known path where hosts last.
    const std::string url = number < 10 ? origin : origin + "/" + std::to_string(number);
    ++number;
    const Reason reason = world.resolve({.url = url}, test_key().keyid, milliseconds(40000)).reason;
    switch (fault) {
      case Fault::stall:
      case Fault::drip:
      case Fault::close_early:
      case Fault::no_reply:
      case Fault::long_length:
        EXPECT_EQ(reason, Reason::directory_unreachable) << to_string(fault);
        break;
      case Fault::endless_chunks:
      case Fault::gzip_bomb:
        EXPECT_EQ(reason, Reason::directory_too_large) << to_string(fault);
        break;
      case Fault::redirect:
      case Fault::not_modified:
      case Fault::not_found:
      case Fault::not_acceptable:
      case Fault::too_many_requests:
      case Fault::server_error:
      case Fault::no_content:
        EXPECT_EQ(reason, Reason::directory_bad_status) << to_string(fault);
        break;
      case Fault::short_length:
      case Fault::not_json:
      case Fault::deep_json:
        EXPECT_EQ(reason, Reason::directory_unreadable) << to_string(fault);
        break;
      case Fault::html:
      case Fault::wrong_media_type:
        EXPECT_EQ(reason, Reason::directory_wrong_media_type) << to_string(fault);
        break;
      case Fault::empty_set:
        EXPECT_EQ(reason, Reason::directory_no_keys) << to_string(fault);
        break;
      case Fault::many_keys:
        EXPECT_EQ(reason, Reason::directory_too_many_keys) << to_string(fault);
        break;
    }
  }
}

TEST(DirectoryResolver, WrongMediaTypeAndHtmlAtTheWellKnownPath) {
  std::atomic<Fault> kind{Fault::wrong_media_type};
  World world(
      [&](const HttpRequest&) { return wba::test::fault(kind, key_set({test_key().jwk})); });
  EXPECT_EQ(world.resolve(test_key().keyid).reason, Reason::directory_wrong_media_type);
  kind = Fault::html;
  EXPECT_EQ(world.resolve({.url = world.server.url("x0.agent.test")}, test_key().keyid).reason,
            Reason::directory_wrong_media_type);
}

TEST(DirectoryResolver, CertificateMustBeGoodForTheHostNow) {
  const auto reason = [](const std::vector<std::string>& names, bool expired) {
    const HttpsServer server(ca(), names, good_reply, {.expired_certificate = expired});
    DirectoryResolverOptions options;
    options.network.ca_file = ca().file();
    options.network.resolve = {server.resolve("agent.test")};
    options.network.addresses.allowed = {*AddressRange::parse("127.0.0.0/8")};
    const auto resolver = *DirectoryResolver::create(std::move(options));
    const std::string url = server.url("agent.test");
    const auto deadline = std::chrono::steady_clock::now() + seconds(10);
    return resolver->resolve({.url = url}, test_key().keyid, deadline).reason;
  };
  EXPECT_EQ(reason({"agent.test"}, false), Reason::none);
  EXPECT_EQ(reason({"agent.test"}, true), Reason::directory_unreachable);
  EXPECT_EQ(reason({"other.test"}, false), Reason::directory_unreachable);
}

TEST(DirectoryResolver, AddressThatIsNotAllowedIsNamed) {
  HttpsServer server(ca(), {"agent.test"}, good_reply);
  DirectoryResolverOptions options;
  options.network.ca_file = ca().file();
  options.network.resolve = {server.resolve("agent.test")};
  const auto resolver = *DirectoryResolver::create(std::move(options));
  const std::string url = server.url("agent.test");
  const auto deadline = std::chrono::steady_clock::now() + seconds(10);
  EXPECT_EQ(resolver->resolve({.url = url}, "k", deadline).reason,
            Reason::directory_address_forbidden);
  EXPECT_EQ(server.connections(), 0);
}

TEST(DirectoryResolver, DeadlineEndsTheWaitAndTheFetchGoesOn) {
  World world([](const HttpRequest& request) {
    HttpReply reply = good_reply(request);
    reply.delay = milliseconds(400);
    return reply;
  });
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(world.resolve({.url = world.origin}, test_key().keyid, milliseconds(50)).reason,
            Reason::key_pending);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds(390));
  EXPECT_TRUE(world.await(test_key().keyid, Reason::none));
  EXPECT_EQ(world.server.requests(), 1);
}

TEST(DirectoryResolver, DeadlineMayBeAnyTime) {
  World world(good_reply);
  using Clock = std::chrono::steady_clock;
  const auto at = [&](Clock::time_point deadline) {
    return world.resolver->resolve({.url = world.origin}, test_key().keyid, deadline).reason;
  };
  EXPECT_EQ(at(Clock::time_point::min()), Reason::key_pending);
  EXPECT_EQ(at(Clock::time_point::max()), Reason::none);
}

TEST(DirectoryResolver, DestructionAnswersWhoeverWaitsAndReadersOutliveIt) {
  auto world = std::make_unique<World>(
      [](const HttpRequest&) { return wba::test::fault(Fault::stall, ""); });
  std::atomic<int> answered{0};
  for (int i = 0; i < 10; ++i) {
    world->resolver->resolve({.url = world->origin}, "k",
                             std::chrono::steady_clock::now() + seconds(60),
                             [&](const KeyResolution& got) {
                               EXPECT_EQ(got.reason, Reason::key_pending);
                               ++answered;
                             });
  }
  auto reader = world->resolver->reader();
  world->resolver.reset();
  EXPECT_EQ(answered, 10);
  EXPECT_EQ(reader->lookup({.url = world->origin}, "k", world->clock.now()).reason,
            Reason::key_pending);
}

// Made-up URLs under hosts that answer 404 and under hosts that are not there.
TEST(DirectoryResolver, HundredThousandMadeUpUrlsCostLimitedFetchesAndNoKnownAgent) {
  DirectoryResolverOptions options;
  options.limits.new_urls_per_minute = 120;
  options.limits.new_urls_per_minute_and_domain = 60;
  options.limits.directories = 200;
  World world(
      [](const HttpRequest& request) {
        if (request.target == wba::directory_well_known_path) return good_reply(request);
        return wba::test::fault(Fault::not_found, "");
      },
      options);
  ASSERT_EQ(world.resolve(test_key().keyid).reason, Reason::none);
  int lost = 0;
  for (int i = 0; i < 100000; ++i) {
    const std::string host = i % 2 == 0 ? "x" + std::to_string(i % 10) + ".agent.test"
                                        : "no" + std::to_string(i) + ".invalid";
    const std::string url = world.server.url(host, "/" + std::to_string(i));
    const Reason reason =
        world.reader->lookup({.url = url, .kind = AgentKind::key_set}, "k", world.clock.now())
            .reason;
    EXPECT_TRUE(reason == Reason::key_pending || reason == Reason::directory_overloaded ||
                reason == Reason::directory_bad_status || reason == Reason::directory_host_unknown);
    if (world.lookup(test_key().keyid).reason != Reason::none) ++lost;
  }
  EXPECT_EQ(lost, 0);
  EXPECT_TRUE(World::eventually([&] {
    const auto statistics = world.resolver->statistics();
    return statistics.fetches_under_way + statistics.fetches_waiting == 0;
  }));
  const auto statistics = world.resolver->statistics();
  EXPECT_LE(statistics.fetches_started, 121U);
  EXPECT_LE(world.server.requests(), 61 + 1);
  EXPECT_LE(statistics.directories, 200U);
  EXPECT_EQ(world.lookup(test_key().keyid).reason, Reason::none);
  EXPECT_EQ(world.resolve(test_key().keyid).reason, Reason::none);
}

// Made-up hosts need no signature that verifies.
TEST(DirectoryResolver, AFloodFromOneClientLeavesAnothersFirstRequestItsFetch) {
  World world(good_reply);
  for (int i = 0; i < 2000; ++i) {
    const std::string url = "https://no" + std::to_string(i) + ".invalid/";
    static_cast<void>(
        world.reader->lookup({.url = url, .client = "203.0.113.9"}, "k", world.clock.now()));
  }
  EXPECT_EQ(
      world.resolve({.url = "https://one-more.invalid/", .client = "203.0.113.9"}, "k").reason,
      Reason::directory_overloaded);
  EXPECT_EQ(world.resolve({.url = world.origin, .client = "198.51.100.7"}, test_key().keyid).reason,
            Reason::none);
  EXPECT_LE(world.resolver->statistics().fetches_started, 7U);
}

// A clock that was ahead, as at the start of a machine, leaves nothing behind when it is put right.
TEST(DirectoryResolver, UrlsThatAreNoneAreAnsweredAtOnce) {
  World world(good_reply);
  const auto ask = [&](std::string_view url) {
    EXPECT_EQ(world.resolve({.url = url}, "k").reason,
              world.reader->lookup({.url = url}, "k", world.clock.now()).reason);
    return world.resolve({.url = url}, "k").reason;
  };
  EXPECT_EQ(ask("http://agent.test"), Reason::signature_agent_not_https);
  EXPECT_EQ(ask("agent.test"), Reason::signature_agent_unparsable);
  EXPECT_EQ(world.server.connections(), 0);
}

TEST(DirectoryResolver, OptionsThatMakeNoSenseAreRefused) {
  DirectoryResolverOptions options;
  options.limits.fetches = 0;
  EXPECT_EQ(DirectoryResolver::create(options).error().code, wba::ErrorCode::argument_invalid);
  options = {};
  options.cache.fresh_min = hours(48);
  EXPECT_EQ(DirectoryResolver::create(options).error().code, wba::ErrorCode::argument_invalid);
  options = {};
  options.agents = {{.url = "http://agent.test"}};
  EXPECT_EQ(DirectoryResolver::create(options).error().code, wba::ErrorCode::agent_url_not_https);
}

}  // namespace
