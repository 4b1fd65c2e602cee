// Whole requests: one signature again and again, many octets, each way to the curve.

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include <wba/prepared_keys.h>
#include <wba/request_signer.h>
#include <wba/verified_signatures.h>
#include <wba/verifier.h>

#include "bench_request.h"
#include "support/allocation_counter.h"

namespace {

using namespace wba;         // NOLINT: a program of one topic
using namespace wba::bench;  // NOLINT

Policy bench_policy() {
  return {.required = RequiredComponents::profile_only(),
          .authorities = bench_authorities(),
          .max_lifetime = std::chrono::hours(24 * 365 * 200),
          .allow_test_keys = true};
}

std::shared_ptr<StaticResolver> resolver_of(const BenchRequest& made) {
  auto resolver = std::make_shared<StaticResolver>();
  if (!resolver->add_directory(made.agent_url, made.directory)) return nullptr;
  return resolver;
}

// run_verified verifies until the key has its table, then measures.
void run_verified(benchmark::State& state, const Verifier& verifier, const BenchRequest& made) {
  auto session = verifier.session();
  for (int i = 0; i < 200; ++i) {
    if (session.verify(made.request, made.now).outcome() != Outcome::verified) {
      state.SkipWithError("the request does not verify");
      return;
    }
  }
  wait_for_prepared_keys(std::chrono::seconds(10));
  const auto before = test::allocation_count();
  for (auto _ : state) {
    benchmark::DoNotOptimize(session.verify(made.request, made.now).outcome());
  }
  state.counters["allocs"] = benchmark::Counter(
      static_cast<double>(test::allocation_count() - before), benchmark::Counter::kAvgIterations);
  state.counters["bytes"] = static_cast<double>(made.field_bytes());
}

void verify_on_path(benchmark::State& state, const char* path) {
  if (!set_ed25519_path(path)) {
    state.SkipWithError("this machine has no such path");
    return;
  }
  const BenchRequest& made = bench_request(Shape::minimal);
  run_verified(state, Verifier::create(bench_policy(), resolver_of(made)).value(), made);
  (void)set_ed25519_path("");
}

void verify_reused(benchmark::State& state, Shape shape) {
  const BenchRequest& made = bench_request(shape);
  Policy policy = bench_policy();
  policy.verified_signatures = VerifiedSignatures::create(65536).value();
  run_verified(state, Verifier::create(std::move(policy), resolver_of(made)).value(), made);
}

// Octets of covered values from 1 KB up to what a signature base may have, of 64 KB: the cost has
// to grow with them and no faster.
void verify_covered_bytes(benchmark::State& state) {
  constexpr Time kNow{std::chrono::seconds(1'760'000'000)};
  const auto signer = KeySigner::create(PrivateKey::generate(KeyType::ed25519).value()).value();
  Request request;
  SignedFields signed_fields;
  const std::string value(static_cast<std::size_t>(state.range(0)), 'v');
  const FieldLine field{"X-Value", value};
  request = {.method = "GET", .authority = "www.example.com", .fields = std::span(&field, 1)};
  RequestSigner request_signer;
  const std::array<std::string_view, 2> components{"@authority", "x-value"};
  auto resolver = std::make_shared<StaticResolver>();
  Policy policy{.required = RequiredComponents::profile_only(), .authorities = bench_authorities()};
  policy.limits.base_bytes = std::size_t{1} << 20;
  if (!resolver->add_directory("https://agent.example",
                               "{\"keys\":[" + signer.public_key().jwk().value() + "]}") ||
      !request_signer.sign(request, signer,
                           {.profile = SignerProfile::draft_00,
                            .agent_url = "https://agent.example",
                            .components = components},
                           kNow, signed_fields)) {
    state.SkipWithError("cannot sign");
    return;
  }
  const std::array<FieldLine, 4> fields{field,
                                        {"Signature-Agent", signed_fields.signature_agent},
                                        {"Signature-Input", signed_fields.lines.signature_input},
                                        {"Signature", signed_fields.lines.signature}};
  BenchRequest made;
  made.request = request;
  made.request.fields = fields;
  made.now = kNow;
  run_verified(state, Verifier::create(std::move(policy), resolver).value(), made);
  state.counters["bytes"] = static_cast<double>(state.range(0));
}

BENCHMARK_CAPTURE(verify_on_path, libsodium, "libsodium")->Name("verify/path/libsodium");
BENCHMARK_CAPTURE(verify_on_path, portable, "portable")->Name("verify/path/portable");
BENCHMARK_CAPTURE(verify_on_path, avx2, "avx2")->Name("verify/path/avx2");
BENCHMARK_CAPTURE(verify_on_path, ifma, "ifma")->Name("verify/path/ifma");
BENCHMARK_CAPTURE(verify_reused, minimal, Shape::minimal)->Name("verify/reused/minimal");
BENCHMARK_CAPTURE(verify_reused, browser, Shape::browser)->Name("verify/reused/browser");
BENCHMARK(verify_covered_bytes)
    ->Name("verify/covered_bytes")
    ->Arg(1024)
    ->Arg(8192)
    ->Arg(32768)
    ->Arg(65000);

}  // namespace
