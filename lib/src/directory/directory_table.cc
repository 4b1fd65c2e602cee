#include "directory/directory_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <random>

namespace wba::directory {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

std::uint64_t load(const char* from, std::size_t size) noexcept {
  std::uint64_t value = 0;
  // An empty name views no memory, which memcpy must not be given.
  if (size != 0) std::memcpy(&value, from, size);
  return value;
}

}  // namespace

Answer answer(const Directory& directory, std::string_view keyid, Time now,
              bool allow_test_keys) noexcept {
  Answer result;
  const bool may_fetch = now >= directory.retry_at;
  if (directory.keys == nullptr || now >= directory.stale_until) {
    result.fetch_due = may_fetch;
    if (!may_fetch && directory.failure != Reason::none) result.reason = directory.failure;
    return result;
  }
  result.fetch_due = may_fetch && now >= directory.refresh_at;
  result.key = directory.keys->find(keyid);
  if (result.key == nullptr) {
    result.unknown = true;
    result.reason = directory.keys->keys().empty()         ? Reason::directory_no_keys
                    : directory.keys->has_wrong_kid(keyid) ? Reason::key_kid_mismatch
                                                           : Reason::key_not_in_directory;
  } else if (result.key->test_key && !allow_test_keys) {
    result.reason = Reason::key_is_published_test_key;
  } else {
    result.reason = usable_at(*result.key, now);
  }
  return result;
}

DirectoryTable::DirectoryTable(std::size_t directories)
    : mask_(std::bit_ceil(std::max<std::size_t>(directories, 16)) - 1),
      buckets_(std::make_unique<std::atomic<const Bucket*>[]>(mask_ + 1)) {
  std::random_device random;
  for (std::uint64_t& word : secret_) {
    word = (std::uint64_t{random()} << 32U) | random() | 1U;
  }
}

DirectoryTable::~DirectoryTable() {
  for (std::size_t i = 0; i <= mask_; ++i) delete buckets_[i].load();
  for (const Bucket* bucket : retired_) delete bucket;
  for (Slot* slot = slots_.load(); slot != nullptr;) {
    Slot* const next = slot->next;
    delete slot;
    slot = next;
  }
}

std::uint64_t DirectoryTable::hash_of(const DocumentName& name) const noexcept {
  std::uint64_t hash = secret_[0] ^ (name.url.size() * 2 + (name.metadata ? 1 : 0));
  const char* at = name.url.data();
  std::size_t left = name.url.size();
  for (; left > 16; left -= 16, at += 16) {
    hash = fold(load(at, 8) ^ secret_[1], load(at + 8, 8) ^ hash);
  }
  const std::size_t first = std::min<std::size_t>(left, 8);
  hash = fold(load(at, first) ^ secret_[1], load(at + first, left - first) ^ hash);
  return fold(hash ^ secret_[0], secret_[1]);
}

DirectoryTable::Pin::Pin(DirectoryTable& table) : table_(table), slot_(table.take_slot()) {}

DirectoryTable::Pin::~Pin() {
  slot_.protects.store(nullptr, std::memory_order_release);
  slot_.taken.store(false, std::memory_order_release);
}

const Directory* DirectoryTable::Pin::find(const DocumentName& name, std::uint64_t hash) noexcept {
  std::atomic<const Bucket*>& place = table_.bucket_of(hash);
  const Bucket* bucket = place.load(std::memory_order_seq_cst);
  // What the slot names already needs no announcement: it was announced while it was published,
  // and cannot have been freed since, so that its address stands for no other bucket.
  if (bucket != slot_.protects.load(std::memory_order_relaxed)) {
    for (;;) {
      slot_.protects.store(bucket, std::memory_order_seq_cst);
      // Published still: then the writer, which looks at the slots after it took a bucket out,
      // will see the announcement.
      const Bucket* const again = place.load(std::memory_order_seq_cst);
      if (again == bucket) break;
      bucket = again;
    }
  }
  if (bucket == nullptr) return nullptr;
  for (const DirectoryPointer& directory : bucket->directories) {
    if (directory->subject->hash == hash && directory->subject->name() == name)
      return directory.get();
  }
  return nullptr;
}

void DirectoryTable::put(DirectoryPointer directory) {
  std::atomic<const Bucket*>& place = bucket_of(directory->subject->hash);
  const Bucket* const old = place.load(std::memory_order_relaxed);
  auto next = std::make_unique<Bucket>();
  if (old != nullptr) {
    next->directories.reserve(old->directories.size() + 1);
    for (const DirectoryPointer& other : old->directories) {
      if (other->subject->name() != directory->subject->name()) next->directories.push_back(other);
    }
  }
  next->directories.push_back(std::move(directory));
  replace(place, std::move(next));
}

void DirectoryTable::erase(const DocumentName& name, std::uint64_t hash) {
  std::atomic<const Bucket*>& place = bucket_of(hash);
  const Bucket* const old = place.load(std::memory_order_relaxed);
  if (old == nullptr) return;
  auto next = std::make_unique<Bucket>();
  for (const DirectoryPointer& other : old->directories) {
    if (other->subject->name() != name) next->directories.push_back(other);
  }
  if (next->directories.size() == old->directories.size()) return;
  if (next->directories.empty()) next.reset();
  replace(place, std::move(next));
}

void DirectoryTable::replace(std::atomic<const Bucket*>& place,
                             std::unique_ptr<const Bucket> next) {
  // Memory for the old bucket's place is had before the new one is published.
  retired_.reserve(retired_.size() + 1);
  const Bucket* const old = place.exchange(next.release(), std::memory_order_seq_cst);
  if (old != nullptr) retired_.push_back(old);
  // Each look at the slots frees all but as many as there are slots, so that its cost is shared by
  // as many replacements.
  if (retired_.size() > 2 * slot_count_.load(std::memory_order_relaxed) + 16) free_unprotected();
}

void DirectoryTable::free_unprotected() {
  std::vector<const Bucket*> held;
  for (Slot* slot = slots_.load(std::memory_order_acquire); slot != nullptr; slot = slot->next) {
    if (const Bucket* bucket = slot->protects.load(std::memory_order_seq_cst)) {
      held.push_back(bucket);
    }
  }
  std::sort(held.begin(), held.end());
  const auto unheld = std::partition(retired_.begin(), retired_.end(), [&](const Bucket* bucket) {
    return std::binary_search(held.begin(), held.end(), bucket);
  });
  for (auto at = unheld; at != retired_.end(); ++at) delete *at;
  retired_.erase(unheld, retired_.end());
}

DirectoryTable::Slot& DirectoryTable::take_slot() {
  const std::lock_guard lock(slot_mutex_);
  for (Slot* slot = slots_.load(std::memory_order_relaxed); slot != nullptr; slot = slot->next) {
    if (!slot->taken.load(std::memory_order_acquire)) {
      slot->taken.store(true, std::memory_order_relaxed);
      return *slot;
    }
  }
  auto* const slot = new Slot;
  slot->taken.store(true, std::memory_order_relaxed);
  slot->next = slots_.load(std::memory_order_relaxed);
  slots_.store(slot, std::memory_order_seq_cst);
  slot_count_.fetch_add(1, std::memory_order_relaxed);
  return *slot;
}

}  // namespace wba::directory
