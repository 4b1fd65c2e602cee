#include "deciding.h"

#include <algorithm>
#include <array>

#include "directory/client_subject.h"

namespace wba::guard {
namespace {

// These say that the agent's keys could not be had: nothing is known, for or against it.
bool is_keys_unavailable(Reason reason) noexcept {
  switch (reason) {
    case Reason::no_keys_given:
    case Reason::key_pending:
    case Reason::directory_unreachable:
    case Reason::directory_host_unknown:
    case Reason::directory_bad_status:
    case Reason::directory_wrong_media_type:
    case Reason::directory_unreadable:
    case Reason::directory_too_large:
    case Reason::directory_too_many_keys:
    case Reason::directory_overloaded:
    case Reason::internal_error:
      return true;
    default:
      return false;
  }
}

// These say that fields do not parse: 400, where a check that failed is 403. draft -01 §4.
bool is_malformed(Reason reason) noexcept {
  switch (reason) {
    case Reason::missing_fields:
    case Reason::signature_input_unreadable:
    case Reason::signature_value_unreadable:
    case Reason::duplicate_label:
    case Reason::too_many_signatures:
    case Reason::too_large:
    case Reason::duplicate_component:
    case Reason::component_malformed:
    case Reason::signature_agent_unparsable:
    case Reason::signature_agent_not_dictionary:
      return true;
    default:
      return false;
  }
}

bool has_signature_input(const Request& request) noexcept {
  return std::ranges::any_of(request.fields, [](const FieldLine& line) {
    return field_name_equals(line.name, "signature-input");
  });
}

// Who answers for a verified signature: under one registered domain identities cost nothing.
std::string_view owner_of(const SignatureVerdict& signature) noexcept {
  if (!signature.domain().empty()) return signature.domain();
  if (!signature.identity().empty()) return signature.identity();
  return signature.parameters().keyid.value_or(std::string_view());
}

constexpr std::uint16_t kBadRequest = 400;
constexpr std::uint16_t kForbidden = 403;
constexpr std::uint16_t kTooManyRequests = 429;
constexpr std::uint16_t kUnavailable = 503;

}  // namespace

void Deciding::decide(Action action, Cause cause, std::uint16_t status) noexcept {
  record_.decided = action;
  record_.cause = cause;
  record_.status = status;
}

// Of the caller nothing is known by then but whether it signed.
void Deciding::refuse_unverified(Cause cause) noexcept {
  if (has_signature_input(request_)) {
    record_.caller = Caller::claimed_agent;
    record_.outcome = Outcome::unverified;
  } else {
    record_.reason = Reason::no_signature;
  }
  decide(Action::refuse, cause, kBadRequest);
}

bool Deciding::begin() {
  auto covered = std::move(record_.covered);
  covered.clear();
  record_ = Record{.time = now_,
                   .request_id = incoming_.request_id,
                   .peer = incoming_.peer,
                   .client = incoming_.client,
                   .method = incoming_.request.method,
                   .authority = incoming_.request.authority,
                   .path = http::request_path(incoming_.request.target),
                   .covered = std::move(covered)};
  // A trusted proxy is no client: what it sends for many must not be charged to one.
  request_.client = incoming_.client;
  if (request_.client.empty() && !is_trusted_peer(engine_.config.server, incoming_.peer)) {
    request_.client = incoming_.peer;
  }
  scratch_.headers.clear();
  scratch_.path.read(record_.path);
  const auto found = engine_.table.route_of(scratch_.path, record_.method);
  route_ = found.entry;
  asked_ = &route_->check;
  // The strictest of those that it may be says what is done about it: off is not off where the
  // path may be another's that is on.
  record_.mode = found.mode;
  if (found.unclear != Cause::none) {
    if (record_.mode != Mode::off) refuse_unverified(found.unclear);
    return false;
  }
  record_.route = route_->route.name;
  if (record_.mode == Mode::off) return false;
  if (!incoming_.is_external) {
    const auto name = external_name(engine_.config.server, incoming_.peer, request_);
    if (!name) {
      refuse_unverified(Cause::authority_unclear);
      return false;
    }
    request_.scheme = name->scheme;
    request_.authority = name->authority;
    record_.authority = name->authority;
  }
  return true;
}

void Deciding::describe_caller(const Verdict& verdict, const SignatureVerdict* signature) {
  record_.outcome = verdict.outcome();
  record_.reason = verdict.reason();
  switch (record_.outcome) {
    case Outcome::verified:
      record_.caller = Caller::verified_agent;
      break;
    case Outcome::unverified:
    case Outcome::invalid:
      record_.caller = Caller::claimed_agent;
      break;
    case Outcome::unsigned_:
      record_.caller = Caller::unsigned_;
      break;
  }
  if (signature == nullptr) return;
  record_.claimed = signature->claimed_url();
  record_.keyid = signature->parameters().keyid.value_or(std::string_view());
  record_.label = signature->label();
  record_.dialect = signature->dialect();
  if (!engine_.config.audit.path.empty()) record_.covered = signature->covered();
  if (record_.outcome == Outcome::verified) {
    record_.identity = signature->identity();
    record_.domain = signature->domain();
  }
}

// True if the signature covers a field that the request lacks because the adapter does not see it.
bool Deciding::covers_unseen(const SignatureVerdict& signature) const {
  if (incoming_.unseen.empty()) return false;
  const auto covered = signature.covered();
  return std::ranges::any_of(incoming_.unseen, [&](std::string_view name) {
    const bool is_there = std::ranges::any_of(
        request_.fields, [&](const FieldLine& line) { return field_name_equals(line.name, name); });
    return !is_there && std::ranges::any_of(covered, [&](std::string_view component) {
      return component.size() > name.size() + 1 && component.substr(1).starts_with(name) &&
             component[name.size() + 1] == '"';
    });
  });
}

// Of several signatures that verified the first that has all the route asks for.
const SignatureVerdict* Deciding::choose_signature(const Verdict& verdict) const {
  if (verdict.outcome() != Outcome::verified) return verdict.decisive();
  for (const auto& signature : verdict.signatures()) {
    if (signature.outcome() == Outcome::verified &&
        route_->check.judge(signature, request_, incoming_.body.has_value()) == Cause::none) {
      return &signature;
    }
  }
  return verdict.decisive();
}

void Deciding::judge(const Verdict& verdict) {
  verdict_ = &verdict;
  const SignatureVerdict* signature = choose_signature(verdict);
  describe_caller(verdict, signature);
  const bool is_unseen = record_.reason == Reason::missing_component && signature != nullptr &&
                         covers_unseen(*signature);
  if (is_unseen) {
    record_.outcome = Outcome::unverified;
    record_.reason = Reason::component_unsupported;
  }
  const bool no_keys =
      record_.outcome == Outcome::unverified && is_keys_unavailable(record_.reason);
  // A signature that cannot be checked opens nothing that is closed without one. If it covers what
  // the proxy does not tell, that is not its sender's fault: it closes nothing either.
  const bool as_unsigned =
      is_unseen || (no_keys && route_->route.keys_unavailable == KeysUnavailable::pass);
  const Outcome outcome = as_unsigned ? Outcome::unsigned_ : record_.outcome;
  const auto found =
      engine_.table.rule_of(scratch_.path, record_.method, outcome, record_.identity);
  if (found.unclear != Cause::none) {
    decide(Action::refuse, found.unclear, kBadRequest);
    return;
  }
  rule_ = found.entry;
  if (rule_ != nullptr) {
    record_.rule = rule_->rule.name;
    if (rule_->check) asked_ = &*rule_->check;
    carry_out(rule_->rule.action, signature);
  } else if (no_keys && !as_unsigned) {
    wait_ = std::chrono::seconds(2);
    decide(Action::refuse, Cause::keys_unavailable, kUnavailable);
  } else {
    carry_out(route_->route.actions.of(outcome), signature);
  }
  // What a limit or its store said beside says more.
  if (is_unseen && record_.cause == Cause::none) record_.cause = Cause::component_not_visible;
  if (as_unsigned && record_.cause == Cause::none) record_.cause = Cause::keys_unavailable;
}

void Deciding::carry_out(RuleAction action, const SignatureVerdict* signature) {
  switch (action) {
    case RuleAction::deny:
      decide(Action::refuse, Cause::none, is_malformed(record_.reason) ? kBadRequest : kForbidden);
      return;
    case RuleAction::challenge:
      decide(Action::challenge, Cause::none, kForbidden);
      return;
    case RuleAction::allow:
    case RuleAction::limit:
      break;
  }
  decide(Action::pass, Cause::none, 200);
  const bool verified = record_.outcome == Outcome::verified && signature != nullptr;
  if (verified && !meets(*signature)) return;
  if (incoming_.again) return;
  if (verified && route_->route.replay) {
    // A request over its rate leaves no nonce in the store. Rates count only after replay: a
    // request that repeats another's must not use up the other's rate.
    if (!is_within_limits(&RateLimiter::look) || !is_first_presentation()) return;
  }
  static_cast<void>(is_within_limits(&RateLimiter::take));
}

bool Deciding::meets(const SignatureVerdict& signature) {
  const bool has_body = incoming_.body.has_value();
  Cause cause = route_->check.judge(signature, request_, has_body);
  if (cause != Cause::none) {
    asked_ = &route_->check;
  } else if (rule_ != nullptr && rule_->check) {
    cause = rule_->check->judge(signature, request_, has_body);
  }
  if (cause == Cause::none) return true;
  if (cause == Cause::body_not_checked) {
    decide(Action::refuse, cause, kForbidden);
  } else {
    decide(Action::challenge, cause, kForbidden);
  }
  return false;
}

// A request presents every signature of it that verified: were only one recorded, the same request
// would pass again without that one. One that is good for longer than the route takes never passes
// here, and must not hold room for as long.
Cause Deciding::record_presentation() {
  if (stores_.replay == nullptr) return Cause::replay_store_away;
  Cause cause = Cause::none;
  for (const auto& signature : verdict_->signatures()) {
    const auto& parameters = signature.parameters();
    if (signature.outcome() != Outcome::verified || parameters.nonce.value_or("").empty()) continue;
    if (route_->check.is_too_long(parameters)) continue;
    const Now until = std::chrono::sys_seconds(std::chrono::seconds(*parameters.expires)) +
                      engine_.config.verify.skew + clock_margin;
    const auto answer = stores_.replay->check_and_record({.agent = signature.identity(),
                                                          .keyid = *parameters.keyid,
                                                          .nonce = *parameters.nonce,
                                                          .owner = owner_of(signature)},
                                                         until, now_);
    switch (answer) {
      case ReplayAnswer::repeated:
        return Cause::replayed;
      case ReplayAnswer::full:
        cause = Cause::replay_store_full;
        break;
      case ReplayAnswer::away:
        cause = Cause::replay_store_away;
        break;
      case ReplayAnswer::fresh:
        // `created` has no parts of a second: of the one that `since` is in, nothing can be said.
        if (std::chrono::sys_seconds(std::chrono::seconds(*parameters.created)) <
            stores_.replay->since()) {
          cause = Cause::replay_before_start;
        }
        break;
    }
  }
  return cause;
}

bool Deciding::is_first_presentation() {
  record_.counted = true;
  const Cause cause = record_presentation();
  if (cause == Cause::none) {
    record_.replay = ReplayCheck::fresh;
    return true;
  }
  if (cause == Cause::replayed) {
    record_.replay = ReplayCheck::repeated;
    decide(Action::slow_down, cause, kTooManyRequests);
    return false;
  }
  record_.replay = ReplayCheck::unchecked;
  if (engine_.config.replay.when_away == WhenAway::pass) {
    decide(Action::pass, cause, 200);
    return true;
  }
  wait_ = std::chrono::seconds(1);
  decide(Action::refuse, cause, kUnavailable);
  return false;
}

// The subject of a rate is a verified agent's operator: under one registered domain identities cost
// nothing. Other callers are counted by address.
RateSubject Deciding::subject() {
  std::string& name = scratch_.subject;
  if (record_.outcome == Outcome::verified) {
    if (!record_.domain.empty()) {
      name.assign("domain ").append(record_.domain);
    } else if (!record_.identity.empty()) {
      name = record_.identity;
    } else {
      name.assign("key ").append(record_.keyid);
    }
    return {.name = name, .group = name};
  }
  const auto client = incoming_.client.empty() ? incoming_.peer : incoming_.client;
  name.assign("client ");
  directory::append_client_subject(client, name);
  scratch_.subject_group.assign("client ");
  directory::append_client_network(client, scratch_.subject_group);
  return {.name = name, .group = scratch_.subject_group};
}

// is_within_limits asks about the limit of the route and about that of the rule.
bool Deciding::is_within_limits(RateQuestion question) {
  const std::string& of_route = route_->route.limit;
  if (!of_route.empty() && !is_within(of_route, question)) return false;
  if (rule_ == nullptr || rule_->rule.limit.empty() || rule_->rule.limit == of_route) return true;
  return is_within(rule_->rule.limit, question);
}

bool Deciding::is_within(std::string_view limit, RateQuestion question) {
  record_.counted = true;
  const auto settings = engine_.config.limits.find(limit);
  RateAnswer answer;
  if (stores_.rates != nullptr && settings != engine_.config.limits.end()) {
    answer = ((*stores_.rates).*question)(limit, subject(), settings->second, now_);
  }
  switch (answer.kind) {
    case RateAnswer::Kind::within:
      return true;
    case RateAnswer::Kind::over:
      wait_ = answer.wait;
      decide(Action::slow_down, Cause::rate_exceeded, kTooManyRequests);
      return false;
    case RateAnswer::Kind::full:
      // A caller that fills a store must not lift its limits: when_away is for one that is away.
      wait_ = std::chrono::seconds(1);
      decide(Action::refuse, Cause::rate_store_full, kUnavailable);
      return false;
    case RateAnswer::Kind::away:
      break;
  }
  if (engine_.config.rates.when_away == WhenAway::pass) {
    // That replay was not prevented says more than that a rate was not counted.
    if (record_.cause == Cause::none) decide(Action::pass, Cause::rate_store_away, 200);
    return true;
  }
  wait_ = std::chrono::seconds(1);
  decide(Action::refuse, Cause::rate_store_away, kUnavailable);
  return false;
}

void Deciding::end() {
  Decision& decision = scratch_.decision;
  record_.action = record_.mode == Mode::enforce ? record_.decided : Action::pass;
  if (record_.action == Action::challenge) {
    if (auto asked = asked_->accept_signature(request_, scratch_.accept_signature); asked) {
      add_header("Accept-Signature", scratch_.accept_signature);
    } else {
      decide(Action::refuse, Cause::internal_error, kUnavailable);
      record_.action = Action::refuse;
    }
  }
  if (record_.action == Action::pass) {
    record_.status = 200;
  } else {
    // A shared cache must not give one caller's refusal to another.
    add_header("Cache-Control", "no-store");
    if (wait_ > std::chrono::milliseconds(0)) {
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait_);
      scratch_.retry_after = std::to_string(seconds.count());
      add_header("Retry-After", scratch_.retry_after);
    }
  }
  decision.action = record_.action;
  decision.status = record_.status;
  decision.headers = scratch_.headers;
}

void Deciding::fail() noexcept {
  static constexpr HeaderField kNoStore[] = {{"Cache-Control", "no-store"}};
  Decision& decision = scratch_.decision;
  const bool passes = route_ != nullptr && record_.mode != Mode::enforce;
  // Nothing of the caller is taken for known.
  record_.caller = Caller::claimed_agent;
  record_.outcome = Outcome::unverified;
  record_.reason = Reason::internal_error;
  record_.identity = {};
  record_.domain = {};
  decide(Action::refuse, Cause::internal_error, kUnavailable);
  record_.action = passes ? Action::pass : Action::refuse;
  if (passes) record_.status = 200;
  scratch_.headers.clear();
  decision.action = record_.action;
  decision.status = record_.status;
  decision.headers = passes ? std::span<const HeaderField>() : kNoStore;
}

}  // namespace wba::guard
