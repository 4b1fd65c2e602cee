#include <utility>

#include <wba/curl.h>

#include "client/exchange.h"

namespace wba {
namespace client {

// Prepared is a request that the application sends itself.
struct Prepared {
  Outgoing outgoing;
  Transfer transfer;
};

}  // namespace client

PreparedRequest::PreparedRequest(std::unique_ptr<client::Prepared> prepared) noexcept
    : prepared_(std::move(prepared)) {}
PreparedRequest::PreparedRequest(PreparedRequest&&) noexcept = default;
PreparedRequest& PreparedRequest::operator=(PreparedRequest&&) noexcept = default;
PreparedRequest::~PreparedRequest() = default;

std::string_view PreparedRequest::url() const noexcept { return prepared_->outgoing.target.url; }
const SignedFields& PreparedRequest::signed_fields() const noexcept {
  return prepared_->transfer.signed_request().signature;
}

SigningSession::SigningSession(std::unique_ptr<client::Signatures> signatures) noexcept
    : signatures_(std::move(signatures)) {}
SigningSession::SigningSession(SigningSession&&) noexcept = default;
SigningSession& SigningSession::operator=(SigningSession&&) noexcept = default;
SigningSession::~SigningSession() = default;

Result<SigningSession> SigningSession::create(ClientConfig config) {
  if (auto checked = client::Signatures::check(config); !checked) {
    return std::unexpected(checked.error());
  }
  return SigningSession(std::make_unique<client::Signatures>(std::move(config)));
}

Result<PreparedRequest> SigningSession::prepare(CURL* easy, ClientRequest request) {
  auto outgoing = client::read_request(std::move(request));
  if (!outgoing) return std::unexpected(outgoing.error());
  auto prepared = std::make_unique<client::Prepared>();
  prepared->outgoing = *std::move(outgoing);
  auto ready = signatures_->sign(prepared->outgoing, nullptr);
  if (!ready) return std::unexpected(ready.error());
  if (auto applied = prepared->transfer.apply(easy, prepared->outgoing, *std::move(ready));
      !applied) {
    return std::unexpected(applied.error());
  }
  return PreparedRequest(std::move(prepared));
}

Result<Exchange> SigningSession::start(CURL* easy, ClientRequest request,
                                       ResponseHandlers handlers) {
  auto outgoing = client::read_request(std::move(request));
  if (!outgoing) return std::unexpected(outgoing.error());
  auto state = std::make_unique<client::ExchangeState>(*signatures_, easy, *std::move(outgoing),
                                                       std::move(handlers));
  if (auto sent = state->send(); !sent) return std::unexpected(sent.error());
  return Exchange(std::move(state));
}

Result<ClientResponse> SigningSession::perform(CURL* easy, ClientRequest request,
                                               ResponseHandlers handlers, CURLcode* failure) {
  auto exchange = start(easy, std::move(request), std::move(handlers));
  if (!exchange) return std::unexpected(exchange.error());
  for (;;) {
    const CURLcode code = curl_easy_perform(easy);
    const auto step = exchange->advance(code);
    if (!step && failure != nullptr) *failure = code;
    if (!step) return std::unexpected(step.error());
    if (*step == Exchange::Step::done) return exchange->response();
  }
}

std::size_t SigningSession::signatures_made() const noexcept { return signatures_->made(); }
std::size_t SigningSession::signatures_reused() const noexcept { return signatures_->reused(); }

}  // namespace wba
