#include "directory/fetcher.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string_view>

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "directory/resolve_entry.h"

namespace wba::directory {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t header_bytes = 16384;
constexpr const char* accept_header =
    "Accept: application/http-message-signatures-directory+json, application/jwk-set+json;q=0.9, "
    "application/json;q=0.8, */*;q=0.1";

struct EasyFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListFree>;

bool append(List& list, const char* text) {
  curl_slist* longer = curl_slist_append(list.get(), text);
  if (longer == nullptr) return false;
  static_cast<void>(list.release());
  list.reset(longer);
  return true;
}

bool global_init() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  return code == CURLE_OK;
}

std::uint16_t port_of(const sockaddr& address) {
  // The port stands in the same place in both families, in network order.
  const auto* octets = reinterpret_cast<const unsigned char*>(&address);
  return static_cast<std::uint16_t>((octets[2] << 8U) | octets[3]);
}

std::optional<std::string> joined_field(CURL* easy, const char* name) {
  curl_header* header = nullptr;
  if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return std::nullopt;
  std::string value = header->value;
  const std::size_t amount = header->amount;
  if (amount > 1) {
    value.clear();
    for (std::size_t i = 0; i < amount; ++i) {
      if (curl_easy_header(easy, name, i, CURLH_HEADER, -1, &header) != CURLHE_OK) break;
      if (i > 0) value.append(", ");
      value.append(header->value);
    }
  }
  return value;
}

}  // namespace

struct Fetcher::Transfer {
  Fetcher* fetcher = nullptr;
  std::unique_ptr<CURL, EasyFree> easy;
  List headers;
  std::uint64_t id = 0;
  std::string host;
  steady_clock::time_point begun;
  std::string body;
  std::size_t header_size = 0;
  bool too_large = false;
  bool address_forbidden = false;

  static std::size_t write(char* data, std::size_t /*one*/, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (size > transfer.fetcher->limits_.body_bytes - transfer.body.size()) {
      transfer.too_large = true;
      return CURL_WRITEFUNC_ERROR;
    }
    transfer.body.append(data, size);
    return size;
  }

  static std::size_t header(char* /*data*/, std::size_t one, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.header_size += one * size;
    if (transfer.header_size > header_bytes) {
      transfer.too_large = true;
      return 0;
    }
    return one * size;
  }

  // The address is judged here, behind name resolution, and it is the one connected to: an answer
  // that changes between two look-ups has nothing to win.
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    const auto ip = IpAddress::from_socket(address->addr);
    if (purpose != CURLSOCKTYPE_IPCXN || !ip ||
        !transfer.fetcher->network_.addresses.allows(*ip, port_of(address->addr))) {
      transfer.address_forbidden = true;
      return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }
};

struct Fetcher::Curl {
  struct MultiFree {
    void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
  };
  List resolve;
  std::unique_ptr<CURLM, MultiFree> multi;
};

Fetcher::Fetcher(const DirectoryNetwork& network, const DirectoryLimits& limits, ProofRule proofs)
    : network_(network), limits_(limits), proofs_(proofs), curl_(std::make_unique<Curl>()) {}

std::unique_ptr<Fetcher> Fetcher::create(const DirectoryNetwork& network,
                                         const DirectoryLimits& limits, ProofRule proofs) {
  if (!global_init()) return nullptr;
  std::unique_ptr<Fetcher> fetcher(new Fetcher(network, limits, proofs));
  fetcher->curl_->multi.reset(curl_multi_init());
  if (!fetcher->curl_->multi) return nullptr;
  curl_multi_setopt(fetcher->curl_->multi.get(), CURLMOPT_MAXCONNECTS,
                    static_cast<long>(limits.fetches));
  for (const std::string& entry : network.resolve) {
    if (!append(fetcher->curl_->resolve, resolve_entry(entry).c_str())) return nullptr;
  }
  return fetcher;
}

Fetcher::~Fetcher() {
  for (const auto& [easy, transfer] : transfers_) {
    curl_multi_remove_handle(curl_->multi.get(), easy);
  }
}

bool Fetcher::start(FetchRequest request) {
  std::deque<FetchRequest>& queue = request.known ? known_ : new_;
  if (queue.size() >= limits_.fetches_waiting) return false;
  queue.push_back(std::move(request));
  start_waiting();
  return true;
}

void Fetcher::start_waiting() {
  while (start_first_of(known_, limits_.fetches)) {
  }
  const std::size_t reserved = limits_.fetches / 4;
  while (start_first_of(new_, limits_.fetches - reserved)) {
  }
}

// start_first_of begins the first fetch in `queue` whose host has a slot left.
bool Fetcher::start_first_of(std::deque<FetchRequest>& queue, std::size_t slots) {
  if (transfers_.size() >= slots) return false;
  const auto found = std::find_if(queue.begin(), queue.end(), [&](const FetchRequest& request) {
    const auto host = per_host_.find(request.host);
    return host == per_host_.end() || host->second < limits_.fetches_per_host;
  });
  if (found == queue.end()) return false;
  FetchRequest request = std::move(*found);
  queue.erase(found);
  if (!begin(request)) {
    failed_at_start_.push_back({.id = request.id, .failure = Reason::directory_unreachable});
  }
  return true;
}

bool Fetcher::begin(FetchRequest& request) {
  auto transfer = std::make_unique<Transfer>();
  transfer->easy.reset(curl_easy_init());
  if (!transfer->easy || !append(transfer->headers, accept_header)) return false;
  if (!request.etag.empty() &&
      !append(transfer->headers, ("If-None-Match: " + request.etag).c_str())) {
    return false;
  }
  if (!request.last_modified.empty() &&
      !append(transfer->headers, ("If-Modified-Since: " + request.last_modified).c_str())) {
    return false;
  }
  transfer->fetcher = this;
  transfer->id = request.id;
  transfer->host = std::move(request.host);
  transfer->begun = steady_clock::now();
  CURL* const easy = transfer->easy.get();
  bool good = true;
  const auto set = [&](CURLoption option, auto value) {
    good = curl_easy_setopt(easy, option, value) == CURLE_OK && good;
  };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // nor one from the environment
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!network_.ca_file.empty()) {
    set(CURLOPT_CAINFO, network_.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // these roots and no others
  }
  if (curl_->resolve) set(CURLOPT_RESOLVE, curl_->resolve.get());
  set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::open_socket);
  set(CURLOPT_OPENSOCKETDATA, transfer.get());
  set(CURLOPT_USERAGENT, network_.user_agent.c_str());
  set(CURLOPT_HTTPHEADER, transfer->headers.get());
  if (proofs_ != ProofRule::required) set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  set(CURLOPT_WRITEFUNCTION, &Transfer::write);
  set(CURLOPT_WRITEDATA, transfer.get());
  set(CURLOPT_HEADERFUNCTION, &Transfer::header);
  set(CURLOPT_HEADERDATA, transfer.get());
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(limits_.fetch_time.count()));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits_.connect_time.count()));
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(limits_.body_bytes));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a name server that does not answer holds nobody up
  if (!good || curl_multi_add_handle(curl_->multi.get(), easy) != CURLM_OK) return false;
  ++per_host_[transfer->host];
  transfers_.emplace(easy, std::move(transfer));
  return true;
}

std::vector<FetchResult> Fetcher::poll(milliseconds wait) {
  CURLM* const multi = curl_->multi.get();
  int running = 0;
  curl_multi_perform(multi, &running);
  const bool idle = failed_at_start_.empty() && running == static_cast<int>(transfers_.size());
  if (idle) {
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(wait.count()), nullptr);
    curl_multi_perform(multi, &running);
  }
  std::vector<FetchResult> results = std::move(failed_at_start_);
  failed_at_start_.clear();
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const auto found = transfers_.find(easy);
    if (found == transfers_.end()) continue;
    results.push_back(finish(*found->second, static_cast<int>(message->data.result)));
    curl_multi_remove_handle(multi, easy);
    const auto host = per_host_.find(found->second->host);
    if (host != per_host_.end() && --host->second == 0) per_host_.erase(host);
    transfers_.erase(found);
  }
  start_waiting();
  return results;
}

FetchResult Fetcher::finish(Transfer& transfer, int code) {
  FetchResult result{.id = transfer.id};
  CURL* const easy = transfer.easy.get();
  result.took = std::chrono::ceil<std::chrono::seconds>(steady_clock::now() - transfer.begun);
  if (code != CURLE_OK) {
    if (transfer.too_large || code == CURLE_FILESIZE_EXCEEDED) {
      result.failure = Reason::directory_too_large;
    } else if (transfer.address_forbidden && code == CURLE_COULDNT_CONNECT) {
      result.failure = Reason::directory_address_forbidden;
    } else if (code == CURLE_COULDNT_RESOLVE_HOST) {
      result.failure = Reason::directory_host_unknown;
    } else {
      result.failure = Reason::directory_unreachable;
    }
    return result;
  }
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  result.status = static_cast<int>(status);
  result.body = std::move(transfer.body);
  result.fields = {.age = joined_field(easy, "Age"),
                   .cache_control = joined_field(easy, "Cache-Control"),
                   .content_type = joined_field(easy, "Content-Type"),
                   .date = joined_field(easy, "Date"),
                   .etag = joined_field(easy, "ETag"),
                   .expires = joined_field(easy, "Expires"),
                   .last_modified = joined_field(easy, "Last-Modified"),
                   .retry_after = joined_field(easy, "Retry-After")};
  result.content_digest = joined_field(easy, "Content-Digest").value_or("");
  result.signature_input = joined_field(easy, "Signature-Input").value_or("");
  result.signature = joined_field(easy, "Signature").value_or("");
  return result;
}

void Fetcher::wake() noexcept { curl_multi_wakeup(curl_->multi.get()); }

}  // namespace wba::directory
