#ifndef WBA_BENCH_SIMULATION_DIRECTORY_SIMULATION_H_
#define WBA_BENCH_SIMULATION_DIRECTORY_SIMULATION_H_

#include <cstdint>
#include <span>
#include <vector>

#include "scenario.h"

namespace wba::simulation {

// DirectoryCounts are what one machine's resolver did while it was counted.
struct DirectoryCounts {
  Figures figures;              // those of directories
  std::vector<double> at_hand;  // of each agent's requests, the share whose key was at hand
  double turned_away = 0;       // fetches per second that found the queue full
  double not_modified = 0;      // of the fetches, per second
  double evictions = 0;         // per second
};

// simulate_directories runs the resolver's own cache, table, HTTP rules and document reader on a
// clock of its own. Requests of an agent are a Poisson process. A request that finds a fresh
// directory changes nothing but the time of last use, so where no directory has to go for another
// only those are made that can lead to a fetch; else each of them.
[[nodiscard]] DirectoryCounts simulate_directories(const Scenario& scenario,
                                                   std::span<const Agent> agents,
                                                   std::uint64_t seed);

}  // namespace wba::simulation

#endif  // WBA_BENCH_SIMULATION_DIRECTORY_SIMULATION_H_
