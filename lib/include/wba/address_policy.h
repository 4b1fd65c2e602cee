#ifndef WBA_ADDRESS_POLICY_H_
#define WBA_ADDRESS_POLICY_H_

// Which network addresses a directory may be fetched from.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <wba/error.h>

struct sockaddr;

namespace wba {

// IpAddress is an IPv4 or IPv6 address. Two addresses are equal only within one family: an
// IPv4-mapped IPv6 address is IPv6.
class IpAddress {
 public:
  // parse reads dotted-decimal IPv4 or IPv6 text without brackets or zone.
  // Error: argument_invalid.
  [[nodiscard]] static Result<IpAddress> parse(std::string_view text);

  // from_socket reads an AF_INET or AF_INET6 address. Error: argument_invalid for another family.
  [[nodiscard]] static Result<IpAddress> from_socket(const sockaddr& address);

  [[nodiscard]] bool is_v4() const noexcept { return v4_; }

  // octets has the address in network order: 4 octets of IPv4 and zeros, or 16.
  [[nodiscard]] const std::array<std::uint8_t, 16>& octets() const noexcept { return octets_; }

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> octets_{};
  bool v4_ = true;
};

// AddressRange is a CIDR range of one family.
class AddressRange {
 public:
  // parse reads "192.0.2.0/24", "2001:db8::/32" or one address. Bits behind the prefix must be 0.
  // Error: argument_invalid.
  [[nodiscard]] static Result<AddressRange> parse(std::string_view text);

  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;

  friend bool operator==(const AddressRange&, const AddressRange&) = default;

 private:
  IpAddress base_;
  std::uint8_t prefix_ = 0;
};

// is_public says whether an address is reachable by all of the Internet: globally reachable by the
// IANA IPv4 and IPv6 Special-Purpose Address Registries where it is in them (where those say "N/A"
// it is not), else any unicast IPv4 address and IPv6's 2000::/3. A NAT64 address (64:ff9b::/96) is
// what its embedded IPv4 address is; IPv4-mapped, IPv4-compatible, 6to4, Teredo and ISATAP
// addresses are never public. RFC 6890, RFC 6052.
[[nodiscard]] bool is_public(const IpAddress& address) noexcept;

// AddressPolicy decides about connections: port 443 of public addresses, and any port of the ranges
// in `allowed`.
struct AddressPolicy {
  std::vector<AddressRange> allowed = {};

  [[nodiscard]] bool allows(const IpAddress& address, std::uint16_t port) const noexcept;
};

}  // namespace wba

#endif  // WBA_ADDRESS_POLICY_H_
