#include "request_simulation.h"

#include <array>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <malloc.h>

#include <wba/guard/replay_store.h>

#include "prepared_rules.h"

namespace wba::simulation {
namespace {

std::size_t heap_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

guard::Now at_millisecond(double time) {
  return guard::Now(std::chrono::milliseconds(static_cast<std::int64_t>(time * 1000)));
}

// Pick draws an agent by its rate, in one step: Walker's alias method.
class Pick {
 public:
  explicit Pick(std::span<const Agent> agents) : own_(agents.size()), other_(agents.size()) {
    for (const Agent& agent : agents) sum_ += agent.rate;
    const auto count = static_cast<double>(agents.size());
    std::vector<std::size_t> small;
    std::vector<std::size_t> large;
    for (std::size_t i = 0; i < agents.size(); ++i) {
      own_[i] = agents[i].rate / sum_ * count;
      (own_[i] < 1 ? small : large).push_back(i);
    }
    while (!small.empty() && !large.empty()) {
      const std::size_t low = small.back();
      const std::size_t high = large.back();
      small.pop_back();
      other_[low] = high;
      own_[high] -= 1 - own_[low];
      if (own_[high] < 1) {
        large.pop_back();
        small.push_back(high);
      }
    }
    for (const std::size_t i : small) own_[i] = 1;
    for (const std::size_t i : large) own_[i] = 1;
  }

  [[nodiscard]] double sum() const { return sum_; }

  [[nodiscard]] std::size_t operator()(std::mt19937_64& random) const {
    const double place =
        std::uniform_real_distribution<double>(0, 1)(random) * static_cast<double>(own_.size());
    const auto at = std::min(static_cast<std::size_t>(place), own_.size() - 1);
    return place - static_cast<double>(at) < own_[at] ? at : other_[at];
  }

 private:
  std::vector<double> own_;
  std::vector<std::size_t> other_;
  double sum_ = 0;
};

}  // namespace

Figures simulate_requests(const Scenario& scenario, std::span<const Agent> agents,
                          std::span<const double> at_hand, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto uniform = [&] { return std::uniform_real_distribution<double>(0, 1)(random); };
  const Pick pick(agents);
  PreparedRules tables(scenario.prepared, agents.size());
  const std::size_t heap = heap_in_use();
  const auto store = guard::make_memory_replay_store(
      {.entries = 1'000'000'000, .entries_per_agent = 1'000'000'000}, at_millisecond(0));
  const double begin = scenario.requests_warm_up;
  const double end = begin + scenario.requests_measured;
  std::array<double, 3> used{};
  double verified = 0;
  double redis = 0;
  double held_sum = 0;
  double held_samples = 0;
  double next_sample = begin;
  std::uint64_t built_before = 0;
  std::uint64_t number = 0;
  for (double now = 0;;) {
    now -= std::log1p(-uniform()) / pick.sum();
    if (now >= next_sample) {
      if (next_sample == begin) built_before = tables.built();
      held_sum += static_cast<double>(store->size());
      held_samples += 1;
      next_sample += scenario.requests_measured / 100;
    }
    if (now >= end) break;
    const std::size_t agent = pick(random);
    if (uniform() >= at_hand[agent]) continue;
    const bool counts = now >= begin;
    const auto by = tables.verify(agent, now);
    if (counts) {
      verified += 1;
      used[static_cast<std::size_t>(by)] += 1;
    }
    const SigningClass& signing = agents[agent].signing;
    if (signing.nonce && uniform() < scenario.replay_share) {
      if (scenario.redis) {
        if (counts) redis += 1;
      } else {
        const std::string nonce = std::to_string(number++);
        const std::string url = "https://agent" + std::to_string(agent) + ".example/";
        store->check_and_record({url, "key", nonce, url},
                                at_millisecond(now + signing.lifetime + skew), at_millisecond(now));
      }
    }
    if (counts && uniform() < scenario.rate_share) redis += 1;
  }
  Figures out;
  const double time = end - begin;
  out.verified = verified / time;
  out.full_share = used[2] / verified;
  out.compact_share = used[1] / verified;
  out.tables = static_cast<double>(tables.tables());
  out.table_bytes = static_cast<double>(tables.bytes());
  out.builds = static_cast<double>(tables.built() - built_before) / time;
  out.redis = redis / time * static_cast<double>(scenario.machines);
  if (!scenario.redis) {
    out.nonces = held_sum / held_samples;
    // The store's octets at the end, for as many nonces as are held on average.
    const auto now_held = static_cast<double>(store->size());
    if (now_held > 0) {
      out.nonce_bytes = static_cast<double>(heap_in_use() - heap) * out.nonces / now_held;
    }
  }
  return out;
}

}  // namespace wba::simulation
