// The costliest requests that were found, none of them with a signature that verifies: what anybody
// can send. Compare each with verify/covered_bytes of its size.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <wba/key.h>
#include <wba/verifier.h>

#include "support/allocation_counter.h"

namespace {

using namespace wba;  // NOLINT: a program of one topic

constexpr Time now{std::chrono::seconds(1'760'000'000)};

// Worst is a request by an agent whose directory is known.
struct Worst {
  Worst(KeyType type, std::size_t octets_of_signature) : signature_octets(octets_of_signature) {
    const auto key = PrivateKey::generate(type).value().public_key();
    keyid = key.thumbprint();
    algorithm = type == KeyType::rsa       ? "rsa-v1_5-sha256"
                : type == KeyType::ec_p384 ? "ecdsa-p384-sha384"
                                           : "ed25519";
    directory = "{\"keys\":[" + key.jwk(true).value() + "]}";
  }

  Worst& cover(std::string_view id) {
    components.append(" ").append(id);
    return *this;
  }

  Worst& sign(std::string_view label, std::string_view list) {
    input.append(input.empty() ? "" : ", ").append(label).append("=(").append(list).append(")");
    std::string octets;
    sf::append_byte_sequence(std::vector(signature_octets, std::byte{1}), octets);
    signature.append(signature.empty() ? "" : ", ").append(label).append("=").append(octets);
    return *this;
  }

  // sign_four makes the four signatures that are looked at, of the components that were covered.
  Worst& sign_four() {
    const std::string list = "\"@authority\" \"signature-agent\";key=\"sig1\"" + components;
    for (const auto* label : {"sig1", "sig2", "sig3", "sig4"}) {
      sign(label, list);
      input.append(";created=1760000000;expires=1760000300;keyid=\"")
          .append(keyid)
          .append("\";alg=\"")
          .append(algorithm)
          .append("\";tag=\"web-bot-auth\"");
    }
    return *this;
  }

  std::size_t signature_octets;
  std::string keyid, algorithm, directory;
  std::string target = "/x";
  std::string components;
  std::string input, signature;
  std::vector<std::pair<std::string, std::string>> fields;
};

std::string numbered(std::string_view name, std::size_t number) {
  return std::string(name).append(std::to_string(number));
}

Worst cheap_to_check() { return {KeyType::ed25519, 64}; }

// 60 parameters of a query of 32 kB.
Worst query_params(std::string_view filling, std::size_t octets) {
  Worst worst = cheap_to_check();
  worst.target = "/x?";
  for (std::size_t i = 0; i < 60; ++i) {
    worst.target.append(numbered("p", i)).append("=1&");
    worst.cover("\"@query-param\";name=\"" + numbered("p", i) + "\"");
  }
  while (worst.target.size() < octets) worst.target.append(filling);
  return std::move(worst.sign_four());
}

// Members of so many Dictionaries covered in turn.
Worst dictionaries(std::size_t count, std::size_t octets) {
  Worst worst = cheap_to_check();
  std::string value = "k0";
  for (std::size_t i = 1; value.size() < octets / count; ++i) value.append(numbered(", k", i));
  for (std::size_t i = 0; i < count; ++i) worst.fields.emplace_back(numbered("d", i), value);
  for (std::size_t i = 0; i < 60; ++i) {
    worst.cover("\"" + numbered("d", i % count) + "\";key=\"" + numbered("k", i) + "\"");
  }
  return std::move(worst.sign_four());
}

Worst field_lines() {
  Worst worst = cheap_to_check();
  for (std::size_t i = 0; i < 1500; ++i) worst.fields.emplace_back(numbered("z", i), "1");
  for (std::size_t i = 0; i < 60; ++i) worst.cover("\"" + numbered("z", 1499 - i) + "\"");
  return std::move(worst.sign_four());
}

Worst chain() {
  Worst worst = cheap_to_check();
  std::string inner;
  for (std::size_t i = 0; i < 50; ++i) {
    inner.append(i == 0 ? "" : " ").append("\"" + numbered("f", 10 + i) + "\"");
    worst.fields.emplace_back(numbered("f", 10 + i), "1");
  }
  for (std::size_t i = 0; i < 4; ++i) {
    worst.sign(numbered("c", i), inner);
    worst.cover("\"signature\";key=\"" + numbered("c", i) + "\"");
    worst.cover("\"signature-input\";key=\"" + numbered("c", i) + "\"");
  }
  worst.cover(inner);
  return std::move(worst.sign_four());
}

// The whole query four times in each of four bases.
Worst long_bases() {
  Worst worst = cheap_to_check();
  worst.target = "/x?" + std::string(20000, 'q');
  worst.cover("\"@query\"").cover("\"@request-target\"").cover("\"@target-uri\"");
  return std::move(worst.sign_four());
}

Worst costly_key(KeyType type, std::size_t signature_octets) {
  Worst worst(type, signature_octets);
  return std::move(worst.sign_four());
}

void verify_worst(benchmark::State& state, Worst (*make)()) {
  const Worst worst = make();
  std::vector<FieldLine> lines{{"Signature-Agent", "sig1=\"https://agent.example\""},
                               {"Signature-Input", worst.input},
                               {"Signature", worst.signature}};
  std::size_t octets = worst.target.size();
  for (const auto& [name, value] : worst.fields) lines.push_back({name, value});
  for (const auto& line : lines) octets += line.name.size() + line.value.size();
  const Request request{
      .method = "GET", .authority = "www.example.com", .target = worst.target, .fields = lines};
  auto resolver = std::make_shared<StaticResolver>();
  if (!resolver->add_directory("https://agent.example", worst.directory)) {
    state.SkipWithError("the directory does not parse");
    return;
  }
  const auto verifier = Verifier::create({.required = RequiredComponents::profile_only(),
                                          .authorities = Authorities::any()},
                                         resolver)
                            .value();
  auto session = verifier.session();
  for (int i = 0; i < 2; ++i) {
    const Verdict& verdict = session.verify(request, now);
    if (verdict.signatures().size() != 4 || verdict.outcome() != Outcome::invalid) {
      state.SkipWithError(std::string(to_string(verdict.reason())).c_str());
      return;
    }
    state.SetLabel(std::string(to_string(verdict.reason())));
  }
  const auto before = test::allocation_count();
  for (auto _ : state) benchmark::DoNotOptimize(session.verify(request, now).outcome());
  state.counters["allocs"] = benchmark::Counter(
      static_cast<double>(test::allocation_count() - before), benchmark::Counter::kAvgIterations);
  state.counters["bytes"] = static_cast<double>(octets);
}

Worst few_query_params() { return query_params("%41%42%43%44%45%46%47%48%49%4A%4B&", 32000); }
Worst many_query_params() { return query_params("~&", 32000); }
Worst two_dictionaries() { return dictionaries(2, 12000); }
Worst twelve_dictionaries() { return dictionaries(12, 48000); }
Worst p384() { return costly_key(KeyType::ec_p384, 96); }
Worst rsa() { return costly_key(KeyType::rsa, 256); }

BENCHMARK_CAPTURE(verify_worst, query_params, few_query_params)->Name("verify/worst/query_params");
BENCHMARK_CAPTURE(verify_worst, many_query_params, many_query_params)
    ->Name("verify/worst/many_query_params");
BENCHMARK_CAPTURE(verify_worst, two_dictionaries, two_dictionaries)
    ->Name("verify/worst/two_dictionaries");
BENCHMARK_CAPTURE(verify_worst, twelve_dictionaries, twelve_dictionaries)
    ->Name("verify/worst/twelve_dictionaries");
BENCHMARK_CAPTURE(verify_worst, field_lines, field_lines)->Name("verify/worst/field_lines");
BENCHMARK_CAPTURE(verify_worst, chain, chain)->Name("verify/worst/chain");
BENCHMARK_CAPTURE(verify_worst, long_bases, long_bases)->Name("verify/worst/long_bases");
BENCHMARK_CAPTURE(verify_worst, p384, p384)->Name("verify/worst/p384");
BENCHMARK_CAPTURE(verify_worst, rsa, rsa)->Name("verify/worst/rsa");

}  // namespace
