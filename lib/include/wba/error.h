#ifndef WBA_ERROR_H_
#define WBA_ERROR_H_

#include <cstdint>
#include <expected>
#include <string_view>

namespace wba {

// ErrorCode names the rule that was broken, one code a rule. Codes are for programs, tests and
// logs; show people `describe`. A code never carries bytes of the input.
enum class ErrorCode : std::uint8_t {
  // Structured fields, RFC 9651 §4.2 (parsing) and §4.1 (serialising).
  sf_too_long,                // more bytes than the limit
  sf_too_many_members,        // more list or dictionary members than the limit
  sf_too_many_parameters,     // more parameters on one item than the limit
  sf_too_many_inner_items,    // more inner list items than the limit
  sf_unexpected_end,          // the input ends inside a construct
  sf_trailing_characters,     // something follows a complete value
  sf_trailing_comma,          // a list or dictionary ends with a comma
  sf_expected_comma,          // members not separated by a comma
  sf_invalid_key,             // a key that does not start with a-z or *
  sf_invalid_bare_item,       // no bare item starts with this character
  sf_invalid_number,          // a number with no digit, or with a dot and no digit behind it
  sf_number_out_of_range,     // too many digits
  sf_invalid_string,          // a character that a String cannot hold
  sf_invalid_escape,          // a backslash before anything but " and backslash
  sf_invalid_token,           // a character that a Token cannot hold
  sf_invalid_byte_sequence,   // not base64, or its padding is not complete
  sf_invalid_boolean,         // ? not followed by 0 or 1
  sf_invalid_date,            // @ not followed by an integer
  sf_invalid_display_string,  // not %"..." with lower-case hex escapes of valid UTF-8
  sf_inner_list_separator,    // inner list items not separated by a space
  sf_nested_inner_list,       // an inner list inside an inner list
  // Messages and component identifiers, RFC 9421 §2.
  component_name_invalid,             // not a lower-case field name
  component_name_unknown,             // no such derived component
  component_parameter_unknown,        // not defined, or not for this component
  component_parameter_invalid,        // a parameter value of the wrong type, or name missing
  component_parameters_incompatible,  // bs together with sf or key
  component_not_applicable,           // a request component of a response, or the reverse
  component_req_in_request,           // req where the target is a request
  component_related_request_missing,  // req with no request at hand
  component_field_missing,            // the field is not in the message
  component_member_missing,           // the dictionary has no such member
  component_field_malformed,          // sf or key on a value that does not parse
  component_field_not_dictionary,     // key on a list or item
  component_field_type_unknown,       // sf on a field of no known structured type
  component_query_param_missing,      // no such query parameter
  component_query_param_repeated,     // more than one such query parameter
  component_value_invalid,            // a control character or a non-ASCII octet in the value
  component_duplicate,                // listed twice
  component_signature_params_listed,  // "@signature-params" among the covered components
  target_uri_invalid,                 // no absolute http or https URI
  authority_invalid,                  // no host, or a port that is no port
  // Signatures, RFC 9421 §2.3, §3, §4, §5.
  signature_input_not_inner_list,  // a member that is no Inner List
  signature_input_not_string,      // a covered component that is no String
  signature_parameter_invalid,     // created, expires, nonce, alg, keyid or tag of the wrong type
  signature_label_missing,         // no such label in Signature-Input or Signature
  signature_label_duplicate,       // the same label twice
  signature_value_invalid,         // a Signature member that is no Byte Sequence
  signature_too_many,              // more signatures than the limit
  signature_base_too_long,         // more bytes than the limit
  signature_wrong,                 // does not verify
  // Algorithms and keys, RFC 9421 §3.3, RFC 7517, RFC 8037.
  algorithm_unknown,       // no such algorithm name
  algorithm_key_mismatch,  // the key is not of the algorithm's type or curve
  key_unreadable,          // neither JWK nor PEM
  key_json_invalid,        // not JSON, or not an object
  key_type_unsupported,    // kty or crv or PEM type not supported
  key_member_missing,      // a required JWK member is missing
  key_member_invalid,      // a JWK member of the wrong type, length or encoding
  key_member_duplicate,    // the same JSON member twice
  key_set_too_many,        // more keys in a set than the limit
  key_pem_invalid,         // PEM that does not decode
  key_pem_encrypted,       // an encrypted private key
  key_encryption_unknown,  // encrypted in a way or a version that is not known
  key_encryption_costly,   // decrypting would take more memory or time than the limit
  key_passphrase_wrong,    // not the passphrase, or not the octets that were written
  key_not_private,         // a private key was needed
  key_pair_mismatch,       // the public half does not belong to the private half
  key_too_weak,            // RSA under 2048 bits, HMAC secret under 32 bytes
  key_too_large,           // RSA over 4096 bits, or more bytes than the limit
  key_algorithm_conflict,  // alg, use, key_ops or parameters of the key forbid it
  // Digests, RFC 9530.
  digest_malformed,    // not a Dictionary of Byte Sequences
  digest_unsupported,  // no supported algorithm
  digest_mismatch,     // the body is not what was signed
  // Signature-Agent and directories.
  agent_url_invalid,           // no absolute URL
  agent_field_conflict,        // the message has another Signature-Agent
  agent_url_not_https,         // not https
  directory_too_large,         // more bytes than the limit
  directory_not_json,          // not one JSON text in UTF-8
  directory_too_deep,          // nested deeper than the limit
  directory_member_duplicate,  // an object with the same member twice
  directory_not_key_set,       // no JWK Set: an object with an array `keys` of objects
  directory_too_many_keys,     // more keys than the limit
  directory_private_member,    // a key with secret members
  directory_time_invalid,      // `nbf` or `exp` that is no whole number of seconds, or out of order
  directory_key_duplicate,     // the same key twice
  directory_key_missing,       // no key with this thumbprint or kid
  directory_test_key,          // a key whose private half is printed in an RFC
  directory_no_successor,      // no other key can take over by then
  // Clients, and signers that are elsewhere.
  client_url_not_https,        // the request URL is not https
  client_url_has_credentials,  // the request URL names a user
  client_method_invalid,       // a request method that is no token
  client_field_invalid,        // a field name that is no token, a control character in a value
  client_field_reserved,       // a field that only the library may set
  client_body_ambiguous,       // both a body and a stream
  client_body_not_rewindable,  // the body is needed twice and cannot be read again
  client_transfer_failed,      // libcurl could not send the request or read the answer
  signer_unreachable,          // the daemon or command that signs did not answer
  signer_refused,              // the daemon or command that signs refused
  signer_answer_invalid,       // it answered with something else than a signature
  // The library's own surroundings.
  crypto_failure,  // the cryptographic library failed
  out_of_memory,
  argument_invalid,  // a value the function does not take
};

// Error says which rule was broken and where: `offset` is the byte in the value that was being
// read (0 where there is no such value). It holds no bytes of the input.
struct Error {
  ErrorCode code;
  std::uint32_t offset = 0;

  friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
using Result = std::expected<T, Error>;

// to_string gives the stable token of `code`: lower case, hyphens.
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;

// describe says in one sentence, for people, which rule was broken. Static text.
[[nodiscard]] std::string_view describe(ErrorCode code) noexcept;

}  // namespace wba

#endif  // WBA_ERROR_H_
