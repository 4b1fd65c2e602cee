#include "directory_simulation.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <unordered_map>

#include <malloc.h>

#include <wba/key.h>

#include "directory/directory_cache.h"
#include "directory/directory_table.h"
#include "directory/http_cache.h"
#include "directory/key_set.h"

namespace wba::simulation {
namespace {

using directory::DirectoryCache;
using directory::DirectoryTable;
using directory::DocumentName;
using directory::FetchRequest;

constexpr double start = 1.8e9;  // Unix time at which the simulation's clock begins
constexpr double never = 1e300;

std::size_t heap_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

Time at_second(double time) {
  return Time(std::chrono::seconds(static_cast<std::int64_t>(std::floor(time))));
}
double as_double(Time time) { return static_cast<double>(time.time_since_epoch().count()); }

// Document is what the network gives for one agent.
struct Document {
  std::string url;
  std::string host;
  std::string body;
  std::string keyid;
};

class Simulation {
 public:
  Simulation(const Scenario& scenario, std::span<const Agent> agents, std::uint64_t seed)
      : scenario_(scenario),
        agents_(agents),
        random_(seed),
        documents_(agents.size()),
        missed_(agents.size(), 0) {
    make_documents();
    table_ =
        std::make_unique<DirectoryTable>(scenario.limits.directories + scenario.limits.unread_urls);
    cache_ = std::make_unique<DirectoryCache>(
        *table_, directory::CacheSettings{.policy = scenario.cache, .limits = scenario.limits});
    pin_ = std::make_unique<DirectoryTable::Pin>(*table_);
    if (scenario.warm_start) take_up_all();
    begin_ = start + scenario.warm_up;
    end_ = begin_ + scenario.measured;
  }

  DirectoryCounts run() {
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      const DirectoryPointerView held = find(i);
      schedule(i, held != nullptr ? std::max(start, as_double(held->refresh_at)) : start);
    }
    while (!events_.empty() && events_.top().time < end_) {
      const Event event = events_.top();
      events_.pop();
      if (event.time >= begin_ && before_.time < begin_) snapshot(event.time);
      held_time_.add(event.time, static_cast<double>(cache_->size()), begin_);
      slot_time_.add(event.time, static_cast<double>(under_way_), begin_);
      now_ = event.time;
      if (event.fetch == 0) {
        request(event.agent);
      } else {
        fetched(event.agent, event.fetch);
      }
    }
    return counts();
  }

 private:
  using DirectoryPointerView = const directory::Directory*;

  struct Event {
    double time;
    std::size_t agent;
    std::uint64_t fetch;  // 0: a request
    bool operator>(const Event& other) const { return time > other.time; }
  };
  struct Waiting {
    std::size_t agent;
    std::uint64_t fetch;
  };
  // Average is a value's average over time.
  struct Average {
    double sum = 0;
    double since = 0;
    double last = 0;
    // `value` stood since the last time, until `time`.
    void add(double time, double value, double from) {
      if (time < from) return;
      if (since == 0) since = last = from;
      sum += value * (time - last);
      last = time;
    }
    [[nodiscard]] double mean() const { return last > since ? sum / (last - since) : 0; }
  };
  struct Counts {
    double time = 0;
    std::uint64_t fetches = 0, not_modified = 0, refused = 0, evictions = 0, turned_away = 0;
  };

  void make_documents() {
    constexpr std::size_t different = 256;
    std::vector<std::pair<std::string, std::string>> keys;
    for (std::size_t i = 0; i < std::min(different, agents_.size()); ++i) {
      const PublicKey key = PrivateKey::generate(KeyType::ed25519).value().public_key();
      keys.emplace_back("{\"keys\":[" + key.jwk(true).value_or("") + "]}", key.thumbprint());
    }
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      Document& document = documents_[i];
      document.host = "agent" + std::to_string(i) + ".example";
      document.url = "https://" + document.host + "/.well-known/http-message-signatures-directory";
      document.body = keys[i % keys.size()].first;
      document.keyid = keys[i % keys.size()].second;
    }
  }

  directory::ResponseFields fields(std::size_t agent) const {
    directory::ResponseFields fields;
    fields.content_type = "application/http-message-signatures-directory+json";
    fields.etag = "\"1\"";
    const std::string control = cache_control(agents_[agent].caching);
    if (!control.empty()) fields.cache_control = control;
    return fields;
  }

  // take_up_all gives every directory that can be read an age at random, as a file saved by a
  // machine that ran for long would.
  void take_up_all() {
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      if (agents_[i].caching == CachingClass::broken) continue;
      auto keys = directory::parse_key_document(documents_[i].body, {});
      const Freshness fresh =
          directory::freshness(fields(i), at_second(start), at_second(start), scenario_.cache);
      const Time refresh =
          directory::refresh_time(fresh, at_second(start), uniform(), scenario_.cache);
      const double cycle = as_double(refresh) - start + 1 / agents_[i].rate;
      const std::chrono::seconds age(static_cast<std::int64_t>(uniform() * cycle));
      cache_->take_up(
          {documents_[i].url, false}, documents_[i].host,
          {.version = std::make_shared<const directory::Directory>(directory::Directory{
               .keys = std::make_shared<const directory::KeySet>(std::move(*keys), false),
               .fresh_until = fresh.fresh_until - age,
               .refresh_at = refresh - age,
               .stale_until = fresh.stale_until - age}),
           .etag = "\"1\""},
          at_second(start));
    }
  }
  using Freshness = directory::Freshness;

  [[nodiscard]] double uniform() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  [[nodiscard]] double exponential(double rate) { return -std::log1p(-uniform()) / rate; }
  [[nodiscard]] double poisson(double mean) {
    return mean <= 0 ? 0
                     : static_cast<double>(std::poisson_distribution<std::int64_t>(mean)(random_));
  }

  [[nodiscard]] DirectoryPointerView find(std::size_t agent) {
    const DocumentName name{documents_[agent].url, false};
    return pin_->find(name, table_->hash_of(name));
  }

  // schedule makes the first request at or after `from`.
  void schedule(std::size_t agent, double from) {
    events_.push({std::max(from, now_) + exponential(agents_[agent].rate), agent, 0});
  }

  // missed counts `more` requests in [from, until) beside those made one by one.
  void missed_between(std::size_t agent, double from, double until) {
    const double first = std::max(from, begin_);
    const double last = std::min(until, end_);
    if (last > first) missed_[agent] += poisson(agents_[agent].rate * (last - first));
  }
  void missed_now(std::size_t agent) {
    if (now_ >= begin_) missed_[agent] += 1;
  }

  void request(std::size_t agent) {
    const Time second = at_second(now_);
    const DirectoryPointerView held = find(agent);
    if (held == nullptr) {
      missed_now(agent);
      if (second < cache_->full_until(second)) {
        ++counts_.refused;
        return schedule(agent, now_);
      }
      const auto entry =
          cache_->admit({documents_[agent].url, false}, documents_[agent].host, second);
      if (!entry) {
        ++counts_.refused;
        return schedule(agent, now_);
      }
      if ((*entry)->established() || second < (*entry)->version->retry_at || !fetch(agent, **entry))
        return schedule(agent, now_);
      return;  // until the fetch has ended
    }
    held->subject->last_used.store(second.time_since_epoch().count(), std::memory_order_relaxed);
    const directory::Answer found = directory::answer(*held, documents_[agent].keyid, second, true);
    if (found.reason != Reason::none) missed_now(agent);
    if (found.fetch_due) {
      DirectoryCache::Entry* entry = cache_->find({documents_[agent].url, false});
      if (fetch(agent, *entry)) return;
    }
    next_request(agent);
  }

  void next_request(std::size_t agent) {
    const DirectoryPointerView held = find(agent);
    if (held == nullptr) return schedule(agent, now_);
    // Where directories are pushed out, each request's time matters.
    if (scenario_.can_evict()) return schedule(agent, now_);
    const bool read = held->keys != nullptr;
    schedule(agent, std::max(as_double(read ? held->refresh_at : held->retry_at),
                             as_double(held->retry_at)));
  }

  // fetch hands a fetch to the fetcher: as many at once as its slots, those of new documents at
  // most three quarters of them; known ones first in the queue.
  bool fetch(std::size_t agent, DirectoryCache::Entry& entry) {
    auto request = cache_->begin(entry);
    if (!request) return false;
    if (known_.size() + new_.size() >= scenario_.limits.fetches_waiting) {
      ++counts_.turned_away;
      cache_->abandon(request->id);
      return false;
    }
    (request->known ? known_ : new_).push_back({agent, request->id});
    fetch_began(agent, request->id);
    start_waiting();
    return true;
  }
  void fetch_began(std::size_t agent, std::uint64_t id) {
    ++counts_.fetches;
    const DirectoryPointerView held = find(agent);
    const bool usable = held->keys != nullptr && now_ < as_double(held->stale_until);
    pending_since_.emplace(id, usable ? never : now_);
  }
  void start_waiting() {
    while (!known_.empty() && under_way_ < scenario_.limits.fetches) begin_first(known_);
    while (!new_.empty() && under_way_ < scenario_.limits.fetches / 4 * 3) begin_first(new_);
  }
  void begin_first(std::deque<Waiting>& queue) {
    const Waiting first = queue.front();
    queue.pop_front();
    ++under_way_;
    std::normal_distribution<double> normal(std::log(scenario_.fetch_median),
                                            scenario_.fetch_sigma);
    const double took = std::min(std::exp(normal(random_)),
                                 static_cast<double>(scenario_.limits.fetch_time.count()) / 1000);
    events_.push({now_ + took, first.agent, first.fetch});
  }

  void fetched(std::size_t agent, std::uint64_t id) {
    --under_way_;
    const auto since = pending_since_.extract(id);
    missed_between(agent, since.mapped(), now_);
    directory::FetchResult result{.id = id};
    if (agents_[agent].caching == CachingClass::broken) {
      result.status = 404;
    } else {
      result.fields = fields(agent);
      const auto* entry = cache_->find({documents_[agent].url, false});
      const bool validators = entry->revalidating;
      result.status = validators ? 304 : 200;
      if (!validators) result.body = documents_[agent].body;
    }
    const Time second = at_second(now_);
    const auto completed = cache_->complete(result, second, second, uniform());
    if (completed.not_modified) ++counts_.not_modified;
    next_request(agent);
    start_waiting();
  }

  void snapshot(double time) {
    before_ = {time,
               counts_.fetches,
               counts_.not_modified,
               counts_.refused,
               cache_->evictions(),
               counts_.turned_away};
  }

  DirectoryCounts counts() {
    DirectoryCounts out;
    const double time = end_ - begin_;
    const auto rate = [&](std::uint64_t after, std::uint64_t before) {
      return static_cast<double>(after - before) / time;
    };
    out.figures.fetches = rate(counts_.fetches, before_.fetches);
    out.figures.refused = rate(counts_.refused, before_.refused);
    out.not_modified = rate(counts_.not_modified, before_.not_modified);
    out.evictions = rate(cache_->evictions(), before_.evictions);
    out.turned_away = rate(counts_.turned_away, before_.turned_away);
    out.figures.directories = held_time_.mean();
    out.figures.slots = slot_time_.mean();
    double asked = 0;
    double missed = 0;
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      const bool readable = agents_[i].caching != CachingClass::broken;
      // What was missed is part of what was asked, which is a Poisson count of its own.
      const double all = std::max(missed_[i], poisson(agents_[i].rate * time));
      out.at_hand.push_back(readable && all > 0 ? 1 - missed_[i] / all : 0);
      if (!readable) continue;
      asked += all;
      missed += missed_[i];
    }
    out.figures.key_at_hand = 1 - missed / asked;
    // What the simulation itself has on the heap does not count.
    events_ = {};
    pending_since_.clear();
    const std::size_t with = heap_in_use();
    pin_.reset();
    cache_.reset();
    table_.reset();
    out.figures.directory_bytes = static_cast<double>(with - heap_in_use());
    return out;
  }

  const Scenario& scenario_;
  std::span<const Agent> agents_;
  std::mt19937_64 random_;
  std::vector<Document> documents_;
  std::vector<double> missed_;
  std::unique_ptr<DirectoryTable> table_;
  std::unique_ptr<DirectoryCache> cache_;
  std::unique_ptr<DirectoryTable::Pin> pin_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::unordered_map<std::uint64_t, double> pending_since_;
  std::deque<Waiting> known_;
  std::deque<Waiting> new_;
  std::size_t under_way_ = 0;
  double now_ = start;
  double begin_ = 0;
  double end_ = 0;
  Average held_time_;
  Average slot_time_;
  Counts counts_;
  Counts before_;
};

}  // namespace

DirectoryCounts simulate_directories(const Scenario& scenario, std::span<const Agent> agents,
                                     std::uint64_t seed) {
  return Simulation(scenario, agents, seed).run();
}

}  // namespace wba::simulation
