#include <wba/verdict.h>

namespace wba {

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::unsigned_:
      return "unsigned";
    case Outcome::unverified:
      return "unverified";
    case Outcome::invalid:
      return "invalid";
    case Outcome::verified:
      return "verified";
  }
  return "unverified";
}

std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::none:
      return "none";
    case Reason::no_signature:
      return "no-signature";
    case Reason::no_tagged_signature:
      return "no-tagged-signature";
    case Reason::missing_fields:
      return "missing-fields";
    case Reason::signature_input_unreadable:
      return "signature-input-unreadable";
    case Reason::signature_value_unreadable:
      return "signature-value-unreadable";
    case Reason::duplicate_label:
      return "duplicate-label";
    case Reason::too_many_signatures:
      return "too-many-signatures";
    case Reason::too_large:
      return "too-large";
    case Reason::target_not_covered:
      return "target-not-covered";
    case Reason::authority_not_ours:
      return "authority-not-ours";
    case Reason::missing_component:
      return "missing-component";
    case Reason::missing_required_component:
      return "missing-required-component";
    case Reason::duplicate_component:
      return "duplicate-component";
    case Reason::component_malformed:
      return "component-malformed";
    case Reason::chained_component_not_covered:
      return "chained-component-not-covered";
    case Reason::created_missing:
      return "created-missing";
    case Reason::expires_missing:
      return "expires-missing";
    case Reason::keyid_missing:
      return "keyid-missing";
    case Reason::nonce_missing:
      return "nonce-missing";
    case Reason::expired:
      return "expired";
    case Reason::clock_ahead:
      return "clock-ahead";
    case Reason::expires_before_created:
      return "expires-before-created";
    case Reason::lifetime_too_long:
      return "lifetime-too-long";
    case Reason::algorithm_forbidden:
      return "algorithm-forbidden";
    case Reason::label_mismatch:
      return "label-mismatch";
    case Reason::signature_agent_not_https:
      return "signature-agent-not-https";
    case Reason::signature_agent_unparsable:
      return "signature-agent-unparsable";
    case Reason::signature_agent_not_dictionary:
      return "signature-agent-not-dictionary";
    case Reason::signature_agent_not_covered:
      return "signature-agent-not-covered";
    case Reason::signature_agent_member_missing:
      return "signature-agent-member-missing";
    case Reason::signature_agent_ambiguous_member:
      return "signature-agent-ambiguous-member";
    case Reason::bad_signature:
      return "bad-signature";
    case Reason::content_digest_mismatch:
      return "content-digest-mismatch";
    case Reason::signature_agent_absent:
      return "signature-agent-absent";
    case Reason::signature_agent_not_origin:
      return "signature-agent-not-origin";
    case Reason::dialect_not_accepted:
      return "dialect-not-accepted";
    case Reason::agent_kind_unsupported:
      return "agent-kind-unsupported";
    case Reason::no_keys_given:
      return "no-keys-given";
    case Reason::key_pending:
      return "key-pending";
    case Reason::directory_unreachable:
      return "directory-unreachable";
    case Reason::directory_host_unknown:
      return "directory-host-unknown";
    case Reason::directory_address_forbidden:
      return "directory-address-forbidden";
    case Reason::directory_bad_status:
      return "directory-bad-status";
    case Reason::directory_wrong_media_type:
      return "directory-wrong-media-type";
    case Reason::directory_unreadable:
      return "directory-unreadable";
    case Reason::directory_no_keys:
      return "directory-no-keys";
    case Reason::directory_too_large:
      return "directory-too-large";
    case Reason::directory_too_many_keys:
      return "directory-too-many-keys";
    case Reason::directory_proof_missing:
      return "directory-proof-missing";
    case Reason::directory_overloaded:
      return "directory-overloaded";
    case Reason::key_not_in_directory:
      return "key-not-in-directory";
    case Reason::key_kid_mismatch:
      return "key-kid-mismatch";
    case Reason::key_before_activation:
      return "key-before-activation";
    case Reason::key_past_expiry:
      return "key-past-expiry";
    case Reason::key_is_published_test_key:
      return "key-is-published-test-key";
    case Reason::signature_alg_unsupported:
      return "signature-alg-unsupported";
    case Reason::component_unsupported:
      return "component-unsupported";
    case Reason::component_unsupported_parameter:
      return "component-unsupported-parameter";
    case Reason::content_digest_not_compared:
      return "content-digest-not-compared";
    case Reason::internal_error:
      return "internal-error";
  }
  return "internal-error";
}

std::string_view describe(Reason reason) noexcept {
  switch (reason) {
    case Reason::none:
      return "the signature verified";
    case Reason::no_signature:
      return "the request has no Signature-Input, without which a Signature field is of another "
             "kind: "
             "sign it";
    case Reason::no_tagged_signature:
      return "no signature has tag=\"web-bot-auth\": add the tag parameter";
    case Reason::missing_fields:
      return "Signature-Input and Signature must both be there, each with the label: check that "
             "neither was dropped on the way";
    case Reason::signature_input_unreadable:
      return "Signature-Input is not a Dictionary of Inner Lists with well-formed parameters: "
             "compare it with RFC 9421 section 4.1";
    case Reason::signature_value_unreadable:
      return "Signature is not a Dictionary of Byte Sequences: compare it with RFC 9421 section "
             "4.2";
    case Reason::duplicate_label:
      return "a label stands twice: give each signature its own label";
    case Reason::too_many_signatures:
      return "more signatures are tagged web-bot-auth than this verifier looks at: send one";
    case Reason::too_large:
      return "the signature fields or the signature base are larger than this verifier reads";
    case Reason::target_not_covered:
      return "neither @authority nor @target-uri is covered: cover one of them";
    case Reason::authority_not_ours:
      return "the signature is for a host or port that is not this server's: the request was made "
             "for another site, or a name of this server is missing among its authorities";
    case Reason::missing_component:
      return "a covered component is not in the message: check that no field was dropped or "
             "renamed on the way";
    case Reason::missing_required_component:
      return "this verifier requires a component that the signature does not cover: see "
             "Accept-Signature";
    case Reason::duplicate_component:
      return "a component is covered twice: list each one once";
    case Reason::component_malformed:
      return "a covered component has an identifier or a value that RFC 9421 section 2 does not "
             "allow";
    case Reason::chained_component_not_covered:
      return "the signature covers another signature without all that this one covers";
    case Reason::created_missing:
      return "the created parameter is missing: add it";
    case Reason::expires_missing:
      return "the expires parameter is missing: add it";
    case Reason::keyid_missing:
      return "the keyid parameter is missing: add the JWK thumbprint of the key";
    case Reason::nonce_missing:
      return "this verifier requires a nonce parameter: add one that is new for each request";
    case Reason::expired:
      return "expires has passed: sign again, and compare the clocks";
    case Reason::clock_ahead:
      return "created lies in the future: the clock of the signer is fast, or that of the verifier "
             "slow";
    case Reason::expires_before_created:
      return "expires lies before created: the two are swapped, or the lifetime is negative";
    case Reason::lifetime_too_long:
      return "the signature lives longer than this verifier allows: sign with an earlier expires";
    case Reason::algorithm_forbidden:
      return "the algorithm is forbidden by the profile, or is not that of the key";
    case Reason::label_mismatch:
      return "the Signature-Agent member is not named like the label of the signature, which this "
             "verifier requires";
    case Reason::signature_agent_not_https:
      return "the Signature-Agent is no https URL";
    case Reason::signature_agent_unparsable:
      return "Signature-Agent is in none of the forms that are known: a Dictionary of Strings, a "
             "String, or a URL";
    case Reason::signature_agent_not_dictionary:
      return "a Signature-Agent member is covered by its key, and the field is a String or a URL, "
             "which has no members: cover \"signature-agent\", or send a Dictionary";
    case Reason::signature_agent_not_covered:
      return "Signature-Agent is there but not covered: cover \"signature-agent\";key=\"label\", "
             "or \"signature-agent\" where it is a String";
    case Reason::signature_agent_member_missing:
      return "the Signature-Agent member that is covered is not in the request";
    case Reason::signature_agent_ambiguous_member:
      return "more than one Signature-Agent member could be meant: cover one by its key";
    case Reason::bad_signature:
      return "the signature does not fit the key and the signature base: compare the bases on both "
             "sides";
    case Reason::content_digest_mismatch:
      return "the body is not the one whose Content-Digest was signed: look for compression or "
             "rewriting on the way";
    case Reason::signature_agent_absent:
      return "there is no Signature-Agent, so that no key directory is known: add the field and "
             "cover it";
    case Reason::signature_agent_not_origin:
      return "the Signature-Agent has a path where its form allows only an origin";
    case Reason::dialect_not_accepted:
      return "this verifier does not accept this form of Signature-Agent";
    case Reason::agent_kind_unsupported:
      return "the Signature-Agent has parameters or a type that are not known";
    case Reason::no_keys_given:
      return "no keys of this agent were given, and this verifier fetches none";
    case Reason::key_pending:
      return "the key directory has not been fetched yet: try again shortly";
    case Reason::directory_unreachable:
      return "the key directory could not be fetched: check that it answers plain clients over "
             "https";
    case Reason::directory_host_unknown:
      return "the host of the key directory has no address";
    case Reason::directory_address_forbidden:
      return "the host of the key directory has an address that is not public";
    case Reason::directory_bad_status:
      return "the key directory did not answer 200: redirects are not followed";
    case Reason::directory_wrong_media_type:
      return "the key directory has another media type than "
             "application/http-message-signatures-directory+json";
    case Reason::directory_unreadable:
      return "the key directory is no JWK Set";
    case Reason::directory_no_keys:
      return "the key directory has no key that can be used";
    case Reason::directory_too_large:
      return "the key directory is larger than this verifier reads";
    case Reason::directory_too_many_keys:
      return "the key directory has more keys than this verifier reads";
    case Reason::directory_proof_missing:
      return "the key directory is not signed by its keys, which this verifier requires";
    case Reason::directory_overloaded:
      return "too many key directories are being fetched: try again later";
    case Reason::key_not_in_directory:
      return "the key directory has no key with this keyid: publish the key before signing with it";
    case Reason::key_kid_mismatch:
      return "the key directory has this keyid as the kid of a key with another thumbprint: there "
             "the "
             "kid must be the thumbprint, so that either the kid or the x is another key's";
    case Reason::key_before_activation:
      return "the key is not yet valid: its nbf lies in the future (seconds, not milliseconds)";
    case Reason::key_past_expiry:
      return "the key is no longer valid: its exp has passed (seconds, not milliseconds)";
    case Reason::key_is_published_test_key:
      return "the key is a published test key, which anybody can sign with";
    case Reason::signature_alg_unsupported:
      return "the algorithm is not known, or the key fits more than one and the signature names "
             "none";
    case Reason::component_unsupported:
      return "a covered component is not known to this verifier";
    case Reason::component_unsupported_parameter:
      return "a covered component has a parameter that is not known to this verifier";
    case Reason::content_digest_not_compared:
      return "the body is covered by its Content-Digest and could not be compared with it: verify "
             "with the content, without a transfer coding, and a digest of sha-256 or sha-512";
    case Reason::internal_error:
      return "the verifier failed: see its log";
  }
  return "the verifier failed: see its log";
}

Outcome outcome_of(Reason reason) noexcept {
  switch (reason) {
    case Reason::none:
      return Outcome::verified;
    case Reason::no_signature:
    case Reason::no_tagged_signature:
      return Outcome::unsigned_;
    case Reason::missing_fields:
    case Reason::signature_input_unreadable:
    case Reason::signature_value_unreadable:
    case Reason::duplicate_label:
    case Reason::too_many_signatures:
    case Reason::too_large:
    case Reason::target_not_covered:
    case Reason::authority_not_ours:
    case Reason::missing_component:
    case Reason::missing_required_component:
    case Reason::duplicate_component:
    case Reason::component_malformed:
    case Reason::chained_component_not_covered:
    case Reason::created_missing:
    case Reason::expires_missing:
    case Reason::keyid_missing:
    case Reason::nonce_missing:
    case Reason::expired:
    case Reason::clock_ahead:
    case Reason::expires_before_created:
    case Reason::lifetime_too_long:
    case Reason::algorithm_forbidden:
    case Reason::label_mismatch:
    case Reason::signature_agent_not_https:
    case Reason::signature_agent_unparsable:
    case Reason::signature_agent_not_dictionary:
    case Reason::signature_agent_not_covered:
    case Reason::signature_agent_member_missing:
    case Reason::signature_agent_ambiguous_member:
    case Reason::bad_signature:
    case Reason::content_digest_mismatch:
      return Outcome::invalid;
    case Reason::signature_agent_absent:
    case Reason::signature_agent_not_origin:
    case Reason::dialect_not_accepted:
    case Reason::agent_kind_unsupported:
    case Reason::no_keys_given:
    case Reason::key_pending:
    case Reason::directory_unreachable:
    case Reason::directory_host_unknown:
    case Reason::directory_address_forbidden:
    case Reason::directory_bad_status:
    case Reason::directory_wrong_media_type:
    case Reason::directory_unreadable:
    case Reason::directory_no_keys:
    case Reason::directory_too_large:
    case Reason::directory_too_many_keys:
    case Reason::directory_proof_missing:
    case Reason::directory_overloaded:
    case Reason::key_not_in_directory:
    case Reason::key_kid_mismatch:
    case Reason::key_before_activation:
    case Reason::key_past_expiry:
    case Reason::key_is_published_test_key:
    case Reason::signature_alg_unsupported:
    case Reason::component_unsupported:
    case Reason::component_unsupported_parameter:
    case Reason::content_digest_not_compared:
    case Reason::internal_error:
      return Outcome::unverified;
  }
  return Outcome::unverified;
}

std::string_view to_string(Dialect dialect) noexcept {
  switch (dialect) {
    case Dialect::none:
      return "none";
    case Dialect::bare_uri:
      return "bare-uri";
    case Dialect::legacy_string:
      return "legacy-string";
    case Dialect::origin_dictionary:
      return "origin-dictionary";
    case Dialect::direct_dictionary:
      return "direct-dictionary";
  }
  return "none";
}

}  // namespace wba
