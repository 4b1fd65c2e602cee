#ifndef WBA_CLIENT_TRANSFER_H_
#define WBA_CLIENT_TRANSFER_H_

// One request on one easy handle.

#include <memory>

#include <curl/curl.h>

#include <wba/client.h>
#include <wba/error.h>

#include "client/outgoing.h"
#include "client/signatures.h"

namespace wba::client {

// Transfer sets a signed request on a handle and owns what libcurl views of it.
class Transfer {
 public:
  // apply sets everything. `outgoing` and this object must stay where they are until the transfer
  // has ended. Errors: client_transfer_failed, out_of_memory, client_body_not_rewindable.
  [[nodiscard]] Result<void> apply(CURL* easy, const Outgoing& outgoing, Signed signed_request);

  [[nodiscard]] const Signed& signed_request() const noexcept { return signed_; }

 private:
  [[nodiscard]] Result<void> make_fields(const Outgoing& outgoing);

  struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  };
  std::unique_ptr<curl_slist, FreeList> fields_;
  Signed signed_;
};

// drop_credentials takes from the handle what the application set for the first origin.
void drop_credentials(CURL* easy) noexcept;

// read_response gives the head of the last answer on the handle.
[[nodiscard]] ClientResponse read_response(CURL* easy, Time now);

}  // namespace wba::client

#endif  // WBA_CLIENT_TRANSFER_H_
