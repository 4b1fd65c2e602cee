// The stable tokens of the guard's vocabulary.

#include <wba/guard/decision.h>

namespace wba::guard {

std::string_view to_string(Action action) noexcept {
  switch (action) {
    case Action::pass:
      return "pass";
    case Action::challenge:
      return "challenge";
    case Action::refuse:
      return "refuse";
    case Action::slow_down:
      return "slow-down";
  }
  return "unknown";
}

std::string_view to_string(Mode mode) noexcept {
  switch (mode) {
    case Mode::off:
      return "off";
    case Mode::observe:
      return "observe";
    case Mode::enforce:
      return "enforce";
  }
  return "unknown";
}

std::string_view to_string(Caller caller) noexcept {
  switch (caller) {
    case Caller::verified_agent:
      return "verified-agent";
    case Caller::claimed_agent:
      return "claimed-agent";
    case Caller::unsigned_:
      return "unsigned";
  }
  return "unknown";
}

std::string_view to_string(Cause cause) noexcept {
  switch (cause) {
    case Cause::none:
      return "none";
    case Cause::component_not_covered:
      return "component-not-covered";
    case Cause::lifetime_too_long:
      return "lifetime-too-long";
    case Cause::nonce_missing:
      return "nonce-missing";
    case Cause::body_not_checked:
      return "body-not-checked";
    case Cause::replayed:
      return "replayed";
    case Cause::replay_store_full:
      return "replay-store-full";
    case Cause::replay_store_away:
      return "replay-store-away";
    case Cause::replay_before_start:
      return "replay-before-start";
    case Cause::rate_exceeded:
      return "rate-exceeded";
    case Cause::rate_store_full:
      return "rate-store-full";
    case Cause::rate_store_away:
      return "rate-store-away";
    case Cause::keys_unavailable:
      return "keys-unavailable";
    case Cause::path_unclear:
      return "path-unclear";
    case Cause::method_unclear:
      return "method-unclear";
    case Cause::authority_unclear:
      return "authority-unclear";
    case Cause::component_not_visible:
      return "component-not-visible";
    case Cause::internal_error:
      return "internal-error";
  }
  return "unknown";
}

std::string_view to_string(ReplayCheck check) noexcept {
  switch (check) {
    case ReplayCheck::not_asked:
      return "not-asked";
    case ReplayCheck::fresh:
      return "fresh";
    case ReplayCheck::repeated:
      return "repeated";
    case ReplayCheck::unchecked:
      return "unchecked";
  }
  return "unknown";
}

}  // namespace wba::guard
