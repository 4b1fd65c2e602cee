#ifndef WBA_GUARD_HTTPLIB_H_
#define WBA_GUARD_HTTPLIB_H_

// The guard in front of a cpp-httplib server:
//
//   wba::guard::GuardedServer<httplib::SSLServer> server(guard, "cert.pem", "key.pem");
//   server.Get("/", [](const httplib::Request&, httplib::Response& response) {
//     const auto* decision = wba::guard::current_decision();   // who it is
//     …
//   });
//
// cpp-httplib 0.11 undoes percent-encoding in field values before anybody sees them: a signature
// that covers a field with "%" in its value does not verify here.
//
// It also leaves on the connection what it has not read of a request, and takes that for the next:
// a proxy in front would hand the answer to another client. So a connection is kept only after a
// request that was read to its end beyond doubt: one without a body, or one with a Content-Length
// that reached a handler. All other answers close it, refusals of requests with a body among them.

// A thread of cpp-httplib waits for each connection, also for one that says nothing: as many of
// these as there are threads (eight or more, by the processor) keep everybody else out, each for as
// long as the read time-out lasts, and for longer if an octet comes now and then. It has no
// time-out for a whole request. Let a proxy stand in front of a server that strangers can reach.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <httplib.h>

#include <wba/guard/guard.h>

namespace wba::guard {

// current_decision gives the decision on the request that this thread is handling: in handlers and
// in an error or post-routing handler. nullptr everywhere else, in content providers too, and where
// the request was not let pass or could not be read. It lives as long as the handler runs.
[[nodiscard]] const Decision* current_decision() noexcept;

// have_port_alone makes a listening socket share its port with no other: cpp-httplib lets two
// servers have one, and each would see half of the nonces.
void have_port_alone(socket_t listener);

// HttplibGuard is what GuardedServer calls. Each thread of the server gets a Worker of its own.
class HttplibGuard {
 public:
  explicit HttplibGuard(std::shared_ptr<Guard> guard);

  // before_routing decides about requests whose body is not asked for. true: it was answered. A
  // body that cpp-httplib would not read, as of a GET, or whose end is not clear, is refused with
  // 400.
  bool before_routing(const httplib::Request& request, httplib::Response& response);

  // before_handler decides about the others, whose body has been read by then. true: answered.
  bool before_handler(const httplib::Request& request, httplib::Response& response);

  // after_routing comes last before every response, whether routed or not. It ends the connection
  // where something may be left on it.
  void after_routing(const httplib::Request& request, httplib::Response& response);

  [[nodiscard]] Guard& guard() noexcept { return *guard_; }

 private:
  bool decide(const httplib::Request& request, std::optional<std::string_view> body,
              httplib::Response& response);

  std::shared_ptr<Guard> guard_;
  std::uint64_t id_;
};

// GuardedServer is an httplib::Server or SSLServer whose every handler stands behind the guard.
// Create the guard with `sees_bodies`: where a route asks for body_digest, the handler is called
// once the body was compared. (Multipart forms and compressed bodies come decoded, so that they
// cannot be compared: such a route refuses them.) Handlers that read content in pieces are not
// offered. The arguments after the guard are those of `Base`.
template <typename Base>
class GuardedServer : public Base {
 public:
  using Handler = httplib::Server::Handler;

  template <typename... Arguments>
  explicit GuardedServer(std::shared_ptr<Guard> guard, Arguments&&... arguments)
      : Base(std::forward<Arguments>(arguments)...), guard_(std::move(guard)) {
    Base::set_socket_options(have_port_alone);
    set_pre_routing_handler(nullptr);
    set_post_routing_handler(nullptr);
  }

  GuardedServer& Get(const std::string& pattern, Handler handler) {
    Base::Get(pattern, guarded(std::move(handler)));
    return *this;
  }
  GuardedServer& Post(const std::string& pattern, Handler handler) {
    Base::Post(pattern, guarded(std::move(handler)));
    return *this;
  }
  GuardedServer& Put(const std::string& pattern, Handler handler) {
    Base::Put(pattern, guarded(std::move(handler)));
    return *this;
  }
  GuardedServer& Patch(const std::string& pattern, Handler handler) {
    Base::Patch(pattern, guarded(std::move(handler)));
    return *this;
  }
  GuardedServer& Delete(const std::string& pattern, Handler handler) {
    Base::Delete(pattern, guarded(std::move(handler)));
    return *this;
  }
  GuardedServer& Options(const std::string& pattern, Handler handler) {
    Base::Options(pattern, guarded(std::move(handler)));
    return *this;
  }

  // set_pre_routing_handler's handler is called for what the guard does not answer before routing.
  GuardedServer& set_pre_routing_handler(httplib::Server::HandlerWithResponse handler) {
    Base::set_pre_routing_handler(
        [this, handler = std::move(handler)](const httplib::Request& request,
                                             httplib::Response& response) {
          if (guard_.before_routing(request, response)) {
            return httplib::Server::HandlerResponse::Handled;
          }
          return handler ? handler(request, response) : httplib::Server::HandlerResponse::Unhandled;
        });
    return *this;
  }

  // set_post_routing_handler's handler is called for every response, before the guard's own.
  GuardedServer& set_post_routing_handler(Handler handler) {
    Base::set_post_routing_handler(
        [this, handler = std::move(handler)](const httplib::Request& request,
                                             httplib::Response& response) {
          if (handler) handler(request, response);
          guard_.after_routing(request, response);
        });
    return *this;
  }

 private:
  Handler guarded(Handler handler) {
    return [this, handler = std::move(handler)](const httplib::Request& request,
                                                httplib::Response& response) {
      if (!guard_.before_handler(request, response)) handler(request, response);
    };
  }

  HttplibGuard guard_;
};

}  // namespace wba::guard

#endif  // WBA_GUARD_HTTPLIB_H_
