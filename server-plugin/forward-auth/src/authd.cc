#include "authd.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <unistd.h>

#include "answer.h"
#include "question_stream.h"
#include "server/http_connections.h"
#include "server/listen.h"

namespace wba::forward_auth {
namespace {

constexpr ev_ssize_t kMaxHeaders = 65536;
// A question is its head: one that says that a body follows is refused, not waited for.
constexpr ev_ssize_t kMaxBody = 0;
// An admin request is short.
constexpr ev_ssize_t kMaxAdminHeaders = 8192;
constexpr std::chrono::seconds kAdminIdle{10};
constexpr std::size_t kMostAdminConnections = 64;

template <auto Free>
struct EventFree {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using EventBase = std::unique_ptr<event_base, EventFree<event_base_free>>;
using EventHttp = std::unique_ptr<evhttp, EventFree<evhttp_free>>;
using Event = std::unique_ptr<event, EventFree<event_free>>;

std::string_view method_of(evhttp_request* request) noexcept {
  switch (evhttp_request_get_command(request)) {
    case EVHTTP_REQ_GET:
      return "GET";
    case EVHTTP_REQ_POST:
      return "POST";
    case EVHTTP_REQ_HEAD:
      return "HEAD";
    case EVHTTP_REQ_PUT:
      return "PUT";
    case EVHTTP_REQ_DELETE:
      return "DELETE";
    case EVHTTP_REQ_OPTIONS:
      return "OPTIONS";
    case EVHTTP_REQ_TRACE:
      return "TRACE";
    case EVHTTP_REQ_CONNECT:
      return "CONNECT";
    case EVHTTP_REQ_PATCH:
      return "PATCH";
  }
  return "";
}

constexpr std::uint16_t kAllMethods = EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
                                      EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
                                      EVHTTP_REQ_PATCH;

// end_connection has libevent close the connection behind the answer.
void end_connection(evhttp_request* request) {
  evhttp_add_header(evhttp_request_get_output_headers(request), "Connection", "close");
}

void send(evhttp_request* request, int status, std::string_view body) {
  evbuffer* out = evhttp_request_get_output_buffer(request);
  evbuffer_add(out, body.data(), body.size());
  evhttp_send_reply(request, status, nullptr, nullptr);
}

// Loop is one thread: its events, its listening socket, its Worker.
class Loop {
 public:
  Loop(Answerer answerer, const AuthdOptions& options, std::atomic<bool>& draining,
       std::atomic<bool>& stopping)
      : base_(event_base_new()),
        http_(base_ ? evhttp_new(base_.get()) : nullptr),
        connections_({.program = "wba-authd",
                      .request = std::chrono::seconds(options.request_seconds),
                      .idle = std::chrono::seconds(options.idle_seconds),
                      .admit = [this](const auto& peer) { return answerer_.admits(peer); },
                      .make = make_question_stream}),
        answerer_(std::move(answerer)),
        draining_(draining),
        stopping_(stopping) {}

  [[nodiscard]] bool begin(int listener) {
    if (!base_ || !http_) {
      ::close(listener);
      return false;
    }
    evhttp_set_max_headers_size(http_.get(), kMaxHeaders);
    evhttp_set_max_body_size(http_.get(), kMaxBody);
    evhttp_set_allowed_methods(http_.get(), kAllMethods);
    evhttp_set_gencb(
        http_.get(),
        [](evhttp_request* request, void* self) { static_cast<Loop*>(self)->answer(request); },
        this);
    bound_ = evhttp_accept_socket_with_handle(http_.get(), listener);
    if (bound_ == nullptr) {
      ::close(listener);
      return false;
    }
    if (!connections_.begin(base_.get(), http_.get(), bound_)) return false;
    // Other threads are not allowed to touch this loop: it looks for itself whether it is to end.
    constexpr timeval kLook{.tv_sec = 0, .tv_usec = 50'000};
    look_.reset(event_new(
        base_.get(), -1, EV_PERSIST,
        [](evutil_socket_t, short, void* self) { static_cast<Loop*>(self)->look(); }, this));
    return look_ && event_add(look_.get(), &kLook) == 0;
  }

  void run() { connections_.run(); }

 private:
  void look() {
    if (!stopping_) return;
    if (bound_ != nullptr) {
      // What has been asked by now is answered before the loop ends.
      connections_.end();
      evhttp_del_accept_socket(http_.get(), bound_);
      bound_ = nullptr;
      return;
    }
    event_base_loopexit(base_.get(), nullptr);
  }

  void answer(evhttp_request* request) noexcept {
    try {
      fields_.clear();
      const evkeyvalq* headers = evhttp_request_get_input_headers(request);
      std::string_view host;
      for (const evkeyval* header = headers->tqh_first; header != nullptr;
           header = header->next.tqe_next) {
        fields_.push_back({header->key, header->value});
        if (host.empty() && field_name_equals(header->key, "host")) host = header->value;
      }
      char* address = nullptr;
      ev_uint16_t port = 0;
      if (auto* connection = evhttp_request_get_connection(request); connection != nullptr) {
        evhttp_connection_get_peer(connection, &address, &port);
      }
      const Request asking{.method = method_of(request),
                           .authority = host,
                           .target = evhttp_request_get_uri(request),
                           .fields = fields_};
      const Answer& answer = answerer_.answer(asking, address == nullptr ? "" : address);
      evkeyvalq* out = evhttp_request_get_output_headers(request);
      for (const auto& [name, value] : answer.headers) {
        evhttp_add_header(out, name.c_str(), value.c_str());
      }
      // Who is told so while it drains has no connection left that ends under its next asking.
      if (answer.close || draining_) end_connection(request);
      connections_.answered(request);
      send(request, answer.status, "");
    } catch (...) {
      end_connection(request);
      send(request, HTTP_SERVUNAVAIL, "");
    }
  }

  EventBase base_;
  EventHttp http_;
  Event look_;
  server::HttpConnections connections_;
  evhttp_bound_socket* bound_ = nullptr;
  Answerer answerer_;
  std::atomic<bool>& draining_;
  std::atomic<bool>& stopping_;
  std::vector<FieldLine> fields_;
};

// Admin is the loop for whoever watches the daemon.
class Admin {
 public:
  Admin(std::shared_ptr<guard::Guard> guard, std::atomic<bool>& draining,
        std::atomic<bool>& stopping)
      : base_(event_base_new()),
        http_(base_ ? evhttp_new(base_.get()) : nullptr),
        guard_(std::move(guard)),
        draining_(draining),
        stopping_(stopping) {}

  [[nodiscard]] bool begin(int listener) {
    auto* bound =
        base_ && http_ ? evhttp_accept_socket_with_handle(http_.get(), listener) : nullptr;
    if (bound == nullptr) {
      ::close(listener);
      return false;
    }
    if (!connections_.begin(base_.get(), http_.get(), bound)) return false;
    evhttp_set_max_headers_size(http_.get(), kMaxAdminHeaders);
    evhttp_set_max_body_size(http_.get(), kMaxBody);
    evhttp_set_allowed_methods(http_.get(), EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_gencb(
        http_.get(),
        [](evhttp_request* request, void* self) { static_cast<Admin*>(self)->answer(request); },
        this);
    constexpr timeval kLook{.tv_sec = 0, .tv_usec = 50'000};
    look_.reset(event_new(
        base_.get(), -1, EV_PERSIST,
        [](evutil_socket_t, short, void* self) {
          auto* admin = static_cast<Admin*>(self);
          if (admin->stopping_) event_base_loopexit(admin->base_.get(), nullptr);
        },
        this));
    return look_ && event_add(look_.get(), &kLook) == 0;
  }

  void run() { connections_.run(); }

 private:
  void answer(evhttp_request* request) noexcept {
    connections_.answered(request);
    try {
      const std::string_view target = evhttp_request_get_uri(request);
      if (target == "/health") return send(request, HTTP_OK, "alive\n");
      if (target == "/ready") {
        return draining_ ? send(request, HTTP_SERVUNAVAIL, "draining\n")
                         : send(request, HTTP_OK, "ready\n");
      }
      if (target == "/metrics") {
        evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
                          "text/plain; version=0.0.4");
        return send(request, HTTP_OK, guard_->metrics());
      }
      send(request, HTTP_NOTFOUND, "/health, /ready or /metrics\n");
    } catch (...) {
      send(request, HTTP_SERVUNAVAIL, "");
    }
  }

  EventBase base_;
  EventHttp http_;
  Event look_;
  server::HttpConnections connections_{{.program = "wba-authd",
                                        .keeping = server::Keeping::none_free,
                                        .share = {.all = kMostAdminConnections},
                                        .idle = kAdminIdle}};
  std::shared_ptr<guard::Guard> guard_;
  std::atomic<bool>& draining_;
  std::atomic<bool>& stopping_;
};

}  // namespace

struct Authd::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  // Also where not all threads could be made.
  ~State() { end(); }

  std::atomic<bool> draining{false};
  std::atomic<bool> stopping{false};
  std::uint16_t port = 0;
  std::uint16_t admin_port = 0;
  std::vector<std::unique_ptr<Loop>> loops;
  std::unique_ptr<Admin> admin;
  std::vector<std::thread> threads;

  std::expected<void, std::string> begin(const std::shared_ptr<guard::Guard>& guard,
                                         const AuthdOptions& options) {
    const unsigned count =
        options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
    port = options.port;
    // The loops share the port among them, and with no other daemon: of two that do not know of
    // each other each would see half of the nonces.
    if (port != 0) {
      const auto alone = server::bind_to(options.address, port, server::Sharing::alone);
      if (!alone) return std::unexpected(alone.error());
      ::close(*alone);
    }
    const auto passed = std::make_shared<PassedRequests>();
    for (unsigned i = 0; i < count; ++i) {
      const auto listener = server::listen_on(options.address, port, server::Sharing::shared);
      if (!listener) return std::unexpected(listener.error());
      port = server::port_of(*listener);
      loops.push_back(
          std::make_unique<Loop>(Answerer(guard, options, passed), options, draining, stopping));
      if (!loops.back()->begin(*listener)) {
        return std::unexpected("cannot make an event loop");
      }
    }
    const auto listener =
        server::listen_on("127.0.0.1", options.admin_port, server::Sharing::alone);
    if (!listener) return std::unexpected(listener.error());
    admin_port = server::port_of(*listener);
    admin = std::make_unique<Admin>(guard, draining, stopping);
    if (!admin->begin(*listener)) return std::unexpected("cannot make an event loop");
    threads.reserve(loops.size() + 1);
    for (auto& loop : loops) threads.emplace_back([&loop] { loop->run(); });
    threads.emplace_back([this] { admin->run(); });
    return {};
  }

  void end() noexcept {
    draining = true;
    stopping = true;
    for (auto& thread : threads) {
      if (thread.joinable()) thread.join();
    }
    // Connections that were kept are closed, so that proxies see at once that nobody is there.
    loops.clear();
    admin.reset();
  }
};

Authd::Authd(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Authd::~Authd() = default;

std::expected<std::unique_ptr<Authd>, std::string> Authd::start(std::shared_ptr<guard::Guard> guard,
                                                                const AuthdOptions& options) {
  auto state = std::make_unique<State>();
  if (auto begun = state->begin(guard, options); !begun) return std::unexpected(begun.error());
  return std::unique_ptr<Authd>(new Authd(std::move(state)));
}

std::uint16_t Authd::port() const noexcept { return state_->port; }
std::uint16_t Authd::admin_port() const noexcept { return state_->admin_port; }
void Authd::drain() noexcept { state_->draining = true; }

void Authd::stop() noexcept { state_->end(); }

}  // namespace wba::forward_auth
