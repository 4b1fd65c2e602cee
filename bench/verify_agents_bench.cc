// Whole requests of 1 to 1,000 agents, whose keys all have tables, with traffic skewed as in life.
// The tables of a thousand take 500 MiB: what is measured is how little their distance costs. No
// two requests have the same signature, since each asks for other entries of a table; so the
// requests come from memory as well, which those of a server, that have just arrived, do not.

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
constexpr std::size_t table_memory = std::size_t{1} << 30;

std::shared_ptr<const KeyResolver> static_resolver(const std::deque<Agent>& agents) {
  auto resolver = std::make_shared<StaticResolver>();
  for (const Agent& agent : agents)
    if (!resolver->add_directory(agent.url, agent.key_set)) return nullptr;
  return resolver;
}

// CachedDirectories is what a DirectoryResolver's readers see once it has fetched the directories.
class CachedDirectories final : public KeyResolver {
 public:
  explicit CachedDirectories(const std::deque<Agent>& agents)
      : shared_(std::make_shared<Shared>(agents.size(), Fetcher::create({}, {}))),
        cache_(shared_->table, settings(agents.size())) {
    for (const Agent& agent : agents) {
      std::vector<DirectoryKey> keys;
      keys.push_back({.key = agent.signer.public_key()});
      auto version = std::make_shared<const Directory>(
          Directory{.keys = std::make_shared<const KeySet>(std::move(keys), false),
                    .fresh_until = now + std::chrono::hours(24),
                    .refresh_at = now + std::chrono::hours(24),
                    .stale_until = now + std::chrono::hours(48)});
      const std::string document = agent.url + "/.well-known/http-message-signatures-directory";
      cache_.take_up({document, false}, agent.host, {.version = std::move(version)}, now);
    }
  }

  [[nodiscard]] std::unique_ptr<Reader> reader() const override {
    return std::make_unique<DirectoryReader>(shared_);
  }

 private:
  static CacheSettings settings(std::size_t count) {
    CacheSettings settings;
    settings.limits.directories = count;
    settings.limits.directories_per_domain = count;
    return settings;
  }

  std::shared_ptr<Shared> shared_;
  DirectoryCache cache_;
};

std::shared_ptr<const KeyResolver> cached_directories(const std::deque<Agent>& agents) {
  return std::make_shared<const CachedDirectories>(agents);
}

using MakeResolver = std::shared_ptr<const KeyResolver> (*)(const std::deque<Agent>&);

// Crowd is a number of agents and a verifier that knows them.
class Crowd {
 public:
  Crowd(std::size_t count, MakeResolver make_resolver) : make_resolver_(make_resolver) {
    for (std::size_t i = 0; i < count; ++i) agents_.emplace_back(i);
    verifier_.emplace(Verifier::create({.required = RequiredComponents::profile_only(),
                                        .authorities = bench_authorities()},
                                       make_resolver(agents_))
                          .value());
    for (const Agent& agent : agents_) first_requests_.emplace_back(agent, now);
    requests_ = zipf_requests(agents_, 8192, now);
  }

  [[nodiscard]] bool is(std::size_t count, MakeResolver make_resolver) const {
    return agents_.size() == count && make_resolver_ == make_resolver;
  }
  [[nodiscard]] const Verifier& verifier() const { return *verifier_; }
  // requests are in the order in which they come.
  [[nodiscard]] const std::deque<AgentRequest>& requests() const { return requests_; }

  // earn_tables is true once every agent's key has its table.
  [[nodiscard]] bool earn_tables(Verifier::Session& session) const {
    for (int round = 0; round < 10; ++round) {
      for (const AgentRequest& one : first_requests_)
        if (session.verify(one.request, now).outcome() != Outcome::verified) return false;
      wait_for_prepared_keys(std::chrono::seconds(60));
      if (prepared_key_statistics().tables >= agents_.size()) return true;
    }
    return false;
  }

 private:
  MakeResolver make_resolver_;
  std::deque<Agent> agents_;
  std::optional<Verifier> verifier_;
  std::deque<AgentRequest> first_requests_;  // of each agent one
  std::deque<AgentRequest> requests_;
};

void verify_agents(benchmark::State& state, MakeResolver make_resolver) {
  // It takes seconds to make: one stays from one repetition to the next.
  static std::unique_ptr<const Crowd> crowd;
  const auto count = static_cast<std::size_t>(state.range(0));
  if (crowd == nullptr || !crowd->is(count, make_resolver)) {
    crowd.reset();
    crowd = std::make_unique<const Crowd>(count, make_resolver);
  }
  set_prepared_key_options({.uses_before_table = 1, .memory = table_memory});
  auto session = crowd->verifier().session();
  if (!crowd->earn_tables(session)) {
    state.SkipWithError("an agent has no table");
    return;
  }
  const auto& requests = crowd->requests();
  std::size_t next = 0;
  const auto before = test::allocation_count();
  for (auto _ : state) {
    benchmark::DoNotOptimize(session.verify(requests[next].request, now).outcome());
    if (++next == requests.size()) next = 0;
  }
  state.counters["allocs"] = benchmark::Counter(
      static_cast<double>(test::allocation_count() - before), benchmark::Counter::kAvgIterations);
  state.counters["tables"] = static_cast<double>(prepared_key_statistics().tables);
  set_prepared_key_options({});
}

BENCHMARK_CAPTURE(verify_agents, static, static_resolver)
    ->Name("verify/agents")
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000);
BENCHMARK_CAPTURE(verify_agents, cached, cached_directories)
    ->Name("verify/agents_cached")
    ->Arg(1)
    ->Arg(1000);

}  // namespace
