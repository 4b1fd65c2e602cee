// Whole requests of 1 to 1,000 agents, whose keys all have tables, with traffic skewed as in life.
// The tables of a thousand take 500 MiB: what is measured is how little their distance costs.

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <wba/prepared_keys.h>
#include <wba/request_signer.h>
#include <wba/verifier.h>

#include "directory/directory_cache.h"
#include "directory/reader.h"
#include "support/allocation_counter.h"

namespace {

using namespace wba;             // NOLINT: a program of one topic
using namespace wba::directory;  // NOLINT

constexpr Time now{std::chrono::seconds(1'760'000'000)};
constexpr std::size_t table_memory = std::size_t{1} << 30;

// Agent is one of many, with a request of its own.
struct Agent {
  explicit Agent(std::size_t number)
      : url("https://agent-" + std::to_string(number) + ".example.com") {
    const auto signer = KeySigner::create(PrivateKey::generate(KeyType::ed25519).value()).value();
    jwk = signer.public_key().jwk().value();
    Request unsigned_request{
        .method = "GET", .authority = "www.example.com", .target = "/products/42"};
    RequestSigner request_signer;
    if (!request_signer.sign(unsigned_request, signer,
                             {.profile = SignerProfile::draft_00, .agent_url = url}, now, made))
      return;
    fields = {FieldLine{"Signature-Agent", made.signature_agent},
              FieldLine{"Signature-Input", made.lines.signature_input},
              FieldLine{"Signature", made.lines.signature}};
    request = unsigned_request;
    request.fields = fields;
  }
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  std::string url;
  std::string jwk;
  SignedFields made;
  std::array<FieldLine, 3> fields;
  Request request;
};

std::shared_ptr<const KeyResolver> static_resolver(const std::deque<Agent>& agents) {
  auto resolver = std::make_shared<StaticResolver>();
  for (const Agent& agent : agents)
    if (!resolver->add_directory(agent.url, "{\"keys\":[" + agent.jwk + "]}")) return nullptr;
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
      keys.push_back({.key = PublicKey::from_jwk(agent.jwk).value()});
      auto version = std::make_shared<const Directory>(
          Directory{.keys = std::make_shared<const KeySet>(std::move(keys), false),
                    .fresh_until = now + std::chrono::hours(24),
                    .refresh_at = now + std::chrono::hours(24),
                    .stale_until = now + std::chrono::hours(48)});
      const std::string document = agent.url + "/.well-known/http-message-signatures-directory";
      cache_.take_up({document, false}, agent.url.substr(8), {.version = std::move(version)}, now);
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
    verifier_.emplace(
        Verifier::create({.required = RequiredComponents::profile_only()}, make_resolver(agents_))
            .value());
    // Agent n + 1 sends 1 / (n + 1) of what the first does: Zipf's law.
    std::vector<double> weights;
    for (std::size_t i = 0; i < count; ++i) weights.push_back(1.0 / static_cast<double>(i + 1));
    std::mt19937 random(1);
    std::discrete_distribution<std::size_t> draw(weights.begin(), weights.end());
    for (int i = 0; i < 8192; ++i) requests_.push_back(&agents_[draw(random)].request);
  }

  [[nodiscard]] bool is(std::size_t count, MakeResolver make_resolver) const {
    return agents_.size() == count && make_resolver_ == make_resolver;
  }
  [[nodiscard]] const Verifier& verifier() const { return *verifier_; }
  [[nodiscard]] const std::vector<const Request*>& requests() const { return requests_; }

  // earn_tables is true once every agent's key has its table.
  [[nodiscard]] bool earn_tables(Verifier::Scratch& scratch) const {
    for (int round = 0; round < 10; ++round) {
      for (const Agent& agent : agents_)
        if (verifier_->verify(agent.request, now, scratch).outcome() != Outcome::verified)
          return false;
      wait_for_prepared_keys(std::chrono::seconds(60));
      if (prepared_key_statistics().tables >= agents_.size()) return true;
    }
    return false;
  }

 private:
  MakeResolver make_resolver_;
  std::deque<Agent> agents_;
  std::optional<Verifier> verifier_;
  std::vector<const Request*> requests_;
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
  auto scratch = crowd->verifier().make_scratch();
  if (!crowd->earn_tables(scratch)) {
    state.SkipWithError("an agent has no table");
    return;
  }
  const auto& requests = crowd->requests();
  std::size_t next = 0;
  const auto before = test::allocation_count();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        crowd->verifier().verify(*requests[next++ % requests.size()], now, scratch).outcome());
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
