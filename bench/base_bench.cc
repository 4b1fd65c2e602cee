// Building the signature base of a request whose Signature-Input has been parsed.

#include <string>

#include <benchmark/benchmark.h>

#include <wba/signature.h>

#include "bench_request.h"
#include "support/allocation_counter.h"

namespace {

using namespace wba;         // NOLINT: a program of one topic
using namespace wba::bench;  // NOLINT

void build_base(benchmark::State& state, Shape shape) {
  const BenchRequest& made = bench_request(shape);
  SignatureFields fields;
  if (!fields.parse(made.request.fields)) return state.SkipWithError("the fields do not parse");
  const sf::Member& member = fields.input().members().front();
  ComponentScratch scratch;
  std::string base;
  const auto build = [&] {
    return build_signature_base(made.request, fields.input(), member, {}, scratch, base)
        .has_value();
  };
  if (!build()) return state.SkipWithError("there is no base");
  const auto before = test::allocation_count();
  for (auto _ : state) {
    benchmark::DoNotOptimize(build());
  }
  state.counters["allocs"] = benchmark::Counter(
      static_cast<double>(test::allocation_count() - before), benchmark::Counter::kAvgIterations);
  state.counters["bytes"] = static_cast<double>(base.size());
}

BENCHMARK_CAPTURE(build_base, minimal, Shape::minimal)->Name("base/minimal");
BENCHMARK_CAPTURE(build_base, browser, Shape::browser)->Name("base/browser");
BENCHMARK_CAPTURE(build_base, body, Shape::body)->Name("base/body");

}  // namespace
