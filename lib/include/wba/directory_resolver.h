#ifndef WBA_DIRECTORY_RESOLVER_H_
#define WBA_DIRECTORY_RESOLVER_H_

// Keys from the directories that agents publish, fetched in the background and cached.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wba/address_policy.h>
#include <wba/error.h>
#include <wba/key.h>
#include <wba/key_resolver.h>

namespace wba {

// DirectoryCachePolicy bounds what RFC 9111 would have a cache do.
struct DirectoryCachePolicy {
  // A directory is used for at least `fresh_min`, whatever its response says, `no-store` and
  // `no-cache` included: the floor that keeps a busy verifier from fetching it for every request.
  // It is never fetched again sooner, but for an unknown keyid.
  std::chrono::seconds fresh_min{60};
  std::chrono::seconds fresh_max = std::chrono::hours(24);
  std::chrono::seconds fresh_default = std::chrono::hours(1);  // where the response says nothing
  // How long behind its freshness a directory is served while it cannot be fetched; for responses
  // with no-store, no-cache or must-revalidate, `stale_guarded`. `stale-if-error` can shorten it.
  std::chrono::seconds stale_max = std::chrono::hours(24);
  std::chrono::seconds stale_guarded = std::chrono::minutes(5);
  // A failure is remembered for `failure_first`, doubled at each further one, up to `failure_max`,
  // which bounds Retry-After too. The draft allows five minutes at most.
  std::chrono::seconds failure_first{5};
  std::chrono::seconds failure_max = std::chrono::minutes(5);
  // A keyid that a fresh directory does not have may cause one fetch in this time.
  std::chrono::seconds early_refetch{60};
};

// DirectoryLimits bounds what anybody who sends requests can make a resolver do.
struct DirectoryLimits {
  std::size_t body_bytes = 65536;                // after decoding
  std::size_t keys = 128;                        // per directory
  std::chrono::milliseconds fetch_time{5000};    // of a fetch, from name lookup to last octet
  std::chrono::milliseconds connect_time{3000};  // of it, until TLS stands
  std::size_t fetches = 32;                      // under way at once
  std::size_t fetches_per_host = 2;
  std::size_t fetches_waiting = 1024;
  std::size_t directories = 10000;           // held; the least recently used go first
  std::size_t directories_per_domain = 100;  // of one registered domain
  // URLs known beside these whose directory was never read: being fetched for the first time, or
  // failing. The least recently used of them go first and push out no directory, so that a failure
  // is remembered when the cache is full. A domain has as many as it may have directories.
  std::size_t unread_urls = 3000;  // as new_urls_per_minute lets in while a failure is remembered
  // A quarter of these is for registered domains of which a directory is known.
  std::size_t new_urls_per_minute = 600;
  std::size_t new_urls_per_minute_and_domain = 60;
  // Of one client (an IPv4 address, an IPv6 /64), and of one network of clients (an IPv4 /16, an
  // IPv6 /32), with a tenth of it at once: made-up URLs from one place leave the rest to the
  // others.
  std::size_t new_urls_per_minute_and_client = 60;
  std::size_t new_urls_per_minute_and_network = 100;
};

// DirectoryNetwork says how to reach directories. https only, no redirects, no proxy, certificates
// verified: none of these can be turned off.
struct DirectoryNetwork {
  std::string ca_file = {};               // PEM; empty: the system's roots
  std::vector<std::string> resolve = {};  // "HOST:PORT:ADDRESS[,ADDRESS]…", as curl's --resolve
  AddressPolicy addresses = {};
  std::string user_agent = "webbotauth";
};

// KnownAgent is an agent that configuration names: fetched at start, kept warm, never evicted.
struct KnownAgent {
  std::string url;
  AgentKind kind = AgentKind::well_known;
};

// ProofRule says what to do about the response signatures of a fetched directory.
enum class ProofRule : std::uint8_t {
  optional,  // a key with a valid proof, or with none, is used; one whose proof is wrong is not
  required,  // only keys with a valid proof are used
};

// WellKnownKid says what becomes of a key whose `kid` is not its thumbprint in a directory at the
// well-known path, where the draft demands it.
enum class WellKnownKid : std::uint8_t {
  must_match,  // the key is not used
  ignored,     // the key is used under its thumbprint: large agents publish labels of their own
};

struct DirectoryResolverOptions {
  DirectoryCachePolicy cache = {};
  DirectoryLimits limits = {};
  DirectoryNetwork network = {};
  std::vector<KnownAgent> agents = {};
  ProofRule proofs = ProofRule::optional;
  WellKnownKid well_known_kid = WellKnownKid::ignored;
  bool allow_test_keys = false;  // keys whose private half an RFC prints
  // The clock of the background thread; empty: the system's. Lookups bring their own time.
  std::function<Time()> clock = {};
};

// KeyResolution is the answer to `resolve`. Where `reason` is none, `key` is the key.
struct KeyResolution {
  Reason reason = Reason::key_pending;
  std::optional<PublicKey> key = {};
  std::string identity = {};  // empty where the key was given without a URL
  std::string domain = {};
};

// RedistributedDirectory is key material that came by another way than a fetch of its URL: the
// body of a directory response and the response's fields, as far as they were kept.
struct RedistributedDirectory {
  std::string_view url;  // of the document; may be empty
  std::string_view body;
  std::string_view content_digest = {};
  std::string_view signature_input = {};
  std::string_view signature = {};
};

// DirectoryStatistics are counts since the start and sizes now.
struct DirectoryStatistics {
  std::uint64_t fetches_started = 0;
  std::uint64_t fetches_succeeded = 0;  // a directory was read, or has not changed
  std::uint64_t fetches_failed = 0;
  std::uint64_t fetches_not_modified = 0;  // of those that succeeded
  std::uint64_t urls_refused = 0;          // new URLs over a limit
  std::uint64_t evictions = 0;
  std::size_t directories = 0;
  std::size_t fetches_under_way = 0;
  std::size_t fetches_waiting = 0;
};

// DirectoryResolver fetches and caches key directories. One background thread does all fetching;
// readers share what it has published. Create it once; share it among verifiers and threads.
//
// Keys are found on the pair (document URL, keyid). The document's URL, query included, is the
// agent's identity; of a client metadata document its own URL, not that of its key set.
class DirectoryResolver final : public KeyResolver {
 public:
  // create starts the background thread and the fetches of `options.agents`.
  // Errors: agent_url_invalid and agent_url_not_https (one of the agents), argument_invalid (a
  // limit of 0, a shortest lifetime above the longest), out_of_memory (memory or a thread cannot be
  // had), crypto_failure (libcurl or the public suffix list cannot be had).
  [[nodiscard]] static Result<std::shared_ptr<DirectoryResolver>> create(
      DirectoryResolverOptions options);

  // The destructor stops the background thread, and so must not run in a callback of `resolve`;
  // whoever waits in `resolve` is answered key_pending. Readers stay valid.
  ~DirectoryResolver() override;
  DirectoryResolver(const DirectoryResolver&) = delete;
  DirectoryResolver& operator=(const DirectoryResolver&) = delete;

  // reader gives a Reader; see key_resolver.h. Each holds back at most one version of a few
  // directories from being freed.
  [[nodiscard]] std::unique_ptr<Reader> reader() const override;

  // resolve waits until a lookup can be answered, or until `deadline`, which gives key_pending.
  [[nodiscard]] KeyResolution resolve(const AgentLink& link, std::string_view keyid,
                                      std::chrono::steady_clock::time_point deadline) const;

  // This form returns at once and calls `done` exactly once, from the background thread, which it
  // must not hold up, or before it returns.
  using Callback = std::function<void(const KeyResolution&)>;
  void resolve(const AgentLink& link, std::string_view keyid,
               std::chrono::steady_clock::time_point deadline, Callback done) const;

  // add_redistributed takes offline key material. A key with a valid proof for the authority of
  // `directory.url`, over the body too, verifies under that URL until the proof expires, or until
  // the URL could be fetched, which decides from then on; it changes nothing under a URL that has
  // been. A key without a proof verifies by its thumbprint, where no directory is known for the
  // agent link, and names no URL. One whose proof is wrong is not taken. It gives the number of
  // keys bound to the URL. Draft -01, redistributed key material.
  // Errors: agent_url_invalid, agent_url_not_https, directory_not_key_set, directory_too_large,
  // directory_too_many_keys, out_of_memory.
  [[nodiscard]] Result<std::size_t> add_redistributed(const RedistributedDirectory& directory,
                                                      Time now);

  // save writes what is cached to `file`, which appears whole or not at all, mode 0600; responses
  // with no-store are left out. load takes it up again as if it had been fetched then; what is too
  // old by now, or not as it was written, is left out, and what is cached already stays.
  // Both give the number of directories.
  // Errors: argument_invalid (the file cannot be written or read, is not what was written, is
  // another user's or can be written by others, or holds keys that went through no proofs where
  // they are required), out_of_memory.
  [[nodiscard]] Result<std::size_t> save(const std::filesystem::path& file) const;
  [[nodiscard]] Result<std::size_t> load(const std::filesystem::path& file, Time now);

  [[nodiscard]] DirectoryStatistics statistics() const;

 private:
  class Impl;
  explicit DirectoryResolver(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wba

#endif  // WBA_DIRECTORY_RESOLVER_H_
