// wba_simulation [--small] [--seed N] [--only NAME]: the model of SCALING.md beside a simulation.
// Exit 1 where a figure of the small scenarios is further from the model than the bound stated.

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "directory_simulation.h"
#include "model.h"
#include "request_simulation.h"

namespace {

using namespace wba::simulation;  // NOLINT: a program of one topic

struct Row {
  const char* name;
  double model;
  double simulated;
  double bound;  // on the relative difference, in the small scenarios
  double scale = 1;
};

bool print(const Row& row, bool small) {
  const double off = row.simulated == row.model ? 0 : (row.model - row.simulated) / row.simulated;
  const bool good = !small || std::abs(off) <= row.bound;
  std::printf("| %s | %.6g | %.6g |", row.name, row.model * row.scale, row.simulated * row.scale);
  if (std::isfinite(off)) {
    std::printf(" %+.2f %% |%s\n", off * 100, good ? "" : " beyond its bound");
  } else {
    std::printf(" - |%s\n", good ? "" : " beyond its bound");
  }
  return good;
}

bool run(const Scenario& scenario, std::uint64_t seed, bool small) {
  const auto began = std::chrono::steady_clock::now();
  const Constants constants;
  const std::vector<Agent> agents = scenario.agents(seed);
  const Figures expected = model(scenario, agents, constants);
  const DirectoryCounts directories = simulate_directories(scenario, agents, seed + 1);
  Figures counted = simulate_requests(scenario, agents, directories.at_hand, seed + 2);
  const Figures& kept = directories.figures;
  counted.key_at_hand = kept.key_at_hand;
  const auto machines = static_cast<double>(scenario.machines);
  constexpr double mib = 1.0 / (1 << 20);
  std::printf("\n### %s\n\n%zu machines, %.0f requests/s, %zu directories\n\n",
              scenario.name.c_str(), scenario.machines, scenario.requests, scenario.directories);
  std::printf("| figure | model | simulation | model off by |\n|---|--:|--:|--:|\n");
  bool good = true;
  const auto show = [&](const Row& row) { good = print(row, small) && good; };
  show({"key at hand, %", expected.key_at_hand, kept.key_at_hand, 0.005, 100});
  show({"key not at hand, %", 1 - expected.key_at_hand, 1 - kept.key_at_hand, 0.25, 100});
  show({"fetches/s, fleet", expected.fetches * machines, kept.fetches * machines, 0.05});
  if (scenario.can_evict())
    show({"new URLs refused/s, fleet", expected.refused * machines, kept.refused * machines, 1});
  show({"fetches under way, a machine", expected.slots, kept.slots, 0.08});
  show({"directories held, a machine", expected.directories, kept.directories, 0.02});
  show({"directory memory, MiB a machine", expected.directory_bytes, kept.directory_bytes, 0.15,
        mib});
  counted.directories = kept.directories;
  if (scenario.tables) {
    show({"verified by a table, %", expected.prepared_share(), counted.prepared_share(), 0.1, 100});
    show({"of all, by a full table, %", expected.full_share, counted.full_share, 0.15, 100});
    show({"tables, a machine", expected.tables, counted.tables, 0.25});
    show({"table memory, MiB a machine", expected.table_bytes, counted.table_bytes, 0.15, mib});
    std::printf("| tables built/s, a machine | %.4g | %.4g | |\n", expected.builds, counted.builds);
    show({"cores for verifying, fleet", cores(scenario, expected, constants),
          cores(scenario, counted, constants), 0.15});
  }
  if (scenario.redis) {
    show({"Redis operations/s", expected.redis, counted.redis, 0.03});
    std::printf("| nonces in Redis (GiB) | %.4g (%.3g) | | |\n", expected.nonces,
                expected.nonce_bytes * mib / 1024);
  } else {
    show({"nonces held, a machine", expected.nonces, counted.nonces, 0.05});
    show({"nonce memory, MiB a machine", expected.nonce_bytes, counted.nonce_bytes, 0.25, mib});
  }
  std::printf(
      "\nSimulation only: %.3g revalidations/s and %.3g evictions/s a machine, %.3g fetches/s for "
      "which the queue was full.\n",
      directories.not_modified, directories.evictions, directories.turned_away);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::fprintf(stderr, "%s: %.1f s\n", scenario.name.c_str(), took.count());
  return good;
}

}  // namespace

int main(int count, char** arguments) {
  bool small = false;
  std::uint64_t seed = 1;
  std::string_view only;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--small") {
      small = true;
    } else if (argument == "--seed" && i + 1 < count) {
      seed = std::strtoull(arguments[++i], nullptr, 10);
    } else if (argument == "--only" && i + 1 < count) {
      only = arguments[++i];
    } else {
      std::fputs("usage: wba_simulation [--small] [--seed N] [--only NAME]\n", stderr);
      return 2;
    }
  }
  bool good = true;
  for (const Scenario& scenario : small ? small_scenarios() : scenarios()) {
    if (only.empty() || only == scenario.name) good = run(scenario, seed, small) && good;
  }
  return good ? 0 : 1;
}
