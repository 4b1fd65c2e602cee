// Signing a whole request, beside libsodium's signature alone of the same signature base.

#include <cstddef>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>
#include <sodium.h>

#include <wba/request_signer.h>

#include "bench_request.h"
#include "support/allocation_counter.h"

namespace {

using namespace wba;         // NOLINT: a program of one topic
using namespace wba::bench;  // NOLINT

// RequestSigning signs the request of a shape again and again.
class RequestSigning {
 public:
  explicit RequestSigning(Shape shape)
      : made_(bench_request(shape)),
        signer_(KeySigner::create(PrivateKey::from_jwk(bench_private_jwk).value()).value()),
        options_(made_.signing_options()) {}

  bool run() {
    return request_signer_.sign(made_.unsigned_request, signer_, options_, made_.now, fields_)
        .has_value();
  }
  [[nodiscard]] const std::string& base() const { return fields_.lines.base; }

 private:
  const BenchRequest& made_;
  KeySigner signer_;
  SigningOptions options_;
  RequestSigner request_signer_;
  SignedFields fields_;
};

void sign(benchmark::State& state, Shape shape) {
  RequestSigning signing(shape);
  if (!signing.run()) return state.SkipWithError("the request is not signed");
  const auto before = test::allocation_count();
  for (auto _ : state) {
    benchmark::DoNotOptimize(signing.run());
  }
  state.counters["allocs"] = benchmark::Counter(
      static_cast<double>(test::allocation_count() - before), benchmark::Counter::kAvgIterations);
  state.counters["bytes"] = static_cast<double>(signing.base().size());
}

// The key is in memory of the same kind, so that what is compared is what we add.
void sign_with_libsodium(benchmark::State& state, Shape shape) {
  RequestSigning signing(shape);
  const std::unique_ptr<unsigned char, void (*)(void*)> secret(
      static_cast<unsigned char*>(sodium_malloc(crypto_sign_SECRETKEYBYTES)), sodium_free);
  unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
  if (!signing.run() || secret == nullptr || crypto_sign_keypair(public_key, secret.get()) != 0) {
    return state.SkipWithError("nothing to sign, or no key");
  }
  unsigned char signature[crypto_sign_BYTES];
  const std::string& base = signing.base();
  for (auto _ : state) {
    crypto_sign_detached(signature, nullptr, reinterpret_cast<const unsigned char*>(base.data()),
                         base.size(), secret.get());
    benchmark::DoNotOptimize(signature);
  }
  state.counters["bytes"] = static_cast<double>(base.size());
}

BENCHMARK_CAPTURE(sign, minimal, Shape::minimal)->Name("sign/minimal");
BENCHMARK_CAPTURE(sign, browser, Shape::browser)->Name("sign/browser");
BENCHMARK_CAPTURE(sign, body, Shape::body)->Name("sign/body");
BENCHMARK_CAPTURE(sign_with_libsodium, minimal, Shape::minimal)->Name("sign/libsodium/minimal");
BENCHMARK_CAPTURE(sign_with_libsodium, browser, Shape::browser)->Name("sign/libsodium/browser");
BENCHMARK_CAPTURE(sign_with_libsodium, body, Shape::body)->Name("sign/libsodium/body");

}  // namespace
