// Parsing the structured fields of a signed request, and base64 against libsodium's.

#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include <wba/structured_field.h>

#include "crypto/base64.h"
#include "support/allocation_counter.h"

namespace {

using wba::sf::Field;

// The nonce and signature here are random octets: parsing does not look into them.
constexpr std::string_view nonce =
    "e8N7S2MFd/qrd6T2R3tdfAuuANngKI7LFtKYI/vowzk4lAZYadIX6wW25MwG7DCT9RUKAJ0qVkU0mEeLElW1qg==";
constexpr std::string_view keyid = "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U";

std::string parameters(bool with_nonce) {
  std::string text =
      ";created=1735689600;keyid=\"" + std::string(keyid) + "\";alg=\"ed25519\";expires=1735693200";
  if (with_nonce) text += ";nonce=\"" + std::string(nonce) + "\"";
  return text + ";tag=\"web-bot-auth\"";
}

std::string minimal_input() { return "sig1=(\"@authority\")" + parameters(false); }

std::string browser_input() {
  return "sig1=(\"@authority\" \"@method\" \"@path\" \"signature-agent\";key=\"sig1\")" +
         parameters(true);
}

std::string body_input() {
  return "sig1=(\"@authority\" \"@method\" \"@path\" \"content-digest\" "
         "\"signature-agent\";key=\"sig1\")" +
         parameters(true);
}

void parse_dictionary(benchmark::State& state, const std::string& value) {
  Field field;
  if (!wba::sf::parse_dictionary(value, field)) state.SkipWithError("does not parse");
  const std::size_t before = wba::test::allocation_count();
  for (auto _ : state) {
    auto parsed = wba::sf::parse_dictionary(value, field);
    benchmark::DoNotOptimize(parsed);
    benchmark::ClobberMemory();
  }
  state.counters["allocs"] =
      benchmark::Counter(static_cast<double>(wba::test::allocation_count() - before),
                         benchmark::Counter::kAvgIterations);
  state.counters["bytes"] = static_cast<double>(value.size());
}

void serialise_dictionary(benchmark::State& state, const std::string& value) {
  Field field;
  if (!wba::sf::parse_dictionary(value, field)) state.SkipWithError("does not parse");
  std::string out;
  wba::sf::serialise_dictionary(field, out);
  const std::size_t before = wba::test::allocation_count();
  for (auto _ : state) {
    out.clear();
    wba::sf::serialise_dictionary(field, out);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.counters["allocs"] =
      benchmark::Counter(static_cast<double>(wba::test::allocation_count() - before),
                         benchmark::Counter::kAvgIterations);
  state.counters["bytes"] = static_cast<double>(out.size());
}

template <auto Decode>
void decode_base64(benchmark::State& state) {
  std::vector<std::byte> octets(wba::crypto::base64_decoded_capacity(nonce.size()));
  for (auto _ : state) {
    auto size = Decode(nonce, wba::crypto::Base64::standard, octets);
    benchmark::DoNotOptimize(size);
    benchmark::ClobberMemory();
  }
  state.counters["bytes"] = static_cast<double>(nonce.size());
}

const bool registered = [] {
  const std::string signature = "sig1=:" + std::string(nonce) + ":";
  const std::string agent = "sig1=\"https://signature-agent.test/keys\"";
  // Hostile: as many short keys as fit the limits.
  std::string many_members;
  for (int i = 0; i < 1024; ++i) many_members += (i == 0 ? "k" : ", k") + std::to_string(i * 7919);
  std::string many_parameters = "a=1";
  for (int i = 0; i < 256; ++i) many_parameters += ";k" + std::to_string(i * 7919);
  for (const auto& [name, value] :
       {std::pair<std::string, std::string>{"parse/signature_input/minimal", minimal_input()},
        {"parse/signature_input/browser", browser_input()},
        {"parse/signature_input/body", body_input()},
        {"parse/signature/one", signature},
        {"parse/signature_agent/dictionary", agent},
        {"parse/hostile/members_1024", many_members},
        {"parse/hostile/parameters_256", many_parameters}}) {
    benchmark::RegisterBenchmark(name.c_str(), parse_dictionary, value);
  }
  benchmark::RegisterBenchmark("serialise/signature_input/body", serialise_dictionary,
                               body_input());
  benchmark::RegisterBenchmark("base64/table_decode", decode_base64<wba::crypto::base64_decode>);
  benchmark::RegisterBenchmark("base64/libsodium_decode",
                               decode_base64<wba::crypto::base64_decode_secret>);
  return true;
}();

}  // namespace
