#ifndef WBA_GUARD_METRICS_H_
#define WBA_GUARD_METRICS_H_

// Figures for Prometheus. Labels are bounded: outcomes, reasons, actions and causes are ours, rules
// and routes come from the configuration. Nothing that a caller sent is a label.

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <wba/guard/config.h>
#include <wba/guard/decision.h>

namespace wba::guard {

// RuleCounters counts what one rule (or the defaults of one route) did, by action.
using RuleCounters = std::array<prometheus::Counter*, 4>;

class Metrics {
 public:
  Metrics();

  // counters_of_rule gives the counters of a rule, "" for none; the same for the same name. They
  // live as long as the Metrics.
  [[nodiscard]] RuleCounters counters_of_rule(const std::string& name);

  void count(const Record& record, const RuleCounters& rule) noexcept;
  void count_off() noexcept { off_->Increment(); }
  void count_reload(bool accepted) noexcept { reloads_[accepted ? 1 : 0]->Increment(); }

  // count_undecided: `error` is one of few, and none of a caller's making.
  void count_undecided(std::string_view error) noexcept;

  // text gives everything in Prometheus' text format, `samples` as gauges beside it.
  struct Sample {
    std::string name;
    std::string help;
    double value;
  };
  [[nodiscard]] std::string text(std::span<const Sample> samples) const;

 private:
  static constexpr std::size_t kReasons = 64;
  static constexpr auto kCauses = static_cast<std::size_t>(Cause::internal_error) + 1;
  static constexpr std::size_t kMostErrors = 64;

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>* decisions_;
  prometheus::Family<prometheus::Counter>* by_rule_;
  prometheus::Family<prometheus::Counter>* by_cause_;
  prometheus::Family<prometheus::Counter>* undecided_;
  prometheus::Histogram* spent_;
  prometheus::Counter* off_;
  std::array<prometheus::Counter*, 2> reloads_{};
  std::array<prometheus::Counter*, kCauses> causes_{};
  // made when a combination first occurs
  std::array<std::atomic<prometheus::Counter*>, kReasons * 4> combinations_{};
  std::mutex rules_mutex_;
  std::map<std::string, RuleCounters, std::less<>> rules_;
  std::mutex errors_mutex_;
  std::map<std::string, prometheus::Counter*, std::less<>> errors_;
};

}  // namespace wba::guard

#endif  // WBA_GUARD_METRICS_H_
