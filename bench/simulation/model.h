#ifndef WBA_BENCH_SIMULATION_MODEL_H_
#define WBA_BENCH_SIMULATION_MODEL_H_

#include <span>

#include "scenario.h"

namespace wba::simulation {

// Constants were measured; SCALING.md says how.
struct Constants {
  double directory_bytes = 2187;   // a directory with one key, held
  double bucket_bytes = 8;         // a place of the table, rounded up to a power of two
  double budget_bytes = 131072;    // what shares new URLs out by client, whatever is held
  double nonce_bytes = 110;        // in memory
  double redis_nonce_bytes = 165;  // in Redis
  double without_curve = 0.90e-6;  // seconds of processor time: all of a request but the curve
  double lookup_few = 0.2e-6;      // a lookup among a thousand directories
  double lookup_many = 1.7e-6;     // among a hundred thousand
  double libsodium = 50.1e-6;      // the curve, without a table
  double compact = 5.0e-6;         // with a compact table
  double full = 6.1e-6;            // with a full one, 256 keys in rotation
};

// model gives the figures by formula: SCALING.md derives each.
[[nodiscard]] Figures model(const Scenario& scenario, std::span<const Agent> agents,
                            const Constants& constants);

// cores is the processor time per second that verifying takes in the fleet.
[[nodiscard]] double cores(const Scenario& scenario, const Figures& figures,
                           const Constants& constants);

}  // namespace wba::simulation

#endif  // WBA_BENCH_SIMULATION_MODEL_H_
