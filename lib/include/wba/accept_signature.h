#ifndef WBA_ACCEPT_SIGNATURE_H_
#define WBA_ACCEPT_SIGNATURE_H_

// Accept-Signature, RFC 9421 §5.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/error.h>
#include <wba/structured_field.h>

namespace wba {

// RequestedSignature is one signature that is asked for. Created and expires are flags: their
// values are the signer's to choose.
struct RequestedSignature {
  std::string label;
  std::vector<std::string> components = {};  // serialised identifiers: "\"@method\""
  bool created = false;
  bool expires = false;
  std::optional<std::string> nonce = {};
  std::optional<std::string> alg = {};
  std::optional<std::string> keyid = {};
  std::optional<std::string> tag = {};
};

// SignatureTarget is the kind of message that the signature is asked for.
enum class SignatureTarget : std::uint8_t { request, response };

// parse_accept_signature reads the field's lines. Unknown parameters are passed over.
// Errors: the sf_ codes, signature_input_not_inner_list, signature_input_not_string,
// signature_parameter_invalid, the component_ codes (component_not_applicable: a component that
// the target cannot have). RFC 9421 §5.1.
[[nodiscard]] Result<std::vector<RequestedSignature>> parse_accept_signature(
    std::span<const std::string_view> lines, SignatureTarget target, const sf::Limits& limits = {});

// append_accept_signature appends the field value that asks for `requests`.
// Errors: sf_invalid_key, sf_invalid_string, the component_ codes. RFC 9421 §5.1.
[[nodiscard]] Result<void> append_accept_signature(std::span<const RequestedSignature> requests,
                                                   std::string& out);

}  // namespace wba

#endif  // WBA_ACCEPT_SIGNATURE_H_
