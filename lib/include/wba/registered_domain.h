#ifndef WBA_REGISTERED_DOMAIN_H_
#define WBA_REGISTERED_DOMAIN_H_

// Who registered a host's domain, by the public suffix list.

#include <string>
#include <string_view>

namespace wba::directory {

// registered_domain gives the part of `host` (lower case) that somebody registered, by the public
// suffix list: "example.co.uk" for "a.b.example.co.uk". An IP address, a public suffix itself and a
// name that the list does not cover are their own.
[[nodiscard]] std::string registered_domain(std::string_view host);

// is_public_suffix says whether names below `host` (lower case) are registered by anybody who wants
// one, by the same list: "com", "co.uk", "github.io". false where the list could not be loaded.
[[nodiscard]] bool is_public_suffix(std::string_view host);

// registered_domains_known says whether the list could be loaded.
[[nodiscard]] bool registered_domains_known() noexcept;

}  // namespace wba::directory

#endif  // WBA_REGISTERED_DOMAIN_H_
