// What a connection does with the request that is under way.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <span>
#include <utility>

#include <wba/content_digest.h>

#include "proxy_connection.h"

namespace wba::agent {

void ProxyConnection::send_request() {
  ProxyFields fields = forwarded_request_fields(request_);
  std::optional<UpstreamBody> body;
  if (request_.framing != BodyFraming::none && request_.method != "HEAD") {
    body.emplace();
    if (held_) body->size = pending_.size();
    if (request_.framing == BodyFraming::length) body->size = request_.length;
    body->rewindable = held_;
    body->expects_continue = request_.expects_continue && !held_;
  }
  if (digested_) {
    fields.push_back(
        {.name = "Content-Digest", .value = content_digest(pending_, DigestAlgorithm::sha_256)});
  }
  // What libcurl writes by itself can be covered too.
  ProxyFields sent = fields;
  if (body && body->size) {
    sent.push_back({.name = "Content-Length", .value = std::to_string(*body->size)});
  }
  auto added = shared_.policy.sign(*user_, request_, sent);
  if (!added) return refuse(added.error());
  fields.insert(fields.end(), added->begin(), added->end());
  transfer_ = UpstreamTransfer::send(shared_.upstream, *this, request_, fields, body);
  if (transfer_ == nullptr) return refuse_and_note({.status = 500, .reason = "internal-error"});
  state_ = State::forwarding;
}

bool ProxyConnection::move_bodies() {
  bool did = false;
  if (!body_.ended()) {
    const auto before = pending_.size();
    if (!body_.decode(in_, pending_, max_pending)) {
      if (answered_) {
        cut("body-framing-invalid");
      } else {
        close_after_ = true;
        refuse_and_note({.status = 400, .reason = "body-framing-invalid"});
      }
      return true;
    }
    did = pending_.size() != before;
    if (pending_.size() < max_pending && !body_.ended() && client_.ended()) {
      shared_.policy.note(ProxyPolicy::What::failed, user_, &request_, "client-closed");
      state_ = State::closed;
      return false;
    }
  }
  if (transfer_->waits_for_body() && (!pending_.empty() || body_.ended())) {
    transfer_->resume_sending();
  }
  if (transfer_->waits_for_room() && out_.size() <= max_out / 2) {
    transfer_->resume_receiving();
    did = true;
  }
  return did;
}

std::optional<std::size_t> ProxyConnection::read_body(std::span<char> out) {
  send_continue();
  const auto left = pending_.size() - pending_at_;
  const auto size = std::min(out.size(), left);
  std::memcpy(out.data(), pending_.data() + pending_at_, size);
  if (held_) {
    pending_at_ += size;
  } else {
    pending_.erase(0, size);
  }
  if (size == 0 && !body_.ended()) return std::nullopt;
  moved_ = true;
  return size;
}

bool ProxyConnection::rewind_body() {
  if (held_) pending_at_ = 0;
  return held_;
}

void ProxyConnection::on_head(UpstreamHead head) {
  answered_ = true;
  moved_ = true;
  // What is left of the request's body then stands where the next request would.
  close_after_ = close_after_ || shared_.stopping || !body_.ended();
  answer_left_ = head.length.value_or(0);
  if (request_.method == "HEAD" || head.status == 204 || head.status == 304) {
    answer_framing_ = AnswerFraming::none;
  } else if (head.length) {
    answer_framing_ = AnswerFraming::length;
  } else if (request_.http_1_0) {
    answer_framing_ = AnswerFraming::until_close;
    close_after_ = true;
  } else {
    answer_framing_ = AnswerFraming::chunked;
  }
  out_.append("HTTP/1.1 ").append(std::to_string(head.status)).append(" ").append(head.phrase);
  out_.append("\r\n");
  for (const auto& field : forwarded_response_fields(head.fields, request_)) {
    append_field_line(out_, field.name, field.value);
  }
  if (answer_framing_ == AnswerFraming::chunked) {
    append_field_line(out_, "Transfer-Encoding", "chunked");
  } else if (head.length &&
             (answer_framing_ == AnswerFraming::length || request_.method == "HEAD")) {
    append_field_line(out_, "Content-Length", std::to_string(*head.length));
  }
  if (close_after_) append_field_line(out_, "Connection", "close");
  out_.append("\r\n");
}

bool ProxyConnection::on_body(std::string_view part) {
  if (out_.size() >= max_out) return false;
  moved_ = true;
  switch (answer_framing_) {
    case AnswerFraming::none:
      return true;
    case AnswerFraming::length:
      part = part.substr(0, answer_left_);
      answer_left_ -= part.size();
      out_.append(part);
      return true;
    case AnswerFraming::chunked: {
      char size[20];
      std::snprintf(size, sizeof size, "%zx\r\n", part.size());
      if (!part.empty()) out_.append(size).append(part).append("\r\n");
      return true;
    }
    case AnswerFraming::until_close:
      out_.append(part);
      return true;
  }
  return true;
}

void ProxyConnection::on_end(CURLcode code) {
  const Refused failure = transfer_->failure(code);
  if (state_ == State::connecting) {
    const int fd = code == CURLE_OK ? transfer_->take_socket() : -1;
    transfer_.reset();
    if (fd < 0) return refuse_and_note(failure, ProxyPolicy::What::failed);
    server_.emplace(fd);
    out_.append("HTTP/1.1 200 Connection established\r\n\r\n");
    state_ = State::tunnelling;
    moved_ = true;
    return;
  }
  transfer_.reset();
  const bool whole =
      answer_framing_ == AnswerFraming::length ? answer_left_ == 0 : code == CURLE_OK;
  if (!answered_) {
    refuse_and_note(failure, ProxyPolicy::What::failed);
  } else if (whole) {
    finish_answer();
  } else {
    cut("upstream-incomplete");
  }
}

void ProxyConnection::finish_answer() {
  if (answer_framing_ == AnswerFraming::chunked) out_.append("0\r\n\r\n");
  close_after_ = close_after_ || !body_.ended();
  state_ = close_after_ ? State::draining : State::head;
  moved_ = true;
}

void ProxyConnection::cut(std::string_view reason) {
  shared_.policy.note(ProxyPolicy::What::failed, user_, &request_, reason);
  transfer_.reset();
  // Where the end of the connection would be the end of the answer, it has to look otherwise.
  reset_after_ = answer_framing_ == AnswerFraming::until_close;
  state_ = State::draining;
  allow(patience());
}

}  // namespace wba::agent
