#ifndef WBA_DIRECTORY_PROOF_H_
#define WBA_DIRECTORY_PROOF_H_

// The signatures of a directory response: each published key signs for the authority that serves
// it, which proves that who publishes the key also holds it. draft-ietf-webbotauth-httpsig-protocol
// -01, directory response signature; RFC 9421 §2.4.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/error.h>
#include <wba/key.h>
#include <wba/key_resolver.h>
#include <wba/message.h>
#include <wba/signer.h>

namespace wba::directory {

// proof_tag is the `tag` parameter of these signatures.
inline constexpr std::string_view proof_tag = "http-message-signatures-directory";

// ProofFields are the values of three response fields.
struct ProofFields {
  std::string content_digest;
  std::string signature_input;
  std::string signature;
};

// ProofOptions say what to sign for: the authority as clients use it ("example.com",
// "example.com:8443"), from `created` to `created + lifetime`.
struct ProofOptions {
  std::string_view authority;
  Time created;
  std::chrono::seconds lifetime;
};

// sign_directory signs a response with content `body`, one signature a signer, over
// `"@authority";req` and `"content-digest"`. Errors: authority_invalid, argument_invalid (no
// signer, or a lifetime below one second), and those of the signer.
[[nodiscard]] Result<ProofFields> sign_directory(std::string_view body,
                                                 std::span<const Signer* const> signers,
                                                 const ProofOptions& options);

// ProofProblem is why a signature of a directory response proves nothing.
enum class ProofProblem : std::uint8_t {
  none,                   // it proves possession
  keyid_missing,          // no keyid parameter
  key_not_published,      // the keyid is of no key in the response
  created_missing,        // no created parameter
  created_in_future,      // created is later than now
  expires_missing,        // no expires parameter
  expired,                // expires has come
  authority_not_covered,  // `"@authority";req` is not covered
  authority_without_req,  // "@authority" is covered without `req`: a response has none
  digest_not_covered,     // "content-digest" is not covered, and the policy asks for it
  digest_missing,         // covered, and no Content-Digest came
  digest_mismatch,        // the body is not what Content-Digest says
  algorithm_mismatch,     // `alg` is not one of the key
  base_impossible,        // a covered component cannot be had
  signature_wrong,        // does not verify
};

// to_string gives the stable token: "signature-wrong".
[[nodiscard]] std::string_view to_string(ProofProblem problem) noexcept;

// describe says in one sentence, for people, what is wrong. Static text.
[[nodiscard]] std::string_view describe(ProofProblem problem) noexcept;

// ProofKey is a key that the response publishes. `kid` is its own label, which some use as keyid.
struct ProofKey {
  const PublicKey* key = nullptr;
  std::string_view kid = {};
};

// Proof is what is known of one tagged signature.
struct Proof {
  ProofProblem problem = ProofProblem::signature_wrong;
  std::string label;
  std::string keyid;
  std::optional<std::size_t> key;  // place of its key among those given
  std::optional<Time> created;
  std::optional<Time> expires;
  bool covers_digest = false;
};

struct ProofPolicy {
  bool require_digest = true;
  std::chrono::seconds skew = std::chrono::seconds(0);  // for `created`; `expires` has none
  std::size_t signatures = 64;                          // more are not looked at
};

// verify_directory checks every signature of `response` tagged proof_tag. `response.request` is the
// request that was sent; `body` is the content as the signer saw it. No such signature gives an
// empty list: the response is unsigned.
// Errors: the sf_ and signature_ codes where Signature-Input or Signature cannot be read;
// component_related_request_missing without a request.
[[nodiscard]] Result<std::vector<Proof>> verify_directory(const Response& response,
                                                          std::string_view body,
                                                          std::span<const ProofKey> keys, Time now,
                                                          const ProofPolicy& policy = {});

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_PROOF_H_
