#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <vector>

#include <wba/guard/httplib.h>

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

// cpp-httplib leaves a body that it does not read on the connection and takes it for the next
// request: a proxy in front would take the answer to that for another client's.
bool leaves_a_body(const httplib::Request& request) {
  if (body_is_read(request)) return false;
  if (request.has_header("Transfer-Encoding")) return true;
  const auto [first, last] = request.headers.equal_range("Content-Length");
  return std::any_of(first, last, [](const auto& field) { return field.second != "0"; });
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
  if (leaves_a_body(request)) {
    response.status = 400;
    response.set_header("Connection", "close");
    return true;
  }
  Slot& slot = slot_of(id_, *guard_);
  slot.waits_for_body = false;
  if (!body_is_read(request)) return decide(request, std::string_view(), response);
  slot.waits_for_body = guard_->needs_body(view_of(request, slot.lines), slot.worker);
  return !slot.waits_for_body && decide(request, std::nullopt, response);
}

bool HttplibGuard::before_handler(const httplib::Request& request, httplib::Response& response) {
  Slot& slot = slot_of(id_, *guard_);
  // Only what before_routing decided about may go on without a decision here.
  if (!slot.waits_for_body && thread_decision != nullptr) return false;
  slot.waits_for_body = false;
  const bool as_sent = !request.is_multipart_form_data() && !request.has_header("Content-Encoding");
  return decide(request, as_sent ? std::optional<std::string_view>(request.body) : std::nullopt,
                response);
}

}  // namespace wba::guard
