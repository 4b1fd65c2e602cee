#ifndef WBA_KEY_RESOLVER_H_
#define WBA_KEY_RESOLVER_H_

// How the verifier finds keys: on the pair (agent URL, keyid), never on keyid alone.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wba/error.h>
#include <wba/key.h>
#include <wba/verdict.h>

namespace wba {

// Time is seconds since the Unix epoch, an argument everywhere.
using Time = std::chrono::sys_seconds;

// AgentKind says what the agent URL points to.
enum class AgentKind : std::uint8_t {
  well_known,  // an origin: the key set is at its well-known path
  key_set,     // the URL is the key set
  cimd,        // the URL is a client metadata document with `jwks_uri` or `jwks`
};

// AgentLink is what a Signature-Agent member names, as it was sent, and who sent it.
struct AgentLink {
  std::string_view url;
  AgentKind kind = AgentKind::well_known;
  Dialect dialect = Dialect::none;
  // The client's address as text, which a fetch is charged to. Empty if it is not known.
  std::string_view client = {};
};

// KeyLookup is the answer of a reader. Where `reason` is none, `key` is the key and the others
// describe it; else `key` is nullptr and `reason` is one of the discovery reasons. What it views
// stays valid until the next lookup through the same reader.
struct KeyLookup {
  Reason reason = Reason::key_pending;
  const PublicKey* key = nullptr;
  // The agent's identity: the URL of the document that the agent named, normalised; see
  // AgentLocation. Empty where the key was given without a URL: then only its thumbprint is known.
  std::string_view identity = {};
  std::string_view domain = {};  // the identity's registered domain; empty where unknown
};

// KeyResolver finds keys for a verifier. It is shared by all threads.
class KeyResolver {
 public:
  // Reader is one thread's way to look up. Not for use by two threads at once.
  class Reader {
   public:
    virtual ~Reader() = default;

    // lookup never blocks, takes no lock that a writer holds and, for a known key, allocates
    // nothing. A miss may start a fetch in the background and answers key_pending.
    // `keyid` is the parameter as received: a JWK thumbprint, or a directory's own `kid` where the
    // dialect allows it.
    virtual KeyLookup lookup(const AgentLink& link, std::string_view keyid, Time now) noexcept = 0;
  };

  virtual ~KeyResolver() = default;
  [[nodiscard]] virtual std::unique_ptr<Reader> reader() const = 0;
};

// StaticResolver knows the key sets that it was given and fetches nothing. Fill it before readers
// are made: one made before does not see what is added later. Not for filling by two threads.
class StaticResolver final : public KeyResolver {
 public:
  // DomainOf gives the registered domain of a host. directory::registered_domain is one; this
  // library reads no list of public suffixes.
  using DomainOf = std::string (*)(std::string_view host);

  // Without `domain_of` no lookup names a domain.
  explicit StaticResolver(DomainOf domain_of = nullptr);
  ~StaticResolver() override;

  // add_directory stands for a fetched document: `body` is the response body of `url`, a JWK Set or
  // a client metadata document, whose `jwks_uri` is then looked up here too. A bare origin stands
  // for its well-known path. Keys that cannot be used, or that are published with their private
  // half, are passed over; a bare JWK counts as a set of one.
  // Errors: agent_url_invalid, agent_url_not_https, the key_ codes of parse_jwk_set.
  [[nodiscard]] Result<void> add_directory(std::string_view url, std::string_view body);

  // add_key adds a key that names no URL: it verifies by thumbprint where no directory is known for
  // the agent link, and the verdict then has no identity. draft -01: redistributed key material.
  void add_key(PublicKey key);

  [[nodiscard]] std::unique_ptr<Reader> reader() const override;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace wba

#endif  // WBA_KEY_RESOLVER_H_
