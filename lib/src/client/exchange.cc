#include "client/exchange.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <wba/message.h>

namespace wba {

std::string_view to_string(ClientStop stop) noexcept {
  switch (stop) {
    case ClientStop::none:
      return "none";
    case ClientStop::redirect_limit:
      return "redirect-limit";
    case ClientStop::redirect_not_https:
      return "redirect-not-https";
    case ClientStop::redirect_unreadable:
      return "redirect-unreadable";
    case ClientStop::body_not_rewindable:
      return "body-not-rewindable";
    case ClientStop::challenge_refused:
      return "challenge-refused";
    case ClientStop::challenge_unreadable:
      return "challenge-unreadable";
    case ClientStop::challenged_again:
      return "challenged-again";
  }
  return "none";
}

std::string_view describe(ClientStop stop) noexcept {
  switch (stop) {
    case ClientStop::none:
      return "the answer is the last one";
    case ClientStop::redirect_limit:
      return "the server redirects more often than is followed";
    case ClientStop::redirect_not_https:
      return "the server redirects to something else than https, which is not followed";
    case ClientStop::redirect_unreadable:
      return "the server redirects without one readable Location";
    case ClientStop::body_not_rewindable:
      return "the request would have to be sent again, and its body cannot be read again";
    case ClientStop::challenge_refused:
      return "the server asks for a signature that policy does not allow or that cannot be made";
    case ClientStop::challenge_unreadable:
      return "the server's Accept-Signature does not parse";
    case ClientStop::challenged_again:
      return "the server asks for a signature that it had been sent";
  }
  return "";
}

namespace client {
namespace {

// More of a body that is dropped than this is not worth keeping the connection for.
constexpr std::size_t kMaxDropped = std::size_t{256} << 10U;

std::size_t write_body(char* data, std::size_t one, std::size_t count, void* state) noexcept {
  try {
    const std::string_view part(data, one * count);
    return static_cast<ExchangeState*>(state)->receive(part) ? part.size() : CURL_WRITEFUNC_ERROR;
  } catch (...) {
    return CURL_WRITEFUNC_ERROR;  // libcurl's frames cannot be thrown through
  }
}

std::vector<std::string_view> field_lines(const ClientResponse& response, std::string_view name) {
  std::vector<std::string_view> lines;
  for (const auto& field : response.fields) {
    if (field_name_equals(field.name, name)) lines.push_back(field.value);
  }
  return lines;
}

}  // namespace

ExchangeState::ExchangeState(Signatures& signing, CURL* handle, Outgoing request,
                             ResponseHandlers receivers)
    : signatures(signing),
      easy(handle),
      outgoing(std::move(request)),
      handlers(std::move(receivers)) {}

Result<void> ExchangeState::apply(Signed request) {
  decision_ = Decision::open;
  dropped_ = 0;
  dropped_enough_ = false;
  if (auto applied = transfer.apply(easy, outgoing, std::move(request)); !applied) return applied;
  if (curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &write_body) != CURLE_OK ||
      curl_easy_setopt(easy, CURLOPT_WRITEDATA, static_cast<void*>(this)) != CURLE_OK) {
    return std::unexpected(Error{ErrorCode::client_transfer_failed});
  }
  if (handlers.sent) {
    const Signed& sent = transfer.signed_request();
    handlers.sent({.method = outgoing.request.method,
                   .url = outgoing.target.url,
                   .fields = sent.fields,
                   .signature_base = sent.signature.lines.base,
                   .reused = sent.reused});
  }
  return {};
}

Result<void> ExchangeState::send() {
  auto request = signatures.sign(outgoing, nullptr);
  if (!request) return std::unexpected(request.error());
  return apply(*std::move(request));
}

void ExchangeState::stop(ClientStop reason) {
  response.stop = reason;
  decision_ = Decision::last;
}

void ExchangeState::decide() {
  if (decision_ != Decision::open) return;
  response = read_response(easy, signatures.now());
  response.url = outgoing.target.url;
  response.redirects = redirects_;
  response.challenges = challenges_;
  decision_ = Decision::last;
  if (is_redirect(response.status)) {
    decide_redirect();
  } else if (response.status == 401 || response.status == 403 || response.status == 429) {
    decide_challenge();
  }
  if (decision_ == Decision::last && handlers.head) handlers.head(response);
}

void ExchangeState::decide_redirect() {
  const auto& config = signatures.config();
  if (config.max_redirects == 0) return;
  const auto locations = field_lines(response, "location");
  if (locations.size() != 1) return stop(ClientStop::redirect_unreadable);
  auto target = resolve_target(outgoing.target, locations.front());
  if (!target) {
    return stop(target.error().code == ErrorCode::client_url_not_https
                    ? ClientStop::redirect_not_https
                    : ClientStop::redirect_unreadable);
  }
  if (redirects_ >= config.max_redirects) return stop(ClientStop::redirect_limit);
  const bool keeps_body =
      response.status != 303 &&
      redirected_method(outgoing.request.method, response.status) == outgoing.request.method;
  if (keeps_body && !outgoing.can_repeat_body()) return stop(ClientStop::body_not_rewindable);
  redirect_to_ = *std::move(target);
  decision_ = Decision::redirect;
}

void ExchangeState::decide_challenge() {
  const auto lines = field_lines(response, "accept-signature");
  if (lines.empty() || !signatures.config().challenge.answer) return;
  if (challenge_answered_) return stop(ClientStop::challenged_again);
  const auto wish = signatures.wish_for(outgoing, lines);
  if (!wish) {
    return stop(wish.error().code == ErrorCode::signature_label_missing
                    ? ClientStop::challenge_refused
                    : ClientStop::challenge_unreadable);
  }
  // Signing anew helps where something new was asked for, or where the signature was an old one.
  const Signed& sent = transfer.signed_request();
  const bool nothing_new = std::ranges::all_of(
      wish->components, [&](const std::string& id) { return lists_component(sent.covered, id); });
  if (nothing_new && wish->nonce.empty() && !sent.reused) {
    return stop(ClientStop::challenged_again);
  }
  if (!outgoing.can_repeat_body()) return stop(ClientStop::body_not_rewindable);
  auto request = signatures.sign(outgoing, &*wish);
  if (!request) return stop(ClientStop::challenge_refused);
  challenged_ = *std::move(request);
  decision_ = Decision::challenge;
}

bool ExchangeState::receive(std::string_view part) {
  decide();
  if (decision_ == Decision::last) return !handlers.body || handlers.body(part);
  dropped_ += part.size();
  dropped_enough_ = dropped_ > kMaxDropped;
  return !dropped_enough_;
}

Result<void> ExchangeState::next() {
  if (decision_ == Decision::redirect) {
    const bool crosses = redirect(outgoing, response.status, *std::move(redirect_to_),
                                  signatures.config().credential_fields);
    if (crosses) drop_credentials(easy);
    redirect_to_.reset();
    challenge_answered_ = false;
    ++redirects_;
  } else {
    challenge_answered_ = true;
    ++challenges_;
  }
  auto& stream = outgoing.request.stream;
  if (stream != nullptr && !stream->rewind()) {
    return std::unexpected(Error{ErrorCode::client_body_not_rewindable});
  }
  if (decision_ == Decision::redirect) return send();
  return apply(*std::exchange(challenged_, std::nullopt));
}

Result<Exchange::Step> ExchangeState::advance(CURLcode code) {
  result = code;
  if (code != CURLE_OK && !dropped_enough_) {
    return std::unexpected(Error{ErrorCode::client_transfer_failed});
  }
  decide();
  if (decision_ == Decision::last) return Exchange::Step::done;
  if (auto sent = next(); !sent) return std::unexpected(sent.error());
  return Exchange::Step::again;
}

}  // namespace client

Exchange::Exchange(std::unique_ptr<client::ExchangeState> state) noexcept
    : state_(std::move(state)) {}
Exchange::Exchange(Exchange&&) noexcept = default;
Exchange& Exchange::operator=(Exchange&&) noexcept = default;
Exchange::~Exchange() = default;

CURL* Exchange::handle() const noexcept { return state_->easy; }
Result<Exchange::Step> Exchange::advance(CURLcode result) { return state_->advance(result); }
const ClientResponse& Exchange::response() const noexcept { return state_->response; }
CURLcode Exchange::transfer_result() const noexcept { return state_->result; }

}  // namespace wba
