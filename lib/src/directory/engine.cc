#include "directory/engine.h"

#include <algorithm>
#include <new>

#include <signal.h>

namespace wba::directory {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// More than this wait for keys: the next are refused.
constexpr std::size_t max_waiters = 16384;
// The injected clock and the system's can jump, so the thread looks at it this often.
constexpr milliseconds longest_idle{1000};
// Steps back by less, as time synchronisation makes them, change nothing.
constexpr std::chrono::seconds clock_tolerance{60};

}  // namespace

Engine::Engine(const DirectoryResolverOptions& options, std::shared_ptr<Shared> shared)
    : clock_(options.clock),
      shared_(std::move(shared)),
      cache_(shared_->table, {.policy = options.cache,
                              .limits = options.limits,
                              .proofs = options.proofs,
                              .well_known_kid = options.well_known_kid}),
      random_(std::random_device{}()) {}

Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  shared_->fetcher->wake();
  if (thread_.joinable()) thread_.join();
  for (Waiter& waiter : arrived_) finish(waiter, Reason::key_pending);
  for (auto& [id, waiters] : waiting_) {
    for (Waiter& waiter : waiters) finish(waiter, Reason::key_pending);
  }
  tell_finished();
}

Time Engine::now() const {
  if (clock_) return clock_();
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

void Engine::pin(const DocumentName& name, std::string_view host) {
  const std::lock_guard lock(mutex_);
  static_cast<void>(cache_.admit(name, host, now(), true));
}

void Engine::wait_for(Waiter waiter) {
  {
    const std::lock_guard lock(mutex_);
    if (waiters_ < max_waiters) {
      arrived_.push_back(std::move(waiter));
      ++waiters_;
      waiter.done = nullptr;
    }
  }
  if (waiter.done) {
    waiter.done({.reason = Reason::directory_overloaded});
  } else {
    shared_->wake();
  }
}

bool Engine::take_up(const DocumentName& name, std::string_view host, SavedDirectory saved,
                     Time now) {
  const std::lock_guard lock(mutex_);
  return cache_.take_up(name, host, std::move(saved), now);
}

void Engine::add_loose(std::vector<DirectoryKey> keys) {
  const std::lock_guard lock(mutex_);
  // Of a key that comes again what was said last counts.
  for (DirectoryKey& key : keys) {
    const auto known = std::find_if(loose_.begin(), loose_.end(), [&](const DirectoryKey& other) {
      return other.key.thumbprint() == key.key.thumbprint();
    });
    if (known == loose_.end()) {
      loose_.push_back(std::move(key));
    } else {
      *known = std::move(key);
    }
  }
  auto subject = std::make_shared<Subject>();
  subject->hash = shared_->table.hash_of(loose_name);
  shared_->table.erase(loose_name, subject->hash);
  shared_->table.put(std::make_shared<const Directory>(
      Directory{.subject = std::move(subject),
                .keys = std::make_shared<const KeySet>(loose_, false),
                .fresh_until = Time::max(),
                .refresh_at = Time::max(),
                .stale_until = Time::max()}));
  shared_->loose_keys.store(true, std::memory_order_release);
}

std::vector<SavedDirectory> Engine::saved() {
  const std::lock_guard lock(mutex_);
  return cache_.saved();
}

DirectoryStatistics Engine::statistics() {
  const std::lock_guard lock(mutex_);
  DirectoryStatistics result = counts_;
  result.urls_refused = cache_.refused();
  result.evictions = cache_.evictions();
  result.directories = cache_.size();
  return result;
}

void Engine::run() {
  // The application's signals are for its own threads, and a directory that hangs up must not end
  // the process by SIGPIPE.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  bool stop = false;
  while (!stop) {
    try {
      stop = !run_once();
    } catch (const std::bad_alloc&) {
      // Whatever was being done is lost; what is published stays.
      std::this_thread::sleep_for(milliseconds(10));
    }
  }
}

bool Engine::run_once() {
  milliseconds wait{};
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    static_cast<void>(shared_->woken.exchange(false, std::memory_order_acq_rel));
    const Time time = now();
    if (time + clock_tolerance < latest_) {
      cache_.clock_set_back(time);
      latest_ = time;
    }
    latest_ = std::max(latest_, time);
    handle_asked(time);
    std::vector<Waiter> arrived = std::move(arrived_);
    arrived_.clear();
    for (Waiter& waiter : arrived) handle_waiter(std::move(waiter), time);
    for (DirectoryCache::Entry* entry : cache_.due(time)) static_cast<void>(fetch(*entry));
    expire_waiters();
    shared_->full_until.store(cache_.full_until(time).time_since_epoch().count(),
                              std::memory_order_relaxed);
    wait = idle_time();
  }
  tell_finished();
  const std::vector<FetchResult> results = shared_->fetcher->poll(wait);
  {
    const std::lock_guard lock(mutex_);
    const Time time = now();
    for (const FetchResult& result : results) {
      try {
        handle_result(result, time);
      } catch (const std::bad_alloc&) {
        // As if it had not been fetched: it can be asked for again, and whoever waits is answered
        // at the deadline.
        cache_.abandon(result.id);
      }
    }
    counts_.fetches_under_way = shared_->fetcher->under_way();
    counts_.fetches_waiting = shared_->fetcher->waiting();
  }
  tell_finished();
  return true;
}

void Engine::handle_asked(Time time) {
  Asked asked;
  // No more than the ring holds, or a flood would keep the thread here.
  for (int i = 0; i < 4096 && shared_->ring.pop(asked); ++i) {
    if (asked.fresh) {
      const auto entry = cache_.admit({asked.fresh->url, asked.fresh->metadata}, asked.fresh->host,
                                      time, false, asked.fresh->client);
      // Many may have asked for what is here by now.
      if (entry && !(*entry)->established() && time >= (*entry)->version->retry_at) {
        static_cast<void>(fetch(**entry));
      }
      continue;
    }
    DirectoryCache::Entry* entry = cache_.find(asked.known->name());
    if (entry == nullptr || entry->subject != asked.known) continue;
    const Directory& version = *entry->version;
    const bool due = time >= version.retry_at &&
                     (asked.early || time >= version.refresh_at || time >= version.stale_until);
    if (!due || !fetch(*entry)) {
      asked.known->fetch_asked.store(false, std::memory_order_release);
    }
  }
}

void Engine::handle_waiter(Waiter waiter, Time time) {
  const auto entry =
      cache_.admit({waiter.url, waiter.metadata}, waiter.host, time, false, waiter.client);
  if (!entry) return finish(waiter, entry.error());
  DirectoryCache::Entry& known = **entry;
  known.subject->last_used.store(time.time_since_epoch().count(), std::memory_order_relaxed);
  const DirectoryPointer version = known.version;
  const Answer found = answer(*version, waiter.keyid, time, shared_->allow_test_keys);
  const bool wanting = found.unknown || found.key == nullptr;
  bool fetch_now = found.fetch_due;
  if (known.fetch_id == 0 && !fetch_now && found.unknown && time >= version->retry_at) {
    fetch_now = claim_early_fetch(*known.subject, time, shared_->early_refetch);
  }
  if (known.fetch_id == 0 && fetch_now && !fetch(known)) {
    // `known` may be gone.
    if (wanting) return finish(waiter, Reason::directory_overloaded);
    return finish(waiter, *version, found);
  }
  if (!wanting || known.fetch_id == 0) return finish(waiter, *version, found);
  first_deadline_ = std::min(first_deadline_, waiter.deadline);
  waiting_[known.fetch_id].push_back(std::move(waiter));
}

void Engine::handle_result(const FetchResult& result, Time time) {
  const double random = std::uniform_real_distribution<double>(0, 1)(random_);
  DirectoryCache::Completed completed = cache_.complete(result, time - result.took, time, random);
  if (completed.entry == nullptr) return;
  if (completed.next) {
    static_cast<void>(start_fetch(std::move(*completed.next)));
    return;
  }
  ++(completed.failed ? counts_.fetches_failed : counts_.fetches_succeeded);
  if (completed.not_modified) ++counts_.fetches_not_modified;
  const auto waiters = waiting_.extract(result.id);
  if (waiters.empty()) return;
  const Directory& version = *completed.entry->version;
  for (Waiter& waiter : waiters.mapped()) {
    Answer found = answer(version, waiter.keyid, time, shared_->allow_test_keys);
    if (found.reason == Reason::key_pending && version.failure != Reason::none) {
      found.reason = version.failure;
    }
    finish(waiter, version, found);
  }
}

bool Engine::fetch(DirectoryCache::Entry& entry) {
  auto request = cache_.begin(entry);
  return !request || start_fetch(std::move(*request));
}

bool Engine::start_fetch(FetchRequest request) {
  const std::uint64_t id = request.id;
  if (shared_->fetcher->start(std::move(request))) {
    ++counts_.fetches_started;
    return true;
  }
  ++counts_.urls_refused;
  if (const auto waiters = waiting_.extract(id); !waiters.empty()) {
    for (Waiter& waiter : waiters.mapped()) finish(waiter, Reason::directory_overloaded);
  }
  cache_.abandon(id);
  return false;
}

void Engine::finish(Waiter& waiter, Reason reason) {
  --waiters_;
  finished_.push_back({std::move(waiter.done), {.reason = reason}});
}

void Engine::finish(Waiter& waiter, const Directory& directory, const Answer& found) {
  if (found.reason != Reason::none) return finish(waiter, found.reason);
  --waiters_;
  finished_.push_back({std::move(waiter.done),
                       {.reason = Reason::none,
                        .key = found.key->key,
                        .identity = std::move(waiter.url),
                        .domain = directory.subject->domain}});
}

void Engine::expire_waiters() {
  const Waiter::Deadline at = steady_clock::now();
  if (at < first_deadline_) return;
  first_deadline_ = Waiter::Deadline::max();
  for (auto& [id, waiters] : waiting_) {
    std::erase_if(waiters, [&](Waiter& waiter) {
      if (waiter.deadline <= at) {
        finish(waiter, Reason::key_pending);
        return true;
      }
      first_deadline_ = std::min(first_deadline_, waiter.deadline);
      return false;
    });
  }
}

milliseconds Engine::idle_time() const {
  if (first_deadline_ == Waiter::Deadline::max()) return longest_idle;
  const auto left = std::chrono::ceil<milliseconds>(first_deadline_ - steady_clock::now());
  return std::clamp(left, milliseconds(0), longest_idle);
}

// What a callback does is not ours: it is called without the lock, and what it throws stays here.
void Engine::tell_finished() {
  std::vector<Finished> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (const Finished& one : finished) {
    try {
      one.done(one.resolution);
    } catch (...) {
    }
  }
}

}  // namespace wba::directory
