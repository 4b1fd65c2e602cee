#ifndef WBA_DIRECTORY_ENGINE_H_
#define WBA_DIRECTORY_ENGINE_H_

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <wba/directory_resolver.h>

#include "directory/directory_cache.h"
#include "directory/reader.h"

namespace wba::directory {

// Waiter is somebody who waits in `resolve`.
struct Waiter {
  using Deadline = std::chrono::steady_clock::time_point;

  std::string url;
  std::string host;
  bool metadata = false;
  std::string keyid;
  std::string client;
  Deadline deadline;
  DirectoryResolver::Callback done;
};

// Engine is the background thread: it takes what readers and waiters ask for, fetches it and
// publishes what came.
class Engine {
 public:
  Engine(const DirectoryResolverOptions& options, std::shared_ptr<Shared> shared);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // start begins the thread. pin is for before.
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void pin(const DocumentName& name, std::string_view host);

  // wait_for hands a waiter over. From any thread, as the functions behind it.
  void wait_for(Waiter waiter);
  bool take_up(const DocumentName& name, std::string_view host, SavedDirectory saved, Time now);
  void add_loose(std::vector<DirectoryKey> keys);
  [[nodiscard]] std::vector<SavedDirectory> saved();
  [[nodiscard]] DirectoryStatistics statistics();

 private:
  struct Finished {
    DirectoryResolver::Callback done;
    KeyResolution resolution;
  };

  void run();
  bool run_once();  // false when it is to stop
  void handle_asked(Time now);
  void handle_waiter(Waiter waiter, Time now);
  void handle_result(const FetchResult& result, Time now);
  void finish(Waiter& waiter, Reason reason);
  void finish(Waiter& waiter, const Directory& directory, const Answer& found);
  // Whether a fetch of `entry` is under way then.
  bool fetch(DirectoryCache::Entry& entry);
  bool start_fetch(FetchRequest request);
  void expire_waiters();
  [[nodiscard]] std::chrono::milliseconds idle_time() const;
  void tell_finished();
  [[nodiscard]] Time now() const;

  const std::function<Time()> clock_;
  const std::shared_ptr<Shared> shared_;
  std::mutex mutex_;  // over all below
  DirectoryCache cache_;
  std::vector<Waiter> arrived_;
  std::unordered_map<std::uint64_t, std::vector<Waiter>> waiting_;  // by fetch
  std::size_t waiters_ = 0;
  Waiter::Deadline first_deadline_ = Waiter::Deadline::max();
  std::vector<Finished> finished_;
  std::vector<DirectoryKey> loose_;
  DirectoryStatistics counts_;
  std::mt19937_64 random_;
  Time latest_{};  // what the clock has shown, as long as it was not set back
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_ENGINE_H_
