#ifndef WBA_DIRECTORY_READER_H_
#define WBA_DIRECTORY_READER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include <wba/directory_resolver.h>

#include "directory/directory_table.h"
#include "directory/fetcher.h"
#include "directory/request_ring.h"

namespace wba::directory {

// Asked is what a reader wants fetched: a directory that is known, or a new URL.
struct Asked {
  struct NewUrl {
    std::string url;
    std::string host;
    bool metadata = false;
    std::string client;
  };
  std::shared_ptr<const Subject> known = {};
  bool early = false;  // for an unknown keyid
  std::unique_ptr<NewUrl> fresh = {};
};

// Shared is what readers and the background thread have in common. Readers keep it alive.
struct Shared {
  Shared(std::size_t directories, std::unique_ptr<Fetcher> made_fetcher)
      : table(directories), ring(4096), fetcher(std::move(made_fetcher)) {}

  DirectoryTable table;
  RequestRing<Asked> ring;
  std::unique_ptr<Fetcher> fetcher;  // readers only wake it
  std::atomic<bool> woken{false};
  std::atomic<bool> loose_keys{false};      // there are keys without a URL
  std::atomic<std::int64_t> full_until{0};  // no new URL is taken before
  std::int64_t early_refetch = 60;
  bool allow_test_keys = false;

  // ask queues `asked` and wakes the background thread; false where the queue is full.
  [[nodiscard]] bool ask(Asked& asked) noexcept {
    if (!ring.push(asked)) return false;
    wake();
    return true;
  }
  void wake() noexcept {
    if (!woken.exchange(true, std::memory_order_acq_rel)) fetcher->wake();
  }
};

// loose_name is under what keys without a URL are published; no document has it.
inline constexpr DocumentName loose_name{};

// DirectoryReader has cache lines of its own: a lookup writes to it.
class alignas(64) DirectoryReader final : public KeyResolver::Reader {
 public:
  explicit DirectoryReader(std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)), pin_(shared_->table) {}

  KeyLookup lookup(const AgentLink& link, std::string_view keyid, Time now) noexcept override;

 private:
  KeyLookup lookup_directory(const AgentLink& link, std::string_view keyid, Time now);
  KeyLookup lookup_loose(std::string_view keyid, Time now, Reason otherwise) noexcept;
  Reason ask_for_new(const AgentLink& link, const std::string_view document, std::string_view host,
                     Time now);
  bool ask_for_known(const Directory& directory, bool early) noexcept;

  std::shared_ptr<Shared> shared_;
  DirectoryTable::Pin pin_;
  std::string buffer_;
};

// claim_early_fetch is true for one caller in each interval of `interval` seconds.
[[nodiscard]] bool claim_early_fetch(const Subject& subject, Time now,
                                     std::int64_t interval) noexcept;

// link_problem gives the reason for an agent URL that locate_agent refuses.
[[nodiscard]] Reason link_problem(const Error& error) noexcept;

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_READER_H_
