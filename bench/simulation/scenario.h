#ifndef WBA_BENCH_SIMULATION_SCENARIO_H_
#define WBA_BENCH_SIMULATION_SCENARIO_H_

// What the model and the simulation are both given: a load, a fleet and its settings.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <wba/directory_resolver.h>
#include <wba/prepared_keys.h>

namespace wba::simulation {

// CachingClass is what a directory's response says about its lifetime. `broken` ones cannot be
// read.
enum class CachingClass : std::uint8_t { day, hour, no_store, nothing, broken };
inline constexpr std::size_t caching_classes = 5;

// cache_control is the field's value; empty where there is none.
[[nodiscard]] const char* cache_control(CachingClass of) noexcept;

// SigningClass is how an agent signs: for how long, and whether with a nonce.
struct SigningClass {
  double lifetime;  // seconds
  bool nonce;
};
inline constexpr std::array<SigningClass, 3> signing_classes = {
    {{60, true}, {3600, true}, {600, false}}};
inline constexpr double skew = 60;  // seconds that a nonce is held beyond its signature's time

// Agent is one directory and what asks with its key, as one machine sees it.
struct Agent {
  double rate;  // requests per second, on average
  CachingClass caching;
  SigningClass signing;
};

struct Scenario {
  std::string name;
  std::size_t machines = 1;
  double requests = 100;  // signed, per second, over the fleet
  std::size_t directories = 96;
  double zipf = 1.0;            // exponent of the traffic's skew
  double broken = 8.0 / 96;     // share of directories that cannot be read
  double fetch_median = 0.431;  // seconds
  double fetch_sigma = 0.57;    // of its logarithm
  double replay_share = 1;      // of requests, on routes with replay protection
  double rate_share = 0;        // of requests, on routes with a rate limit kept in Redis
  bool redis = false;           // nonces in Redis; else each machine keeps its own
  DirectoryCachePolicy cache = {};
  DirectoryLimits limits = {};
  PreparedKeyOptions prepared = {};
  // How long the simulation runs before it counts, and how long it counts: seconds of its clock.
  double warm_up = 3600;
  double measured = 3600;
  double requests_warm_up = 120;  // the same where each request is made
  double requests_measured = 240;
  bool tables = true;       // tables are looked at: all keys stay held for long
  bool warm_start = false;  // directories are taken up from a file at first

  // agents gives what one machine sees: a fleet's requests spread over its machines at random.
  [[nodiscard]] std::vector<Agent> agents(std::uint64_t seed) const;
  [[nodiscard]] double fetch_mean() const;
  [[nodiscard]] bool can_evict() const { return directories > limits.directories; }
};

// scenarios are those of SCALING.md; small_scenarios take a second, for the test.
[[nodiscard]] std::vector<Scenario> scenarios();
[[nodiscard]] std::vector<Scenario> small_scenarios();

// Figures are what the model says and the simulation counts. Per machine where not said.
struct Figures {
  double key_at_hand = 0;  // share of requests whose agent's directory can be read
  double fetches = 0;      // per second
  double refused = 0;      // requests per second with a new URL that a limit refused
  double slots = 0;        // fetches under way, on average
  double directories = 0;  // held
  double directory_bytes = 0;
  double full_share = 0;     // of verifications, by a full table
  double compact_share = 0;  // by a compact one
  double tables = 0;
  double table_bytes = 0;
  double builds = 0;  // tables per second
  double nonces = 0;  // held, here or (of the fleet) in Redis
  double nonce_bytes = 0;
  double redis = 0;     // operations per second of the fleet
  double verified = 0;  // per second
  [[nodiscard]] double prepared_share() const { return full_share + compact_share; }
};

}  // namespace wba::simulation

#endif  // WBA_BENCH_SIMULATION_SCENARIO_H_
