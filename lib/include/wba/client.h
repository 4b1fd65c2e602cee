#ifndef WBA_CLIENT_H_
#define WBA_CLIENT_H_

// What an agent's HTTP client is told: which requests to send, how to sign them for whom, and what
// to do with redirects and with servers that ask for a signature. curl.h does it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/content_digest.h>
#include <wba/error.h>
#include <wba/field_signer.h>
#include <wba/key_resolver.h>
#include <wba/request_signer.h>
#include <wba/signer.h>

namespace wba {

// ClientField is one field line, name in any case. An empty value is sent as an empty field.
struct ClientField {
  std::string name;
  std::string value;

  friend bool operator==(const ClientField&, const ClientField&) = default;
};

// BodyStream is a request body that is read while it is sent.
class BodyStream {
 public:
  virtual ~BodyStream() = default;

  // read fills the front of `out` and gives how much; 0 is the end. nullopt aborts the transfer.
  [[nodiscard]] virtual std::optional<std::size_t> read(std::span<char> out) = 0;

  // rewindable says whether rewind, which goes back to the first octet, can work. A body that
  // cannot be rewound gets no digest, follows no redirect that keeps the method and answers no
  // challenge.
  [[nodiscard]] virtual bool rewindable() const { return false; }
  [[nodiscard]] virtual bool rewind() { return false; }

  // size is how many octets there are, nullopt where nobody knows.
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
};

// ClientRequest is a request as the application wants it.
//
//   url      absolute https URL without user information. Sent as libcurl's URL API normalises it:
//            dot segments removed, spaces and octets outside ASCII percent-encoded, a host name in
//            another script in its ASCII form, the fragment cut off.
//   fields   sent and signed as they are. Host here is what is sent and signed as authority.
//            Content-Length, Transfer-Encoding and Connection are the library's:
//            client_field_reserved.
//   omitted  names of fields that are not sent although they would be by default: Accept,
//            Content-Digest, and what libcurl adds. Not those that are the library's, and not Host.
//   body     at most one of body and stream.
struct ClientRequest {
  std::string method = "GET";
  std::string url;
  std::vector<ClientField> fields = {};
  std::vector<std::string> omitted = {};
  std::optional<std::string> body = {};
  std::shared_ptr<BodyStream> stream = {};
};

// SigningProfile says how requests are signed for a target. It owns what SigningOptions view.
struct SigningProfile {
  SignerProfile profile;
  std::string agent_url;
  std::string label = {};                    // empty: the first free of sig1, sig2, …
  std::vector<std::string> components = {};  // empty: @authority, @method, @path
  std::chrono::seconds lifetime = {};        // 0: default_lifetime(profile)
  bool nonce = true;
  // With it a request that has a body gets a Content-Digest, unless it has one, and covers it.
  std::optional<DigestAlgorithm> digest = {};
  // One of the two; nullptr both: the session's.
  std::shared_ptr<const Signer> signer = {};
  std::shared_ptr<const FieldSigner> field_signer = {};
};

// TargetProfile is a profile for some hosts: `host` is a host name ("example.com", without port),
// or "*.example.com" for the names below it, not for example.com itself.
struct TargetProfile {
  std::string host;
  SigningProfile profile;
};

// ChallengePolicy says what a server may ask for by Accept-Signature on 401, 403 or 429. What is
// asked for is signed together with what the profile covers anyway: a server can widen a signature,
// never narrow it. Signed are only requests tagged web-bot-auth or untagged, for this key and its
// algorithm, and of fields that the request has. RFC 9421 §5.2.
struct ChallengePolicy {
  bool answer = true;
  bool allow_nonce = true;
  std::size_t max_nonce = 256;  // octets
  std::size_t max_components = 16;
};

// ReusePolicy is for sending one signature with several requests, which saves signing where a
// crawler covers @authority alone. Such a signature is a bearer token: whoever sees it can send it
// until it expires, and so a server that prevents replays refuses its second use (it then gets a
// fresh one where it asks by Accept-Signature). A signature is reused only for a request with
// octet for octet the same signature base, and no longer than `margin` before it expires. Off
// unless asked for.
struct ReusePolicy {
  bool enabled = false;
  std::chrono::seconds margin = std::chrono::seconds(5);
  std::size_t max_authorities = 1024;
  std::size_t per_authority = 8;
};

// ClientConfig is what a SigningSession is made of.
struct ClientConfig {
  // Who signs: a key, or what sees the whole request (the signing daemon). One of the two, or none
  // where every profile has its own.
  std::shared_ptr<const Signer> signer = {};
  std::shared_ptr<const FieldSigner> field_signer = {};
  SigningProfile profile;  // where no target fits
  std::vector<TargetProfile> targets = {};
  // Redirects followed for one request; 0: none, the answer is the redirect.
  unsigned max_redirects = 10;
  // Further fields that are not sent on to another origin, beside Authorization, Cookie,
  // Proxy-Authorization, Referer, Host and signatures.
  std::vector<std::string> credential_fields = {};
  ChallengePolicy challenge = {};
  ReusePolicy reuse = {};
  // clock gives the time; empty: the system's.
  std::function<Time()> clock = {};
};

// ClientStop says why an answer is the last although it asked for more.
enum class ClientStop : std::uint8_t {
  none,
  redirect_limit,        // more redirects than max_redirects
  redirect_not_https,    // to another scheme than https
  redirect_unreadable,   // no Location, several, or none that is a URL
  body_not_rewindable,   // the body would have to be sent again
  challenge_refused,     // what was asked for is against the policy or cannot be signed
  challenge_unreadable,  // Accept-Signature does not parse
  challenged_again,      // what was asked for had been signed
};

// to_string gives the stable token: "redirect-limit". describe says it in one sentence.
[[nodiscard]] std::string_view to_string(ClientStop stop) noexcept;
[[nodiscard]] std::string_view describe(ClientStop stop) noexcept;

// ClientResponse is the head of the answer and how it came about.
struct ClientResponse {
  long status = 0;
  long http_version = 0;  // 10, 11, 20, 30
  std::string url;        // that answered
  std::vector<ClientField> fields = {};
  unsigned redirects = 0;
  unsigned challenges = 0;  // Accept-Signature answered
  ClientStop stop = ClientStop::none;
  // The server's clock less ours, by Date and Age; nullopt without a Date. It is exact to a
  // second or two: what matters is that a signature's lifetime is longer.
  std::optional<std::chrono::seconds> clock_drift = {};

  // field gives the first value of the field, nullptr where there is none.
  [[nodiscard]] const std::string* field(std::string_view name) const noexcept;
};

// is_redirect says whether an answer with this status is followed: 301, 302, 303, 307, 308.
[[nodiscard]] bool is_redirect(long status) noexcept;

// redirected_method is the method to follow a redirect with: 303 makes everything but HEAD a GET,
// 301 and 302 make POST a GET, 307 and 308 change nothing. RFC 9110 §15.4.
[[nodiscard]] std::string_view redirected_method(std::string_view method, long status) noexcept;

}  // namespace wba

#endif  // WBA_CLIENT_H_
