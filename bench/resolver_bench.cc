// Key lookup among many directories, alone and from two threads, while a writer refreshes them: a
// thousand a second, of which a third has failed, a third has not changed, and a third has.

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <wba/key.h>

#include "directory/directory_cache.h"
#include "directory/reader.h"
#include "support/allocation_counter.h"

namespace {

using namespace wba;             // NOLINT: a program of one topic
using namespace wba::directory;  // NOLINT

constexpr Time now{std::chrono::seconds(1800000000)};
constexpr auto refresh_interval = std::chrono::milliseconds(1);

struct Agent {
  std::string url;
  std::string keyid;
};

// Population is a number of directories with a key each, as a resolver holds them.
class Population {
 public:
  explicit Population(std::size_t count)
      : shared_(std::make_shared<Shared>(count, Fetcher::create({}, {}))),
        cache_(shared_->table, settings(count)) {
    agents_.reserve(count);
    const PublicKey published = PrivateKey::generate(KeyType::ed25519)->public_key();
    const std::string jwk = published.jwk().value_or("");
    const std::string other =
        PrivateKey::generate(KeyType::ed25519)->public_key().jwk().value_or("");
    bodies_ = {"{\"keys\":[" + jwk + "]}", "{\"keys\":[" + other + "," + jwk + "]}"};
    for (std::size_t i = 0; i < count; ++i) {
      const std::string host = "agent" + std::to_string(i) + ".example";
      agents_.push_back({"https://" + host, std::string(published.thumbprint())});
    }
    const std::size_t before = mallinfo2().uordblks;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string host = agents_[i].url.substr(8);
      const std::string url = agents_[i].url + "/.well-known/http-message-signatures-directory";
      // An object of its own, as one that was read would be, though of one key: it is found by URL.
      const auto key = PublicKey::from_jwk(jwk);
      cache_.take_up({url, false}, host, {.version = version(*key), .etag = "\"v\""}, now);
    }
    bytes_ = mallinfo2().uordblks - before;
    writer_ = std::thread([this] { refresh(); });
  }
  ~Population() {
    stop_ = true;
    writer_.join();
  }
  Population(const Population&) = delete;
  Population& operator=(const Population&) = delete;

  [[nodiscard]] const std::vector<Agent>& agents() const { return agents_; }
  [[nodiscard]] std::unique_ptr<DirectoryReader> reader() const {
    return std::make_unique<DirectoryReader>(shared_);
  }
  [[nodiscard]] double bytes_each() const {
    return static_cast<double>(bytes_) / static_cast<double>(agents_.size());
  }

 private:
  static CacheSettings settings(std::size_t count) {
    CacheSettings settings;
    settings.limits.directories = count;
    settings.limits.directories_per_domain = count;
    return settings;
  }

  static DirectoryPointer version(const PublicKey& key) {
    std::vector<DirectoryKey> keys;
    keys.push_back({.key = key});
    return std::make_shared<const Directory>(
        Directory{.keys = std::make_shared<const KeySet>(std::move(keys), false),
                  .fresh_until = now + std::chrono::hours(24),
                  .refresh_at = now + std::chrono::hours(24),
                  .stale_until = now + std::chrono::hours(48)});
  }

  // refresh ends a fetch of one directory after the other.
  void refresh() {
    for (std::size_t count = 0; !stop_; ++count) {
      const std::string url =
          agents_[count % agents_.size()].url + "/.well-known/http-message-signatures-directory";
      if (DirectoryCache::Entry* entry = cache_.find({url, false})) {
        FetchResult result = response(count);
        result.id = cache_.begin(*entry)->id;
        cache_.complete(result, now, now, 0.5);
      }
      std::this_thread::sleep_for(refresh_interval);
    }
  }

  [[nodiscard]] FetchResult response(std::size_t count) const {
    if (count % 3 == 0) return {.failure = Reason::directory_unreachable};
    if (count % 3 == 1) return {.status = 304};
    FetchResult changed{.status = 200, .body = bodies_[count / 3 % 2]};
    changed.fields.content_type = "application/http-message-signatures-directory+json";
    changed.fields.etag = "\"v\"";
    return changed;
  }

  std::shared_ptr<Shared> shared_;
  DirectoryCache cache_;
  std::vector<Agent> agents_;
  std::array<std::string, 2> bodies_;  // each with the key that is looked up
  std::size_t bytes_ = 0;
  std::atomic<bool> stop_{false};
  std::thread writer_;
};

std::unique_ptr<Population> population;

void lookup(benchmark::State& state, std::size_t count) {
  if (state.thread_index() == 0) {
    if (!population || population->agents().size() != count) {
      population.reset();
      population = std::make_unique<Population>(count);
    }
  }
  std::unique_ptr<DirectoryReader> reader;
  std::size_t at = static_cast<std::size_t>(state.thread_index()) * 7919;
  std::size_t allocations = 0;
  std::size_t wrong = 0;
  for (auto _ : state) {
    if (!reader) {
      // Behind the barrier at which threads start: the population is there.
      reader = population->reader();
      static_cast<void>(
          reader->lookup({.url = population->agents()[0].url}, population->agents()[0].keyid, now));
      allocations = test::allocation_count();
    }
    // Steps by a prime: no directory is asked for twice in a row where there are several.
    at = (at + 7919) % count;
    const Agent& agent = population->agents()[at];
    const KeyLookup found = reader->lookup({.url = agent.url}, agent.keyid, now);
    wrong += found.reason == Reason::none ? 0 : 1;
    benchmark::DoNotOptimize(found.key);
  }
  allocations = test::allocation_count() - allocations;
  if (wrong != 0) state.SkipWithError("a known key was not found");
  state.SetItemsProcessed(state.iterations());
  state.counters["allocs"] =
      benchmark::Counter(static_cast<double>(allocations), benchmark::Counter::kAvgIterations);
  if (state.thread_index() == 0) {
    state.counters["bytes_per_directory"] = benchmark::Counter(population->bytes_each());
  }
}

const bool registered = [] {
  for (const std::size_t count : {std::size_t{1}, std::size_t{1000}, std::size_t{100000}}) {
    const std::string name = "resolver/lookup/" + std::to_string(count);
    for (const int threads : {1, 2}) {
      benchmark::RegisterBenchmark(name.c_str(),
                                   [count](benchmark::State& state) { lookup(state, count); })
          ->Threads(threads)
          ->UseRealTime();
    }
  }
  return true;
}();

}  // namespace
