#ifndef WBA_BENCH_SIMULATION_REQUEST_SIMULATION_H_
#define WBA_BENCH_SIMULATION_REQUEST_SIMULATION_H_

#include <cstdint>
#include <span>

#include "scenario.h"

namespace wba::simulation {

// simulate_requests makes each signed request of one machine and follows it to the table that
// verifies it, to the nonce store and to Redis. `at_hand` is each agent's share of requests whose
// key is there. Nonces that stay in the machine go through the guard's own store.
//
// Prepared keys keep their tables in one place for the process, filled by a thread of its own on
// the steady clock, which no simulation can turn: their rules are followed here step by step (a
// key asks after a number of verified uses; one table is built at a time; late uses are counted by
// sixteens and fade; the least used gives way).
[[nodiscard]] Figures simulate_requests(const Scenario& scenario, std::span<const Agent> agents,
                                        std::span<const double> at_hand, std::uint64_t seed);

}  // namespace wba::simulation

#endif  // WBA_BENCH_SIMULATION_REQUEST_SIMULATION_H_
