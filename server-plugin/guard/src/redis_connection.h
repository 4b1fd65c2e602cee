#ifndef WBA_GUARD_REDIS_CONNECTION_H_
#define WBA_GUARD_REDIS_CONNECTION_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hiredis/hiredis.h>

#include "crypto/tls_client.h"

namespace wba::guard {

struct RedisReplyFree {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using RedisReply = std::unique_ptr<redisReply, RedisReplyFree>;

// RedisConnection is a connection on which no step outlasts its deadline, however slowly the other
// end answers: hiredis' own time-outs begin anew with every read. hiredis opens the socket, writes
// commands and reads replies in memory; what is between is here, over TLS or not.
class RedisConnection {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // to_address takes a numeric address: nothing is looked up. With `tls`, which must outlive this,
  // the connection stands when the server's certificate was verified. nullptr: not connected.
  static std::unique_ptr<RedisConnection> to_address(const std::string& address, std::uint16_t port,
                                                     const crypto::TlsClient* tls,
                                                     Deadline deadline);
  static std::unique_ptr<RedisConnection> to_socket(const std::string& path, Deadline deadline);

  // exchange sends one command and gives the reply, of which no part is an array. nullptr: none
  // came before the deadline, or one that is too large, and the connection is of no more use.
  RedisReply exchange(const std::vector<std::string_view>& words, Deadline deadline);

  // was_closed returns true if the last exchange found that the server had closed the connection.
  [[nodiscard]] bool was_closed() const noexcept { return closed_; }

 private:
  struct ContextFree {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
  };
  using Context = std::unique_ptr<redisContext, ContextFree>;
  using Progress = crypto::TlsClient::Session::Progress;

  explicit RedisConnection(Context context) noexcept : context_(std::move(context)) {}
  static std::unique_ptr<RedisConnection> finish(Context context, const crypto::TlsClient* tls,
                                                 Deadline deadline);
  [[nodiscard]] bool wait(short event, Deadline deadline) const noexcept;
  [[nodiscard]] bool send(std::string_view octets, Deadline deadline) const noexcept;
  [[nodiscard]] bool receive(std::string& out, Deadline deadline);
  [[nodiscard]] bool write(std::string_view octets, Deadline deadline);
  [[nodiscard]] bool read(std::string& out, Deadline deadline);
  template <typename Step>
  [[nodiscard]] bool drive(Step step, Deadline deadline);

  Context context_;
  std::unique_ptr<crypto::TlsClient::Session> tls_;  // nullptr: none
  std::string octets_;
  bool closed_ = false;
};

}  // namespace wba::guard

#endif  // WBA_GUARD_REDIS_CONNECTION_H_
