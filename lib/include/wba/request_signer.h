#ifndef WBA_REQUEST_SIGNER_H_
#define WBA_REQUEST_SIGNER_H_

// Signing requests by the Web Bot Auth profile.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <wba/error.h>
#include <wba/key_resolver.h>
#include <wba/message.h>
#include <wba/signature.h>
#include <wba/signer.h>

namespace wba {

// SignerProfile says for whom a request is signed: what one verifier demands another refuses.
enum class SignerProfile : std::uint8_t {
  // draft -01: Signature-Agent is a Dictionary, its member named like the label and covered by
  // "signature-agent";key="label". The agent URL is the key set itself.
  draft_01,
  // draft -00 and older: the same with an origin as agent URL.
  draft_00,
  // Cloudflare in production: Signature-Agent is a String, covered whole; component parameters,
  // @query-param and @status are refused there, and here before they are sent.
  cloudflare,
};

// to_string: "draft-01", "draft-00", "cloudflare"; signer_profile_from_name reads them.
[[nodiscard]] std::string_view to_string(SignerProfile profile) noexcept;
[[nodiscard]] std::optional<SignerProfile> signer_profile_from_name(std::string_view name) noexcept;

// default_lifetime is how long a signature of the profile lives unless said otherwise: one minute
// for cloudflare, which advises it, and five minutes else.
[[nodiscard]] std::chrono::seconds default_lifetime(SignerProfile profile) noexcept;

// SigningOptions say how to sign requests. Views must outlive the call.
struct SigningOptions {
  SignerProfile profile;
  std::string_view agent_url;   // as it is to be sent
  std::string_view label = {};  // empty: the first free of sig1, sig2, …
  // Components to cover, as append_component_identifier takes them. Empty: @authority, @method,
  // @path. @authority is added where neither it nor @target-uri is listed, content-digest where
  // the request has that field, and the Signature-Agent always.
  std::span<const std::string_view> components = {};
  std::chrono::seconds lifetime = {};  // 0: default_lifetime
  enum class Nonce : std::uint8_t { random, none, given };
  Nonce nonce_mode = Nonce::random;  // random: 64 octets in base64
  std::string_view nonce = {};       // where given
  std::span<const FieldType> field_types = {};
};

// SignedFields are the field values to add to the request, in this order and each on a line of its
// own. `signature_agent` is empty where the request had the field already.
struct SignedFields {
  std::string signature_agent;
  SignedLines lines;
};

// RequestSigner signs requests; one a thread. Reused, it allocates nothing for ed25519 and a usual
// request.
class RequestSigner {
 public:
  RequestSigner();
  RequestSigner(RequestSigner&&) noexcept;
  RequestSigner& operator=(RequestSigner&&) noexcept;
  ~RequestSigner();

  // sign makes the fields that `request` needs, created at `now`. Signatures that it has stay, and
  // so does a Signature-Agent: a Dictionary gets a further member, the same value is kept.
  // Errors: agent_url_invalid, agent_url_not_https, agent_field_conflict (the request has another
  // Signature-Agent), argument_invalid (lifetime below one second), algorithm_key_mismatch (HMAC),
  // component_parameter_unknown and component_name_unknown (what the profile's verifier does not
  // know), those of sign_message. draft -01 §4.
  [[nodiscard]] Result<void> sign(const Request& request, const Signer& signer,
                                  const SigningOptions& options, Time now, SignedFields& fields);

 private:
  friend class SigningRun;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wba

#endif  // WBA_REQUEST_SIGNER_H_
