#ifndef WBA_DIRECTORY_DIRECTORY_TABLE_H_
#define WBA_DIRECTORY_DIRECTORY_TABLE_H_

// The published state of a resolver: what readers see without locks.
//
// Readers take hazard pointers. Each has one slot and protects one bucket at a time, from one
// lookup to the next; a bucket is an immutable array that keeps its directories alive. The writer
// replaces whole buckets and frees an old one once no slot names it, so that what waits to be freed
// is bounded by the number of readers, however long one of them sleeps. A reader writes to nothing
// that another reader writes to.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <wba/key_resolver.h>
#include <wba/verdict.h>

#include "directory/key_set.h"

namespace wba::directory {

// DocumentName says which document is meant: its normalised URL, and whether it is read as
// client metadata.
struct DocumentName {
  std::string_view url;
  bool metadata = false;

  friend bool operator==(const DocumentName&, const DocumentName&) = default;
};

// Subject is a document that a resolver knows: what stays the same from version to version, and
// what readers note about it, each note a hint.
struct Subject {
  std::string url;
  bool metadata = false;
  std::uint64_t hash = 0;
  std::string domain = {};                              // registered, of its host
  mutable std::atomic<std::int64_t> last_used{0};       // seconds since the Unix epoch
  mutable std::atomic<bool> fetch_asked{false};         // and no fetch has ended since
  mutable std::atomic<std::int64_t> early_fetch_at{0};  // no unknown keyid causes one before

  [[nodiscard]] DocumentName name() const noexcept { return {url, metadata}; }
};

// Directory is one version of what is known of a document. Immutable once published.
struct Directory {
  std::shared_ptr<const Subject> subject = {};
  // nullptr where it was never read.
  std::shared_ptr<const KeySet> keys = {};
  Time fresh_until = {};
  Time refresh_at = {};
  Time stale_until = {};
  // Why the latest fetch failed; none where it did not. No fetch before `retry_at`.
  Reason failure = Reason::none;
  Time retry_at = {};
};

// Answer is what a directory says about a keyid: see KeyLookup. `key` is not nullptr where `reason`
// is none, and may be where it is not.
struct Answer {
  Reason reason = Reason::key_pending;
  const DirectoryKey* key = nullptr;
  bool fetch_due = false;  // the directory is to be fetched
  bool unknown = false;    // a usable directory that does not have this keyid
};
[[nodiscard]] Answer answer(const Directory& directory, std::string_view keyid, Time now,
                            bool allow_test_keys) noexcept;

using DirectoryPointer = std::shared_ptr<const Directory>;

// DirectoryTable is a hash table of directories with one writer at a time and any number of
// readers.
class DirectoryTable {
 private:
  struct Bucket;
  struct alignas(64) Slot {
    std::atomic<const Bucket*> protects{nullptr};
    std::atomic<bool> taken{false};
    Slot* next = nullptr;  // set before the slot is published
  };

 public:
  // The table has room for `directories` at about one a bucket.
  explicit DirectoryTable(std::size_t directories);
  ~DirectoryTable();
  DirectoryTable(const DirectoryTable&) = delete;
  DirectoryTable& operator=(const DirectoryTable&) = delete;

  // hash_of is keyed by a secret of this table: nobody can choose URLs that meet in one bucket.
  [[nodiscard]] std::uint64_t hash_of(const DocumentName& name) const noexcept;

  // Pin is one reader's slot. It must not outlive the table.
  class Pin {
   public:
    explicit Pin(DirectoryTable& table);
    ~Pin();
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;

    // find gives the directory as it is published, or nullptr. It lives until the next find
    // through this pin, or until the pin goes. Nothing is allocated and no lock is taken.
    [[nodiscard]] const Directory* find(const DocumentName& name, std::uint64_t hash) noexcept;

   private:
    DirectoryTable& table_;
    Slot& slot_;
  };

  // put publishes `directory` in the place of what has the same name; erase takes it out. For one
  // thread at a time.
  void put(DirectoryPointer directory);
  void erase(const DocumentName& name, std::uint64_t hash);

  // waiting_to_be_freed counts buckets that readers held on to when it was last looked.
  [[nodiscard]] std::size_t waiting_to_be_freed() const noexcept { return retired_.size(); }

 private:
  struct Bucket {
    std::vector<DirectoryPointer> directories;
  };

  [[nodiscard]] std::atomic<const Bucket*>& bucket_of(std::uint64_t hash) noexcept {
    return buckets_[hash & mask_];
  }
  void replace(std::atomic<const Bucket*>& place, std::unique_ptr<const Bucket> next);
  void free_unprotected();
  Slot& take_slot();

  std::uint64_t secret_[2];
  std::size_t mask_;
  std::unique_ptr<std::atomic<const Bucket*>[]> buckets_;
  std::atomic<Slot*> slots_{nullptr};
  std::atomic<std::size_t> slot_count_{0};
  std::mutex slot_mutex_;  // among those who make or give back a reader
  std::vector<const Bucket*> retired_;
};

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_DIRECTORY_TABLE_H_
