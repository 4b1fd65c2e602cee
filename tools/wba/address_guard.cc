#include "address_guard.h"

#include <netinet/in.h>
#include <sys/socket.h>

namespace wba::cli {

CURLcode AddressGuard::guard(CURL* easy) {
  for (const CURLcode code : {curl_easy_setopt(easy, CURLOPT_PROXY, ""),
                              curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &open),
                              curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this)}) {
    if (code != CURLE_OK) return code;
  }
  return CURLE_OK;
}

curl_socket_t AddressGuard::open(void* guard, curlsocktype /*purpose*/,
                                 curl_sockaddr* address) noexcept {
  auto& self = *static_cast<AddressGuard*>(guard);
  const auto ip = IpAddress::from_socket(address->addr);
  // The port is at the same place in both families.
  const auto port = ntohs(reinterpret_cast<const sockaddr_in*>(&address->addr)->sin_port);
  if (!ip || !self.policy_.allows(*ip, port)) {
    self.refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace wba::cli
