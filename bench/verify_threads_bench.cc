// Whole verifications from one thread and from two, by a reader each of one directory cache, while
// a writer fetches the directories again. What scales is told by the items per second of an idle
// machine with a core to spare, and by the processor time of one item on any.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <benchmark/benchmark.h>

#include <wba/prepared_keys.h>
#include <wba/verifier.h>

#include "bench_agents.h"
#include "bench_request.h"
#include "directory/directory_cache.h"
#include "directory/reader.h"
#include "support/allocation_counter.h"

namespace {

using namespace wba;             // NOLINT: a program of one topic
using namespace wba::bench;      // NOLINT
using namespace wba::directory;  // NOLINT

constexpr Time now{std::chrono::seconds(1'760'000'000)};
// A hundred directories a second: a hundred thousand in a quarter of an hour.
constexpr auto refetch_interval = std::chrono::milliseconds(10);

// CachedKeys resolves from a directory cache that its owner fills.
class CachedKeys final : public KeyResolver {
 public:
  explicit CachedKeys(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  [[nodiscard]] std::unique_ptr<Reader> reader() const override {
    return std::make_unique<DirectoryReader>(shared_);
  }

 private:
  std::shared_ptr<Shared> shared_;
};

// Crowd is a number of agents, each with a directory and a signed request, and who fetches the
// directories: all with status 200, so that each fetch parses and publishes a new version.
class Crowd {
 public:
  explicit Crowd(std::size_t count)
      : shared_(std::make_shared<Shared>(count, Fetcher::create({}, {}))),
        cache_(shared_->table, settings(count)),
        verifier_(Verifier::create({.required = RequiredComponents::profile_only(),
                                    .authorities = bench_authorities()},
                                   std::make_shared<CachedKeys>(shared_))
                      .value()) {
    for (std::size_t i = 0; i < count; ++i) fetch(agents_.emplace_back(i));
    prepare_all();
    requests_ = zipf_requests(agents_, 8192, now);
    writer_ = std::thread([this] { refetch(); });
  }
  ~Crowd() {
    stop_ = true;
    writer_.join();
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  [[nodiscard]] std::size_t size() const { return agents_.size(); }
  [[nodiscard]] const Verifier& verifier() const { return verifier_; }
  // requests are in the order in which they come.
  [[nodiscard]] const std::deque<AgentRequest>& requests() const { return requests_; }

 private:
  static CacheSettings settings(std::size_t count) {
    CacheSettings settings;
    settings.limits.directories = count;
    settings.limits.new_urls_per_minute = count + 1;
    return settings;
  }

  static std::string document_of(const Agent& agent) {
    return agent.url + "/.well-known/http-message-signatures-directory";
  }

  void fetch(const Agent& agent) {
    const auto entry = cache_.admit({document_of(agent), false}, agent.host, now);
    if (!entry) return;
    const auto request = cache_.begin(**entry);
    FetchResult result{.id = request->id, .status = 200, .body = agent.key_set};
    result.fields.content_type = "application/http-message-signatures-directory+json";
    result.fields.cache_control = "max-age=86400";
    cache_.complete(result, now, now, 0.5);
  }

  void prepare_all() {
    for (const Agent& agent : agents_) {
      const DirectoryCache::Entry* entry = cache_.find({document_of(agent), false});
      if (entry == nullptr || !entry->established()) continue;
      for (const DirectoryKey& key : entry->version->keys->keys()) prepare_key(key.key);
    }
    wait_for_prepared_keys(std::chrono::seconds(60));
  }

  void refetch() {
    for (std::size_t i = 0; !stop_; i = (i + 1) % agents_.size()) {
      fetch(agents_[i]);
      std::this_thread::sleep_for(refetch_interval);
    }
  }

  std::shared_ptr<Shared> shared_;
  DirectoryCache cache_;
  Verifier verifier_;
  std::deque<Agent> agents_;
  std::deque<AgentRequest> requests_;
  std::atomic<bool> stop_{false};
  std::thread writer_;
};

std::unique_ptr<Crowd> crowd;

void verify(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  if (state.thread_index() == 0 && (!crowd || crowd->size() != count)) {
    crowd.reset();
    crowd = std::make_unique<Crowd>(count);
  }
  std::optional<Verifier::Session> session;
  std::size_t next = static_cast<std::size_t>(state.thread_index()) * 4096;
  std::size_t allocations = 0;
  std::size_t wrong = 0;
  for (auto _ : state) {
    if (!session) {
      // Behind the barrier at which threads start: the crowd is there.
      session.emplace(crowd->verifier().session());
      for (std::size_t i = 0; i < count; ++i) {
        session->verify(crowd->requests()[i].request, now);
      }
      allocations = test::allocation_count();
    }
    const auto& requests = crowd->requests();
    const Verdict& verdict = session->verify(requests[next++ % requests.size()].request, now);
    if (verdict.outcome() != Outcome::verified) ++wrong;
  }
  allocations = test::allocation_count() - allocations;
  if (wrong != 0) state.SkipWithError("a request does not verify");
  state.SetItemsProcessed(state.iterations());
  state.counters["allocs"] =
      benchmark::Counter(static_cast<double>(allocations), benchmark::Counter::kAvgIterations);
}

BENCHMARK(verify)->Name("verify/threads")->Arg(10)->Arg(100)->ThreadRange(1, 2)->UseRealTime();

}  // namespace
