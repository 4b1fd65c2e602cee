#ifndef WBA_GUARD_GUARD_H_
#define WBA_GUARD_GUARD_H_

// The guard: from a request to a decision.

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/guard/config.h>
#include <wba/guard/decision.h>
#include <wba/guard/rate_limiter.h>
#include <wba/guard/replay_store.h>
#include <wba/key_resolver.h>
#include <wba/message.h>

namespace wba::guard {

// IncomingRequest is a request as an adapter received it. Everything it names must outlive the
// decision and what is read of it.
struct IncomingRequest {
  // scheme and authority: those of the connection and of Host or :authority, unless
  // `is_external`: then what the client used, as an adapter found out on its own.
  Request request;
  bool is_external = false;
  std::string_view peer = {};    // address of the other end: "192.0.2.1", "2001:db8::1"
  std::string_view client = {};  // address of the client, where the adapter knows; else empty
  std::string_view request_id = {};
  std::optional<std::string_view> body = {};  // the whole body, where it is at hand
  // Fields, in lower case, that the adapter does not see where `request` lacks them. A signature
  // that covers one cannot be checked: the request is unverified, by Cause::component_not_visible,
  // and is decided like an unsigned one.
  std::span<const std::string_view> unseen = {};
  // This very request passed before, and the adapter asks again: neither its nonces nor its rates
  // are counted, and if it passes, it is neither logged nor counted in metrics.
  bool again = false;
};

// Gauge is a figure of the adapter, read when metrics are asked for.
struct Gauge {
  std::string name;  // "wba_…", the same each time
  std::string help;
  std::function<double()> read;
};

// Surroundings are what a guard works with.
struct Surroundings {
  std::shared_ptr<const KeyResolver> resolver = {};
  // The adapter gives bodies: without it, asking for `body_digest` is a mistake.
  bool sees_bodies = false;
  std::vector<Gauge> gauges = {};
  // When this process began to see requests, by the clock of decide: which nonces were presented
  // before a store in memory cannot know.
  Now started = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  // In place of those of the configuration.
  std::shared_ptr<ReplayStore> replay = {};
  std::shared_ptr<RateLimiter> rates = {};
};

class GuardState;

// Guard decides about requests. It is shared by all threads; each has a Worker of its own.
class Guard {
 public:
  // Worker is one thread's memory.
  class Worker {
   public:
    Worker(Worker&&) noexcept;
    Worker& operator=(Worker&&) noexcept;
    ~Worker();

   private:
    friend class Guard;
    friend class GuardState;
    struct State;
    explicit Worker(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
  };

  // create opens the audit log; Redis is connected to when it is needed. Mistakes: a file that
  // cannot be opened or read, body_digest where the adapter sees no bodies, no resolver.
  [[nodiscard]] static std::expected<std::unique_ptr<Guard>, std::vector<ConfigMistake>> create(
      Config config, Surroundings surroundings);

  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard();

  [[nodiscard]] Worker make_worker() const;

  // decide judges one request: it verifies, decides, writes the audit line and counts. It never
  // throws; what goes wrong inside is refused with 503 (or passes, where the route only observes).
  // Nothing but a verified signature is ever treated as one.
  const Decision& decide(const IncomingRequest& incoming, Now now, Worker& worker) const noexcept;

  // needs_body says whether the route of this request asks for its body's digest: read the body
  // before decide then.
  [[nodiscard]] bool needs_body(const Request& request, Worker& worker) const noexcept;

  // trusts_peer says whether `peer` is a trusted proxy, whose forwarding fields count.
  [[nodiscard]] bool trusts_peer(std::string_view peer, Worker& worker) const noexcept;

  // reload replaces the configuration while requests are decided; each is decided wholly by the
  // old or by the new one. Nonces and rates are kept. On a mistake the old configuration stays.
  // [replay], [rates], [redis] and [audit] cannot change, and where replay is prevented the skew
  // cannot grow: that needs a restart, and is a mistake.
  [[nodiscard]] std::expected<void, std::vector<ConfigMistake>> reload(Config config);

  // count_refused_reload counts one that failed before there was a configuration for reload, in the
  // same figure.
  void count_refused_reload() noexcept;

  // count_undecided counts a request that the adapter refused before anything could be decided.
  // `error` is a token of the adapter's own, as "peer-not-trusted", and never what a caller sent;
  // more than 64 different ones are counted as "other".
  void count_undecided(std::string_view error) noexcept;

  // reopen_log opens the audit log's path anew. Error: what the system said, with the path; lines
  // go on into the file that was open.
  [[nodiscard]] std::expected<void, std::string> reopen_log();

  // metrics gives all figures in Prometheus' text format.
  [[nodiscard]] std::string metrics() const;

 private:
  explicit Guard(std::unique_ptr<GuardState> state) noexcept;
  std::unique_ptr<GuardState> state_;
};

}  // namespace wba::guard

#endif  // WBA_GUARD_GUARD_H_
