#include "directory/directory_cache.h"

#include <algorithm>
#include <atomic>

#include <wba/agent_identity.h>
#include <wba/registered_domain.h>

#include "directory/client_subject.h"

namespace wba::directory {

// Domain is what the entries of one registered domain share: a bound, a rate, an order of use.
struct DirectoryCache::Domain {
  Domain(std::string registered, std::size_t per_minute)
      : name(std::move(registered)), new_urls(per_minute, per_minute) {}

  std::string name;
  TokenBucket new_urls;
  Orders orders;
  std::size_t entries = 0;  // pinned ones too
  bool known = false;       // a directory of it was read, or is pinned
};

DirectoryCache::DirectoryCache(DirectoryTable& table, CacheSettings settings)
    : table_(table),
      settings_(settings),
      entries_(16, NameHash{&table}),
      new_urls_(settings.limits) {}

DirectoryCache::~DirectoryCache() = default;

DirectoryCache::Entry* DirectoryCache::find(const DocumentName& name) {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : found->second.get();
}

// share_of gives nothing for a client that is not known.
std::optional<NewUrlBudget::Client> DirectoryCache::share_of(std::string_view client) {
  if (client.empty()) return std::nullopt;
  const auto hash = [&](auto append) {
    subject_.clear();
    append(client, subject_);
    return table_.hash_of({subject_, false});  // keyed: no client can choose whom it meets
  };
  return NewUrlBudget::Client{.address = hash(append_client_subject),
                              .network = hash(append_client_network)};
}

std::expected<DirectoryCache::Entry*, Reason> DirectoryCache::admit(const DocumentName& name,
                                                                    std::string_view host, Time now,
                                                                    bool pinned,
                                                                    std::string_view client) {
  if (Entry* known = find(name)) {
    if (pinned && !known->pinned) {
      unorder(*known);
      known->pinned = true;
      known->domain->known = true;
      pinned_.push_back(known);
    }
    return known;
  }
  const auto refuse = [&] {
    ++refused_;
    return std::unexpected(Reason::directory_overloaded);
  };
  const auto share = share_of(client);
  if (!pinned && new_urls_.is_empty(now)) {
    full_until_ = now + std::chrono::seconds(1);
    return refuse();
  }
  if (!pinned && !new_urls_.has_for(share, now)) return refuse();
  Domain& domain = domain_of(host);
  ++domain.entries;  // before room is made, so that it stays while its last entry goes
  if (pinned) {
    domain.known = true;
  } else {
    // The domain's own bounds first, so that a flood under one name costs the others nothing.
    const bool room = (domain.known || new_urls_.has_for_new_domain(now)) &&
                      domain.new_urls.has(1, now) &&
                      make_room(domain.orders.unread, settings_.limits.directories_per_domain) &&
                      make_room(orders_.unread, settings_.limits.unread_urls);
    if (!room) {
      leave(domain);
      return refuse();
    }
    new_urls_.take(share, now);
    domain.new_urls.take();
  }
  return &insert(name, host, domain, pinned, now);
}

DirectoryCache::Entry& DirectoryCache::insert(const DocumentName& name, std::string_view host,
                                              Domain& domain, bool pinned, Time now) {
  auto entry = std::make_unique<Entry>();
  auto subject = std::make_shared<Subject>();
  subject->url = name.url;
  subject->metadata = name.metadata;
  subject->hash = table_.hash_of(name);
  subject->domain = domain.name;
  subject->last_used = now.time_since_epoch().count();
  entry->subject = std::move(subject);
  entry->host = host;
  entry->domain = &domain;
  entry->pinned = pinned;
  entry->number = next_number_++;
  Entry& result = *entry;
  publish(result, {.subject = result.subject});
  entries_.emplace(result.subject->name(), std::move(entry));
  if (pinned) {
    pinned_.push_back(&result);
  } else {
    reorder(result);
  }
  return result;
}

// make_room says whether `order` has room for one more below `limit`, evicting where it has to.
// What was never read has an order of its own, so that made-up URLs push out one another alone.
bool DirectoryCache::make_room(Order& order, std::size_t limit) {
  while (order.size() >= limit) {
    if (!evict_one(order)) return false;
  }
  return true;
}

// make_room_for_read makes room for a directory that has just been read. Where all others are being
// fetched there is none to make, and as many may be held too many for a while.
void DirectoryCache::make_room_for_read(Domain& domain) {
  static_cast<void>(make_room(domain.orders.read, settings_.limits.directories_per_domain));
  static_cast<void>(make_room(orders_.read, settings_.limits.directories));
}

// evict_one evicts the least recently used of `order` that is not being fetched.
bool DirectoryCache::evict_one(Order& order) {
  for (auto at = order.begin(); at != order.end();) {
    Entry& entry = *at->second;
    ++at;
    if (entry.fetch_id != 0) continue;
    // By what readers have noted since, its place may be further back: it is met there again.
    const auto before = entry.order;
    reorder(entry);
    if (entry.order != before) {
      const auto moved = order.find({entry.order, &entry});
      if (at == order.end() || moved->first < at->first) at = moved;
      continue;
    }
    ++evictions_;
    remove(entry);
    return true;
  }
  return false;
}

void DirectoryCache::remove(Entry& entry) {
  table_.erase(entry.subject->name(), entry.subject->hash);
  unorder(entry);
  Domain& domain = *entry.domain;
  const std::shared_ptr<const Subject> subject = entry.subject;  // the key of the map views it
  entries_.erase(subject->name());
  leave(domain);
}

void DirectoryCache::unorder(Entry& entry) {
  orders_.of(entry).erase({entry.order, &entry});
  entry.domain->orders.of(entry).erase({entry.order, &entry});
}

void DirectoryCache::reorder(Entry& entry) {
  if (entry.pinned) return;
  // A place that moves keeps the memory it has, so that no entry is ever without one.
  const Order::value_type before{entry.order, &entry};
  auto place = orders_.of(entry).extract(before);
  auto place_in_domain = entry.domain->orders.of(entry).extract(before);
  entry.order = {entry.subject->last_used.load(std::memory_order_relaxed), entry.number};
  entry.ordered_as_read = entry.established();
  const auto put = [&entry](Order& order, Order::node_type moved) {
    if (moved) {
      moved.value() = {entry.order, &entry};
      order.insert(std::move(moved));
    } else {
      order.emplace(entry.order, &entry);
    }
  };
  put(orders_.of(entry), std::move(place));
  put(entry.domain->orders.of(entry), std::move(place_in_domain));
}

void DirectoryCache::publish(Entry& entry, Directory version) {
  entry.version = std::make_shared<const Directory>(std::move(version));
  table_.put(entry.version);
}

DirectoryCache::Domain& DirectoryCache::domain_of(std::string_view host) {
  std::string name = registered_domain(host);
  std::unique_ptr<Domain>& place = domains_[name];
  if (!place) {
    place =
        std::make_unique<Domain>(std::move(name), settings_.limits.new_urls_per_minute_and_domain);
  }
  return *place;
}

void DirectoryCache::leave(Domain& domain) {
  if (--domain.entries == 0) domains_.erase(domains_.find(domain.name));
}

std::optional<FetchRequest> DirectoryCache::begin(Entry& entry) {
  if (entry.fetch_id != 0) return std::nullopt;
  entry.fetch_id = next_fetch_++;
  fetches_.emplace(entry.fetch_id, &entry);
  entry.fetch_url = entry.subject->url;
  entry.fetch_kind = entry.subject->metadata ? FetchedKind::metadata : FetchedKind::key_set;
  FetchRequest request{.id = entry.fetch_id,
                       .url = entry.fetch_url,
                       .host = entry.host,
                       .known = entry.established() || entry.pinned};
  // Metadata is read whole each time: it has changed where its key set has not, or the reverse.
  if (entry.established() && entry.fetch_kind == FetchedKind::key_set) {
    request.etag = entry.fields.etag.value_or("");
    request.last_modified = entry.fields.last_modified.value_or("");
  }
  entry.revalidating = !request.etag.empty() || !request.last_modified.empty();
  return request;
}

void DirectoryCache::abandon(std::uint64_t fetch_id) {
  const auto found = fetches_.find(fetch_id);
  if (found == fetches_.end()) return;
  Entry& entry = *found->second;
  fetches_.erase(found);
  entry.fetch_id = 0;
  entry.subject->fetch_asked.store(false, std::memory_order_relaxed);
  if (!entry.established() && !entry.pinned) remove(entry);
}

DirectoryCache::Completed DirectoryCache::complete(const FetchResult& result, Time asked, Time now,
                                                   double random) {
  const auto found = fetches_.find(result.id);
  if (found == fetches_.end()) return {};
  Entry& entry = *found->second;
  Completed completed{.entry = &entry};
  Judged judged = judge(result, {.url = entry.fetch_url,
                                 .kind = entry.fetch_kind,
                                 .revalidating = entry.revalidating,
                                 .proofs = settings_.proofs,
                                 .well_known_kid = settings_.well_known_kid,
                                 .limits = settings_.limits,
                                 .now = now});
  if (!judged.jwks_uri.empty()) {
    entry.metadata_freshness = freshness(result.fields, asked, now, settings_.policy);
    entry.fetch_url = judged.jwks_uri;
    entry.fetch_kind = FetchedKind::metadata_key_set;
    completed.next = FetchRequest{.id = entry.fetch_id,
                                  .url = std::move(judged.jwks_uri),
                                  .host = std::move(judged.jwks_host),
                                  .known = entry.established() || entry.pinned};
    return completed;
  }
  Directory version = *entry.version;
  if (judged.failure != Reason::none) {
    // Nothing is evicted: what was read stays for as long as it may.
    completed.failed = true;
    version.failure = judged.failure;
    version.retry_at =
        retry_time(++entry.failures, result.fields.retry_after, now, random, settings_.policy);
  } else {
    completed.not_modified = judged.not_modified;
    if (judged.not_modified) {
      // RFC 9111 §4.3.4: what the 304 says replaces what was said before.
      const auto update = [](auto& stored, const auto& received) {
        if (received) stored = received;
      };
      update(entry.fields.cache_control, result.fields.cache_control);
      update(entry.fields.expires, result.fields.expires);
      update(entry.fields.etag, result.fields.etag);
      update(entry.fields.last_modified, result.fields.last_modified);
      entry.fields.date = result.fields.date;
      entry.fields.age = result.fields.age;
    } else {
      entry.fields = result.fields;
      if (entry.established()) {
        keep_known_keys(judged.keys, *entry.version->keys);
      } else if (!entry.pinned) {
        make_room_for_read(*entry.domain);
      }
      const bool labels = !is_well_known_document(entry.fetch_url);
      version.keys = std::make_shared<const KeySet>(std::move(judged.keys), labels);
    }
    Freshness fresh = freshness(entry.fields, asked, now, settings_.policy);
    if (entry.metadata_freshness) {
      fresh.fresh_until = std::min(fresh.fresh_until, entry.metadata_freshness->fresh_until);
      fresh.stale_until = std::min(fresh.stale_until, entry.metadata_freshness->stale_until);
      fresh.no_store = fresh.no_store || entry.metadata_freshness->no_store;
    }
    version.fresh_until = fresh.fresh_until;
    version.stale_until = fresh.stale_until;
    version.refresh_at = refresh_time(fresh, now, random, settings_.policy);
    version.failure = Reason::none;
    version.retry_at = {};
    entry.no_store = fresh.no_store;
    entry.fetched = true;
    entry.domain->known = true;
    entry.failures = 0;
  }
  entry.metadata_freshness.reset();
  publish(entry, std::move(version));
  // Behind all that may fail for lack of memory: until here the fetch can be abandoned.
  fetches_.erase(found);
  entry.fetch_id = 0;
  // Only now, so that a reader that asks again has seen the new version, or asks for a further one.
  entry.subject->fetch_asked.store(false, std::memory_order_release);
  reorder(entry);
  return completed;
}

std::vector<DirectoryCache::Entry*> DirectoryCache::due(Time now) {
  std::vector<Entry*> result;
  for (Entry* entry : pinned_) {
    const Directory& version = *entry->version;
    if (entry->fetch_id == 0 && now >= version.retry_at && now >= version.refresh_at) {
      result.push_back(entry);
    }
  }
  return result;
}

void DirectoryCache::clock_set_back(Time now) {
  const Time fresh_limit = now + settings_.policy.fresh_max;
  const std::int64_t at = now.time_since_epoch().count();
  const auto bound = [](std::atomic<std::int64_t>& note, std::int64_t limit) {
    if (note.load(std::memory_order_relaxed) > limit) note.store(limit, std::memory_order_relaxed);
  };
  for (const auto& [name, entry] : entries_) {
    Directory version = *entry->version;
    version.fresh_until = std::min(version.fresh_until, fresh_limit);
    version.refresh_at = std::min(version.refresh_at, fresh_limit);
    // Of keys that were not fetched the end of their proof decides.
    if (entry->fetched) {
      version.stale_until = std::min(version.stale_until, fresh_limit + settings_.policy.stale_max);
    }
    version.retry_at = std::min(version.retry_at, now + settings_.policy.failure_max);
    bound(entry->subject->last_used, at);
    bound(entry->subject->early_fetch_at, at + settings_.policy.early_refetch.count());
    publish(*entry, std::move(version));
    reorder(*entry);
  }
}

bool DirectoryCache::take_up(const DocumentName& name, std::string_view host, SavedDirectory saved,
                             Time now) {
  Entry* entry = find(name);
  if (entry == nullptr) {
    Domain& domain = domain_of(host);
    ++domain.entries;
    if (domain.orders.read.size() >= settings_.limits.directories_per_domain ||
        orders_.read.size() >= settings_.limits.directories) {
      leave(domain);
      return false;
    }
    entry = &insert(name, host, domain, false, now);
  }
  if (entry->fetched) return false;
  entry->fetched = saved.fetched;
  entry->domain->known = true;
  Directory version = *saved.version;
  version.subject = entry->subject;
  if (!saved.etag.empty()) entry->fields.etag = std::move(saved.etag);
  if (!saved.last_modified.empty()) entry->fields.last_modified = std::move(saved.last_modified);
  publish(*entry, std::move(version));
  reorder(*entry);
  return true;
}

std::vector<SavedDirectory> DirectoryCache::saved() const {
  std::vector<SavedDirectory> result;
  for (const auto& [name, entry] : entries_) {
    if (!entry->fetched || entry->no_store) continue;
    result.push_back({.version = entry->version,
                      .etag = entry->fields.etag.value_or(""),
                      .last_modified = entry->fields.last_modified.value_or("")});
  }
  return result;
}

}  // namespace wba::directory
