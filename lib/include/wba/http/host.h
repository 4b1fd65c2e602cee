#ifndef WBA_HTTP_HOST_H_
#define WBA_HTTP_HOST_H_

// A host has one spelling, so that text can be compared.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <wba/error.h>

namespace wba::http {

// max_host_size bounds a host name, in octets, without dots at its end. RFC 1035 §2.3.4.
inline constexpr std::size_t max_host_size = 253;

enum class HostKind : std::uint8_t { name, ipv4, ipv6 };

// append_host appends the one spelling of `host`: a name, an IPv4 address, or an IPv6 address in
// brackets. A name becomes lower case and loses the dots at its end: one is the same name
// (RFC 1034 §3.1), and no name has two. An IPv6 address becomes the text of RFC 5952.
//
// Refused is what resolvers read in several ways: a name whose last label is a number, decimal or
// "0x…", unless it is four decimal parts without leading zeros (`3221225985`, `192.0.2.001` and
// `0xc0.0.2.1` are IPv4 addresses to inet_aton), and an IPv6 address that stands for an IPv4
// address (IPv4-mapped, IPv4-compatible, 64:ff9b::/96). Refused too: empty labels, labels over 63
// octets, zone identifiers, and octets other than letters, digits, "-" and "_". Stricter than
// RFC 3986 §3.2.2.
//
// `out` is unchanged on error.
// Errors: authority_invalid, with the offset into `host`; out_of_memory.
[[nodiscard]] Result<HostKind> append_host(std::string_view host, std::string& out);

// normalise_host gives what append_host appends.
[[nodiscard]] Result<std::string> normalise_host(std::string_view host);

}  // namespace wba::http

#endif  // WBA_HTTP_HOST_H_
