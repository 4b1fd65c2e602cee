#ifndef WBA_TOOLS_AGENT_PROXY_CONNECTION_H_
#define WBA_TOOLS_AGENT_PROXY_CONNECTION_H_

// A client's connection: its requests one after the other, each signed and sent on, or a tunnel.
// What is held for it is bounded: who does not take what came is not sent more, on either side.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/tls_interception.h"
#include "proxy_body.h"
#include "proxy_channel.h"
#include "proxy_message.h"
#include "proxy_policy.h"
#include "proxy_socket.h"
#include "proxy_upstream.h"

namespace wba::agent {

struct ProxyLimits {
  std::size_t connections = 256;
  // What is held of a body so that it can be digested before it is sent.
  std::size_t digest_body = std::size_t{1} << 20U;
  std::chrono::milliseconds head = std::chrono::seconds(15);    // for a head to arrive
  std::chrono::milliseconds idle = std::chrono::seconds(60);    // between two requests
  std::chrono::milliseconds stall = std::chrono::seconds(300);  // in which nothing moves
  std::chrono::milliseconds tunnel = std::chrono::minutes(30);  // the same, in a tunnel
  std::chrono::milliseconds linger = std::chrono::seconds(2);   // for a last answer to be read
  std::chrono::milliseconds stop = std::chrono::seconds(30);    // for what is under way
};

// ProxyShared is what all connections have in common.
struct ProxyShared {
  ProxyPolicy policy;
  Upstream& upstream;
  ProxyLimits limits;
  // Where there is one, no tunnel is made: TLS ends here, and what is inside is signed.
  std::optional<crypto::InterceptionAuthority> interception;
  bool stopping = false;  // what is under way is finished
};

class ProxyConnection final : private UpstreamUser {
 public:
  using Clock = std::chrono::steady_clock;

  // What is held at most: of what the client sent and nobody looked at, of a request's body that
  // is on its way, and of what the client has not taken. A head that is too large still fits.
  static constexpr std::size_t max_in = std::size_t{64} << 10U;
  static constexpr std::size_t max_pending = std::size_t{64} << 10U;
  static constexpr std::size_t max_out = std::size_t{256} << 10U;
  static_assert(max_in > max_proxy_head + 4);

  // The connection takes the socket over. One whose user the policy does not know is refused.
  ProxyConnection(int fd, ProxyShared& shared, Clock::time_point now);
  ~ProxyConnection() override;
  ProxyConnection(const ProxyConnection&) = delete;
  ProxyConnection& operator=(const ProxyConnection&) = delete;

  // add_sockets asks for calls of on_ready.
  void add_sockets(std::vector<curl_waitfd>& sockets) const;
  void on_ready();
  // work does what can be done by now; true where it stopped before the end, for others' sake.
  bool work(Clock::time_point now);

  [[nodiscard]] bool closed() const noexcept { return state_ == State::closed; }
  // idle: it can be closed without anybody missing an answer.
  [[nodiscard]] bool idle() const noexcept {
    return state_ == State::lingering || (state_ == State::head && in_.empty() && out_.empty());
  }
  [[nodiscard]] Clock::time_point deadline() const noexcept { return deadline_; }

 private:
  enum class State : std::uint8_t {
    head,        // a request is read
    holding,     // its body is read whole
    forwarding,  // it was sent, or is being sent
    connecting,  // a tunnel is made
    tunnelling,
    draining,   // the last answer is written
    lingering,  // and the client given time to read it
    closed,
  };
  enum class AnswerFraming : std::uint8_t { none, length, chunked, until_close };

  [[nodiscard]] std::optional<std::size_t> read_body(std::span<char> out) override;
  [[nodiscard]] bool rewind_body() override;
  void on_head(UpstreamHead head) override;
  [[nodiscard]] bool on_body(std::string_view part) override;
  void on_end(CURLcode code) override;

  // step does one thing of what the state asks for; false where there is nothing to do.
  [[nodiscard]] bool step();
  [[nodiscard]] bool read_head();
  void begin(ProxyRequest request);
  void send_request();
  [[nodiscard]] bool collect_body();
  [[nodiscard]] bool move_bodies();
  void open_tunnel();
  void intercept();
  [[nodiscard]] bool relay();
  void finish_answer();
  // refuse answers by itself; the request has not been sent, or its answer has not begun.
  void refuse(const Refused& refused);
  void refuse_and_note(const Refused& refused, ProxyPolicy::What what = ProxyPolicy::What::refused);
  // cut ends an answer that cannot be finished so that the client sees it.
  void cut(std::string_view reason);
  void on_deadline();
  void allow(std::chrono::milliseconds time) { deadline_ = now_ + time; }
  [[nodiscard]] std::chrono::milliseconds patience() const;
  [[nodiscard]] bool reads() const;
  void send_continue();

  ProxyShared& shared_;
  ProxyChannel client_;
  std::optional<uid_t> user_;
  State state_ = State::head;
  Clock::time_point now_;
  Clock::time_point deadline_;
  bool moved_ = false;       // since the last work
  bool head_begun_ = false;  // octets of a head have arrived

  std::string in_;   // from the client, not looked at
  std::string out_;  // to the client

  ProxyRequest request_;
  BodyReader body_;
  std::string pending_;         // of the request's body, decoded
  std::size_t pending_at_ = 0;  // sent, where it is held whole
  bool held_ = false;           // pending_ is to be the whole body
  bool digested_ = false;       // which gets a Content-Digest
  bool body_broken_ = false;
  bool continued_ = false;
  std::unique_ptr<UpstreamTransfer> transfer_;

  bool answered_ = false;
  AnswerFraming answer_framing_ = AnswerFraming::none;
  std::uint64_t answer_left_ = 0;  // where that is length
  bool close_after_ = false;
  bool reset_after_ = false;

  std::optional<ProxySocket> server_;  // the other end of a tunnel

  std::string inside_;                      // whose place is taken, an authority
  std::unique_ptr<crypto::TlsServer> tls_;  // to begin once the answer has left
};

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_PROXY_CONNECTION_H_
