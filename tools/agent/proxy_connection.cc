#include "proxy_connection.h"

#include <algorithm>
#include <utility>

#include "log_line.h"
#include "proxy_caller.h"

namespace wba::agent {
namespace {

// Steps before others have their turn.
constexpr int kSteps = 64;

std::string_view phrase_of(int status) noexcept {
  switch (status) {
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 429:
      return "Too Many Requests";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";  // RFC 9112 §4: it may be empty
  }
}

}  // namespace

ProxyConnection::ProxyConnection(int fd, ProxyShared& shared, Clock::time_point now)
    : shared_(shared), client_(fd), user_(user_of_peer(fd)), now_(now) {
  allow(shared_.limits.idle);
  if (!user_ || !shared_.policy.knows_user(*user_)) {
    close_after_ = true;
    refuse_and_note({.status = 403, .reason = "user-unknown"});
  }
}

ProxyConnection::~ProxyConnection() = default;

bool ProxyConnection::reads() const {
  switch (state_) {
    case State::head:
      return out_.empty() && in_.size() < max_in;
    case State::holding:
    case State::forwarding:
      return !body_.ended() && in_.size() < max_in;
    case State::tunnelling:
      return in_.size() < max_in;
    case State::lingering:
      return true;
    case State::connecting:
    case State::draining:
    case State::closed:
      return false;
  }
  return false;
}

void ProxyConnection::add_sockets(std::vector<curl_waitfd>& sockets) const {
  client_.add_to(sockets, reads(), !out_.empty());
  if (server_) server_->add_to(sockets, out_.size() < max_out, !in_.empty());
}

void ProxyConnection::on_ready() {
  if (reads() && client_.receive(in_, max_in) && state_ != State::lingering) moved_ = true;
}

std::chrono::milliseconds ProxyConnection::patience() const {
  const auto& limits = shared_.limits;
  if (state_ == State::tunnelling) return shared_.stopping ? limits.linger : limits.tunnel;
  return state_ == State::head ? limits.idle : limits.stall;
}

bool ProxyConnection::work(Clock::time_point now) {
  now_ = now;
  int steps = 0;
  while (state_ != State::closed && steps < kSteps && step()) ++steps;
  if (client_.broken()) state_ = State::closed;
  // The time for a head is not made longer by its octets.
  if (std::exchange(moved_, false) && state_ != State::lingering && !head_begun_) {
    allow(patience());
  }
  if (state_ == State::tunnelling && shared_.stopping) {
    deadline_ = std::min(deadline_, now_ + shared_.limits.linger);
  }
  if (now_ >= deadline_) on_deadline();
  return steps == kSteps;
}

bool ProxyConnection::step() {
  if (client_.send(out_) || (client_.holds_back() && reads() && client_.receive(in_, max_in))) {
    moved_ = state_ != State::lingering;
    return true;
  }
  switch (state_) {
    case State::head:
      return out_.empty() && read_head();
    case State::holding:
      return collect_body();
    case State::forwarding:
      return move_bodies();
    case State::tunnelling:
      return relay();
    case State::draining:
      if (client_.mute()) state_ = State::closed;
      if (!out_.empty() || !client_.flushed()) return false;
      if (reset_after_) client_.reset();
      if (!reset_after_) client_.finish();
      state_ = reset_after_ ? State::closed : State::lingering;
      allow(shared_.limits.linger);
      return true;
    case State::lingering:
      in_.clear();
      if (client_.ended()) state_ = State::closed;
      return false;
    case State::connecting:
    case State::closed:
      return false;
  }
  return false;
}

bool ProxyConnection::read_head() {
  if (tls_ != nullptr) client_.begin_tls(std::move(tls_), std::exchange(in_, {}));
  auto head = take_proxy_head(in_);
  if (!head || *head) {
    auto request = head ? read_proxy_request(**head, inside_) : std::unexpected(head.error());
    head_begun_ = false;
    request_ = {};
    if (request) {
      begin(*std::move(request));
    } else {
      // Where the next request would begin is anybody's guess.
      close_after_ = true;
      refuse_and_note(request.error());
    }
    return true;
  }
  // Empty lines begin no request.
  if (in_.empty()) head_begun_ = false;
  if (client_.ended() || (in_.empty() && shared_.stopping)) {
    state_ = State::closed;
  } else if (!in_.empty() && !std::exchange(head_begun_, true)) {
    allow(shared_.limits.head);
  }
  return false;
}

void ProxyConnection::begin(ProxyRequest request) {
  request_ = std::move(request);
  body_ = BodyReader(request_.framing, request_.length);
  pending_.clear();
  pending_at_ = 0;
  continued_ = false;
  answered_ = false;
  close_after_ = request_.close;
  allow(shared_.limits.stall);
  if (request_.is_tunnel()) return open_tunnel();
  digested_ = shared_.policy.wants_digest(*user_, request_);
  // A small body is held too: it can be sent again where a connection that was kept is dead.
  held_ = digested_ || (request_.framing == BodyFraming::length && request_.length <= max_pending &&
                        !request_.expects_continue);
  if (!held_) return send_request();
  if (request_.framing == BodyFraming::length && request_.length > shared_.limits.digest_body) {
    return refuse_and_note({.status = 413, .reason = "body-too-large-to-digest"});
  }
  send_continue();
  state_ = State::holding;
}

void ProxyConnection::send_continue() {
  if (request_.expects_continue && !std::exchange(continued_, true)) {
    out_.append("HTTP/1.1 100 Continue\r\n\r\n");
  }
}

bool ProxyConnection::collect_body() {
  const auto most = shared_.limits.digest_body;
  if (!body_.decode(in_, pending_, most + 1)) {
    close_after_ = true;
    refuse_and_note({.status = 400, .reason = "body-framing-invalid"});
    return true;
  }
  if (pending_.size() > most) {
    close_after_ = true;
    refuse_and_note({.status = 413, .reason = "body-too-large-to-digest"});
    return true;
  }
  if (body_.ended()) {
    send_request();
    return true;
  }
  if (client_.ended()) state_ = State::closed;
  return false;
}

void ProxyConnection::refuse(const Refused& refused) {
  transfer_.reset();
  close_after_ = close_after_ || shared_.stopping || !body_.ended();
  const std::string body = dump({{"error", refused.reason}}) + "\n";
  out_.append("HTTP/1.1 ").append(std::to_string(refused.status)).append(" ");
  out_.append(phrase_of(refused.status)).append("\r\n");
  append_field_line(out_, "Content-Type", "application/json");
  append_field_line(out_, "Content-Length", std::to_string(body.size()));
  if (close_after_) append_field_line(out_, "Connection", "close");
  out_.append("\r\n");
  if (request_.method != "HEAD") out_.append(body);
  state_ = close_after_ ? State::draining : State::head;
  head_begun_ = false;
  allow(patience());
}

void ProxyConnection::refuse_and_note(const Refused& refused, ProxyPolicy::What what) {
  shared_.policy.note(what, user_, request_.method.empty() ? nullptr : &request_, refused.reason);
  refuse(refused);
}

void ProxyConnection::on_deadline() {
  switch (state_) {
    case State::head:
    case State::holding:
      close_after_ = true;
      if (state_ == State::head && !head_begun_) {
        state_ = State::closed;
      } else {
        refuse({.status = 408, .reason = "request-timeout"});
      }
      return;
    case State::forwarding:
      if (answered_) return cut("stalled");
      if (!transfer_->waits_for_body()) {
        return refuse_and_note({.status = 504, .reason = "upstream-timeout"},
                               ProxyPolicy::What::failed);
      }
      return refuse_and_note({.status = 408, .reason = "request-timeout"},
                             ProxyPolicy::What::failed);
    case State::connecting:
      return refuse_and_note({.status = 504, .reason = "upstream-timeout"},
                             ProxyPolicy::What::failed);
    case State::tunnelling:
    case State::draining:
    case State::lingering:
    case State::closed:
      state_ = State::closed;
      return;
  }
}

// Each request inside is judged by itself, as one in absolute-form is.
void ProxyConnection::intercept() {
  const auto& authority = request_.authority;
  const bool has_port = authority.contains(':') && !authority.ends_with(']');
  tls_ = shared_.interception->serve(
      std::string_view(authority).substr(0, has_port ? authority.rfind(':') : authority.size()));
  if (tls_ == nullptr) return refuse_and_note({.status = 500, .reason = "internal-error"});
  inside_ = authority;
  out_.append("HTTP/1.1 200 Connection established\r\n\r\n");
  state_ = State::head;
  allow(shared_.limits.idle);
}

void ProxyConnection::open_tunnel() {
  if (shared_.interception) return intercept();
  if (auto allowed = shared_.policy.allow_tunnel(*user_, request_); !allowed) {
    return refuse(allowed.error());
  }
  transfer_ = UpstreamTransfer::connect(shared_.upstream, *this, request_.authority);
  if (transfer_ == nullptr) return refuse_and_note({.status = 500, .reason = "internal-error"});
  state_ = State::connecting;
}

bool ProxyConnection::relay() {
  const bool sent = server_->send(in_);
  const bool received = server_->receive(out_, max_out);
  if (client_.ended() && in_.empty()) server_->finish();
  if (server_->ended() && out_.empty()) client_.finish();
  const bool over = client_.ended() && in_.empty() && server_->ended() && out_.empty();
  if (over || server_->broken()) state_ = State::closed;
  moved_ = moved_ || sent || received;
  return sent || received;
}

}  // namespace wba::agent
