#include "directory/client_subject.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <wba/address_policy.h>

namespace wba::directory {
namespace {

// What stands before an IPv4 address in IPv6: RFC 4291 §2.5.5.2, RFC 6052 §2.1.
constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::array<std::uint8_t, 12> kTranslated = {0, 0x64, 0xff, 0x9b};

void append_octets(std::span<const std::uint8_t> octets, std::string& out) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (const auto octet : octets) {
    out.push_back(kDigits[octet >> 4U]);
    out.push_back(kDigits[octet & 0xfU]);
  }
}

void append_prefix(std::string_view client, std::size_t v4_octets, std::size_t v6_octets,
                   std::string& out) {
  const auto address = IpAddress::parse(client);
  if (!address) {
    out.append(client);
    return;
  }
  const std::span octets(address->octets());
  if (address->is_v4()) {
    append_octets(octets.first(v4_octets), out);
  } else if (std::ranges::equal(octets.first(12), kMapped) ||
             std::ranges::equal(octets.first(12), kTranslated)) {
    append_octets(octets.subspan(12, v4_octets), out);
  } else {
    // A colon keeps a short IPv6 prefix apart from an IPv4 address.
    out.push_back(':');
    append_octets(octets.first(v6_octets), out);
  }
}

}  // namespace

void append_client_subject(std::string_view client, std::string& out) {
  append_prefix(client, 4, 8, out);
}

void append_client_network(std::string_view client, std::string& out) {
  append_prefix(client, 2, 4, out);
}

}  // namespace wba::directory
