#ifndef WBA_TESTS_SUPPORT_RESOLVER_WORLD_H_
#define WBA_TESTS_SUPPORT_RESOLVER_WORLD_H_

// A resolver whose agents are at a real HTTPS server on loopback, and a clock for both that the
// test moves.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include <wba/directory_resolver.h>

#include "support/https_server.h"
#include "support/test_keys.h"

namespace wba::test {

inline const TestCa& ca() {
  static const TestCa instance;
  return instance;
}

inline const TestKey& test_key() {
  static const TestKey instance = make_key();
  return instance;
}

// The clock of resolver and lookups, moved by the test.
class TestClock {
 public:
  [[nodiscard]] Time now() const { return Time(std::chrono::seconds(*seconds_)); }
  void advance(std::chrono::seconds by) { *seconds_ += by.count(); }
  [[nodiscard]] std::function<Time()> function() const {
    return [value = seconds_] { return Time(std::chrono::seconds(*value)); };
  }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> seconds_ =
      std::make_shared<std::atomic<std::int64_t>>(1800000000);
};

struct ResolverWorld {
  explicit ResolverWorld(HttpHandler handler, DirectoryResolverOptions options = {})
      : server(ca(), {"agent.test", "*.agent.test", "keys.test"}, std::move(handler)) {
    options.network.ca_file = ca().file();
    options.network.addresses.allowed = {*AddressRange::parse("127.0.0.0/8")};
    options.network.resolve.push_back(server.resolve("agent.test"));
    options.network.resolve.push_back(server.resolve("keys.test"));
    for (int i = 0; i < 10; ++i) {
      options.network.resolve.push_back(server.resolve("x" + std::to_string(i) + ".agent.test"));
    }
    if (!options.clock) options.clock = clock.function();
    for (KnownAgent& agent : options.agents) agent.url = server.url(agent.url);
    origin = server.url("agent.test");
    auto created = DirectoryResolver::create(std::move(options));
    EXPECT_TRUE(created);
    resolver = *created;
    reader = resolver->reader();
  }

  [[nodiscard]] KeyResolution resolve(
      const AgentLink& link, std::string_view keyid,
      std::chrono::milliseconds patience = std::chrono::milliseconds(10000)) const {
    return resolver->resolve(link, keyid, std::chrono::steady_clock::now() + patience);
  }
  [[nodiscard]] KeyResolution resolve(std::string_view keyid) const {
    return resolve({.url = origin}, keyid);
  }
  [[nodiscard]] KeyLookup lookup(std::string_view keyid) {
    return reader->lookup({.url = origin}, keyid, clock.now());
  }
  // await looks up until the answer is `reason`, ten seconds at most.
  bool await(std::string_view keyid, Reason reason) {
    return eventually([&] { return lookup(keyid).reason == reason; });
  }
  template <typename Condition>
  static bool eventually(Condition condition) {
    for (int i = 0; i < 2000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  TestClock clock;
  HttpsServer server;
  std::string origin;
  std::shared_ptr<DirectoryResolver> resolver;
  std::unique_ptr<KeyResolver::Reader> reader;
};

inline HttpReply good_reply(const HttpRequest&) {
  return directory_reply(key_set({test_key().jwk}), {{"Cache-Control", "max-age=3600"}});
}

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_RESOLVER_WORLD_H_
