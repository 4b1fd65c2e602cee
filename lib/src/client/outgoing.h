#ifndef WBA_CLIENT_OUTGOING_H_
#define WBA_CLIENT_OUTGOING_H_

// One request of an exchange, and what redirects make of it.

#include <string>
#include <string_view>
#include <vector>

#include <wba/client.h>
#include <wba/error.h>

#include "client/target.h"

namespace wba::client {

// Outgoing is a request with its target read.
struct Outgoing {
  ClientRequest request;
  Target target;

  [[nodiscard]] bool has_body() const noexcept {
    return request.body.has_value() || request.stream != nullptr;
  }
  // can_repeat_body says whether the body can be sent a second time.
  [[nodiscard]] bool can_repeat_body() const {
    return request.stream == nullptr || request.stream->rewindable();
  }
};

// read_request checks a request and reads its URL.
// Errors: those that SigningSession::prepare lists up to client_body_ambiguous.
[[nodiscard]] Result<Outgoing> read_request(ClientRequest request);

// redirect turns `outgoing` into the request that follows a redirect with `status` to `target`:
// the method and with it the body may go, across origins the credentials do. Gives whether the
// origin changed. `credentials` are further names. RFC 9110 §15.4.
bool redirect(Outgoing& outgoing, long status, Target target,
              const std::vector<std::string>& credentials);

// find_field gives the first field of this name, nullptr where there is none.
[[nodiscard]] const ClientField* find_field(const std::vector<ClientField>& fields,
                                            std::string_view name) noexcept;

// omits is true if the application wants no field of this name to be added.
[[nodiscard]] bool omits(const ClientRequest& request, std::string_view name) noexcept;

}  // namespace wba::client

#endif  // WBA_CLIENT_OUTGOING_H_
