#ifndef WBA_DIRECTORY_DIRECTORY_CACHE_H_
#define WBA_DIRECTORY_DIRECTORY_CACHE_H_

// The writer's side of a resolver: which documents are held, when each is fetched, and what the
// table shows of it. No clock, no network, no thread: time and random numbers are arguments.

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <wba/directory_resolver.h>

#include "directory/directory_table.h"
#include "directory/fetcher.h"
#include "directory/judge.h"
#include "directory/new_url_budget.h"

namespace wba::directory {

// CacheSettings are the options that the cache works by.
struct CacheSettings {
  DirectoryCachePolicy policy = {};
  DirectoryLimits limits = {};
  ProofRule proofs = ProofRule::optional;
  WellKnownKid well_known_kid = WellKnownKid::must_match;
};

// SavedDirectory is an entry as a file keeps it.
struct SavedDirectory {
  DirectoryPointer version;
  std::string etag = {};
  std::string last_modified = {};
  bool fetched = true;  // its keys came from its own URL
};

class DirectoryCache {
 public:
  struct Domain;

  // Entry is a document that is held.
  struct Entry {
    std::shared_ptr<const Subject> subject;
    DirectoryPointer version;
    std::string host;
    ResponseFields fields = {};  // of the latest response, for revalidation
    Domain* domain = nullptr;
    std::uint64_t fetch_id = 0;  // of the fetch under way; 0: none
    FetchedKind fetch_kind = FetchedKind::key_set;
    std::string fetch_url = {};
    bool revalidating = false;
    bool no_store = false;
    bool pinned = false;
    bool fetched = false;  // its keys came from its own URL
    int failures = 0;
    // Its place among those of its kind, the least recently used first; see reorder.
    std::pair<std::int64_t, std::uint64_t> order = {};
    bool ordered_as_read = false;
    std::uint64_t number = 0;
    // Freshness of the metadata document, while its key set is fetched.
    std::optional<Freshness> metadata_freshness = {};

    [[nodiscard]] bool established() const { return version->keys != nullptr; }
  };

  DirectoryCache(DirectoryTable& table, CacheSettings settings);
  ~DirectoryCache();
  DirectoryCache(const DirectoryCache&) = delete;
  DirectoryCache& operator=(const DirectoryCache&) = delete;

  [[nodiscard]] Entry* find(const DocumentName& name);

  // admit finds an entry or takes up a new one, as far as limits allow: directory_overloaded where
  // they do not. A new one is charged to `client`, the address that it was asked for from; empty
  // where that is not known. A pinned one is always taken up.
  [[nodiscard]] std::expected<Entry*, Reason> admit(const DocumentName& name, std::string_view host,
                                                    Time now, bool pinned = false,
                                                    std::string_view client = {});

  // full_until says until when no new URL will be let in, whatever it is and whoever asks: a second
  // from `now` at most, and not at all by a clock that was set back since.
  [[nodiscard]] Time full_until(Time now) const noexcept {
    return full_until_ > now + std::chrono::seconds(1) ? Time{} : full_until_;
  }

  // begin gives the fetch of `entry`, unless one is under way.
  [[nodiscard]] std::optional<FetchRequest> begin(Entry& entry);

  // abandon undoes begin where the fetcher had no room. An entry that never had keys goes.
  void abandon(std::uint64_t fetch_id);

  // Completed says what a fetch led to: a further fetch for the same entry, or its end. `entry` is
  // nullptr where the fetch is not known.
  struct Completed {
    Entry* entry = nullptr;
    std::optional<FetchRequest> next = {};
    bool failed = false;
    bool not_modified = false;
  };

  // complete takes a fetch's result and publishes what follows from it. `asked` is when the request
  // was sent. 0 ≤ random < 1.
  Completed complete(const FetchResult& result, Time asked, Time now, double random);

  // due gives the pinned entries whose refresh or retry has come.
  [[nodiscard]] std::vector<Entry*> due(Time now);

  // clock_set_back is for when `now` is behind what was now before. Times that were reckoned by the
  // wrong clock may lie far ahead: none stays further ahead than a response of now could set it, or
  // a key that was taken out of its directory would be used, and a failure remembered, for as long
  // as the clock was wrong.
  void clock_set_back(Time now);

  // take_up publishes keys that came from elsewhere (a file, a redistributor) unless the document
  // has been fetched already; false where it was not taken. The times in `saved` are kept.
  bool take_up(const DocumentName& name, std::string_view host, SavedDirectory saved, Time now);

  // saved gives what may be written to a file.
  [[nodiscard]] std::vector<SavedDirectory> saved() const;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::uint64_t evictions() const noexcept { return evictions_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  using Order = std::set<std::pair<std::pair<std::int64_t, std::uint64_t>, Entry*>>;
  // Orders are the entries that can be evicted: those that were read, and those that never were.
  struct Orders {
    Order read;
    Order unread;

    [[nodiscard]] Order& of(const Entry& entry) noexcept {
      return entry.ordered_as_read ? read : unread;
    }
  };
  struct NameHash {
    const DirectoryTable* table;
    std::size_t operator()(const DocumentName& name) const { return table->hash_of(name); }
  };

  Entry& insert(const DocumentName& name, std::string_view host, Domain& domain, bool pinned,
                Time now);
  bool make_room(Order& order, std::size_t limit);
  void make_room_for_read(Domain& domain);
  bool evict_one(Order& order);
  void unorder(Entry& entry);
  void remove(Entry& entry);
  void reorder(Entry& entry);
  void publish(Entry& entry, Directory version);
  [[nodiscard]] std::optional<NewUrlBudget::Client> share_of(std::string_view client);
  Domain& domain_of(std::string_view host);
  void leave(Domain& domain);

  DirectoryTable& table_;
  const CacheSettings settings_;
  std::unordered_map<DocumentName, std::unique_ptr<Entry>, NameHash> entries_;
  std::unordered_map<std::string, std::unique_ptr<Domain>> domains_;
  Orders orders_;
  std::unordered_map<std::uint64_t, Entry*> fetches_;
  std::vector<Entry*> pinned_;
  NewUrlBudget new_urls_;
  std::string subject_;  // memory of share_of
  Time full_until_{};
  std::uint64_t next_fetch_ = 1;
  std::uint64_t next_number_ = 1;
  std::uint64_t evictions_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_DIRECTORY_CACHE_H_
