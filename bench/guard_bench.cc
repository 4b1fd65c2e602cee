// A whole decision of the guard, and its parts that hold state.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <wba/agent_identity.h>
#include <wba/guard/guard.h>
#include <wba/request_signer.h>

#include "support/allocation_counter.h"

namespace {

using wba::guard::Guard;
using wba::guard::Now;

constexpr Now start = Now(std::chrono::seconds(1'800'000'000));

// A guard with twenty rules before the one that fits, as an operator with a list of agents has.
std::string configuration(bool replay) {
  std::string text =
      "[server]\nauthorities = [\"shop.example\"]\n[defaults]\nunsigned = \"allow\"\n";
  if (replay) text += "replay = true\n";
  for (int i = 0; i < 20; ++i) {
    const std::string number = std::to_string(i);
    text += "[[rules]]\nname = \"r" + number + "\"\nagent_hosts = [\"bot" + number +
            ".example\"]\npaths = [\"/api/*\"]\naction = \"allow\"\n";
  }
  return text +
         "[[rules]]\nname = \"known\"\nagent_host_suffixes = [\"agents.example\"]\naction = "
         "\"allow\"\n";
}

struct Fixture {
  explicit Fixture(bool replay) {
    auto key = wba::PrivateKey::generate(wba::KeyType::ed25519);
    auto signer = wba::KeySigner::create(*std::move(key));
    auto resolver = std::make_shared<wba::StaticResolver>();
    const std::string url =
        "https://one.agents.example" + std::string(wba::directory_well_known_path);
    if (!resolver->add_directory(url, "{\"keys\":[" + *signer->public_key().jwk(true) + "]}"))
      return;
    guard = *Guard::create(*wba::guard::parse_config(configuration(replay)),
                           {.resolver = resolver, .started = start});
    request = {.method = "GET", .authority = "shop.example", .target = "/api/items?page=2"};
    if (!wba::RequestSigner().sign(request, *signer,
                                   {.profile = wba::SignerProfile::draft_01, .agent_url = url},
                                   std::chrono::floor<std::chrono::seconds>(start), fields)) {
      guard = nullptr;
      return;
    }
    lines = {{"User-Agent", "agent/1.0"},
             {"Accept", "*/*"},
             {"Signature-Agent", fields.signature_agent},
             {"Signature-Input", fields.lines.signature_input},
             {"Signature", fields.lines.signature}};
  }

  std::unique_ptr<Guard> guard;
  wba::SignedFields fields;
  wba::Request request;
  std::vector<wba::FieldLine> lines;
};

void decide(benchmark::State& state, bool replay, bool is_signed) {
  Fixture fixture(replay);
  if (fixture.guard == nullptr) return state.SkipWithError("no guard");
  auto worker = fixture.guard->make_worker();
  if (is_signed) fixture.request.fields = fixture.lines;
  const wba::guard::IncomingRequest incoming{.request = fixture.request, .peer = "192.0.2.7"};
  // Sizes settle; with replay every request after the first is a repeat, which is as much work.
  for (int i = 0; i < 3; ++i) fixture.guard->decide(incoming, start, worker);
  const auto before = wba::test::allocation_count();
  for (auto _ : state) {
    benchmark::DoNotOptimize(fixture.guard->decide(incoming, start, worker).action);
  }
  state.counters["allocs"] =
      benchmark::Counter(static_cast<double>(wba::test::allocation_count() - before),
                         benchmark::Counter::kAvgIterations);
}

BENCHMARK_CAPTURE(decide, unsigned, false, false)->Name("guard/decide/unsigned");
BENCHMARK_CAPTURE(decide, known_agent, false, true)->Name("guard/decide/known_agent");
BENCHMARK_CAPTURE(decide, replay, true, true)->Name("guard/decide/known_agent_replay");

void replay_store(benchmark::State& state) {
  const auto store = wba::guard::make_memory_replay_store({}, start);
  std::uint64_t count = 0;
  for (auto _ : state) {
    const Now now = start + std::chrono::milliseconds(count / 100);
    const std::string nonce = std::to_string(count++);
    benchmark::DoNotOptimize(
        store->check_and_record({"https://a.example/", "k", nonce, "a.example"},
                                now + std::chrono::milliseconds(500), now));
  }
  state.counters["held"] = static_cast<double>(store->size());
}
BENCHMARK(replay_store)->Name("guard/replay_store/memory");

void rate_limiter(benchmark::State& state) {
  const auto rates = wba::guard::make_memory_rate_limiter(100'000);
  const wba::guard::RateLimit limit{
      .requests = 1'000'000, .period = std::chrono::seconds(1), .burst = 1000};
  for (auto _ : state) {
    benchmark::DoNotOptimize(rates->take(
        "limit", {.name = "domain a.example", .group = "domain a.example"}, limit, start));
  }
}
BENCHMARK(rate_limiter)->Name("guard/rate_limiter/memory");

}  // namespace
