#include "model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "crypto/ed25519_prepared.h"
#include "prepared_rules.h"

namespace wba::simulation {
namespace {

// Cycle is one agent's way from the end of one fetch to the end of the next, on average.
struct Cycle {
  double length = 0;   // seconds
  double fetches = 1;  // in it
  double missed = 0;   // requests without a key
  double turned = 0;   // of those, the ones that a limit on new URLs refused
  double asked = 0;    // admissions asked for
  double held = 1;     // share of the time
};

// Class are the times of a caching class in seconds: when a refresh is due, and for how much longer
// the directory can be used.
struct Class {
  double refresh;
  double usable;
};

Class class_of(CachingClass caching, const DirectoryCachePolicy& policy) {
  double says = 0;
  double stale = static_cast<double>(policy.stale_max.count());
  switch (caching) {
    case CachingClass::day:
      says = 86400;
      break;
    case CachingClass::hour:
      says = 3600;
      break;
    case CachingClass::no_store:
      stale = std::min(stale, static_cast<double>(policy.stale_guarded.count()));
      break;
    case CachingClass::nothing:
    case CachingClass::broken:
      says = static_cast<double>(policy.fresh_default.count());
      break;
  }
  const double floor = static_cast<double>(policy.fresh_min.count());
  const double fresh = std::clamp(says, floor, static_cast<double>(policy.fresh_max.count()));
  const double refresh = std::max(floor, 0.875 * fresh);
  return {.refresh = refresh, .usable = fresh - refresh + stale};
}

// cycle_of: `age` is the time after which an unused directory is pushed out (infinite: never),
// `let_in` the share of new URLs that is taken up.
Cycle cycle_of(const Agent& agent, const Scenario& scenario, double age, double let_in) {
  const double rate = agent.rate;
  const double fetch = scenario.fetch_mean();
  Cycle cycle;
  if (agent.caching == CachingClass::broken) {
    // Backed off as far as it goes: between half and all of the longest wait. What was never read
    // has room of its own, more than there are broken ones: no full cache pushes it out.
    cycle.length =
        0.75 * static_cast<double>(scenario.cache.failure_max.count()) + 1 / rate + fetch;
    return cycle;
  }
  const Class times = class_of(agent.caching, scenario.cache);
  // Clocks tick in seconds: on average a response came half a second after its time.
  const double due = times.refresh - 0.5;
  double until_end = due;  // of being held and fresh
  double pushed = 0;       // probability that it was pushed out before the next fetch
  double gap = 0;          // left of `age` when the refresh is due
  if (!std::isinf(age)) {
    // The time until a gap of `age` between two requests is past; never less than `age`.
    const double run = std::expm1(std::min(rate * age, 600.0)) / rate;
    const double beyond = std::max(run - age, 1e-9);
    double kept = 1;
    if (due > age) {
      kept = std::exp(-(due - age) / beyond);
      until_end = age + beyond * (1 - kept);
    }
    const double since = -std::expm1(-rate * std::min(due, age)) / rate;
    gap = std::max(0.0, age - since);
    pushed = 1 - kept * -std::expm1(-rate * gap);
  }
  const double wait = 1 / rate;
  cycle.length = until_end + wait + pushed * (1 / let_in - 1) * wait + fetch;
  const double coming = rate * fetch;  // requests while the fetch is under way
  double late = std::exp(-rate * times.usable);
  if (!std::isinf(age) && gap > 0) {
    const double gone = std::exp(-rate * gap);
    late = times.usable < gap ? (late - gone) / (1 - gone) : 0;
  }
  cycle.missed = pushed * (1 / let_in + coming) + (1 - pushed) * late * (1 + coming);
  cycle.asked = pushed / let_in;
  cycle.turned = pushed * (1 / let_in - 1);
  cycle.held = 1 - pushed * wait / let_in / cycle.length;
  return cycle;
}

struct Directories {
  std::vector<Cycle> cycles;
  double held = 0;
  double unread = 0;  // known beside those held
  double asked = 0;   // admissions per second
};

Directories directories_at(const Scenario& scenario, std::span<const Agent> agents, double age,
                           double let_in) {
  Directories out;
  out.cycles.reserve(agents.size());
  for (const Agent& agent : agents) {
    const Cycle cycle = cycle_of(agent, scenario, age, let_in);
    (agent.caching == CachingClass::broken ? out.unread : out.held) += cycle.held;
    out.asked += cycle.asked / cycle.length;
    out.cycles.push_back(cycle);
  }
  return out;
}

// solve_directories finds the age at which as many are held as there is room for, and the share of
// new URLs that is let in then.
Directories solve_directories(const Scenario& scenario, std::span<const Agent> agents) {
  if (!scenario.can_evict())
    return directories_at(scenario, agents, std::numeric_limits<double>::infinity(), 1);
  const auto room = static_cast<double>(scenario.limits.directories);
  const double limit = static_cast<double>(scenario.limits.new_urls_per_minute) / 60;
  double let_in = 1;
  Directories found;
  for (int round = 0; round < 30; ++round) {
    double low = 1;
    double high = 1e8;
    for (int step = 0; step < 60; ++step) {
      const double age = std::sqrt(low * high);
      found = directories_at(scenario, agents, age, let_in);
      (found.held < room ? low : high) = age;
    }
    const double next = std::min(1.0, limit / found.asked);
    if (std::abs(next - let_in) < 1e-4) break;
    let_in = (let_in + next) / 2;
  }
  return found;
}

// Tables: which keys have one. A key earns a table after `uses_before_table` uses and loses it when
// it is the one used least lately.
struct Tables {
  std::vector<double> held;
  double bytes = 0;
  double builds = 0;
};

// below is the probability that a key's count of late uses, just faded, is less than `threshold`:
// it is counted by sixteens and halved every half-life.
double below(double rate, double threshold) {
  const double mean = half_life * rate;  // x = (x + 10 rate) / 2
  const double deviation = std::sqrt(counted_every * half_life * rate / 3);
  return 0.5 * std::erfc((mean - threshold) / (deviation * std::sqrt(2.0)));
}

void model_tables(const Scenario& scenario, std::span<const Agent> agents,
                  std::span<const Cycle> cycles, Figures& out) {
  const auto full = static_cast<double>(table_bytes(crypto::TableKind::full));
  const auto compact = static_cast<double>(table_bytes(crypto::TableKind::compact));
  const auto memory = static_cast<double>(scenario.prepared.memory);
  const double uses = scenario.prepared.uses_before_table;
  std::vector<double> rates;
  for (std::size_t i = 0; i < agents.size(); ++i) {
    if (agents[i].caching == CachingClass::broken) continue;
    rates.push_back(agents[i].rate * (1 - cycles[i].missed / (agents[i].rate * cycles[i].length)));
  }
  std::sort(rates.rbegin(), rates.rend());
  double sum = 0;
  for (const double rate : rates) sum += rate;
  const auto count = static_cast<double>(rates.size());
  const double first = std::floor((memory * 0.75 - beside_table) / full);
  const double rest = std::max(0.0, count - first);
  const auto is_full = [&](std::size_t rank) { return static_cast<double>(rank) < first; };
  // A full table that went comes back as a compact one.
  const auto stays_full = [&](std::size_t rank) {
    return is_full(rank) && below(rates[rank], uses) < 1e-3 ? 1.0 : 0.0;
  };
  const auto result = [&](auto&& big_of, auto&& held_of, auto&& earned_of) {
    out.full_share = out.compact_share = out.tables = out.table_bytes = out.builds = 0;
    for (std::size_t i = 0; i < rates.size(); ++i) {
      const double held = held_of(rates[i]);
      const double big = big_of(i);
      out.full_share += held * big * rates[i] / sum;
      out.compact_share += held * (1 - big) * rates[i] / sum;
      out.tables += held;
      out.table_bytes += held * (big * full + (1 - big) * compact);
      out.builds += earned_of(rates[i], held);
    }
  };
  const auto settled = [](double) { return 1.0; };
  const auto no_builds = [](double, double) { return 0.0; };
  if (std::min(first, count) * full + rest * compact <= memory) {
    result(stays_full, settled, no_builds);
    out.table_bytes = std::min(first, count) * full + rest * compact;
    double big = 0;
    for (std::size_t i = 0; i < rates.size() && is_full(i); ++i) big += rates[i] / sum;
    out.full_share = big;
    out.compact_share = 1 - big;
    return;
  }
  // With room enough that counts have faded to nothing before anybody has to go, those go that no
  // counted use was seen of for `age` seconds. The first full tables do so over hours: the figures
  // are those at the time at which the simulation begins to count.
  const auto stay = [&](double rate, double age) {
    const double seen = rate / counted_every;
    return seen * age > 500 ? 1e200 : std::expm1(seen * age) / seen;
  };
  const auto in_turn = [&](double rate, double age) {
    return stay(rate, age) / (stay(rate, age) + uses / rate);
  };
  const auto still_full = [&](std::size_t rank, double age) {
    return is_full(rank) ? std::exp(-scenario.requests_warm_up / stay(rates[rank], age)) : 0;
  };
  const double least_age = 7 * half_life;
  const auto bytes_in_turn = [&](double age) {
    double bytes = 0;
    for (std::size_t i = 0; i < rates.size(); ++i) {
      const double big = still_full(i, age);
      bytes += in_turn(rates[i], age) * (big * full + (1 - big) * compact);
    }
    return bytes;
  };
  const auto earns = [&](double rate, double held) { return (1 - held) * rate / uses; };
  if (bytes_in_turn(least_age) <= memory) {
    double low = least_age;
    double high = 1e9;
    for (int step = 0; step < 80; ++step) {
      const double age = std::sqrt(low * high);
      (bytes_in_turn(age) < memory ? low : high) = age;
    }
    result([&](std::size_t rank) { return still_full(rank, low); },
           [&](double rate) { return in_turn(rate, low); }, earns);
    return;
  }
  // Else each fading gives up all tables whose count is then too low, and those who have earned
  // one since share the places: a share of them is let in.
  // Where they do not fill the places, only counts below a lower threshold have to go.
  const auto thrashed = [&](double rate, double let_in, double threshold) {
    const double in = half_life * rate / uses * let_in;
    return in / (in + below(rate, threshold));
  };
  const auto bytes_thrashed = [&](double let_in, double threshold) {
    double bytes = 0;
    for (std::size_t i = 0; i < rates.size(); ++i) {
      bytes += thrashed(rates[i], let_in, threshold) * (stays_full(i) > 0 ? full : compact);
    }
    return bytes;
  };
  double let_in = 1;
  double threshold = uses;
  double low = 1e-6;
  double high = 1;
  const bool lower = bytes_thrashed(1, uses) < memory;
  for (int step = 0; step < 60; ++step) {
    const double middle = std::sqrt(low * high);
    (lower ? threshold : let_in) = lower ? uses * middle : middle;
    // More are let in, or fewer have to go, until the memory is full.
    const bool short_of = bytes_thrashed(let_in, threshold) < memory;
    (short_of != lower ? low : high) = middle;
  }
  result(
      stays_full, [&](double rate) { return thrashed(rate, let_in, threshold); },
      [&](double rate, double held) { return earns(rate, held) * let_in; });
}

}  // namespace

Figures model(const Scenario& scenario, std::span<const Agent> agents, const Constants& constants) {
  const Directories found = solve_directories(scenario, agents);
  Figures out;
  double asked = 0;
  double missed = 0;
  double redis = 0;
  for (std::size_t i = 0; i < agents.size(); ++i) {
    const Agent& agent = agents[i];
    const Cycle& cycle = found.cycles[i];
    out.fetches += cycle.fetches / cycle.length;
    out.refused += cycle.turned / cycle.length;
    if (agent.caching == CachingClass::broken) continue;
    const double lost = cycle.missed / cycle.length;
    asked += agent.rate;
    missed += lost;
    const double verified = agent.rate - lost;
    out.verified += verified;
    redis += verified * scenario.rate_share;
    if (!agent.signing.nonce) continue;
    if (scenario.redis) redis += verified * scenario.replay_share;
    out.nonces += verified * scenario.replay_share * (agent.signing.lifetime + skew);
  }
  out.key_at_hand = 1 - missed / asked;
  out.slots = out.fetches * scenario.fetch_mean();
  out.directories =
      std::min(found.held, static_cast<double>(scenario.limits.directories)) + found.unread;
  out.directory_bytes = constants.budget_bytes + out.directories * constants.directory_bytes +
                        static_cast<double>(std::bit_ceil(scenario.limits.directories +
                                                          scenario.limits.unread_urls)) *
                            constants.bucket_bytes;
  out.redis = redis * static_cast<double>(scenario.machines);
  if (scenario.redis) {
    out.nonces *= static_cast<double>(scenario.machines);
    out.nonce_bytes = out.nonces * constants.redis_nonce_bytes;
  } else {
    out.nonce_bytes = out.nonces * constants.nonce_bytes;
  }
  model_tables(scenario, agents, found.cycles, out);
  return out;
}

double cores(const Scenario& scenario, const Figures& figures, const Constants& constants) {
  const double curve = figures.full_share * constants.full +
                       figures.compact_share * constants.compact +
                       (1 - figures.prepared_share()) * constants.libsodium;
  const double lookup = figures.directories < 10'000 ? constants.lookup_few : constants.lookup_many;
  const double each = constants.without_curve + lookup + curve;
  const double building = figures.builds * build_seconds_compact;
  return static_cast<double>(scenario.machines) * (figures.verified * each + building);
}

}  // namespace wba::simulation
