#ifndef WBA_SRC_CRYPTO_CERTIFICATE_NAMES_H_
#define WBA_SRC_CRYPTO_CERTIFICATE_NAMES_H_

#include <string>
#include <string_view>
#include <vector>

namespace wba::crypto {

// certificate_names gives the hosts that the first certificate of `pem` is for: DNS names, maybe
// with "*." in front, and IP addresses, of IPv6 in brackets. Empty if it names none, or is no
// certificate. RFC 6125 §6.4, RFC 5280 §4.2.1.6.
[[nodiscard]] std::vector<std::string> certificate_names(std::string_view pem);

}  // namespace wba::crypto

#endif  // WBA_SRC_CRYPTO_CERTIFICATE_NAMES_H_
