#ifndef WBA_DIRECTORY_CHECK_H_
#define WBA_DIRECTORY_CHECK_H_

// Fetching a directory, card or registry as verifiers do, and checking what comes. These functions
// block until all is done: they are for tools and monitoring, not for a server's request path.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wba/address_policy.h>
#include <wba/directory_lint.h>
#include <wba/key_resolver.h>
#include <wba/message.h>

namespace wba::directory {

// CheckNetwork says how to get there. https only, no redirects followed, no proxy, certificates
// verified: none of these can be turned off.
struct CheckNetwork {
  std::string ca_file = {};               // PEM; empty: the system's roots
  std::vector<std::string> resolve = {};  // "HOST:PORT:ADDRESS", as curl's --resolve
  AddressPolicy addresses = {};
  std::chrono::milliseconds timeout = std::chrono::seconds(10);  // of one request
  std::size_t bytes = 1U << 20U;                                 // of a body, after decoding
};

// ProbeRequest is one GET. Empty fields are not sent.
struct ProbeRequest {
  std::string url;
  std::string accept = {};
  std::string user_agent = {};
  std::string if_none_match = {};
};

// ProbeProblem is why there is no whole response.
enum class ProbeProblem : std::uint8_t {
  none,
  url,               // not an https URL
  name_unknown,      // no address for the host name
  address,           // an address that is not public
  refused,           // nobody there accepts the connection
  timed_out,         // not done within the timeout
  tls,               // no TLS connection
  certificate,       // the certificate is not trusted
  certificate_end,   // the certificate has expired
  certificate_name,  // the certificate is for other names
  cut,               // the connection was closed before the end
  encoding,          // the content coding cannot be decoded
  too_large,         // more bytes than the limit
  protocol,          // what came is no HTTP
  internal,          // this machine could not try
};

// to_string gives the stable token: "name-unknown".
[[nodiscard]] std::string_view to_string(ProbeProblem problem) noexcept;

// ProbeResult is a whole response, or the problem. `status` and `fields` are there too where only
// the body failed to come.
struct ProbeResult {
  ProbeProblem problem = ProbeProblem::internal;
  std::uint16_t status = 0;
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string body = {};
  std::string address = {};  // connected to
  std::chrono::milliseconds took{0};

  // lines views `fields`, which must outlive it unchanged.
  [[nodiscard]] std::vector<FieldLine> lines() const;
};

// probe makes the request.
[[nodiscard]] ProbeResult probe(const ProbeRequest& request, const CheckNetwork& network);

// reach_finding says what a probe found out about reachability.
[[nodiscard]] Finding reach_finding(const ProbeResult& result, const CheckNetwork& network);

// directory_url gives the URL that a verifier would fetch for what the agent names: the well-known
// path of a bare origin, else the URL itself. Errors: agent_url_invalid, agent_url_not_https.
[[nodiscard]] Result<std::string> directory_url(std::string_view url);

// check_directory fetches the directory of `url` as a plain client, checks it by lint_directory,
// and tries again with other Accept and User-Agent fields and a conditional request. `url` is one
// that directory_url gave.
[[nodiscard]] LintReport check_directory(const std::string& url, const CheckNetwork& network,
                                         Time now, const LintOptions& options = {});

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_CHECK_H_
