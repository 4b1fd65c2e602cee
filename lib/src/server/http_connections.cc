#include "server/http_connections.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <limits>
#include <new>
#include <utility>

#include <event2/buffer.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace wba::server {
namespace {

constexpr int kMostKept = 64;
constexpr timeval kAgain{.tv_sec = 0, .tv_usec = 100'000};
constexpr std::chrono::seconds kTellAgain{60};

std::atomic<std::uint64_t> pauses{0};

// What libevent hands to a callback about errors is not ours to choose.
thread_local HttpConnections* of_this_thread = nullptr;

// A quarter of few is kept free, and no more than is needed of many.
int ceiling() noexcept {
  constexpr std::size_t kMost = std::numeric_limits<int>::max();
  const int all = static_cast<int>(std::min(descriptor_limit(), kMost));
  return all - std::min(all / 4, kMostKept);
}

// Notice writes a line to standard error, at most once a minute.
class Notice {
 public:
  Notice(const char* error, const char* hint) noexcept : error_(error), hint_(hint) {}

  void tell(const std::string& program) noexcept {
    const auto now = Clock::now().time_since_epoch();
    auto due = next_.load();
    if (now < due || !next_.compare_exchange_strong(due, now + kTellAgain)) return;
    std::fprintf(stderr, "%s: error: %s\n%s: hint: %s\n", program.c_str(), error_, program.c_str(),
                 hint_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  const char* error_;
  const char* hint_;
  std::atomic<Clock::duration> next_{Clock::duration::min()};
};

// evhttp takes its callbacks away from a stream that it is done with.
bool is_ended(bufferevent* stream) noexcept {
  bufferevent_event_cb on_event = nullptr;
  bufferevent_getcb(stream, nullptr, nullptr, &on_event, nullptr);
  return on_event == nullptr;
}

// close_stream has evhttp find the end of the connection and free it.
void close_stream(bufferevent* stream) noexcept {
  if (!is_ended(stream)) ::shutdown(bufferevent_getfd(stream), SHUT_RDWR);
}

}  // namespace

// Connection holds a share of its stream: it can be looked at after evhttp is done with it.
struct HttpConnections::Connection {
  Connection(bufferevent* shared, Holder who, Clock::time_point until) noexcept
      : stream(shared), held{.holder = who, .progress = Clock::now()}, deadline(until) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (watch != nullptr) evbuffer_remove_cb_entry(bufferevent_get_input(stream), watch);
    bufferevent_decref(stream);
  }

  bufferevent* stream;
  evbuffer_cb_entry* watch = nullptr;
  Held held;
  Clock::time_point deadline;
  std::chrono::milliseconds patience{};  // for a request
  bool waiting = true;                   // for the rest of a request
};

HttpConnections::HttpConnections(ConnectionSettings settings) : settings_(std::move(settings)) {}

HttpConnections::~HttpConnections() {
  for (bufferevent* stream : fresh_) bufferevent_decref(stream);
}

bool HttpConnections::begin(event_base* base, evhttp* http, evhttp_bound_socket* bound) {
  base_ = base;
  ceiling_ = ceiling();
  listener_ = evhttp_bound_socket_get_listener(bound);
  const auto make = [&](short flags, event_callback_fn callback) {
    return Event(event_new(base, -1, flags, callback, this));
  };
  again_ = make(
      0, [](evutil_socket_t, short, void* self) { static_cast<HttpConnections*>(self)->look(); });
  take_ = make(0, [](evutil_socket_t, short, void* self) {
    static_cast<HttpConnections*>(self)->take_all();
  });
  late_ = make(EV_PERSIST, [](evutil_socket_t, short, void* self) {
    static_cast<HttpConnections*>(self)->close_late();
  });
  // Without it evhttp goes by a time-out of its own.
  const auto longest = std::max(settings_.idle, settings_.request);
  evhttp_set_timeout(http, static_cast<int>(longest / std::chrono::seconds(1)) + 1);
  if (listener_ == nullptr || !again_ || !take_ || !late_ || event_add(late_.get(), &kAgain) != 0) {
    return false;
  }
  evconnlistener_set_error_cb(listener_, [](evconnlistener*, void*) {
    if (of_this_thread != nullptr) of_this_thread->pause();
  });
  // Called for each connection, before evhttp gives it its socket.
  evhttp_set_bevcb(
      http, [](event_base*, void* self) { return static_cast<HttpConnections*>(self)->accepted(); },
      this);
  return true;
}

void HttpConnections::run() {
  of_this_thread = this;
  event_base_dispatch(base_);
  of_this_thread = nullptr;
}

void HttpConnections::end() noexcept {
  again_.reset();
  listener_ = nullptr;
}

bufferevent* HttpConnections::accepted() noexcept {
  if (settings_.keeping == Keeping::some_free && !has_room()) pause();
  bufferevent* stream = nullptr;
  try {
    fresh_.reserve(fresh_.size() + 1);
    stream = settings_.make ? settings_.make(base_) : bufferevent_socket_new(base_, -1, 0);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  if (stream == nullptr) return nullptr;
  bufferevent_incref(stream);
  fresh_.push_back(stream);
  event_active(take_.get(), EV_TIMEOUT, 0);
  return stream;
}

void HttpConnections::take_all() noexcept {
  for (bufferevent* stream : std::exchange(fresh_, {})) {
    try {
      take(stream);
    } catch (const std::bad_alloc&) {
      close_stream(stream);
      bufferevent_decref(stream);
    }
  }
}

void HttpConnections::take(bufferevent* stream) {
  static Notice notice("a peer that is no trusted proxy was turned away",
                       "a proxy of yours must be in [server] trusted_proxies");
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  const int fd = is_ended(stream) ? -1 : bufferevent_getfd(stream);
  const bool is_open = fd >= 0 && ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
  if (!is_open || (settings_.admit && !settings_.admit(peer))) {
    if (is_open) notice.tell(settings_.program);
    close_stream(stream);
    bufferevent_decref(stream);
    return;
  }
  const Holder holder = holder_of(peer);
  make_room(holder);
  const auto at = static_cast<std::size_t>(fd);
  if (connections_.size() <= at) connections_.resize(at + 1);
  // What had this descriptor before has ended.
  auto made = std::make_unique<Connection>(stream, holder, Clock::now() + settings_.request);
  made->patience = settings_.request;
  made->watch = evbuffer_add_cb(
      bufferevent_get_input(stream),
      [](evbuffer*, const evbuffer_cb_info* info, void* self) {
        auto* connection = static_cast<Connection*>(self);
        if (info->n_added == 0 || connection->waiting) return;
        connection->waiting = true;
        connection->deadline = Clock::now() + connection->patience;
      },
      made.get());
  connections_[at] = std::move(made);
}

void HttpConnections::make_room(Holder newcomer) {
  if (settings_.share.all == ShareLimits{}.all && settings_.share.each == ShareLimits{}.each)
    return;
  std::vector<Held> held;
  std::vector<std::size_t> where;
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (connections_[i] == nullptr || is_ended(connections_[i]->stream)) continue;
    held.push_back(connections_[i]->held);
    where.push_back(i);
  }
  const auto victim = makes_room(held, newcomer, settings_.share);
  if (!victim) return;
  auto& closed = connections_[where[*victim]];
  close_stream(closed->stream);
  closed.reset();
}

void HttpConnections::answered(evhttp_request* request) noexcept {
  bufferevent* stream = evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
  const auto at = static_cast<std::size_t>(bufferevent_getfd(stream));
  if (at >= connections_.size() || connections_[at] == nullptr) return;
  Connection& connection = *connections_[at];
  if (connection.stream != stream) return;
  connection.waiting = false;
  connection.held.progress = Clock::now();
  connection.deadline = connection.held.progress + settings_.idle;
}

void HttpConnections::close_late() noexcept {
  const auto now = Clock::now();
  for (auto& connection : connections_) {
    if (connection == nullptr) continue;
    if (now >= connection->deadline) close_stream(connection->stream);
    if (is_ended(connection->stream) || now >= connection->deadline) connection.reset();
  }
}

// close_waiting closes the older half of those that have asked nothing yet, or no whole request.
void HttpConnections::close_waiting() noexcept {
  const auto now = Clock::now();
  auto oldest = now;
  for (const auto& connection : connections_) {
    if (connection != nullptr && connection->waiting) {
      oldest = std::min(oldest, connection->held.progress);
    }
  }
  const auto middle = oldest + (now - oldest) / 2;
  for (auto& connection : connections_) {
    if (connection == nullptr || !connection->waiting) continue;
    if (connection->held.progress > middle) continue;
    close_stream(connection->stream);
    connection.reset();
  }
}

void HttpConnections::pause() noexcept {
  static Notice notice("out of file descriptors: new connections wait",
                       "raise LimitNOFILE, or have the clients keep fewer connections");
  if (listener_ == nullptr) return;
  pauses.fetch_add(1, std::memory_order_relaxed);
  notice.tell(settings_.program);
  close_waiting();
  // Without a timer it must go on as it is.
  if (event_add(again_.get(), &kAgain) == 0) evconnlistener_disable(listener_);
}

void HttpConnections::look() noexcept {
  if (listener_ == nullptr) return;
  if (has_room()) {
    evconnlistener_enable(listener_);
  } else {
    close_waiting();
    event_add(again_.get(), &kAgain);
  }
}

// The lowest descriptor that is free tells whether those below the ceiling are taken.
bool HttpConnections::has_room() const noexcept {
  if (listener_ == nullptr) return true;
  const int lowest = ::fcntl(evconnlistener_get_fd(listener_), F_DUPFD_CLOEXEC, 0);
  if (lowest < 0) return false;
  ::close(lowest);
  return settings_.keeping == Keeping::none_free || lowest < ceiling_;
}

void raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<int>::max();
  return limit.rlim_cur;
}

std::uint64_t accept_pauses() noexcept { return pauses.load(std::memory_order_relaxed); }

}  // namespace wba::server
