// DirectoryResolver as time goes by: refresh, outage, rotation, and clocks that are wrong.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <wba/directory_resolver.h>

#include "support/resolver_world.h"

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using wba::Reason;
using wba::test::directory_reply;
using wba::test::Fault;
using wba::test::good_reply;
using wba::test::HttpReply;
using wba::test::HttpRequest;
using wba::test::key_set;
using wba::test::make_key;
using wba::test::test_key;
using wba::test::TestKey;
using World = wba::test::ResolverWorld;

TEST(DirectoryResolver, RefreshHappensInTheBackgroundWhileTheOldKeysServe) {
  std::atomic<bool> slow{false};
  World world([&](const HttpRequest& request) {
    HttpReply reply = good_reply(request);
    if (slow) reply.delay = milliseconds(300);
    return reply;
  });
  ASSERT_EQ(world.resolve(test_key().keyid).reason, Reason::none);
  slow = true;
  world.clock.advance(hours(2));  // stale by an hour
  EXPECT_EQ(world.lookup(test_key().keyid).reason, Reason::none);
  EXPECT_EQ(world.resolve(test_key().keyid).reason, Reason::none);
  EXPECT_TRUE(World::eventually([&] { return world.server.requests() == 2; }));
  EXPECT_EQ(world.lookup(test_key().keyid).reason, Reason::none);
}

TEST(DirectoryResolver, DirectoryThatIsDownServesUntilTheStaleLimit) {
  std::atomic<bool> down{false};
  World world([&](const HttpRequest& request) {
    return down ? wba::test::fault(Fault::no_reply, "") : good_reply(request);
  });
  ASSERT_EQ(world.resolve(test_key().keyid).reason, Reason::none);
  down = true;
  for (int hour = 1; hour < 25; ++hour) {
    world.clock.advance(hours(1));
    ASSERT_EQ(world.lookup(test_key().keyid).reason, Reason::none) << hour;
  }
  world.clock.advance(hours(1));
  EXPECT_TRUE(world.await(test_key().keyid, Reason::directory_unreachable));
  down = false;
  world.clock.advance(seconds(300));
  EXPECT_TRUE(world.await(test_key().keyid, Reason::none));
}

TEST(DirectoryResolver, UnknownKeyidCausesOneEarlyFetchPerInterval) {
  std::atomic<bool> rotated{false};
  const TestKey fresh = make_key();
  World world([&](const HttpRequest&) {
    return directory_reply(key_set({rotated ? fresh.jwk : test_key().jwk}),
                           {{"Cache-Control", "max-age=3600"}});
  });
  ASSERT_EQ(world.resolve(test_key().keyid).reason, Reason::none);
  rotated = true;
  EXPECT_EQ(world.resolve(fresh.keyid).reason, Reason::none);
  EXPECT_EQ(world.server.requests(), 2);
  EXPECT_EQ(world.lookup(test_key().keyid).reason, Reason::key_not_in_directory);
  // A flood of made-up keyids within the interval: nothing more is fetched.
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(world.lookup("made-up" + std::to_string(i)).reason, Reason::key_not_in_directory);
    if (i % 100 == 0) {
      EXPECT_EQ(world.resolve("other" + std::to_string(i)).reason, Reason::key_not_in_directory);
    }
  }
  EXPECT_EQ(world.server.requests(), 2);
  world.clock.advance(seconds(61));
  EXPECT_EQ(world.lookup("made-up").reason, Reason::key_pending);
  EXPECT_TRUE(world.await("made-up", Reason::key_not_in_directory));
  EXPECT_EQ(world.server.requests(), 3);
}

TEST(DirectoryResolver, RevalidationSendsTheEtagAnd304KeepsTheKeys) {
  World world([](const HttpRequest& request) {
    if (request.field("if-none-match") == "\"v1\"") return HttpReply{.status = 304};
    HttpReply reply = good_reply(request);
    reply.fields.emplace_back("ETag", "\"v1\"");
    return reply;
  });
  ASSERT_EQ(world.resolve(test_key().keyid).reason, Reason::none);
  world.clock.advance(seconds(3601));
  EXPECT_EQ(world.lookup(test_key().keyid).reason, Reason::none);
  EXPECT_TRUE(
      World::eventually([&] { return world.resolver->statistics().fetches_not_modified == 1; }));
  EXPECT_EQ(world.lookup(test_key().keyid).reason, Reason::none);
  EXPECT_EQ(world.server.requests(), 2);
}

TEST(DirectoryResolver, AgentsOfTheConfigurationAreFetchedAtStartAndKeptWarm) {
  World world(good_reply, {.agents = {{.url = "agent.test"}}});
  EXPECT_TRUE(World::eventually([&] { return world.server.requests() == 1; }));
  EXPECT_TRUE(world.await(test_key().keyid, Reason::none));
  EXPECT_EQ(world.server.requests(), 1);
  world.clock.advance(seconds(3590));  // nobody asks; its refresh is due ahead of expiry
  EXPECT_TRUE(World::eventually([&] { return world.server.requests() == 2; }));
}

TEST(DirectoryResolver, ClockThatIsSetBackLeavesNoKeyThatWasTakenOut) {
  std::atomic<bool> taken_out{false};
  World world([&](const HttpRequest&) {
    return directory_reply(taken_out ? key_set({make_key().jwk}) : key_set({test_key().jwk}),
                           {{"Cache-Control", "max-age=3600"}});
  });
  const seconds wrong = hours(24 * 3650);
  world.clock.advance(wrong);
  ASSERT_EQ(world.resolve(test_key().keyid).reason, Reason::none);
  world.clock.advance(-wrong);
  taken_out = true;
  // The background thread looks at its clock before it answers.
  static_cast<void>(world.resolve({.url = world.server.url("x0.agent.test")}, test_key().keyid));
  EXPECT_EQ(world.lookup(test_key().keyid).reason, Reason::none);
  world.clock.advance(hours(24));
  EXPECT_TRUE(world.await(test_key().keyid, Reason::key_not_in_directory));
}

TEST(DirectoryResolver, ReadersOfManyThreadsWhileDirectoriesAreRefreshed) {
  World world([](const HttpRequest&) {
    return directory_reply(key_set({test_key().jwk}), {{"Cache-Control", "no-store"}});
  });
  ASSERT_EQ(world.resolve(test_key().keyid).reason, Reason::none);
  std::atomic<bool> stop{false};
  std::atomic<int> lost{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const auto reader = world.resolver->reader();
      while (!stop) {
        if (reader->lookup({.url = world.origin}, test_key().keyid, world.clock.now()).reason !=
            Reason::none) {
          ++lost;
        }
        std::this_thread::yield();
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    const auto before = world.resolver->statistics().fetches_succeeded;
    world.clock.advance(seconds(61));
    EXPECT_TRUE(
        World::eventually([&] { return world.resolver->statistics().fetches_succeeded > before; }));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lost, 0);
}

}  // namespace
