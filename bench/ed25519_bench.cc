// Raw Ed25519 verification: one key used again and again, messages of the size of a signature base.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <vector>

#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <sodium.h>

#include "crypto/ed25519_prepared.h"
#include "support/allocation_counter.h"

namespace {

using wba::crypto::Ed25519Path;
using wba::crypto::PendingEd25519;
using wba::crypto::PreparedEd25519Key;
using wba::crypto::TableKind;

// AllocationScope sets the counters when it goes out of scope: `allocs` per operation, and `bytes`,
// the size of the message.
class AllocationScope {
 public:
  explicit AllocationScope(benchmark::State& state) noexcept
      : state_(state), before_(wba::test::allocation_count()) {}
  AllocationScope(const AllocationScope&) = delete;
  AllocationScope& operator=(const AllocationScope&) = delete;
  ~AllocationScope();

 private:
  benchmark::State& state_;
  std::size_t before_;
};

constexpr std::size_t message_size = 350;
AllocationScope::~AllocationScope() {
  const auto made = static_cast<double>(wba::test::allocation_count() - before_);
  state_.counters["allocs"] = benchmark::Counter(made, benchmark::Counter::kAvgIterations);
  state_.counters["bytes"] = static_cast<double>(message_size);
}

constexpr std::size_t message_count = 64;  // so that no branch learns one signature by heart

struct Signed {
  std::array<std::uint8_t, message_size> message;
  std::array<std::uint8_t, 64> signature;

  [[nodiscard]] std::span<const std::byte> text() const {
    return std::as_bytes(std::span<const std::uint8_t>(message));
  }
  [[nodiscard]] std::span<const std::byte, 64> proof() const {
    return std::as_bytes(std::span<const std::uint8_t, 64>(signature));
  }
};

struct Agent {
  std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> key;
  std::vector<Signed> requests;

  [[nodiscard]] std::unique_ptr<const PreparedEd25519Key> prepare(TableKind kind) const {
    return std::move(
        PreparedEd25519Key::prepare(std::as_bytes(std::span<const std::uint8_t, 32>(key)), kind)
            .value());
  }
};

Agent make_agent(std::uint8_t number) {
  Agent agent;
  std::array<std::uint8_t, crypto_sign_SEEDBYTES> seed{};
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret;
  seed[0] = number;
  crypto_sign_seed_keypair(agent.key.data(), secret.data(), seed.data());
  agent.requests.resize(message_count);
  for (Signed& one : agent.requests) {
    randombytes_buf(one.message.data(), one.message.size());
    crypto_sign_detached(one.signature.data(), nullptr, one.message.data(), one.message.size(),
                         secret.data());
  }
  return agent;
}

const Agent& agent() {
  static const Agent made = make_agent(1);
  return made;
}

void libsodium_verify(benchmark::State& state) {
  const Agent& from = agent();
  std::size_t next = 0;
  const AllocationScope allocations(state);
  for (auto _ : state) {
    const Signed& one = from.requests[next++ % message_count];
    if (crypto_sign_verify_detached(one.signature.data(), one.message.data(), message_size,
                                    from.key.data()) != 0)
      state.SkipWithError("refused");
  }
}
BENCHMARK(libsodium_verify)->Name("ed25519/libsodium_verify");

// The context is kept and copied into, which is the quickest way EVP offers.
void openssl_verify(benchmark::State& state) {
  const Agent& from = agent();
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, from.key.data(), 32);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key);
  std::size_t next = 0;
  {
    const AllocationScope allocations(state);
    for (auto _ : state) {
      const Signed& one = from.requests[next++ % message_count];
      if (EVP_DigestVerify(context, one.signature.data(), 64, one.message.data(), message_size) !=
          1)
        state.SkipWithError("refused");
    }
  }
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
}
BENCHMARK(openssl_verify)->Name("ed25519/openssl_verify");

bool path_is_there(benchmark::State& state, Ed25519Path path) {
  if (wba::crypto::cpu_has(path)) return true;
  state.SkipWithError("this machine has no such path");
  return false;
}

void verify_on(benchmark::State& state, Ed25519Path path, TableKind kind) {
  if (!path_is_there(state, path)) return;
  const Agent& from = agent();
  const auto key = from.prepare(kind);
  std::size_t next = 0;
  const AllocationScope allocations(state);
  for (auto _ : state) {
    const Signed& one = from.requests[next++ % message_count];
    if (!key->verify(path, one.text(), one.proof())) state.SkipWithError("refused");
  }
}

void prepared_verify(benchmark::State& state) {
  verify_on(state, wba::crypto::ed25519_path(), TableKind::full);
}
BENCHMARK(prepared_verify)->Name("ed25519/prepared_verify");
BENCHMARK_CAPTURE(verify_on, portable, Ed25519Path::portable, TableKind::full)
    ->Name("ed25519/prepared_verify_portable");
BENCHMARK_CAPTURE(verify_on, portable16, Ed25519Path::portable, TableKind::compact)
    ->Name("ed25519/prepared_verify_portable_compact");
BENCHMARK_CAPTURE(verify_on, avx2, Ed25519Path::avx2, TableKind::full)
    ->Name("ed25519/prepared_verify_avx2");
BENCHMARK_CAPTURE(verify_on, avx216, Ed25519Path::avx2, TableKind::compact)
    ->Name("ed25519/prepared_verify_avx2_compact");
BENCHMARK_CAPTURE(verify_on, ifma, Ed25519Path::ifma, TableKind::full)
    ->Name("ed25519/prepared_verify_ifma");
BENCHMARK_CAPTURE(verify_on, ifma16, Ed25519Path::ifma, TableKind::compact)
    ->Name("ed25519/prepared_verify_ifma_compact");

// Eight pending verifications at a time; the time is that of one.
void verify_eight(benchmark::State& state, Ed25519Path path) {
  if (!path_is_there(state, path)) return;
  const Agent& from = agent();
  const auto key = from.prepare(TableKind::full);
  std::vector<PendingEd25519> pending;
  for (const Signed& one : from.requests) pending.push_back({key.get(), one.text(), one.proof()});
  std::size_t next = 0;
  const AllocationScope allocations(state);
  while (state.KeepRunningBatch(8)) {
    const std::span<PendingEd25519> eight = std::span(pending).subspan(next, 8);
    next = (next + 8) % message_count;
    wba::crypto::verify_many(path, eight);
    for (const PendingEd25519& one : eight)
      if (!one.verified) state.SkipWithError("refused");
  }
}
BENCHMARK_CAPTURE(verify_eight, portable, Ed25519Path::portable)
    ->Name("ed25519/prepared_verify_portable_x8");
BENCHMARK_CAPTURE(verify_eight, avx2, Ed25519Path::avx2)->Name("ed25519/prepared_verify_avx2_x8");
BENCHMARK_CAPTURE(verify_eight, ifma, Ed25519Path::ifma)->Name("ed25519/prepared_verify_ifma_x8");

void prepared_verify_x8(benchmark::State& state) {
  verify_eight(state, wba::crypto::ed25519_path());
}
BENCHMARK(prepared_verify_x8)->Name("ed25519/prepared_verify_x8");

// As many keys in turn as a busy server might see, with tables that do not fit the cache.
void verify_in_rotation(benchmark::State& state) {
  std::vector<Agent> agents;
  std::vector<std::unique_ptr<const PreparedEd25519Key>> keys;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    agents.push_back(make_agent(static_cast<std::uint8_t>(i)));
    keys.push_back(agents.back().prepare(TableKind::full));
  }
  std::size_t next = 0;
  const AllocationScope allocations(state);
  for (auto _ : state) {
    const std::size_t who = next % agents.size();
    const Signed& one = agents[who].requests[next / agents.size() % message_count];
    ++next;
    if (!keys[who]->verify(one.text(), one.proof())) state.SkipWithError("refused");
  }
}
BENCHMARK(verify_in_rotation)->Name("ed25519/prepared_verify_rotation")->Arg(16)->Arg(256);

void prepare_key(benchmark::State& state, TableKind kind) {
  const Agent& from = agent();
  for (auto _ : state) benchmark::DoNotOptimize(from.prepare(kind));
}
BENCHMARK_CAPTURE(prepare_key, full, TableKind::full)->Name("ed25519/prepare_full");
BENCHMARK_CAPTURE(prepare_key, compact, TableKind::compact)->Name("ed25519/prepare_compact");

}  // namespace
