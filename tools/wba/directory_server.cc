#include "directory_server.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <new>
#include <optional>
#include <utility>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/tls_server_context.h"
#include "directory_files.h"
#include "files.h"
#include "server/http_connections.h"
#include "server/listen.h"
#include "time_text.h"

namespace wba::cli {
namespace {

constexpr std::size_t max_connections = 1024;
constexpr ev_ssize_t max_head = 16384;
constexpr ev_ssize_t max_request_body = 4096;
constexpr std::chrono::seconds request_timeout{10};  // TLS included
constexpr std::chrono::seconds idle_timeout{5};

Time now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

// log_line writes a line with the time to standard error. `text` is safe for a terminal.
void log_line(std::string_view text) {
  std::string line = log_time(now());
  line.append(" ").append(text).append("\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

// FileState tells one version of a file from another.
struct FileState {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  std::int64_t size = -1;
  std::uint64_t inode = 0;

  friend bool operator==(const FileState&, const FileState&) = default;
};

std::optional<FileState> state_of(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileState{.seconds = status.st_mtim.tv_sec,
                   .nanoseconds = status.st_mtim.tv_nsec,
                   .size = status.st_size,
                   .inode = status.st_ino};
}

template <auto Free>
struct EventFree {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

std::string_view method_of(const evhttp_request* request) noexcept {
  switch (evhttp_request_get_command(request)) {
    case EVHTTP_REQ_GET:
      return "GET";
    case EVHTTP_REQ_HEAD:
      return "HEAD";
    case EVHTTP_REQ_OPTIONS:
      return "OPTIONS";
    case EVHTTP_REQ_POST:
      return "POST";
    case EVHTTP_REQ_PUT:
      return "PUT";
    case EVHTTP_REQ_DELETE:
      return "DELETE";
    case EVHTTP_REQ_PATCH:
      return "PATCH";
    case EVHTTP_REQ_TRACE:
      return "TRACE";
    case EVHTTP_REQ_CONNECT:
      return "CONNECT";
  }
  return "";
}

constexpr std::uint16_t answered_methods = EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_OPTIONS |
                                           EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
                                           EVHTTP_REQ_PATCH;

// Asked is a request as far as a directory's server looks at it.
struct Asked {
  std::string_view method;
  std::string_view target;  // origin-form
  std::string_view authority = {};
  std::vector<FieldLine> fields = {};
  bool has_body = false;
};

// read_asked gives nullopt where it is not clear what is asked for: with two Host fields or
// a target in no form that a server takes.
std::optional<Asked> read_asked(evhttp_request* request) {
  Asked asked{.method = method_of(request), .target = evhttp_request_get_uri(request)};
  std::size_t hosts = 0;
  const evkeyvalq* headers = evhttp_request_get_input_headers(request);
  for (const evkeyval* line = headers->tqh_first; line != nullptr; line = line->next.tqe_next) {
    asked.fields.push_back({.name = line->key, .value = line->value});
    asked.has_body = asked.has_body || field_name_equals(line->key, "content-length") ||
                     field_name_equals(line->key, "transfer-encoding");
    if (!field_name_equals(line->key, "host")) continue;
    asked.authority = line->value;
    ++hosts;
  }
  if (hosts > 1) return std::nullopt;
  if (asked.target.starts_with('/') || asked.target == "*") return asked;
  // RFC 9112 §3.2.2: a server takes absolute-form too, and its authority in place of Host's.
  const auto uri = split_target_uri(asked.target);
  if (!uri || uri->scheme.size() != 5) return std::nullopt;
  asked.authority = uri->authority;
  asked.target = uri->target.empty() ? "/" : uri->target;
  return asked;
}

std::string_view input_field(evhttp_request* request, const char* name) noexcept {
  const char* value = evhttp_find_header(evhttp_request_get_input_headers(request), name);
  return value == nullptr ? "" : value;
}

}  // namespace

class DirectoryServer::Impl {
 public:
  explicit Impl(ServerOptions options) : options_(std::move(options)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (stop_ >= 0) ::close(stop_);
  }

  Outcome<void> prepare(std::vector<std::shared_ptr<const Signer>> signers) {
    tls_ = crypto::TlsServerContext::load(options_.certificate, options_.tls_key);
    if (!tls_) {
      return std::unexpected(Failure{
          .message = "cannot use the certificate in " + escape(options_.certificate) +
                     " with the key in " + escape(options_.tls_key),
          .hint = "give PEM files that belong together; the certificate first, then its chain"});
    }
    if (auto bound = bind(); !bound) return bound;
    add_authorities();
    auto host = directory::Host::create(options_.host, std::move(signers));
    if (!host) return std::unexpected(failure("--authority", host.error()));
    host_.emplace(std::move(*host));
    state_ = state_of(options_.file);
    return load();
  }

  Outcome<void> run() {
    connections_->run();
    if (stopped_) return {};
    return std::unexpected(Failure{.message = "the server cannot go on"});
  }

  void stop() noexcept {
    stopped_ = true;
    const std::uint64_t one = 1;
    // It cannot fail: the counter is far from its end.
    [[maybe_unused]] const ssize_t written = ::write(stop_, &one, sizeof one);
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  // Clients name the port unless it is 443; behind a port that was mapped they do not.
  void add_authorities() {
    if (port_ == 443) return;
    const std::vector<std::string> given = options_.host.authorities;
    for (const std::string& authority : given) {
      const auto bracket = authority.rfind(']');
      const auto host_end = bracket == std::string::npos ? 0 : bracket;
      if (authority.find(':', host_end) != std::string::npos) continue;
      options_.host.authorities.push_back(authority + ":" + std::to_string(port_));
    }
  }

  Outcome<void> bind() {
    const auto listener =
        server::listen_on(options_.address, options_.port, server::Sharing::alone);
    if (!listener) {
      return std::unexpected(Failure{.message = escape(options_.address) + ": " + listener.error(),
                                     .hint = "is the port free, and above 1023 or yours to use?"});
    }
    port_ = server::port_of(*listener);
    if (!serve_at(*listener)) return std::unexpected(Failure{.message = "no memory for a server"});
    return {};
  }

  // serve_at takes the listening socket over.
  bool serve_at(int listener) {
    stop_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    base_.reset(event_base_new());
    if (base_) http_.reset(evhttp_new(base_.get()));
    auto* bound = http_ ? evhttp_accept_socket_with_handle(http_.get(), listener) : nullptr;
    if (bound == nullptr) {
      ::close(listener);
      return false;
    }
    evhttp_set_max_headers_size(http_.get(), max_head);
    evhttp_set_max_body_size(http_.get(), max_request_body);
    evhttp_set_allowed_methods(http_.get(), answered_methods);
    evhttp_set_gencb(
        http_.get(),
        [](evhttp_request* request, void* self) { static_cast<Impl*>(self)->on_request(request); },
        this);
    const std::size_t all = std::min(max_connections, server::descriptor_limit() / 2);
    connections_.emplace(
        server::ConnectionSettings{.program = "wba",
                                   .share = {.all = all, .each = std::max<std::size_t>(1, all / 4)},
                                   .request = request_timeout,
                                   .idle = idle_timeout,
                                   .make = [this](event_base* base) { return make_stream(base); }});
    ending_.reset(event_new(
        base_.get(), stop_, EV_READ,
        [](evutil_socket_t, short, void* base) {
          event_base_loopbreak(static_cast<event_base*>(base));
        },
        base_.get()));
    return connections_->begin(base_.get(), http_.get(), bound) && ending_ &&
           event_add(ending_.get(), nullptr) == 0;
  }

  bufferevent* make_stream(event_base* base) noexcept {
    ssl_st* const tls = tls_->connection();
    if (tls == nullptr) return nullptr;
    return bufferevent_openssl_socket_new(base, -1, tls, BUFFEREVENT_SSL_ACCEPTING,
                                          BEV_OPT_CLOSE_ON_FREE);
  }

  Outcome<void> load() {
    const auto file = read_input(options_.file);
    if (!file) return std::unexpected(file.error());
    const auto loaded = host_->load(file->text());
    if (!loaded) return std::unexpected(document_failure(options_.file, loaded.error()));
    log_line("directory of " + std::to_string(loaded->keys) + " keys read from " +
             escape(options_.file));
    for (const std::string& thumbprint : loaded->without_signer) {
      log_line("the key " + thumbprint + " does not sign: its private key was not given");
    }
    return {};
  }

  void reload_if_changed() {
    const auto state = state_of(options_.file);
    if (state == state_) return;
    state_ = state;
    if (auto loaded = load(); !loaded) {
      log_line("the old directory stays: " + loaded.error().message);
      healthy_ = false;
    } else {
      healthy_ = true;
    }
  }

  void on_request(evhttp_request* request) noexcept {
    connections_->answered(request);
    try {
      const directory::HostReply reply = answer(request);
      send(request, reply);
      log(request, reply);
    } catch (const std::bad_alloc&) {
      evhttp_send_error(request, HTTP_SERVUNAVAIL, nullptr);
    }
  }

  directory::HostReply answer(evhttp_request* request) {
    reload_if_changed();
    const auto asked = read_asked(request);
    if (!asked) return {.status = 400, .fields = {{"Connection", "close"}}};
    directory::HostReply reply = asked->target == "/health"
                                     ? health()
                                     : host_->reply({.method = asked->method,
                                                     .authority = asked->authority,
                                                     .target = asked->target,
                                                     .fields = asked->fields},
                                                    now());
    // What is left of a request's body would be read as the next request.
    const bool may_go_on = asked->method == "GET" || asked->method == "HEAD";
    if (!may_go_on || asked->has_body) reply.fields.emplace_back("Connection", "close");
    return reply;
  }

  // A directory that cannot be read any more is served from memory and said so here.
  directory::HostReply health() {
    return {.status = static_cast<std::uint16_t>(healthy_ ? 200 : 503),
            .fields = {{"Cache-Control", "no-store"}, {"Content-Type", "text/plain"}},
            .body = healthy_ ? "ok\n" : "the directory file is no good\n"};
  }

  static void send(evhttp_request* request, const directory::HostReply& reply) {
    evkeyvalq* fields = evhttp_request_get_output_headers(request);
    for (const auto& [name, value] : reply.fields) {
      evhttp_add_header(fields, name.c_str(), value.c_str());
    }
    if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD) {
      evhttp_add_header(fields, "Content-Length", std::to_string(reply.body.size()).c_str());
    } else {
      evbuffer_add(evhttp_request_get_output_buffer(request), reply.body.data(), reply.body.size());
    }
    evhttp_send_reply(request, reply.status, nullptr, nullptr);
  }

  static void log(evhttp_request* request, const directory::HostReply& reply) {
    char* address = nullptr;
    ev_uint16_t port = 0;
    evhttp_connection_get_peer(evhttp_request_get_connection(request), &address, &port);
    log_line(escape(address == nullptr ? "" : address, 64) + " " +
             escape(input_field(request, "Host"), 100) + " \"" + escape(method_of(request), 20) +
             " " + escape(evhttp_request_get_uri(request), 200) + "\" " +
             std::to_string(reply.status) + " " + std::to_string(reply.body.size()) + " \"" +
             escape(input_field(request, "User-Agent"), 200) + "\"");
  }

  ServerOptions options_;
  std::optional<directory::Host> host_;
  std::optional<crypto::TlsServerContext> tls_;
  std::optional<FileState> state_;
  bool healthy_ = true;
  std::atomic<bool> stopped_{false};
  int stop_ = -1;  // can be read once the server is to end
  std::uint16_t port_ = 0;
  std::unique_ptr<event_base, EventFree<event_base_free>> base_;
  std::unique_ptr<evhttp, EventFree<evhttp_free>> http_;
  std::optional<server::HttpConnections> connections_;
  std::unique_ptr<event, EventFree<event_free>> ending_;
};

DirectoryServer::DirectoryServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
DirectoryServer::~DirectoryServer() = default;

Outcome<std::unique_ptr<DirectoryServer>> DirectoryServer::create(
    ServerOptions options, std::vector<std::shared_ptr<const Signer>> signers) {
  for (const std::string* path : {&options.certificate, &options.tls_key}) {
    if (const auto file = read_input(*path); !file) return std::unexpected(file.error());
  }
  // A client that has gone is no reason to end.
  ::signal(SIGPIPE, SIG_IGN);
  auto impl = std::make_unique<Impl>(std::move(options));
  if (auto prepared = impl->prepare(std::move(signers)); !prepared)
    return std::unexpected(prepared.error());
  return std::unique_ptr<DirectoryServer>(new DirectoryServer(std::move(impl)));
}

std::uint16_t DirectoryServer::port() const noexcept { return impl_->port(); }
Outcome<void> DirectoryServer::run() { return impl_->run(); }
void DirectoryServer::stop() noexcept { impl_->stop(); }

}  // namespace wba::cli
