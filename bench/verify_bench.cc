// A whole request from the adapter's fields to the verdict: with the curve, and with a key that
// accepts everything in its place, so that what is left is ours.

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include <wba/prepared_keys.h>
#include <wba/verifier.h>

#include "bench_request.h"
#include "crypto/verifying_key.h"
#include "key/key_state.h"
#include "support/allocation_counter.h"

namespace {

using namespace wba;         // NOLINT: a program of one topic
using namespace wba::bench;  // NOLINT

// AcceptingKey stands where the curve would be.
class AcceptingKey final : public crypto::VerifyingKey {
 public:
  AcceptingKey() noexcept : VerifyingKey(KeyType::ed25519) {}
  [[nodiscard]] Result<void> verify(Algorithm, std::string_view message,
                                    std::span<const std::byte> signature) const noexcept override {
    benchmark::DoNotOptimize(message.data());
    benchmark::DoNotOptimize(signature.data());
    return {};
  }
};

// AcceptingResolver answers every lookup that StaticResolver answers, with another key.
class AcceptingResolver final : public KeyResolver {
 public:
  explicit AcceptingResolver(std::shared_ptr<const KeyResolver> inner) : inner_(std::move(inner)) {}

  [[nodiscard]] std::unique_ptr<Reader> reader() const override {
    return std::make_unique<AcceptingReader>(inner_->reader());
  }

 private:
  class AcceptingReader final : public Reader {
   public:
    explicit AcceptingReader(std::unique_ptr<Reader> inner) : inner_(std::move(inner)) {}

    KeyLookup lookup(const AgentLink& link, std::string_view keyid, Time now) noexcept override {
      KeyLookup found = inner_->lookup(link, keyid, now);
      if (found.key == nullptr) return found;
      if (!accepting_) {
        accepting_.emplace(
            KeyMaker::with_verifying_key(*found.key, std::make_unique<AcceptingKey>()));
      }
      found.key = &*accepting_;
      return found;
    }

   private:
    std::unique_ptr<Reader> inner_;
    std::optional<PublicKey> accepting_;
  };

  std::shared_ptr<const KeyResolver> inner_;
};

void verify(benchmark::State& state, Shape shape, bool with_curve) {
  const BenchRequest& made = bench_request(shape);
  auto known = std::make_shared<StaticResolver>();
  if (!known->add_directory(made.agent_url, made.directory)) {
    state.SkipWithError("the directory does not parse");
    return;
  }
  std::shared_ptr<const KeyResolver> resolver = known;
  if (!with_curve) resolver = std::make_shared<AcceptingResolver>(known);
  const auto verifier = Verifier::create({.required = RequiredComponents::profile_only(),
                                          .authorities = bench_authorities(),
                                          .max_lifetime = std::chrono::hours(24 * 365 * 200),
                                          .allow_test_keys = true},
                                         resolver);
  if (!verifier) {
    state.SkipWithError("the policy is refused");
    return;
  }
  auto session = verifier->session();
  const auto judge = [&]() -> const Verdict& {
    return made.body ? session.verify(made.request, *made.body, made.now)
                     : session.verify(made.request, made.now);
  };
  for (int i = 0; i < 200; ++i) {
    if (judge().outcome() != Outcome::verified) {
      state.SkipWithError(std::string(to_string(judge().reason())).c_str());
      return;
    }
  }
  // A key that is known is a key with a table, as on a server that has run for a second.
  wait_for_prepared_keys(std::chrono::seconds(10));
  const auto before = test::allocation_count();
  for (auto _ : state) {
    benchmark::DoNotOptimize(judge().outcome());
  }
  state.counters["allocs"] = benchmark::Counter(
      static_cast<double>(test::allocation_count() - before), benchmark::Counter::kAvgIterations);
  state.counters["bytes"] = static_cast<double>(made.field_bytes());
}

BENCHMARK_CAPTURE(verify, known_key / minimal, Shape::minimal, true)
    ->Name("verify/known_key/minimal");
BENCHMARK_CAPTURE(verify, known_key / browser, Shape::browser, true)
    ->Name("verify/known_key/browser");
BENCHMARK_CAPTURE(verify, known_key / body, Shape::body, true)->Name("verify/known_key/body");
BENCHMARK_CAPTURE(verify, without_curve / minimal, Shape::minimal, false)
    ->Name("verify/without_curve/minimal");
BENCHMARK_CAPTURE(verify, without_curve / browser, Shape::browser, false)
    ->Name("verify/without_curve/browser");
BENCHMARK_CAPTURE(verify, without_curve / body, Shape::body, false)
    ->Name("verify/without_curve/body");

}  // namespace
