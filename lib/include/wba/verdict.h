#ifndef WBA_VERDICT_H_
#define WBA_VERDICT_H_

// What a verifier concludes about a request.

#include <cstdint>
#include <string_view>

namespace wba {

// Outcome is what to act on.
enum class Outcome : std::uint8_t {
  unsigned_,   // no Web Bot Auth signature: nothing is known of the sender
  unverified,  // the verifier could not decide: no key, discovery failed
  invalid,     // a check was completed and failed
  verified,    // the signature is the named agent's
};

// to_string: "unsigned", "unverified", "invalid", "verified".
[[nodiscard]] std::string_view to_string(Outcome outcome) noexcept;

// Reason is why the outcome is not `verified`: for logs, metrics and tests. Telling it to callers
// is an oracle for a forger; act on the outcome. `outcome_of` gives the one outcome that each has.
enum class Reason : std::uint8_t {
  none,  // verified
  // unsigned
  no_signature,         // no Signature-Input; a Signature alone is of another kind
  no_tagged_signature,  // signatures, but none tagged web-bot-auth
  // invalid: the fields
  missing_fields,              // Signature, or its value for a label, is missing
  signature_input_unreadable,  // Signature-Input does not parse
  signature_value_unreadable,  // Signature does not parse, or a value has the wrong length
  duplicate_label,             // a label stands twice
  too_many_signatures,         // more tagged signatures than are looked at
  too_large,                   // fields or base larger than the limit
  // invalid: the profile
  target_not_covered,             // neither @authority nor @target-uri is covered
  authority_not_ours,             // the request's authority is none of the policy's
  missing_component,              // a covered component is not in the message
  missing_required_component,     // policy asks for a component that is not covered
  duplicate_component,            // a component is listed twice
  component_malformed,            // a covered component's identifier or value breaks a rule
  chained_component_not_covered,  // covers a signature without what that one covers
  created_missing,                // no created parameter
  expires_missing,                // no expires parameter
  keyid_missing,                  // no keyid parameter
  nonce_missing,                  // policy asks for a nonce
  expired,                        // expires has passed
  clock_ahead,                    // created lies in the future
  expires_before_created,         // a lifetime below zero
  lifetime_too_long,              // longer than policy allows
  algorithm_forbidden,            // HMAC, or not the key's algorithm
  label_mismatch,                 // member key differs from the label, and policy is strict
  // invalid: the agent
  signature_agent_not_https,
  signature_agent_unparsable,
  signature_agent_not_dictionary,    // a member of what is no Dictionary is covered
  signature_agent_not_covered,       // Signature-Agent is there and not covered
  signature_agent_member_missing,    // the covered member is not there
  signature_agent_ambiguous_member,  // more than one member could be meant
  // invalid: cryptography
  bad_signature,
  content_digest_mismatch,
  // unverified: the agent
  signature_agent_absent,
  signature_agent_not_origin,
  dialect_not_accepted,    // policy does not accept this dialect
  agent_kind_unsupported,  // a type parameter that is not known
  // unverified: discovery
  no_keys_given,  // the resolver fetches nothing and was not given the agent's key directory
  key_pending,    // a fetch is under way or has not begun
  directory_unreachable,
  directory_host_unknown,
  directory_address_forbidden,
  directory_bad_status,
  directory_wrong_media_type,
  directory_unreadable,
  directory_no_keys,
  directory_too_large,
  directory_too_many_keys,
  directory_proof_missing,
  directory_overloaded,  // limits on fetches or directories reached
  key_not_in_directory,
  key_kid_mismatch,  // the keyid is a key's kid where it must be its thumbprint, and is not
  key_before_activation,
  key_past_expiry,
  key_is_published_test_key,
  signature_alg_unsupported,
  component_unsupported,
  component_unsupported_parameter,
  content_digest_not_compared,  // no body, or no supported algorithm, and policy asks for it
  internal_error,
};

// to_string gives the stable token: "bad-signature".
[[nodiscard]] std::string_view to_string(Reason reason) noexcept;

// describe says in one sentence, for people, what is wrong and what to do about it. Static text.
[[nodiscard]] std::string_view describe(Reason reason) noexcept;

[[nodiscard]] Outcome outcome_of(Reason reason) noexcept;

// Dialect is how Signature-Agent was spoken.
enum class Dialect : std::uint8_t {
  none,               // no Signature-Agent
  bare_uri,           // https://origin, no structured field
  legacy_string,      // "https://origin"
  origin_dictionary,  // l="https://origin", maybe ;type=…
  direct_dictionary,  // l="https://host/path"
};

// to_string: "bare-uri", "legacy-string", "origin-dictionary", "direct-dictionary", "none".
[[nodiscard]] std::string_view to_string(Dialect dialect) noexcept;

}  // namespace wba

#endif  // WBA_VERDICT_H_
