#ifndef WBA_GUARD_DECIDING_H_
#define WBA_GUARD_DECIDING_H_

#include <string>
#include <vector>

#include <wba/guard/guard.h>

#include "engine.h"
#include "external_authority.h"

namespace wba::guard {

// Stores are where state is kept. Those that nothing asks for are nullptr.
struct Stores {
  std::shared_ptr<ReplayStore> replay;
  std::shared_ptr<RateLimiter> rates;
};

// DecidingScratch is memory that deciding reuses, and what a Decision views.
struct DecidingScratch {
  http::PathReadings path;
  std::string accept_signature;
  std::string retry_after;
  std::vector<HeaderField> headers;
  std::string subject;
  std::string subject_group;
  std::string audit_line;
  Decision decision;
};

// Deciding is one decision under way.
class Deciding {
 public:
  Deciding(const Engine& engine, const Stores& stores, const IncomingRequest& incoming, Now now,
           DecidingScratch& scratch) noexcept
      : engine_(engine),
        stores_(stores),
        incoming_(incoming),
        request_(incoming.request),
        now_(now),
        scratch_(scratch),
        record_(scratch.decision.record) {}

  // begin finds route and mode and what the client called this server. true: it is to be verified.
  bool begin();

  // judge takes the verdict on request(), decides, and finds the rule.
  void judge(const Verdict& verdict);

  // end turns what was decided into the answer.
  void end();

  // fail is for what went wrong inside: nothing passes by it that is to be enforced.
  void fail() noexcept;

  // request is the one to verify: with the name that the client used.
  [[nodiscard]] const Request& request() const noexcept { return request_; }
  [[nodiscard]] const TableRule* rule() const noexcept { return rule_; }

 private:
  void describe_caller(const Verdict& verdict, const SignatureVerdict* signature);
  [[nodiscard]] bool covers_unseen(const SignatureVerdict& signature) const;
  [[nodiscard]] const SignatureVerdict* choose_signature(const Verdict& verdict) const;
  void carry_out(RuleAction action, const SignatureVerdict* signature);
  [[nodiscard]] bool meets(const SignatureVerdict& signature);
  [[nodiscard]] bool is_first_presentation();
  [[nodiscard]] Cause record_presentation();
  using RateQuestion = decltype(&RateLimiter::take);
  [[nodiscard]] bool is_within_limits(RateQuestion question);
  [[nodiscard]] bool is_within(std::string_view limit, RateQuestion question);
  [[nodiscard]] RateSubject subject();
  void refuse_unverified(Cause cause) noexcept;
  void decide(Action action, Cause cause, std::uint16_t status) noexcept;
  void add_header(std::string_view name, std::string_view value) {
    scratch_.headers.push_back({name, value});
  }

  const Engine& engine_;
  const Stores& stores_;
  const IncomingRequest& incoming_;
  Request request_;
  Now now_;
  DecidingScratch& scratch_;
  Record& record_;
  const Verdict* verdict_ = nullptr;
  const TableRoute* route_ = nullptr;
  const TableRule* rule_ = nullptr;
  const RequirementCheck* asked_ = nullptr;  // what a challenge asks for
  std::chrono::milliseconds wait_ = {};
};

}  // namespace wba::guard

#endif  // WBA_GUARD_DECIDING_H_
