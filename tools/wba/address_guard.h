#ifndef WBA_TOOLS_ADDRESS_GUARD_H_
#define WBA_TOOLS_ADDRESS_GUARD_H_

#include <utility>

#include <curl/curl.h>

#include <wba/address_policy.h>

namespace wba::cli {

// AddressGuard keeps transfers to the addresses of a policy: looked at when a connection is made,
// behind every name and every redirect. It must outlive them.
class AddressGuard {
 public:
  explicit AddressGuard(AddressPolicy policy) : policy_(std::move(policy)) {}
  AddressGuard(const AddressGuard&) = delete;
  AddressGuard& operator=(const AddressGuard&) = delete;

  // guard sets it on a handle, which then uses no proxy: behind one nobody sees the address.
  [[nodiscard]] CURLcode guard(CURL* easy);

  // refused says whether a connection was.
  [[nodiscard]] bool refused() const noexcept { return refused_; }

 private:
  static curl_socket_t open(void* guard, curlsocktype purpose, curl_sockaddr* address) noexcept;

  AddressPolicy policy_;
  bool refused_ = false;
};

}  // namespace wba::cli

#endif  // WBA_TOOLS_ADDRESS_GUARD_H_
