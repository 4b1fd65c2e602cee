#ifndef WBA_CLIENT_EXCHANGE_H_
#define WBA_CLIENT_EXCHANGE_H_

// A request with the redirects and challenges that it meets.

#include <optional>
#include <vector>

#include <wba/curl.h>

#include "client/outgoing.h"
#include "client/signatures.h"
#include "client/transfer.h"

namespace wba::client {

// ExchangeState stays where it is: libcurl holds its address.
struct ExchangeState {
  ExchangeState(Signatures& signing, CURL* handle, Outgoing request, ResponseHandlers receivers);
  ExchangeState(const ExchangeState&) = delete;
  ExchangeState& operator=(const ExchangeState&) = delete;

  // send signs the request, as wished where there is a wish, and sets it on the handle.
  [[nodiscard]] Result<void> send();

  // decide looks at the answer's head, once a transfer: is it the last one?
  void decide();

  // next sets the request on the handle that follows from the answer.
  [[nodiscard]] Result<void> next();

  // receive takes a piece of the body; false ends the transfer.
  [[nodiscard]] bool receive(std::string_view part);

  [[nodiscard]] Result<Exchange::Step> advance(CURLcode result);

  Signatures& signatures;
  CURL* easy;
  Outgoing outgoing;
  ResponseHandlers handlers;
  Transfer transfer;
  ClientResponse response;
  CURLcode result = CURLE_OK;

 private:
  enum class Decision : std::uint8_t { open, last, redirect, challenge };

  void decide_redirect();
  void decide_challenge();
  void stop(ClientStop reason);
  [[nodiscard]] Result<void> apply(Signed request);

  Decision decision_ = Decision::open;
  std::optional<Target> redirect_to_;
  std::optional<Signed> challenged_;  // the request with what was asked for
  bool challenge_answered_ = false;   // for this target
  unsigned redirects_ = 0;
  unsigned challenges_ = 0;
  std::size_t dropped_ = 0;  // octets of a body that nobody wants
  bool dropped_enough_ = false;
};

}  // namespace wba::client

#endif  // WBA_CLIENT_EXCHANGE_H_
