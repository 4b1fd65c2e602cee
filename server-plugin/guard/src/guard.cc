#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>

#include <wba/guard/audit_log.h>
#include <wba/guard/guard.h>
#include <wba/guard/redis.h>

#include "config_reader.h"
#include "deciding.h"
#include "engine.h"
#include "metrics.h"
#include "secret_file.h"

namespace wba::guard {
namespace {

using Mistakes = std::vector<ConfigMistake>;

std::unexpected<Mistakes> mistake(std::string reason) {
  return std::unexpected(Mistakes{{.line = 0, .reason = std::move(reason)}});
}

}  // namespace

struct Guard::Worker::State {
  std::shared_ptr<const Engine> engine;
  std::uint64_t generation = 0;
  Verifier::Session verifying;
  DecidingScratch deciding;
};

class GuardState {
 public:
  using Created = std::expected<std::unique_ptr<GuardState>, Mistakes>;

  static Created create(Config config, Surroundings surroundings) {
    if (surroundings.resolver == nullptr) return mistake("there is no resolver");
    auto state = std::make_unique<GuardState>();
    state->surroundings_ = std::move(surroundings);
    auto engine = make_engine(std::move(config), state->surroundings_.resolver,
                              state->surroundings_.sees_bodies, state->metrics_);
    if (!engine) return std::unexpected(engine.error());
    state->engine_ = *std::move(engine);
    if (auto opened = state->open_stores(); !opened) return std::unexpected(opened.error());
    return state;
  }

  [[nodiscard]] Guard::Worker make_worker() const {
    auto engine = current();
    auto session = engine->verifier.session();
    return Guard::Worker(std::make_unique<Guard::Worker::State>(
        Guard::Worker::State{.engine = std::move(engine),
                             .generation = generation_.load(std::memory_order_acquire),
                             .verifying = std::move(session),
                             .deciding = {}}));
  }

  const Decision& decide(const IncomingRequest& incoming, Now now,
                         Guard::Worker::State& worker) noexcept {
    const auto start = std::chrono::steady_clock::now();
    refresh(worker);
    const Engine& engine = *worker.engine;
    Deciding deciding(engine, stores_, incoming, now, worker.deciding);
    try {
      if (deciding.begin()) {
        // The verifier and the guard go by one clock.
        const auto at = std::chrono::floor<std::chrono::seconds>(now);
        const Verdict& verdict =
            incoming.body ? worker.verifying.verify(deciding.request(), *incoming.body, at)
                          : worker.verifying.verify(deciding.request(), at);
        deciding.judge(verdict);
      }
      deciding.end();
    } catch (...) {
      deciding.fail();
    }
    Decision& decision = worker.deciding.decision;
    decision.record.spent = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - start);
    if (!incoming.again || decision.action != Action::pass) {
      note(engine, deciding.rule(), worker.deciding);
    }
    return decision;
  }

  bool needs_body(const Request& request, Guard::Worker::State& worker) noexcept {
    refresh(worker);
    try {
      worker.deciding.path.read(http::request_path(request.target));
      return worker.engine->table.needs_body(worker.deciding.path, request.method);
    } catch (const std::bad_alloc&) {
      return true;
    }
  }

  bool trusts_peer(std::string_view peer, Guard::Worker::State& worker) noexcept {
    refresh(worker);
    return is_trusted_peer(worker.engine->config.server, peer);
  }

  std::expected<void, Mistakes> reload(Config config) {
    const std::lock_guard one_at_a_time(reload_mutex_);
    const auto result = replace(std::move(config));
    metrics_.count_reload(result.has_value());
    return result;
  }

  void count_refused_reload() noexcept { metrics_.count_reload(false); }
  void count_undecided(std::string_view error) noexcept { metrics_.count_undecided(error); }

  std::expected<void, std::string> reopen_log() {
    if (audit_.verified == nullptr) return {};
    auto verified = audit_.verified->reopen();
    auto unverified = audit_.unverified->reopen();
    return verified ? unverified : verified;
  }

  [[nodiscard]] std::string metrics() const {
    std::vector<Metrics::Sample> samples;
    const auto add = [&](std::string name, std::string help, double value) {
      samples.push_back({std::move(name), std::move(help), value});
    };
    if (stores_.replay != nullptr) {
      add("wba_replay_entries", "Nonces held in this process.",
          static_cast<double>(stores_.replay->size()));
    }
    if (stores_.rates != nullptr) {
      add("wba_rate_entries", "Rates held in this process.",
          static_cast<double>(stores_.rates->size()));
    }
    if (redis_ != nullptr) {
      add("wba_redis_failures", "Commands that Redis did not answer, or with an error.",
          static_cast<double>(redis_->failures()));
    }
    if (audit_.verified != nullptr) {
      add("wba_audit_lines_lost", "Lines of the audit log that could not be written.",
          static_cast<double>(audit_.verified->lost() + audit_.unverified->lost()));
      add("wba_audit_reopen_failures",
          "Times that the audit log's path could not be opened anew: lines go on into the old "
          "file.",
          static_cast<double>(audit_.verified->reopen_failures() +
                              audit_.unverified->reopen_failures()));
    }
    for (const auto& gauge : surroundings_.gauges) add(gauge.name, gauge.help, gauge.read());
    return metrics_.text(samples);
  }

 private:
  std::expected<void, Mistakes> open_redis(const Config& config) {
    std::string password;
    if (!config.redis.password_file.empty()) {
      auto read = read_secret_file(config.redis.password_file);
      if (!read) return mistake("[redis] password_file: " + read.error());
      password = *std::move(read);
    }
    redis_ = Redis::make(config.redis, std::move(password));
    if (redis_ == nullptr) return mistake("[redis] ca_file: cannot be read as certificates");
    if (config.replay.store != StoreKind::redis || surroundings_.replay != nullptr) return {};
    // A server that cannot be asked now is away, which requests are told about.
    const std::string policy = redis_->eviction_policy();
    if (policy.empty() || policy == "noeviction") return {};
    return mistake("[redis] maxmemory-policy is " + printable(policy) +
                   ": requests whose nonces are dropped can be replayed. Set noeviction in Redis");
  }

  std::expected<void, Mistakes> open_stores() {
    const Config& config = engine_->config;
    if (auto opened = open_redis(config); !opened) return opened;
    stores_.replay = surroundings_.replay;
    if (stores_.replay == nullptr) {
      stores_.replay =
          config.replay.store == StoreKind::redis
              ? make_redis_replay_store(redis_, config.replay.scope,
                                        config.replay.entries_per_agent)
              : make_memory_replay_store({.entries = config.replay.entries,
                                          .entries_per_agent = config.replay.entries_per_agent},
                                         surroundings_.started);
    }
    stores_.rates = surroundings_.rates;
    if (stores_.rates == nullptr) {
      stores_.rates = config.rates.store == StoreKind::redis
                          ? make_redis_rate_limiter(redis_, config.rates.entries)
                          : make_memory_rate_limiter(config.rates.entries);
    }
    return config.audit.path.empty() ? std::expected<void, Mistakes>() : open_audit(config.audit);
  }

  std::expected<void, Mistakes> open_audit(AuditSettings settings) {
    auto verified = AuditLog::open(settings);
    if (!verified) return mistake(std::move(verified).error());
    settings.path = unverified_path(settings.path);
    auto unverified = AuditLog::open(settings);
    if (!unverified) return mistake(std::move(unverified).error());
    audit_ = {.verified = *std::move(verified), .unverified = *std::move(unverified)};
    return {};
  }

  std::expected<void, Mistakes> replace(Config config) {
    const Config& now = current()->config;
    const auto fixed = [](std::string_view table) {
      return mistake("[" + std::string(table) +
                     "] cannot change while running: what it held would be lost. Restart");
    };
    if (!(config.replay == now.replay)) return fixed("replay");
    if (!(config.rates == now.rates)) return fixed("rates");
    if (!(config.redis == now.redis)) return fixed("redis");
    if (!(config.audit == now.audit)) return fixed("audit");
    // A nonce is held until its signature is no longer good, by the skew of then.
    if (config.verify.skew > now.verify.skew && std::ranges::any_of(now.routes, &Route::replay)) {
      return mistake(
          "[verify] skew cannot grow while running: signatures would outlive their nonces. "
          "Restart");
    }
    auto engine =
        make_engine(std::move(config), surroundings_.resolver, surroundings_.sees_bodies, metrics_);
    if (!engine) return std::unexpected(engine.error());
    const std::lock_guard lock(engine_mutex_);
    engine_ = *std::move(engine);
    generation_.fetch_add(1, std::memory_order_release);
    return {};
  }

  [[nodiscard]] std::shared_ptr<const Engine> current() const {
    const std::lock_guard lock(engine_mutex_);
    return engine_;
  }

  // A worker takes the lock only after a reload; else it looks at one number that nobody writes.
  void refresh(Guard::Worker::State& worker) noexcept {
    const auto generation = generation_.load(std::memory_order_acquire);
    if (generation == worker.generation) return;
    try {
      auto engine = current();
      auto session = engine->verifier.session();
      // What the last decision views goes with the old one.
      worker.deciding.decision.record = {};
      worker.verifying = std::move(session);
      worker.engine = std::move(engine);
      worker.generation = generation;
    } catch (const std::bad_alloc&) {
      return;  // the old one serves until there is memory
    }
  }

  void note(const Engine& engine, const TableRule* rule, DecidingScratch& scratch) noexcept {
    const Record& record = scratch.decision.record;
    if (record.mode == Mode::off && record.cause == Cause::none) {
      metrics_.count_off();
      return;
    }
    const auto& counters =
        rule == nullptr
            ? engine.no_rule
            : engine.rule_counters[static_cast<std::size_t>(rule - engine.table.rules().data())];
    metrics_.count(record, counters);
    if (audit_.verified == nullptr) return;
    AuditLog& log = scratch.decision.is_verified() ? *audit_.verified : *audit_.unverified;
    try {
      scratch.audit_line.clear();
      append_audit_line(record, scratch.audit_line);
      log.append(scratch.audit_line);
    } catch (const std::bad_alloc&) {
      log.append({});
    }
  }

  Surroundings surroundings_;
  mutable Metrics metrics_;
  std::shared_ptr<Redis> redis_;
  Stores stores_;
  struct {
    std::unique_ptr<AuditLog> verified;
    std::unique_ptr<AuditLog> unverified;
  } audit_;  // both, or none
  std::mutex reload_mutex_;
  mutable std::mutex engine_mutex_;
  std::shared_ptr<const Engine> engine_;
  std::atomic<std::uint64_t> generation_{1};
};

Guard::Worker::Worker(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Guard::Worker::Worker(Worker&&) noexcept = default;
Guard::Worker& Guard::Worker::operator=(Worker&&) noexcept = default;
Guard::Worker::~Worker() = default;

Guard::Guard(std::unique_ptr<GuardState> state) noexcept : state_(std::move(state)) {}
Guard::~Guard() = default;

std::expected<std::unique_ptr<Guard>, std::vector<ConfigMistake>> Guard::create(
    Config config, Surroundings surroundings) {
  auto state = GuardState::create(std::move(config), std::move(surroundings));
  if (!state) return std::unexpected(state.error());
  return std::unique_ptr<Guard>(new Guard(*std::move(state)));
}

Guard::Worker Guard::make_worker() const { return state_->make_worker(); }

const Decision& Guard::decide(const IncomingRequest& incoming, Now now,
                              Worker& worker) const noexcept {
  return state_->decide(incoming, now, *worker.state_);
}

bool Guard::needs_body(const Request& request, Worker& worker) const noexcept {
  return state_->needs_body(request, *worker.state_);
}

bool Guard::trusts_peer(std::string_view peer, Worker& worker) const noexcept {
  return state_->trusts_peer(peer, *worker.state_);
}

std::expected<void, std::vector<ConfigMistake>> Guard::reload(Config config) {
  return state_->reload(std::move(config));
}

void Guard::count_refused_reload() noexcept { state_->count_refused_reload(); }
void Guard::count_undecided(std::string_view error) noexcept { state_->count_undecided(error); }

std::expected<void, std::string> Guard::reopen_log() { return state_->reopen_log(); }

std::string Guard::metrics() const { return state_->metrics(); }

}  // namespace wba::guard
