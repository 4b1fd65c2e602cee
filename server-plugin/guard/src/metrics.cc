#include "metrics.h"

#include <new>

#include <prometheus/text_serializer.h>

namespace wba::guard {
namespace {

constexpr std::array<Action, 4> kActions = {Action::pass, Action::challenge, Action::refuse,
                                            Action::slow_down};

std::string text_of(std::string_view view) { return std::string(view); }

}  // namespace

Metrics::Metrics()
    : decisions_(&prometheus::BuildCounter()
                      .Name("wba_decisions_total")
                      .Help("Decisions by outcome, reason and what was decided.")
                      .Register(registry_)),
      by_rule_(&prometheus::BuildCounter()
                    .Name("wba_rule_decisions_total")
                    .Help("Decisions by rule (empty: no rule fitted) and what was decided.")
                    .Register(registry_)),
      by_cause_(&prometheus::BuildCounter()
                     .Name("wba_overrides_total")
                     .Help("Decisions other than the rules alone would give, by cause.")
                     .Register(registry_)),
      undecided_(&prometheus::BuildCounter()
                      .Name("wba_undecided_total")
                      .Help("Requests refused before anything could be decided, by error.")
                      .Register(registry_)),
      spent_(&prometheus::BuildHistogram()
                  .Name("wba_decision_seconds")
                  .Help("Time that deciding took, verification and stores included.")
                  .Register(registry_)
                  .Add({},
                       prometheus::Histogram::BucketBoundaries{
                           0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001,
                           0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1})),
      off_(&prometheus::BuildCounter()
                .Name("wba_unguarded_total")
                .Help("Requests to routes whose mode is off.")
                .Register(registry_)
                .Add({})) {
  auto& reloads = prometheus::BuildCounter()
                      .Name("wba_reloads_total")
                      .Help("Reloads of the configuration.")
                      .Register(registry_);
  reloads_ = {&reloads.Add({{"result", "refused"}}), &reloads.Add({{"result", "accepted"}})};
  for (std::size_t i = 1; i <= static_cast<std::size_t>(Cause::internal_error); ++i) {
    causes_.at(i) = &by_cause_->Add({{"cause", text_of(to_string(static_cast<Cause>(i)))}});
  }
}

RuleCounters Metrics::counters_of_rule(const std::string& name) {
  const std::lock_guard lock(rules_mutex_);
  const auto known = rules_.find(name);
  if (known != rules_.end()) return known->second;
  RuleCounters counters{};
  for (const auto action : kActions) {
    counters.at(static_cast<std::size_t>(action)) =
        &by_rule_->Add({{"rule", name}, {"action", text_of(to_string(action))}});
  }
  return rules_.emplace(name, counters).first->second;
}

void Metrics::count(const Record& record, const RuleCounters& rule) noexcept {
  const auto reason = static_cast<std::size_t>(record.reason);
  const auto action = static_cast<std::size_t>(record.decided);
  if (reason < kReasons) {
    auto& slot = combinations_[reason * kActions.size() + action];
    prometheus::Counter* counter = slot.load(std::memory_order_acquire);
    if (counter == nullptr) {
      try {
        counter = &decisions_->Add({{"outcome", text_of(to_string(record.outcome))},
                                    {"reason", text_of(to_string(record.reason))},
                                    {"action", text_of(to_string(record.decided))}});
        slot.store(counter, std::memory_order_release);
      } catch (const std::bad_alloc&) {
        counter = nullptr;
      }
    }
    if (counter != nullptr) counter->Increment();
  }
  if (rule[action] != nullptr) rule[action]->Increment();
  auto* cause = causes_[static_cast<std::size_t>(record.cause)];
  if (cause != nullptr) cause->Increment();
  spent_->Observe(std::chrono::duration<double>(record.spent).count());
}

void Metrics::count_undecided(std::string_view error) noexcept {
  try {
    const std::lock_guard lock(errors_mutex_);
    auto known = errors_.find(error);
    if (known == errors_.end()) {
      std::string name(errors_.size() < kMostErrors ? error : "other");
      known = errors_.try_emplace(name, &undecided_->Add({{"error", name}})).first;
    }
    known->second->Increment();
  } catch (const std::bad_alloc&) {
    return;
  }
}

std::string Metrics::text(std::span<const Sample> samples) const {
  auto families = registry_.Collect();
  for (const auto& sample : samples) {
    prometheus::MetricFamily family;
    family.name = sample.name;
    family.help = sample.help;
    family.type = prometheus::MetricType::Gauge;
    prometheus::ClientMetric metric;
    metric.gauge.value = sample.value;
    family.metric.push_back(std::move(metric));
    families.push_back(std::move(family));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace wba::guard
