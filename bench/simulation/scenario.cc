#include "scenario.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace wba::simulation {

const char* cache_control(CachingClass of) noexcept {
  switch (of) {
    case CachingClass::day:
      return "max-age=86400";
    case CachingClass::hour:
      return "max-age=3600";
    case CachingClass::no_store:
      return "no-store";
    case CachingClass::nothing:
    case CachingClass::broken:
      break;
  }
  return "";
}

double Scenario::fetch_mean() const {
  return fetch_median * std::exp(fetch_sigma * fetch_sigma / 2);
}

std::vector<Agent> Scenario::agents(std::uint64_t seed) const {
  std::mt19937_64 random(seed);
  std::vector<Agent> agents(directories);
  double sum = 0;
  for (std::size_t i = 0; i < directories; ++i) {
    agents[i].rate = std::pow(static_cast<double>(i + 1), -zipf);
    sum += agents[i].rate;
  }
  const double each = requests / static_cast<double>(machines) / sum;
  // Exact shares in a random order over the ranks. Of the directories whose lifetime was recorded,
  // 31 said a day, 10 an hour, 11 no-store and 7 nothing.
  constexpr std::array<std::pair<CachingClass, double>, 4> recorded = {
      {{CachingClass::day, 31},
       {CachingClass::hour, 10},
       {CachingClass::no_store, 11},
       {CachingClass::nothing, 7}}};
  const auto readable = static_cast<double>(directories) * (1 - broken);
  std::vector<CachingClass> caching;
  double upto = 0;
  for (const auto& [which, count] : recorded) {
    upto += readable * count / 59;
    caching.resize(static_cast<std::size_t>(std::llround(upto)), which);
  }
  caching.resize(directories, CachingClass::broken);
  std::shuffle(caching.begin(), caching.end(), random);
  for (std::size_t i = 0; i < directories; ++i) {
    agents[i].rate *= each;
    agents[i].caching = caching[i];
    agents[i].signing = signing_classes[random() % signing_classes.size()];
  }
  return agents;
}

std::vector<Scenario> scenarios() {
  std::vector<Scenario> all;
  all.push_back({.name = "single site",
                 .machines = 1,
                 .requests = 200,
                 .directories = 96,
                 .rate_share = 0,
                 .warm_up = 2 * 86400,
                 .measured = 10 * 86400,
                 .requests_warm_up = 4000,
                 .requests_measured = 4000});
  all.push_back({.name = "mid fleet",
                 .machines = 8,
                 .requests = 20'000,
                 .directories = 5'000,
                 .replay_share = 0.25,
                 .rate_share = 0.25,
                 .redis = true,
                 .warm_up = 3600,
                 .measured = 4 * 3600,
                 .requests_warm_up = 600,
                 .requests_measured = 1200,
                 .warm_start = true});
  // More agents than places: the least recently used go.
  Scenario crowded{.name = "crowded cache",
                   .machines = 4,
                   .requests = 400,
                   .directories = 5'000,
                   .broken = 0,
                   .replay_share = 0.25,
                   .warm_up = 3600,
                   .measured = 7200,
                   .requests_warm_up = 4000,
                   .requests_measured = 4000,
                   .tables = false};
  crowded.limits.directories = 1'000;
  crowded.limits.new_urls_per_minute = 3'000;
  all.push_back(crowded);
  // The same with the default limit on new URLs and as many broken directories as the registry had.
  crowded.name = "crowded, some broken";
  crowded.broken = 8.0 / 96;
  crowded.limits.new_urls_per_minute = DirectoryLimits{}.new_urls_per_minute;
  all.push_back(crowded);
  Scenario million{.name = "million",
                   .machines = 64,
                   .requests = 1'000'000,
                   .directories = 100'000,
                   .replay_share = 0.1,
                   .rate_share = 0.1,
                   .redis = true,
                   .warm_up = 1800,
                   .measured = 1800,
                   .requests_warm_up = 300,
                   .requests_measured = 300,
                   .warm_start = true};
  million.limits.directories = 120'000;
  million.limits.fetches = 512;
  million.limits.fetches_waiting = 8192;
  million.limits.new_urls_per_minute = 6'000;
  all.push_back(million);
  million.name = "million, tables 1 GiB";
  million.prepared.memory = std::size_t{1} << 30;
  million.requests_warm_up = 2400;  // full tables of lesser keys go slowly
  all.push_back(million);
  return all;
}

std::vector<Scenario> small_scenarios() {
  Scenario site = scenarios()[0];
  site.name = "small site";
  site.measured = 4 * 86400;
  site.requests_warm_up = 4000;
  site.requests_measured = 1000;
  Scenario crowded = scenarios()[2];
  crowded.name = "small crowded";
  crowded.machines = 1;
  crowded.directories = 1'000;
  crowded.limits.directories = 200;
  crowded.requests = 20;
  crowded.warm_up = 1800;
  crowded.measured = 4 * 3600;
  crowded.requests_measured = 1000;
  Scenario fleet = scenarios()[1];
  fleet.name = "small fleet";
  fleet.directories = 2'000;
  fleet.measured = 3600;
  fleet.requests_warm_up = 300;
  fleet.requests_measured = 300;
  fleet.prepared.memory = std::size_t{4} << 20;
  return {site, crowded, fleet};
}

}  // namespace wba::simulation
