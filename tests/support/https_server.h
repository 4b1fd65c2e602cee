#ifndef WBA_TESTS_SUPPORT_HTTPS_SERVER_H_
#define WBA_TESTS_SUPPORT_HTTPS_SERVER_H_

// A real HTTPS server on loopback that does what it is told, faults included.
//
//   wba::test::TestCa ca;
//   wba::test::HttpsServer server(ca, {"agent.test"}, [&](const wba::test::HttpRequest& request) {
//     return wba::test::directory_reply(R"({"keys":[…]})");       // or fault(Fault::drip, …)
//   });
//   // curl options that lead there: --cacert ca.file(), --resolve server.resolve("agent.test"),
//   // URL server.url("agent.test", "/.well-known/…"); it listens on 127.0.0.1 and any free port.
//   EXPECT_EQ(server.requests(), 1);
//
// One thread a connection; one request a connection unless `keep_alive` is asked for. The
// destructor stops it, stalled replies too.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/test_ca.h"

namespace wba::test {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string target;
  HttpFields fields;  // names in lower case
  std::string body;   // decoded where it came in chunks

  // field gives the first value of the field `name` (lower case); empty where there is none.
  [[nodiscard]] std::string field(std::string_view name) const;
};

// HttpReply is an answer and how it is to go wrong. Content-Length is that of `body` unless
// `content_length` says another or `chunked` is set.
struct HttpReply {
  int status = 200;
  HttpFields fields = {};
  std::string body = {};
  std::optional<std::size_t> content_length = std::nullopt;
  bool chunked = false;
  std::chrono::milliseconds delay{0};  // before the first octet
  std::chrono::milliseconds drip{0};   // between octets of the body; 0: all at once
  std::optional<std::size_t> close_after = std::nullopt;  // cut the connection behind so much body
  bool no_reply = false;                                  // cut it without an answer
};

using HttpHandler = std::function<HttpReply(const HttpRequest&)>;

struct HttpsServerOptions {
  bool expired_certificate = false;
  bool keep_alive = false;  // further requests on a connection are answered
};

class HttpsServer {
 public:
  // `names` are what the certificate is for: a server under another name has the wrong host name.
  HttpsServer(const TestCa& ca, const std::vector<std::string>& names, HttpHandler handler,
              HttpsServerOptions options = {});
  ~HttpsServer();
  HttpsServer(const HttpsServer&) = delete;
  HttpsServer& operator=(const HttpsServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  // url gives "https://HOST:PORT" and `target`.
  [[nodiscard]] std::string url(std::string_view host, std::string_view target = "") const;

  // resolve gives "HOST:PORT:127.0.0.1" as curl's --resolve takes it.
  [[nodiscard]] std::string resolve(std::string_view host) const;

  // requests counts requests read, connections those accepted, most_at_once the most requests that
  // were being answered at the same time.
  [[nodiscard]] int requests() const { return requests_; }
  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] int most_at_once() const { return most_at_once_; }

  // last_request is the latest request read.
  [[nodiscard]] HttpRequest last_request() const;

  // set_handler replaces what answers; requests that have begun keep the old one.
  void set_handler(HttpHandler handler);

 private:
  void accept_loop();
  void serve(int socket);
  // serve_request reads and answers one request; false where the connection is to be closed.
  // `pending` is what was read and not yet looked at.
  bool serve_request(SSL* ssl, std::string& pending);
  bool answer(SSL* ssl, const HttpReply& reply, bool with_body);
  bool pause(std::chrono::milliseconds time);  // false when the server stops

  HttpHandler handler_;
  bool keep_alive_;
  SslContext context_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> requests_{0};
  std::atomic<int> connections_{0};
  std::atomic<int> at_once_{0};
  std::atomic<int> most_at_once_{0};
  mutable std::mutex mutex_;
  std::condition_variable stop_signal_;
  bool stopping_ = false;
  HttpRequest last_request_;
  std::list<int> sockets_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

// directory_reply is a good answer for a key directory: status, media type and body.
[[nodiscard]] HttpReply directory_reply(std::string body, HttpFields fields = {});

// Fault is a way for a directory to go wrong. An expired certificate and a wrong host name are
// options of the server instead.
enum class Fault : std::uint8_t {
  stall,              // accepts and never answers
  drip,               // one octet of the body every 200 ms
  close_early,        // half the body, then the connection is cut
  no_reply,           // the connection is cut instead of an answer
  long_length,        // Content-Length says more than comes
  short_length,       // Content-Length says less than comes
  endless_chunks,     // 8 MB without Content-Length
  gzip_bomb,          // 64 KB that decode to over 8 MB
  redirect,           // 302 to `/elsewhere`
  not_modified,       // 304 to an unconditional request
  not_found,          // 404
  not_acceptable,     // 406
  too_many_requests,  // 429, Retry-After: 120
  server_error,       // 500
  no_content,         // 204
  wrong_media_type,   // a good body as application/octet-stream
  html,               // a captive portal: 200, text/html
  not_json,           // right media type, no JSON
  empty_set,          // {"keys":[]}
  many_keys,          // 10,000 different Ed25519 keys
  deep_json,          // 100,000 opening brackets
};

inline constexpr Fault all_faults[] = {Fault::stall,
                                       Fault::drip,
                                       Fault::close_early,
                                       Fault::no_reply,
                                       Fault::long_length,
                                       Fault::short_length,
                                       Fault::endless_chunks,
                                       Fault::gzip_bomb,
                                       Fault::redirect,
                                       Fault::not_modified,
                                       Fault::not_found,
                                       Fault::not_acceptable,
                                       Fault::too_many_requests,
                                       Fault::server_error,
                                       Fault::no_content,
                                       Fault::wrong_media_type,
                                       Fault::html,
                                       Fault::not_json,
                                       Fault::empty_set,
                                       Fault::many_keys,
                                       Fault::deep_json};

[[nodiscard]] std::string_view to_string(Fault fault);

// fault gives the faulty answer; `body` is the good one.
[[nodiscard]] HttpReply fault(Fault fault, std::string body);

// gzip_stored wraps `data` as gzip without compressing it.
[[nodiscard]] std::string gzip_stored(std::string_view data);

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_HTTPS_SERVER_H_
