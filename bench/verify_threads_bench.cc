// Whole verifications from one thread and from two, by a reader each of one directory cache, while
// a writer fetches the directories again. What scales is told by the items per second of an idle
// machine with a core to spare, and by the processor time of one item on any.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
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
        verifier_(Verifier::create({.required = RequiredComponents::profile_only()},
                                   std::make_shared<CachedKeys>(shared_))
                      .value()) {
    RequestSigner signer;
    for (std::size_t i = 0; i < count; ++i) join(signer, i);
    prepare_all();
    draw();
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
  // requests are in the order in which they come: the agent of each drawn by Zipf's law.
  [[nodiscard]] const std::vector<const Request*>& requests() const { return requests_; }

 private:
  struct Agent {
    std::string origin;
    std::string host;
    std::string document;
    std::string body;
    SignedFields made;
    std::array<FieldLine, 3> fields;
    Request request;
  };

  static CacheSettings settings(std::size_t count) {
    CacheSettings settings;
    settings.limits.directories = count;
    settings.limits.new_urls_per_minute = count + 1;
    return settings;
  }

  void join(RequestSigner& request_signer, std::size_t number) {
    const auto signer = KeySigner::create(PrivateKey::generate(KeyType::ed25519).value()).value();
    Agent& agent = agents_.emplace_back();
    agent.host = "agent" + std::to_string(number) + ".example";
    agent.origin = "https://" + agent.host;
    agent.document = agent.origin + "/.well-known/http-message-signatures-directory";
    agent.body = "{\"keys\":[" + signer.public_key().jwk(true).value() + "]}";
    agent.request = {.method = "GET", .authority = "www.example.com", .target = "/products/42"};
    // One that is not signed does not verify, which ends the benchmark.
    static_cast<void>(request_signer.sign(
        agent.request, signer, {.profile = SignerProfile::draft_00, .agent_url = agent.origin}, now,
        agent.made));
    agent.fields = {FieldLine{"Signature-Agent", agent.made.signature_agent},
                    FieldLine{"Signature-Input", agent.made.lines.signature_input},
                    FieldLine{"Signature", agent.made.lines.signature}};
    agent.request.fields = agent.fields;
    fetch(agent);
  }

  void fetch(const Agent& agent) {
    const auto entry = cache_.admit({agent.document, false}, agent.host, now);
    if (!entry) return;
    const auto request = cache_.begin(**entry);
    FetchResult result{.id = request->id, .status = 200, .body = agent.body};
    result.fields.content_type = "application/http-message-signatures-directory+json";
    result.fields.cache_control = "max-age=86400";
    cache_.complete(result, now, now, 0.5);
  }

  void prepare_all() {
    for (const Agent& agent : agents_) {
      const DirectoryCache::Entry* entry = cache_.find({agent.document, false});
      if (entry == nullptr || !entry->established()) continue;
      for (const DirectoryKey& key : entry->version->keys->keys()) prepare_key(key.key);
    }
    wait_for_prepared_keys(std::chrono::seconds(60));
  }

  void draw() {
    std::vector<double> weights;
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      weights.push_back(1.0 / static_cast<double>(i + 1));
    }
    std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same run every time
    std::discrete_distribution<std::size_t> agent(weights.begin(), weights.end());
    for (int i = 0; i < 8192; ++i) requests_.push_back(&agents_[agent(random)].request);
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
  std::vector<const Request*> requests_;
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
  std::optional<Verifier::Scratch> scratch;
  std::size_t next = static_cast<std::size_t>(state.thread_index()) * 4096;
  std::size_t allocations = 0;
  std::size_t wrong = 0;
  for (auto _ : state) {
    if (!scratch) {
      // Behind the barrier at which threads start: the crowd is there.
      scratch.emplace(crowd->verifier().make_scratch());
      for (std::size_t i = 0; i < count; ++i) {
        crowd->verifier().verify(*crowd->requests()[i], now, *scratch);
      }
      allocations = test::allocation_count();
    }
    const auto& requests = crowd->requests();
    const Verdict& verdict =
        crowd->verifier().verify(*requests[next++ % requests.size()], now, *scratch);
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
