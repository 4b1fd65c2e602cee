#ifndef WBA_TOOLS_AGENT_PROXY_UPSTREAM_H_
#define WBA_TOOLS_AGENT_PROXY_UPSTREAM_H_

// The proxy's way to servers: libcurl's multi interface, HTTP/1.1 over verified TLS.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>

#include <wba/address_policy.h>

#include "proxy_message.h"

namespace wba::agent {

struct UpstreamSettings {
  std::string ca = {};                     // file of roots; empty: the system's
  std::vector<std::string> resolve = {};   // HOST:PORT:ADDRESS
  std::vector<AddressRange> allowed = {};  // ranges that may be reached though not public
  std::chrono::milliseconds connect = std::chrono::seconds(15);  // TLS included
};

// UpstreamHead is the head of a final answer.
struct UpstreamHead {
  int status = 0;
  std::string phrase;
  ProxyFields fields;
  std::optional<std::uint64_t> length;  // of the body, or of what HEAD asks about
};

// UpstreamUser is who has a transfer made. It is called while the transfer's Upstream works, and
// must not end the transfer then.
class UpstreamUser {
 public:
  virtual ~UpstreamUser() = default;

  // read_body fills the front of `out`; 0 is the end of the body, nullopt that there is nothing at
  // the moment: then resume_sending is to be called.
  [[nodiscard]] virtual std::optional<std::size_t> read_body(std::span<char> out) = 0;
  // rewind_body goes back to the body's first octet, where it can.
  [[nodiscard]] virtual bool rewind_body() = 0;
  virtual void on_head(UpstreamHead head) = 0;
  // on_body takes a piece of the body whole, or says false: then resume_receiving is to be called.
  [[nodiscard]] virtual bool on_body(std::string_view part) = 0;
  // on_end is told how a transfer ended. It may end the transfer.
  virtual void on_end(CURLcode code) = 0;
};

// Upstream makes transfers, on one thread.
class Upstream {
 public:
  // create gives nullptr where libcurl cannot be set up.
  [[nodiscard]] static std::unique_ptr<Upstream> create(UpstreamSettings settings);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  // poll waits for these sockets and for those of transfers, for `wait` at most.
  void poll(std::vector<curl_waitfd>& sockets, std::chrono::milliseconds wait);
  // work does what there is to do for all transfers.
  void work();
  // wake makes a poll that is waiting return. From any thread.
  void wake() noexcept { curl_multi_wakeup(multi_); }

 private:
  friend class UpstreamTransfer;
  Upstream(CURLM* multi, UpstreamSettings settings);

  CURLM* multi_;
  UpstreamSettings settings_;
  curl_slist* resolve_ = nullptr;
};

// UpstreamBody is what is known of a request's body before it is sent.
struct UpstreamBody {
  std::optional<std::uint64_t> size = {};
  bool rewindable = false;
  bool expects_continue = false;
};

class UpstreamTransfer {
 public:
  // send sends a request with exactly these fields. nullptr where libcurl refuses.
  [[nodiscard]] static std::unique_ptr<UpstreamTransfer> send(
      Upstream& upstream, UpstreamUser& user, const ProxyRequest& request,
      const ProxyFields& fields, const std::optional<UpstreamBody>& body);
  // connect opens a TCP connection; on_end says whether it stands, take_socket then gives it.
  [[nodiscard]] static std::unique_ptr<UpstreamTransfer> connect(Upstream& upstream,
                                                                 UpstreamUser& user,
                                                                 const std::string& authority);
  ~UpstreamTransfer();
  UpstreamTransfer(const UpstreamTransfer&) = delete;
  UpstreamTransfer& operator=(const UpstreamTransfer&) = delete;

  void resume_sending();
  void resume_receiving();
  [[nodiscard]] bool waits_for_body() const noexcept { return send_paused_; }
  [[nodiscard]] bool waits_for_room() const noexcept { return receive_paused_; }

  // take_socket gives the connection's socket, the caller's from then on; -1: there is none.
  [[nodiscard]] int take_socket();

  // failure says what to answer where the transfer ended with `code`.
  [[nodiscard]] Refused failure(CURLcode code) const;

 private:
  friend class Upstream;
  UpstreamTransfer(Upstream& upstream, UpstreamUser& user) : upstream_(upstream), user_(user) {}

  [[nodiscard]] bool begin();
  [[nodiscard]] bool set_request(const ProxyRequest& request,
                                 const std::optional<UpstreamBody>& body);
  [[nodiscard]] bool set_fields(const ProxyFields& fields, const std::optional<UpstreamBody>& body);
  template <typename T>
  [[nodiscard]] bool set(CURLoption option, T value) {
    return curl_easy_setopt(easy_, option, value) == CURLE_OK;
  }

  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static std::size_t read(char* out, std::size_t one, std::size_t count, void* self);
  static int seek(void* self, curl_off_t offset, int origin);
  static std::size_t header(char* data, std::size_t one, std::size_t count, void* self);
  static std::size_t write(char* data, std::size_t one, std::size_t count, void* self);
  [[nodiscard]] bool on_header_line(std::string_view line);
  [[nodiscard]] UpstreamHead head() const;

  Upstream& upstream_;
  UpstreamUser& user_;
  CURL* easy_ = nullptr;
  curl_slist* fields_ = nullptr;
  std::string status_line_;
  std::size_t head_size_ = 0;
  bool added_ = false;
  bool head_given_ = false;
  bool rewindable_ = false;
  bool send_paused_ = false;
  bool receive_paused_ = false;
  bool address_refused_ = false;
};

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_PROXY_UPSTREAM_H_
