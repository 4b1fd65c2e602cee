#ifndef WBA_DIRECTORY_FETCHER_H_
#define WBA_DIRECTORY_FETCHER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <wba/directory_resolver.h>
#include <wba/verdict.h>

#include "directory/http_cache.h"

namespace wba::directory {

// FetchRequest is one GET. Fetches of known directories go before those of new ones, which may not
// take the last quarter of the slots: a flood of new URLs cannot keep known ones from being
// refreshed.
struct FetchRequest {
  std::uint64_t id = 0;  // the caller's
  std::string url;
  std::string host;
  std::string etag = {};           // for If-None-Match
  std::string last_modified = {};  // for If-Modified-Since
  bool known = false;
};

// FetchResult is a whole response, or why there is none: `failure` is none, or one of
// directory_unreachable, directory_host_unknown, directory_address_forbidden,
// directory_too_large. The status is not judged here.
struct FetchResult {
  std::uint64_t id = 0;
  Reason failure = Reason::none;
  int status = 0;
  std::string body = {};
  ResponseFields fields = {};
  // For possession proofs; lines of one field joined by commas.
  std::string content_digest = {};
  std::string signature_input = {};
  std::string signature = {};
  std::chrono::seconds took{0};
};

// Fetcher drives libcurl's multi interface. All of it is for one thread, but `wake`.
class Fetcher {
 public:
  // create gives nullptr where libcurl cannot be set up. Where proofs are required no content
  // coding is asked for: a Content-Digest is over the encoded content.
  [[nodiscard]] static std::unique_ptr<Fetcher> create(const DirectoryNetwork& network,
                                                       const DirectoryLimits& limits,
                                                       ProofRule proofs = ProofRule::optional);
  ~Fetcher();
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  // start takes a fetch up, or puts it in the queue; false where that is full.
  [[nodiscard]] bool start(FetchRequest request);

  // poll does what network work there is, waits for more of it for `wait` at most, and gives what
  // was completed.
  [[nodiscard]] std::vector<FetchResult> poll(std::chrono::milliseconds wait);

  // wake makes a poll that is waiting return. From any thread.
  void wake() noexcept;

  [[nodiscard]] std::size_t under_way() const noexcept { return transfers_.size(); }
  [[nodiscard]] std::size_t waiting() const noexcept { return known_.size() + new_.size(); }

 private:
  struct Transfer;
  struct Curl;

  Fetcher(const DirectoryNetwork& network, const DirectoryLimits& limits, ProofRule proofs);
  void start_waiting();
  bool start_first_of(std::deque<FetchRequest>& queue, std::size_t slots);
  bool begin(FetchRequest& request);
  [[nodiscard]] FetchResult finish(Transfer& transfer, int code);

  const DirectoryNetwork network_;
  const DirectoryLimits limits_;
  const ProofRule proofs_;
  std::unique_ptr<Curl> curl_;
  std::deque<FetchRequest> known_;
  std::deque<FetchRequest> new_;
  std::unordered_map<void*, std::unique_ptr<Transfer>> transfers_;  // by easy handle
  std::unordered_map<std::string, std::size_t> per_host_;
  std::vector<FetchResult> failed_at_start_;
};

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_FETCHER_H_
