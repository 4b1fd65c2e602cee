#include "directory_server.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>
#include <utility>

#include <httplib.h>
#include <sys/stat.h>

#include "directory_files.h"
#include "files.h"
#include "time_text.h"

namespace wba::cli {
namespace {

constexpr std::size_t threads = 64;  // one a connection, idle ones too
constexpr std::size_t max_request_body = 4096;
constexpr std::chrono::seconds io_timeout{20};
constexpr std::chrono::seconds idle_timeout{2};
constexpr std::size_t requests_per_connection = 100;

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

}  // namespace

class DirectoryServer::Impl {
 public:
  explicit Impl(ServerOptions options)
      : options_(std::move(options)),
        server_(options_.certificate.c_str(), options_.tls_key.c_str()) {}

  Outcome<void> prepare(std::vector<std::shared_ptr<const Signer>> signers) {
    if (!server_.is_valid()) {
      return std::unexpected(Failure{
          .message = "cannot use the certificate in " + escape(options_.certificate) +
                     " with the key in " + escape(options_.tls_key),
          .hint = "give PEM files that belong together; the certificate first, then its chain"});
    }
    ::SSL_CTX_set_min_proto_version(server_.ssl_context(), TLS1_2_VERSION);
    set_up();
    if (auto bound = bind(); !bound) return bound;
    add_authorities();
    auto host = directory::Host::create(options_.host, std::move(signers));
    if (!host) return std::unexpected(failure("--authority", host.error()));
    host_.emplace(std::move(*host));
    state_ = state_of(options_.file);
    return load();
  }

  Outcome<void> run() {
    const bool listened = server_.listen_after_bind();
    ended_ = true;
    if (!listened && !stopped_) {
      return std::unexpected(Failure{.message = "the server cannot go on"});
    }
    return {};
  }

  // The server heeds a stop only once it runs.
  void stop() noexcept {
    stopped_ = true;
    while (!ended_) {
      server_.stop();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  void set_up() {
    server_.new_task_queue = [] { return new httplib::ThreadPool(threads); };
    server_.set_payload_max_length(max_request_body);
    server_.set_keep_alive_max_count(requests_per_connection);
    server_.set_keep_alive_timeout(idle_timeout.count());
    server_.set_read_timeout(io_timeout);
    server_.set_write_timeout(io_timeout);
    server_.set_tcp_nodelay(true);
    server_.set_pre_routing_handler([this](const httplib::Request& in, httplib::Response& out) {
      answer(in, out);
      return httplib::Server::HandlerResponse::Handled;
    });
    server_.set_logger([](const httplib::Request& in, const httplib::Response& out) {
      log_line(escape(in.remote_addr, 64) + " " + escape(in.get_header_value("Host"), 100) + " \"" +
               escape(in.method, 20) + " " + escape(in.target, 200) + "\" " +
               std::to_string(out.status) + " " + std::to_string(out.body.size()) + " \"" +
               escape(in.get_header_value("User-Agent"), 200) + "\"");
    });
  }

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
    int port = options_.port;
    if (port == 0) {
      port = server_.bind_to_any_port(options_.address);
    } else if (!server_.bind_to_port(options_.address, port)) {
      port = -1;
    }
    if (port <= 0) {
      return std::unexpected(Failure{.message = "cannot listen at " + escape(options_.address) +
                                                ", port " + std::to_string(options_.port),
                                     .hint = "is the port free, and above 1023 or yours to use?"});
    }
    port_ = static_cast<std::uint16_t>(port);
    return {};
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
    const std::lock_guard lock(mutex_);
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

  // A directory that cannot be read any more is served from memory and said so here.
  void health(httplib::Response& out) {
    const std::lock_guard lock(mutex_);
    out.status = healthy_ ? 200 : 503;
    out.set_header("Cache-Control", "no-store");
    out.set_content(healthy_ ? "ok\n" : "the directory file is no good\n", "text/plain");
  }

  void answer(const httplib::Request& in, httplib::Response& out) {
    reload_if_changed();
    // The library would cut ranges out of a body whose digest is signed as a whole; not to heed
    // Range is every server's right (RFC 9110 §14.2). The object is the library's own, not const.
    const_cast<httplib::Request&>(in).ranges.clear();
    // What is left of a request's body would be read as the next request.
    if (in.method != "GET" && in.method != "HEAD") out.set_header("Connection", "close");
    if (in.path == "/health") return health(out);
    std::vector<FieldLine> fields;
    for (const auto& [name, value] : in.headers) fields.push_back({.name = name, .value = value});
    const std::string authority = in.get_header_value("Host");
    directory::HostReply reply = host_->reply(
        {.method = in.method, .authority = authority, .target = in.target, .fields = fields},
        now());
    out.status = reply.status;
    std::string type;
    for (const auto& [name, value] : reply.fields) {
      if (name == "Content-Type") {
        type = value;
      } else {
        out.set_header(name, value);
      }
    }
    if (!type.empty()) out.set_content(reply.body, type);
  }

  ServerOptions options_;
  std::optional<directory::Host> host_;
  httplib::SSLServer server_;
  std::mutex mutex_;  // guards state_ and healthy_
  std::optional<FileState> state_;
  bool healthy_ = true;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> ended_{false};
  std::uint16_t port_ = 0;
};

DirectoryServer::DirectoryServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
DirectoryServer::~DirectoryServer() = default;

Outcome<std::unique_ptr<DirectoryServer>> DirectoryServer::create(
    ServerOptions options, std::vector<std::shared_ptr<const Signer>> signers) {
  for (const std::string* path : {&options.certificate, &options.tls_key}) {
    if (const auto file = read_input(*path); !file) return std::unexpected(file.error());
  }
  auto impl = std::make_unique<Impl>(std::move(options));
  if (auto prepared = impl->prepare(std::move(signers)); !prepared)
    return std::unexpected(prepared.error());
  return std::unique_ptr<DirectoryServer>(new DirectoryServer(std::move(impl)));
}

std::uint16_t DirectoryServer::port() const noexcept { return impl_->port(); }
Outcome<void> DirectoryServer::run() { return impl_->run(); }
void DirectoryServer::stop() noexcept { impl_->stop(); }

}  // namespace wba::cli
