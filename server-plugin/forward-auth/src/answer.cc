#include "answer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "crypto/random.h"
#include "framing.h"

namespace wba::forward_auth {
namespace {

constexpr int kForbidden = 403;

// What an attacker chose, if only in part, must not end a header field.
bool is_header_value(std::string_view value) noexcept {
  return std::ranges::all_of(value, [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::uint64_t next_number() noexcept {
  static std::atomic<std::uint64_t> count{0};
  return ++count;
}

// A random start and the request's number: unlike in any other process, and cheap.
std::string request_id_of(std::uint64_t number) {
  static const std::uint64_t start = [] {
    std::uint64_t octets = 0;
    const auto filled = crypto::random_bytes(std::as_writable_bytes(std::span(&octets, 1)));
    return filled ? octets : 0;
  }();
  std::array<char, 40> text{};
  const int size = std::snprintf(text.data(), text.size(), "%016llx-%llx",
                                 static_cast<unsigned long long>(start),
                                 static_cast<unsigned long long>(number));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

Answerer::Answerer(std::shared_ptr<guard::Guard> guard, const AuthdOptions& options,
                   std::shared_ptr<PassedRequests> passed)
    : guard_(std::move(guard)),
      worker_(guard_->make_worker()),
      options_(options),
      passed_(std::move(passed)) {}

void Answerer::add(std::string_view name, std::string_view value) {
  if (!value.empty() && is_header_value(value)) answer_.headers.emplace_back(name, value);
}

bool Answerer::admits(const sockaddr_storage& peer) noexcept {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* octets =
      peer.ss_family == AF_INET6
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_addr)
          : &reinterpret_cast<const sockaddr_in*>(&peer)->sin_addr;
  const bool trusted = ::inet_ntop(peer.ss_family, octets, text.data(), text.size()) != nullptr &&
                       guard_->trusts_peer(text.data(), worker_);
  if (!trusted) guard_->count_undecided("peer-not-trusted");
  return trusted;
}

const Answer& Answerer::answer(const Request& asking, std::string_view peer) {
  answer_.headers.clear();
  // A cache in front of wba-authd would give one caller's decision to another.
  add("Cache-Control", "no-store");
  answer_.status = kForbidden;
  answer_.close = !is_framed_clearly(asking.fields);
  if (answer_.close) return refuse("framing-unclear");
  if (!guard_->trusts_peer(peer, worker_)) return refuse("peer-not-trusted");
  const auto read = read_original_request(options_.style, asking, options_.scheme, original_);
  if (!read) return refuse(to_string(read.error().code));
  fill(decide(peer));
  return answer_;
}

const guard::Decision& Answerer::decide(std::string_view peer) {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const bool has_id = !original_.request_id.empty();
  const auto key = has_id ? passed_->key_of(original_, peer) : PassedRequests::Key();
  const std::uint64_t known = has_id ? passed_->find(key, now) : 0;
  const std::uint64_t number = known != 0 ? known : next_number();
  request_id_ = request_id_of(number);
  const auto& decision = guard_->decide({.request = original_.request,
                                         .is_external = true,
                                         .peer = peer,
                                         .client = original_.client,
                                         .request_id = request_id_,
                                         .unseen = unseen_fields,
                                         .again = known != 0},
                                        now, worker_);
  if (has_id && decision.action == guard::Action::pass && decision.record.counted) {
    passed_->remember(key, number, now);
  }
  return decision;
}

const Answer& Answerer::refuse(std::string_view error) {
  guard_->count_undecided(error);
  add("X-Agent-Error", error);
  return answer_;
}

void Answerer::fill(const guard::Decision& decision) {
  add("X-Agent-Request-Id", request_id_);
  for (const auto& header : decision.headers) {
    if (header.name != "Cache-Control") add(header.name, header.value);
  }
  if (decision.action != guard::Action::pass) {
    add("X-Agent-Status", std::to_string(decision.status));
    answer_.status = options_.refusal == RefusalStatus::forbidden ? kForbidden : decision.status;
    return;
  }
  answer_.status = 200;
  const auto& record = decision.record;
  // Of a route that is off nothing is known.
  const bool is_judged = record.mode != guard::Mode::off;
  const bool is_verified = is_judged && decision.is_verified();
  // Each of them always, if empty: a proxy that copies what it gets leaves a client's own field
  // where it gets none (Envoy), or hands on its name for the missing one (Caddy 2.6).
  const auto put = [this](std::string_view name, bool is_known, std::string_view value) {
    answer_.headers.emplace_back(name, is_known && is_header_value(value) ? value : "");
  };
  put("X-Agent-Outcome", is_judged, to_string(record.outcome));
  put("X-Agent-Identity", is_verified, record.identity);
  put("X-Agent-Domain", is_verified, record.domain);
  put("X-Agent-Keyid", is_verified, record.keyid);
  put("X-Agent-Dialect", is_verified, to_string(record.dialect));
}

}  // namespace wba::forward_auth
