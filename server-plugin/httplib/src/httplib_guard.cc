#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <vector>

#include <wba/guard/httplib.h>

#include "base/ascii.h"
#include "crypto/random.h"

namespace wba::guard {
namespace {

// Slot is what one thread has for one guard.
struct Slot {
  std::uint64_t id;
  Guard::Worker worker;
  std::vector<FieldLine> lines;
  std::string request_id;
  bool waits_for_body = false;
  bool has_counted_body = false;
  // Nothing is left of the request on the connection, so that another may follow.
  bool is_whole = false;
};

thread_local std::vector<std::unique_ptr<Slot>> thread_slots;
thread_local const Decision* thread_decision = nullptr;

Slot& slot_of(std::uint64_t id, const Guard& guard) {
  for (auto& slot : thread_slots) {
    if (slot->id == id) return *slot;
  }
  thread_slots.push_back(std::make_unique<Slot>(
      Slot{.id = id, .worker = guard.make_worker(), .lines = {}, .request_id = {}}));
  return *thread_slots.back();
}

// A random start and a count: unlike in any other process, and cheap.
std::string next_request_id() {
  static const std::uint64_t start = [] {
    std::uint64_t octets = 0;
    const auto filled = crypto::random_bytes(std::as_writable_bytes(std::span(&octets, 1)));
    return filled ? octets : 0;
  }();
  static std::atomic<std::uint64_t> count{0};
  std::array<char, 40> text{};
  const int size = std::snprintf(text.data(), text.size(), "%016llx-%llx",
                                 static_cast<unsigned long long>(start),
                                 static_cast<unsigned long long>(++count));
  return {text.data(), static_cast<std::size_t>(size)};
}

// Whether cpp-httplib reads a body before it calls the handler.
bool body_is_read(const httplib::Request& request) {
  return request.method == "POST" || request.method == "PUT" || request.method == "PATCH" ||
         request.method == "PRI" || request.method == "DELETE";
}

// route_by_path has a request in absolute-form routed as one in origin-form: cpp-httplib takes the
// whole target for the path. The guard itself goes by the target. False: it is in no form that a
// server takes. RFC 9112 section 3.2.
bool route_by_path(const httplib::Request& request) {
  if (request.target.starts_with('/') || request.target == "*") return true;
  const auto uri = split_target_uri(request.target);
  if (!uri) return false;
  const auto authority_end = static_cast<std::size_t>(
      uri->authority.data() + uri->authority.size() - request.target.data());
  // Nothing before the path is encoded, so that it has the same length when decoded.
  if (request.path.compare(0, authority_end, request.target, 0, authority_end) != 0) return false;
  // The request is a variable of cpp-httplib's, and no constant.
  auto& path = const_cast<httplib::Request&>(request).path;
  path.erase(0, authority_end);
  if (path.empty()) path = "/";
  return path.front() == '/';
}

// Framing is where a request ends.
enum class Framing : std::uint8_t {
  no_body,
  counted,  // by one Content-Length
  chunked,
  to_the_end,  // cpp-httplib reads on where nothing says that there is a body
  unclear,
};

// framing_of looks at what cpp-httplib goes by, and whether others could go by something else. RFC
// 9112 section 6.3.
Framing framing_of(const httplib::Request& request) {
  for (const auto& [name, value] : request.headers) {
    if (!ascii::is_token(name)) return Framing::unclear;
  }
  const auto lengths = request.get_header_value_count("Content-Length");
  const auto encodings = request.get_header_value_count("Transfer-Encoding");
  if (lengths == 0 && encodings == 0) {
    return body_is_read(request) ? Framing::to_the_end : Framing::no_body;
  }
  if (lengths == 0) {
    return encodings == 1 && request.get_header_value("Transfer-Encoding") == "chunked"
               ? Framing::chunked
               : Framing::unclear;
  }
  const auto length = request.get_header_value("Content-Length");
  if (lengths > 1 || encodings > 0 || length.empty() || length.size() > 18 ||
      !std::ranges::all_of(length, ascii::is_digit)) {
    return Framing::unclear;
  }
  return length.find_first_not_of('0') == std::string::npos ? Framing::no_body : Framing::counted;
}

// cancels_at_the_end gives a provider of the same content that gives up when it is done.
httplib::ContentProvider cancels_at_the_end(httplib::ContentProvider provider) {
  return [provider = std::move(provider)](std::size_t offset, std::size_t length,
                                          httplib::DataSink& sink) {
    // Without a length a provider says that it is done, or writes nothing.
    bool done = false;
    std::size_t sent = 0;
    const auto write = std::move(sink.write);
    const auto end = std::move(sink.done);
    sink.write = [&](const char* data, std::size_t size) {
      sent += size;
      done = done || (length == 0 && size == 0);
      return write(data, size);
    };
    sink.done = [&] {
      done = true;
      if (end) end();
    };
    const bool goes_on = provider(offset, length, sink);
    sink.write = write;
    sink.done = end;
    return goes_on && !done && (length == 0 || sent < length);
  };
}

// end_connection has the connection closed after the response. Once cpp-httplib has read a request
// it does that where a content provider gives up, and in no other case: it asks the request, and
// not the response, for "Connection: close".
void end_connection(const httplib::Request& request, httplib::Response& response) {
  response.headers.erase("Keep-Alive");
  response.headers.erase("Connection");
  response.set_header("Connection", "close");
  if (request.method == "HEAD") {
    // It asks no provider for that. The request is a variable of cpp-httplib's, and no constant.
    auto& method = const_cast<httplib::Request&>(request).method;
    method = "GET";
    response.body.clear();
    response.content_length_ = 0;
    response.is_chunked_content_provider_ = false;
    response.content_provider_ = [&method](std::size_t, std::size_t, httplib::DataSink&) {
      method = "HEAD";
      return false;
    };
  } else if (response.body.empty() && response.content_provider_) {
    response.content_provider_ = cancels_at_the_end(std::move(response.content_provider_));
  } else {
    // Its length is in the fields by now.
    response.content_length_ = 0;
    response.is_chunked_content_provider_ = false;
    response.content_provider_ = [body = std::move(response.body)](std::size_t, std::size_t,
                                                                   httplib::DataSink& sink) {
      sink.write(body.data(), body.size());
      return false;
    };
    response.body.clear();
  }
}

Request view_of(const httplib::Request& request, std::vector<FieldLine>& lines) {
  lines.clear();
  std::string_view host;
  for (const auto& [name, value] : request.headers) {
    // cpp-httplib adds these to what was sent.
    if (name == "REMOTE_ADDR" || name == "REMOTE_PORT" || name == "LOCAL_ADDR" ||
        name == "LOCAL_PORT") {
      continue;
    }
    if (host.empty() && field_name_equals(name, "host")) host = value;
    lines.push_back({name, value});
  }
  return {.method = request.method, .authority = host, .target = request.target, .fields = lines};
}

}  // namespace

void have_port_alone(socket_t listener) {
  const int on = 1;
  // A port whose connections of before are still ending can be had.
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

const Decision* current_decision() noexcept { return thread_decision; }

HttplibGuard::HttplibGuard(std::shared_ptr<Guard> guard) : guard_(std::move(guard)) {
  static std::atomic<std::uint64_t> count{0};
  id_ = ++count;
}

bool HttplibGuard::decide(const httplib::Request& request, std::optional<std::string_view> body,
                          httplib::Response& response) {
  Slot& slot = slot_of(id_, *guard_);
  slot.request_id = next_request_id();
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const Decision& decision = guard_->decide({.request = view_of(request, slot.lines),
                                             .peer = request.remote_addr,
                                             .request_id = slot.request_id,
                                             .body = body},
                                            now, slot.worker);
  thread_decision = &decision;
  if (decision.action == Action::pass) return false;
  response.status = decision.status;
  for (const auto& header : decision.headers) {
    response.set_header(std::string(header.name), std::string(header.value));
  }
  response.set_header("X-Request-Id", slot.request_id);
  response.set_content(std::string(to_string(decision.action)) + "\n", "text/plain");
  thread_decision = nullptr;
  return true;
}

bool HttplibGuard::before_routing(const httplib::Request& request, httplib::Response& response) {
  thread_decision = nullptr;
  Slot& slot = slot_of(id_, *guard_);
  slot.waits_for_body = false;
  const Framing framing = framing_of(request);
  slot.is_whole = framing == Framing::no_body;
  slot.has_counted_body = framing == Framing::counted;
  if (framing == Framing::unclear || (!slot.is_whole && !body_is_read(request)) ||
      !route_by_path(request)) {
    response.status = 400;
    return true;
  }
  if (!body_is_read(request)) return decide(request, std::string_view(), response);
  slot.waits_for_body = guard_->needs_body(view_of(request, slot.lines), slot.worker);
  return !slot.waits_for_body && decide(request, std::nullopt, response);
}

bool HttplibGuard::before_handler(const httplib::Request& request, httplib::Response& response) {
  Slot& slot = slot_of(id_, *guard_);
  // A counted body has been read to its end. Of a chunked one cpp-httplib takes too much for an
  // end.
  if (slot.has_counted_body) slot.is_whole = true;
  // Only what before_routing decided about may go on without a decision here.
  if (!slot.waits_for_body && thread_decision != nullptr) return false;
  slot.waits_for_body = false;
  const bool as_sent = !request.is_multipart_form_data() && !request.has_header("Content-Encoding");
  return decide(request, as_sent ? std::optional<std::string_view>(request.body) : std::nullopt,
                response);
}

void HttplibGuard::after_routing(const httplib::Request& request, httplib::Response& response) {
  thread_decision = nullptr;
  Slot& slot = slot_of(id_, *guard_);
  if (!slot.is_whole) end_connection(request, response);
  // Of what is refused before routing nothing is known.
  slot.is_whole = false;
  slot.has_counted_body = false;
}

}  // namespace wba::guard
