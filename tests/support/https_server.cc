#include "support/https_server.h"

#include <algorithm>
#include <csignal>
#include <sstream>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wba::test {
namespace {

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return text;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

HttpRequest parse(std::string_view head) {
  HttpRequest request;
  std::size_t end = head.find("\r\n");
  const std::string_view line = head.substr(0, end);
  const std::size_t first = line.find(' ');
  const std::size_t second = line.rfind(' ');
  if (first != std::string_view::npos && second > first) {
    request.method = line.substr(0, first);
    request.target = line.substr(first + 1, second - first - 1);
  }
  while (end != std::string_view::npos) {
    head.remove_prefix(end + 2);
    end = head.find("\r\n");
    const std::string_view field = head.substr(0, end);
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos) continue;
    request.fields.emplace_back(lower(std::string(field.substr(0, colon))),
                                trim(field.substr(colon + 1)));
  }
  return request;
}

bool write_all(SSL* ssl, std::string_view data) {
  while (!data.empty()) {
    const int size = static_cast<int>(std::min<std::size_t>(data.size(), 1U << 16U));
    const int written = SSL_write(ssl, data.data(), size);
    if (written <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// read_until reads until `end` is in `pending`; false where that takes more than `most` octets.
bool read_until(SSL* ssl, std::string& pending, std::string_view end, std::size_t most) {
  char buffer[16384];
  while (pending.find(end) == std::string::npos) {
    const int size = pending.size() < most ? SSL_read(ssl, buffer, sizeof buffer) : 0;
    if (size <= 0) return false;
    pending.append(buffer, static_cast<std::size_t>(size));
  }
  return true;
}

// take moves the first `size` octets of `pending`, read where they are missing, to `out`.
bool take(SSL* ssl, std::string& pending, std::size_t size, std::string& out) {
  char buffer[16384];
  while (pending.size() < size) {
    const int got = SSL_read(ssl, buffer, sizeof buffer);
    if (got <= 0) return false;
    pending.append(buffer, static_cast<std::size_t>(got));
  }
  out.append(pending, 0, size);
  pending.erase(0, size);
  return true;
}

bool read_body(SSL* ssl, std::string& pending, HttpRequest& request) {
  if (request.field("transfer-encoding") != "chunked") {
    const std::string length = request.field("content-length");
    return length.empty() || take(ssl, pending, std::stoul(length), request.body);
  }
  for (;;) {
    if (!read_until(ssl, pending, "\r\n", 65536)) return false;
    const std::size_t size = std::stoul(pending, nullptr, 16);
    pending.erase(0, pending.find("\r\n") + 2);
    std::string line_end;
    if (!take(ssl, pending, size, request.body) || !take(ssl, pending, 2, line_end)) return false;
    if (size == 0) return true;
  }
}

}  // namespace

std::string HttpRequest::field(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& field) { return field.first == name; });
  return found == fields.end() ? std::string() : found->second;
}

HttpsServer::HttpsServer(const TestCa& ca, const std::vector<std::string>& names,
                         HttpHandler handler, HttpsServerOptions options)
    : handler_(std::move(handler)),
      keep_alive_(options.keep_alive),
      context_(ca.server_context(names, options.expired_certificate)),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  std::signal(SIGPIPE, SIG_IGN);  // a client that goes away while OpenSSL writes
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || bind(listener_, generic, size) != 0 || listen(listener_, 1024) != 0 ||
      getsockname(listener_, generic, &size) != 0) {
    throw std::runtime_error("cannot listen on loopback");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

HttpsServer::~HttpsServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int open : sockets_) shutdown(open, SHUT_RDWR);
  }
  stop_signal_.notify_all();
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  for (std::thread& thread : threads_) thread.join();
}

std::string HttpsServer::url(std::string_view host, std::string_view target) const {
  return "https://" + std::string(host) + ":" + std::to_string(port_) + std::string(target);
}

std::string HttpsServer::resolve(std::string_view host) const {
  return std::string(host) + ":" + std::to_string(port_) + ":127.0.0.1";
}

HttpRequest HttpsServer::last_request() const {
  const std::lock_guard lock(mutex_);
  return last_request_;
}

void HttpsServer::set_handler(HttpHandler handler) {
  const std::lock_guard lock(mutex_);
  handler_ = std::move(handler);
}

void HttpsServer::accept_loop() {
  for (;;) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (client < 0 || stopping_) {
      if (client >= 0) close(client);
      return;
    }
    ++connections_;
    sockets_.push_back(client);
    threads_.emplace_back([this, client] { serve(client); });
  }
}

void HttpsServer::serve(int socket) {
  // Head and body are written apart; the second must not wait for the first's acknowledgement.
  const int now = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &now, sizeof now);
  SSL* ssl = SSL_new(context_.get());
  SSL_set_fd(ssl, socket);
  if (SSL_accept(ssl) == 1) {
    std::string pending;
    while (serve_request(ssl, pending) && keep_alive_) {
    }
  }
  SSL_free(ssl);
  const std::lock_guard lock(mutex_);
  sockets_.remove(socket);
  close(socket);
}

bool HttpsServer::serve_request(SSL* ssl, std::string& pending) {
  if (!read_until(ssl, pending, "\r\n\r\n", 65536)) return false;
  const std::size_t head = pending.find("\r\n\r\n");
  HttpRequest request = parse(std::string_view(pending).substr(0, head));
  pending.erase(0, head + 4);
  if (request.field("expect") == "100-continue" &&
      !write_all(ssl, "HTTP/1.1 100 Continue\r\n\r\n")) {
    return false;
  }
  if (!read_body(ssl, pending, request)) return false;
  HttpHandler handler;
  {
    const std::lock_guard lock(mutex_);
    last_request_ = request;
    handler = handler_;
    const int now = ++at_once_;
    most_at_once_ = std::max<int>(most_at_once_, now);
  }
  ++requests_;
  const bool answered = answer(ssl, handler(request), request.method != "HEAD");
  --at_once_;
  return answered;
}

bool HttpsServer::answer(SSL* ssl, const HttpReply& reply, bool with_body) {
  if (reply.delay.count() > 0 && !pause(reply.delay)) return false;
  if (reply.no_reply) return false;
  std::ostringstream head;
  head << "HTTP/1.1 " << reply.status << " X\r\n";
  if (!keep_alive_) head << "Connection: close\r\n";
  for (const auto& [name, value] : reply.fields) head << name << ": " << value << "\r\n";
  const bool bodiless = reply.status == 304 || reply.status == 204;
  if (reply.chunked) {
    head << "Transfer-Encoding: chunked\r\n";
  } else if (!bodiless) {
    head << "Content-Length: " << reply.content_length.value_or(reply.body.size()) << "\r\n";
  }
  head << "\r\n";
  if (!write_all(ssl, head.str())) return false;
  if (bodiless || !with_body) return true;
  const std::string_view body =
      std::string_view(reply.body).substr(0, reply.close_after.value_or(std::string::npos));
  if (reply.drip.count() > 0) {
    for (const char& c : body) {
      if (!pause(reply.drip) || !write_all(ssl, {&c, 1})) return false;
    }
  } else if (reply.chunked) {
    for (std::size_t at = 0; at < body.size(); at += 65536) {
      const std::string_view part = body.substr(at, 65536);
      std::ostringstream chunk;
      chunk << std::hex << part.size() << "\r\n" << part << "\r\n";
      if (!write_all(ssl, chunk.str())) return false;
    }
    if (!write_all(ssl, "0\r\n\r\n")) return false;
  } else if (!write_all(ssl, body)) {
    return false;
  }
  // A cut connection has no close_notify; a whole answer does.
  if (!reply.close_after && !keep_alive_) SSL_shutdown(ssl);
  return !reply.close_after;
}

bool HttpsServer::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !stop_signal_.wait_for(lock, time, [this] { return stopping_; });
}

}  // namespace wba::test
