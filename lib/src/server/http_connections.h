#ifndef WBA_SERVER_HTTP_CONNECTIONS_H_
#define WBA_SERVER_HTTP_CONNECTIONS_H_

// The connections of an evhttp: whose are taken, how many, and for how long. libevent's own
// time-out begins anew with every octet, so that a client can keep a connection with one octet a
// minute.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "server/fair_share.h"

namespace wba::server {

// Keeping says whose connections are held back while descriptors are short.
enum class Keeping : std::uint8_t {
  some_free,  // some descriptors stay free, for whatever else the process does
  none_free,  // it takes the last one, too
};

struct ConnectionSettings {
  std::string program;  // begins what is written to standard error
  Keeping keeping = Keeping::some_free;
  ShareLimits share = {};
  // For a request to arrive whole, TLS included, and between two requests.
  std::chrono::milliseconds request = std::chrono::seconds(10);
  std::chrono::milliseconds idle = std::chrono::seconds(120);
  // False: the connection is closed before anything is read from it. Empty: all are taken.
  std::function<bool(const sockaddr_storage& peer)> admit = {};
  // Makes what a connection is read with, as for TLS. Empty: a plain socket.
  std::function<bufferevent*(event_base* base)> make = {};
};

// HttpConnections looks after the connections of one evhttp, on the thread of its loop. New ones
// wait in the system's queue while there is no descriptor for them: libevent by itself would try
// again at once, and say so on standard error, without end.
class HttpConnections {
 public:
  explicit HttpConnections(ConnectionSettings settings);
  HttpConnections(const HttpConnections&) = delete;
  HttpConnections& operator=(const HttpConnections&) = delete;
  // Before `http` and `base` are freed.
  ~HttpConnections();

  // begin takes over how `bound` of `http` accepts. All three outlive this, or `bound` ends by end.
  [[nodiscard]] bool begin(event_base* base, evhttp* http, evhttp_bound_socket* bound);

  // run runs the loop on this thread until it ends.
  void run();

  // answered notes that `request` has been answered: until the next its connection is idle.
  void answered(evhttp_request* request) noexcept;

  // end leaves the listening socket alone from now on: it is about to be closed.
  void end() noexcept;

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection;
  struct EventFree {
    void operator()(event* object) const noexcept { event_free(object); }
  };
  using Event = std::unique_ptr<event, EventFree>;

  [[nodiscard]] bufferevent* accepted() noexcept;
  void take(bufferevent* stream);
  void take_all() noexcept;
  void make_room(Holder newcomer);
  void close_late() noexcept;
  void close_waiting() noexcept;
  void pause() noexcept;
  void look() noexcept;
  [[nodiscard]] bool has_room() const noexcept;

  ConnectionSettings settings_;
  int ceiling_ = 0;  // descriptors from this number on are kept free
  event_base* base_ = nullptr;
  evconnlistener* listener_ = nullptr;
  Event again_;
  Event take_;
  Event late_;
  std::vector<bufferevent*> fresh_;                       // accepted since take_all
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
};

// raise_descriptor_limit takes as many descriptors as the system gives.
void raise_descriptor_limit() noexcept;
// descriptor_limit gives how many this process may have open.
[[nodiscard]] std::size_t descriptor_limit() noexcept;

// accept_pauses counts the times that new connections waited for a descriptor, in this process.
[[nodiscard]] std::uint64_t accept_pauses() noexcept;

}  // namespace wba::server

#endif  // WBA_SERVER_HTTP_CONNECTIONS_H_
