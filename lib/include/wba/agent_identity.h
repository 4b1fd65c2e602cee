#ifndef WBA_AGENT_IDENTITY_H_
#define WBA_AGENT_IDENTITY_H_

// Who an agent is and where its keys are: both follow from the URL that it names.

#include <cstddef>
#include <string>
#include <string_view>

#include <wba/error.h>
#include <wba/key_resolver.h>

namespace wba {

// directory_well_known_path is where an origin publishes its key directory.
inline constexpr std::string_view directory_well_known_path =
    "/.well-known/http-message-signatures-directory";

// max_agent_url_size bounds an agent URL, in octets; a longer one is agent_url_invalid.
inline constexpr std::size_t max_agent_url_size = 2048;

// AgentLocation says where an agent's keys are published. It views the buffer that locate_agent was
// given.
struct AgentLocation {
  // The document to fetch, normalised, its query kept: an origin's well-known path, the key set, or
  // the client metadata document. This URL is the agent's identity.
  //
  // Stricter than the draft, where the identity has no query: a server may let others choose what
  // it answers to a query, as in `https://agent.example/?url=…`, and what they publish there must
  // not be called like the agent. So no rule, rate or nonce of one is the other's.
  std::string_view document;
  // Host without port, lower case; an IPv6 literal without brackets.
  std::string_view host;
};

// locate_agent replaces `buffer` by the URL of the document that `link` names. Of a well_known
// link only an origin (no path but "/", no query) leads to the well-known path: a URL with a path
// is the key set itself, as older agents send it.
//
// The URL is normalised by RFC 3986 §6.2.2 and §6.2.3: lower-case scheme and host, upper-case
// percent-encodings, unreserved octets decoded, dot segments removed, default and empty ports
// dropped, the empty path "/". The host is spelled as http::append_host does it. Stricter than
// RFC 3986: scheme https, no user information, no fragment, no host that append_host refuses.
//
// Nothing is allocated once `buffer` has room. `buffer` has no particular content on error.
// Errors: agent_url_invalid, agent_url_not_https, with the offset into `link.url`.
[[nodiscard]] Result<AgentLocation> locate_agent(const AgentLink& link, std::string& buffer);

// normalise_agent_url gives the identity that `url` stands for: the URL of the document, so that an
// origin stands for its well-known directory, in every dialect. Two URLs are the same agent where
// these are the same octets.
// Errors: agent_url_invalid, agent_url_not_https.
[[nodiscard]] Result<std::string> normalise_agent_url(std::string_view url);

// is_well_known_document says whether a normalised document URL has the well-known path (and no
// query), where the stricter rules on media type and `kid` hold.
[[nodiscard]] bool is_well_known_document(std::string_view document) noexcept;

}  // namespace wba

#endif  // WBA_AGENT_IDENTITY_H_
