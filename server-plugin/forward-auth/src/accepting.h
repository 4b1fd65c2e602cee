#ifndef WBA_FORWARD_AUTH_ACCEPTING_H_
#define WBA_FORWARD_AUTH_ACCEPTING_H_

#include <cstdint>
#include <memory>
#include <vector>

#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include <wba/guard/guard.h>

namespace wba::forward_auth {

// Keeping says whose connections are held back while descriptors are short.
enum class Keeping : std::uint8_t {
  some_free,  // some descriptors stay free: for the admin port, the log, directories and Redis
  none_free,  // it takes the last one, too
};

// Accepting has the new connections of one listening socket wait where there is no descriptor for
// them: libevent by itself would try again at once, and say so on standard error, without end. What
// waits does so in the system's queue, and is looked at ten times a second.
class Accepting {
 public:
  explicit Accepting(Keeping keeping) noexcept : keeping_(keeping) {}
  Accepting(const Accepting&) = delete;
  Accepting& operator=(const Accepting&) = delete;

  // begin takes over how `bound` of `http` accepts. Both belong to `base`, outlive this or end.
  [[nodiscard]] bool begin(event_base* base, evhttp* http, evhttp_bound_socket* bound);

  // run runs the loop on this thread until it ends.
  void run();

  // end leaves the listening socket alone from now on: it is about to be closed.
  void end() noexcept;

 private:
  void accepted() noexcept;
  void pause() noexcept;
  void look() noexcept;
  [[nodiscard]] bool has_room() const noexcept;

  struct EventFree {
    void operator()(event* object) const noexcept { event_free(object); }
  };

  Keeping keeping_;
  int ceiling_ = 0;  // descriptors from this number on are kept free
  event_base* base_ = nullptr;
  evconnlistener* listener_ = nullptr;
  std::unique_ptr<event, EventFree> again_;
};

// accepting_gauges are figures of that, for metrics.
[[nodiscard]] std::vector<guard::Gauge> accepting_gauges();

}  // namespace wba::forward_auth

#endif  // WBA_FORWARD_AUTH_ACCEPTING_H_
