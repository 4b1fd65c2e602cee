#include <wba/error.h>

namespace wba {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::sf_too_long:
      return "sf-too-long";
    case ErrorCode::sf_too_many_members:
      return "sf-too-many-members";
    case ErrorCode::sf_too_many_parameters:
      return "sf-too-many-parameters";
    case ErrorCode::sf_too_many_inner_items:
      return "sf-too-many-inner-items";
    case ErrorCode::sf_unexpected_end:
      return "sf-unexpected-end";
    case ErrorCode::sf_trailing_characters:
      return "sf-trailing-characters";
    case ErrorCode::sf_trailing_comma:
      return "sf-trailing-comma";
    case ErrorCode::sf_expected_comma:
      return "sf-expected-comma";
    case ErrorCode::sf_invalid_key:
      return "sf-invalid-key";
    case ErrorCode::sf_invalid_bare_item:
      return "sf-invalid-bare-item";
    case ErrorCode::sf_invalid_number:
      return "sf-invalid-number";
    case ErrorCode::sf_number_out_of_range:
      return "sf-number-out-of-range";
    case ErrorCode::sf_invalid_string:
      return "sf-invalid-string";
    case ErrorCode::sf_invalid_escape:
      return "sf-invalid-escape";
    case ErrorCode::sf_invalid_token:
      return "sf-invalid-token";
    case ErrorCode::sf_invalid_byte_sequence:
      return "sf-invalid-byte-sequence";
    case ErrorCode::sf_invalid_boolean:
      return "sf-invalid-boolean";
    case ErrorCode::sf_invalid_date:
      return "sf-invalid-date";
    case ErrorCode::sf_invalid_display_string:
      return "sf-invalid-display-string";
    case ErrorCode::sf_inner_list_separator:
      return "sf-inner-list-separator";
    case ErrorCode::sf_nested_inner_list:
      return "sf-nested-inner-list";
    case ErrorCode::component_name_invalid:
      return "component-name-invalid";
    case ErrorCode::component_name_unknown:
      return "component-name-unknown";
    case ErrorCode::component_parameter_unknown:
      return "component-parameter-unknown";
    case ErrorCode::component_parameter_invalid:
      return "component-parameter-invalid";
    case ErrorCode::component_parameters_incompatible:
      return "component-parameters-incompatible";
    case ErrorCode::component_not_applicable:
      return "component-not-applicable";
    case ErrorCode::component_req_in_request:
      return "component-req-in-request";
    case ErrorCode::component_related_request_missing:
      return "component-related-request-missing";
    case ErrorCode::component_field_missing:
      return "component-field-missing";
    case ErrorCode::component_member_missing:
      return "component-member-missing";
    case ErrorCode::component_field_malformed:
      return "component-field-malformed";
    case ErrorCode::component_field_not_dictionary:
      return "component-field-not-dictionary";
    case ErrorCode::component_field_type_unknown:
      return "component-field-type-unknown";
    case ErrorCode::component_query_param_missing:
      return "component-query-param-missing";
    case ErrorCode::component_query_param_repeated:
      return "component-query-param-repeated";
    case ErrorCode::component_value_invalid:
      return "component-value-invalid";
    case ErrorCode::component_duplicate:
      return "component-duplicate";
    case ErrorCode::component_signature_params_listed:
      return "component-signature-params-listed";
    case ErrorCode::target_uri_invalid:
      return "target-uri-invalid";
    case ErrorCode::authority_invalid:
      return "authority-invalid";
    case ErrorCode::signature_input_not_inner_list:
      return "signature-input-not-inner-list";
    case ErrorCode::signature_input_not_string:
      return "signature-input-not-string";
    case ErrorCode::signature_parameter_invalid:
      return "signature-parameter-invalid";
    case ErrorCode::signature_label_missing:
      return "signature-label-missing";
    case ErrorCode::signature_label_duplicate:
      return "signature-label-duplicate";
    case ErrorCode::signature_value_invalid:
      return "signature-value-invalid";
    case ErrorCode::signature_too_many:
      return "signature-too-many";
    case ErrorCode::signature_base_too_long:
      return "signature-base-too-long";
    case ErrorCode::signature_wrong:
      return "signature-wrong";
    case ErrorCode::algorithm_unknown:
      return "algorithm-unknown";
    case ErrorCode::algorithm_key_mismatch:
      return "algorithm-key-mismatch";
    case ErrorCode::key_unreadable:
      return "key-unreadable";
    case ErrorCode::key_json_invalid:
      return "key-json-invalid";
    case ErrorCode::key_type_unsupported:
      return "key-type-unsupported";
    case ErrorCode::key_member_missing:
      return "key-member-missing";
    case ErrorCode::key_member_invalid:
      return "key-member-invalid";
    case ErrorCode::key_member_duplicate:
      return "key-member-duplicate";
    case ErrorCode::key_set_too_many:
      return "key-set-too-many";
    case ErrorCode::key_pem_invalid:
      return "key-pem-invalid";
    case ErrorCode::key_pem_encrypted:
      return "key-pem-encrypted";
    case ErrorCode::key_encryption_unknown:
      return "key-encryption-unknown";
    case ErrorCode::key_encryption_costly:
      return "key-encryption-costly";
    case ErrorCode::key_passphrase_wrong:
      return "key-passphrase-wrong";
    case ErrorCode::key_not_private:
      return "key-not-private";
    case ErrorCode::key_pair_mismatch:
      return "key-pair-mismatch";
    case ErrorCode::key_too_weak:
      return "key-too-weak";
    case ErrorCode::key_too_large:
      return "key-too-large";
    case ErrorCode::key_algorithm_conflict:
      return "key-algorithm-conflict";
    case ErrorCode::digest_malformed:
      return "digest-malformed";
    case ErrorCode::digest_unsupported:
      return "digest-unsupported";
    case ErrorCode::digest_mismatch:
      return "digest-mismatch";
    case ErrorCode::agent_url_invalid:
      return "agent-url-invalid";
    case ErrorCode::agent_field_conflict:
      return "agent-field-conflict";
    case ErrorCode::agent_url_not_https:
      return "agent-url-not-https";
    case ErrorCode::directory_too_large:
      return "directory-too-large";
    case ErrorCode::directory_not_json:
      return "directory-not-json";
    case ErrorCode::directory_too_deep:
      return "directory-too-deep";
    case ErrorCode::directory_member_duplicate:
      return "directory-member-duplicate";
    case ErrorCode::directory_not_key_set:
      return "directory-not-key-set";
    case ErrorCode::directory_too_many_keys:
      return "directory-too-many-keys";
    case ErrorCode::directory_private_member:
      return "directory-private-member";
    case ErrorCode::directory_time_invalid:
      return "directory-time-invalid";
    case ErrorCode::directory_key_duplicate:
      return "directory-key-duplicate";
    case ErrorCode::directory_key_missing:
      return "directory-key-missing";
    case ErrorCode::directory_test_key:
      return "directory-test-key";
    case ErrorCode::directory_no_successor:
      return "directory-no-successor";
    case ErrorCode::client_url_not_https:
      return "client-url-not-https";
    case ErrorCode::client_url_has_credentials:
      return "client-url-has-credentials";
    case ErrorCode::client_method_invalid:
      return "client-method-invalid";
    case ErrorCode::client_field_invalid:
      return "client-field-invalid";
    case ErrorCode::client_field_reserved:
      return "client-field-reserved";
    case ErrorCode::client_body_ambiguous:
      return "client-body-ambiguous";
    case ErrorCode::client_body_not_rewindable:
      return "client-body-not-rewindable";
    case ErrorCode::client_transfer_failed:
      return "client-transfer-failed";
    case ErrorCode::signer_unreachable:
      return "signer-unreachable";
    case ErrorCode::signer_refused:
      return "signer-refused";
    case ErrorCode::signer_answer_invalid:
      return "signer-answer-invalid";
    case ErrorCode::crypto_failure:
      return "crypto-failure";
    case ErrorCode::out_of_memory:
      return "out-of-memory";
    case ErrorCode::argument_invalid:
      return "argument-invalid";
  }
  return "unknown";
}

std::string_view describe(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::sf_too_long:
      return "more bytes than the limit";
    case ErrorCode::sf_too_many_members:
      return "more list or dictionary members than the limit";
    case ErrorCode::sf_too_many_parameters:
      return "more parameters on one item than the limit";
    case ErrorCode::sf_too_many_inner_items:
      return "more inner list items than the limit";
    case ErrorCode::sf_unexpected_end:
      return "the input ends inside a construct";
    case ErrorCode::sf_trailing_characters:
      return "something follows a complete value";
    case ErrorCode::sf_trailing_comma:
      return "a list or dictionary ends with a comma";
    case ErrorCode::sf_expected_comma:
      return "members not separated by a comma";
    case ErrorCode::sf_invalid_key:
      return "a key that does not start with a-z or *";
    case ErrorCode::sf_invalid_bare_item:
      return "no bare item starts with this character";
    case ErrorCode::sf_invalid_number:
      return "a number with no digit, or with a dot and no digit behind it";
    case ErrorCode::sf_number_out_of_range:
      return "too many digits";
    case ErrorCode::sf_invalid_string:
      return "a character that a String cannot hold";
    case ErrorCode::sf_invalid_escape:
      return "a backslash before anything but \" and backslash";
    case ErrorCode::sf_invalid_token:
      return "a character that a Token cannot hold";
    case ErrorCode::sf_invalid_byte_sequence:
      return "not base64, or its padding is not complete";
    case ErrorCode::sf_invalid_boolean:
      return "? not followed by 0 or 1";
    case ErrorCode::sf_invalid_date:
      return "@ not followed by an integer";
    case ErrorCode::sf_invalid_display_string:
      return "not %\"...\" with lower-case hex escapes of valid UTF-8";
    case ErrorCode::sf_inner_list_separator:
      return "inner list items not separated by a space";
    case ErrorCode::sf_nested_inner_list:
      return "an inner list inside an inner list";
    case ErrorCode::component_name_invalid:
      return "not a lower-case field name";
    case ErrorCode::component_name_unknown:
      return "no such derived component";
    case ErrorCode::component_parameter_unknown:
      return "not defined, or not for this component";
    case ErrorCode::component_parameter_invalid:
      return "a parameter value of the wrong type, or name missing";
    case ErrorCode::component_parameters_incompatible:
      return "bs together with sf or key";
    case ErrorCode::component_not_applicable:
      return "a request component of a response, or the reverse";
    case ErrorCode::component_req_in_request:
      return "req where the target is a request";
    case ErrorCode::component_related_request_missing:
      return "req with no request at hand";
    case ErrorCode::component_field_missing:
      return "the field is not in the message";
    case ErrorCode::component_member_missing:
      return "the dictionary has no such member";
    case ErrorCode::component_field_malformed:
      return "sf or key on a value that does not parse";
    case ErrorCode::component_field_not_dictionary:
      return "key on a list or item";
    case ErrorCode::component_field_type_unknown:
      return "sf on a field of no known structured type";
    case ErrorCode::component_query_param_missing:
      return "no such query parameter";
    case ErrorCode::component_query_param_repeated:
      return "more than one such query parameter";
    case ErrorCode::component_value_invalid:
      return "a control character or a non-ASCII octet in the value";
    case ErrorCode::component_duplicate:
      return "listed twice";
    case ErrorCode::component_signature_params_listed:
      return "\"@signature-params\" among the covered components";
    case ErrorCode::target_uri_invalid:
      return "no absolute http or https URI";
    case ErrorCode::authority_invalid:
      return "no host, or a port that is no port";
    case ErrorCode::signature_input_not_inner_list:
      return "a member that is no Inner List";
    case ErrorCode::signature_input_not_string:
      return "a covered component that is no String";
    case ErrorCode::signature_parameter_invalid:
      return "created, expires, nonce, alg, keyid or tag of the wrong type";
    case ErrorCode::signature_label_missing:
      return "no such label in Signature-Input or Signature";
    case ErrorCode::signature_label_duplicate:
      return "the same label twice";
    case ErrorCode::signature_value_invalid:
      return "a Signature member that is no Byte Sequence";
    case ErrorCode::signature_too_many:
      return "more signatures than the limit";
    case ErrorCode::signature_base_too_long:
      return "more bytes than the limit";
    case ErrorCode::signature_wrong:
      return "does not verify";
    case ErrorCode::algorithm_unknown:
      return "no such algorithm name";
    case ErrorCode::algorithm_key_mismatch:
      return "the key is not of the algorithm's type or curve";
    case ErrorCode::key_unreadable:
      return "neither JWK nor PEM";
    case ErrorCode::key_json_invalid:
      return "not JSON, or not an object";
    case ErrorCode::key_type_unsupported:
      return "kty or crv or PEM type not supported";
    case ErrorCode::key_member_missing:
      return "a required JWK member is missing";
    case ErrorCode::key_member_invalid:
      return "a JWK member of the wrong type, length or encoding";
    case ErrorCode::key_member_duplicate:
      return "the same JSON member twice";
    case ErrorCode::key_set_too_many:
      return "more keys in a set than the limit";
    case ErrorCode::key_pem_invalid:
      return "PEM that does not decode";
    case ErrorCode::key_pem_encrypted:
      return "an encrypted private key";
    case ErrorCode::key_encryption_unknown:
      return "a key that is encrypted in a way that is not known here";
    case ErrorCode::key_encryption_costly:
      return "decrypting the key would take more memory or time than is allowed";
    case ErrorCode::key_passphrase_wrong:
      return "the passphrase is another one, or the encrypted key was changed";
    case ErrorCode::key_not_private:
      return "a private key was needed";
    case ErrorCode::key_pair_mismatch:
      return "the public half does not belong to the private half";
    case ErrorCode::key_too_weak:
      return "RSA under 2048 bits, HMAC secret under 32 bytes";
    case ErrorCode::key_too_large:
      return "RSA over 4096 bits, or more bytes than the limit";
    case ErrorCode::key_algorithm_conflict:
      return "alg, use, key_ops or parameters of the key forbid it";
    case ErrorCode::digest_malformed:
      return "not a Dictionary of Byte Sequences";
    case ErrorCode::digest_unsupported:
      return "no supported algorithm";
    case ErrorCode::digest_mismatch:
      return "the body is not what was signed";
    case ErrorCode::agent_url_invalid:
      return "no absolute URL";
    case ErrorCode::agent_field_conflict:
      return "the message has another Signature-Agent";
    case ErrorCode::agent_url_not_https:
      return "not https";
    case ErrorCode::directory_too_large:
      return "more bytes than the limit";
    case ErrorCode::directory_not_json:
      return "not one JSON text in UTF-8";
    case ErrorCode::directory_too_deep:
      return "nested deeper than the limit";
    case ErrorCode::directory_member_duplicate:
      return "an object with the same member twice";
    case ErrorCode::directory_not_key_set:
      return "no JWK Set: an object with an array `keys` of objects";
    case ErrorCode::directory_too_many_keys:
      return "more keys than the limit";
    case ErrorCode::directory_private_member:
      return "a key with secret members";
    case ErrorCode::directory_time_invalid:
      return "`nbf` or `exp` that is no whole number of seconds, or out of order";
    case ErrorCode::directory_key_duplicate:
      return "the same key twice";
    case ErrorCode::directory_key_missing:
      return "no key with this thumbprint or kid";
    case ErrorCode::directory_test_key:
      return "a key whose private half is printed in an RFC";
    case ErrorCode::directory_no_successor:
      return "no other key can take over by then";
    case ErrorCode::client_url_not_https:
      return "the request URL is not https";
    case ErrorCode::client_url_has_credentials:
      return "the request URL names a user or a password";
    case ErrorCode::client_method_invalid:
      return "a request method that is no token";
    case ErrorCode::client_field_invalid:
      return "a field name that is no token, or a control character in its value";
    case ErrorCode::client_field_reserved:
      return "a field that only the library may set";
    case ErrorCode::client_body_ambiguous:
      return "a request with both a body and a stream";
    case ErrorCode::client_body_not_rewindable:
      return "the body is needed twice and cannot be read again";
    case ErrorCode::client_transfer_failed:
      return "the request could not be sent or its answer not read";
    case ErrorCode::signer_unreachable:
      return "the daemon or command that signs did not answer";
    case ErrorCode::signer_refused:
      return "the daemon or command that signs refused to";
    case ErrorCode::signer_answer_invalid:
      return "the daemon or command that signs answered with something else than a signature";
    case ErrorCode::crypto_failure:
      return "the cryptographic library failed";
    case ErrorCode::out_of_memory:
      return "memory ran out";
    case ErrorCode::argument_invalid:
      return "a value the function does not take";
  }
  return "unknown error";
}

}  // namespace wba
