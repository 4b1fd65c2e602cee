#include <algorithm>
#include <charconv>
#include <cstring>
#include <span>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <wba/address_policy.h>

namespace wba {
namespace {

// SpecialRange is one row of the registries; a later row that matches overrides an earlier one, so
// that more specific rows stand behind the ones they are part of.
struct SpecialRange {
  std::array<std::uint8_t, 16> base;
  std::uint8_t prefix;
  bool globally_reachable;
};

bool matches(std::span<const std::uint8_t> address, std::span<const std::uint8_t> base,
             std::uint8_t prefix) {
  const std::size_t whole = prefix / 8U;
  if (!std::equal(base.begin(), base.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.begin())) {
    return false;
  }
  const unsigned rest = prefix % 8U;
  if (rest == 0) return true;
  const unsigned mask = (0xFF00U >> rest) & 0xFFU;
  return (address[whole] & mask) == (base[whole] & mask);
}

// IANA IPv4 Special-Purpose Address Registry, with multicast (RFC 5771) and class E as a whole.
constexpr SpecialRange special_v4[] = {
    {{0}, 8, false},                    // "this network"
    {{10}, 8, false},                   // private use
    {{100, 64}, 10, false},             // shared address space
    {{127}, 8, false},                  // loopback
    {{169, 254}, 16, false},            // link local
    {{172, 16}, 12, false},             // private use
    {{192, 0, 0}, 24, false},           // IETF protocol assignments
    {{192, 0, 0, 9}, 32, true},         // Port Control Protocol anycast
    {{192, 0, 0, 10}, 32, true},        // TURN anycast
    {{192, 0, 2}, 24, false},           // documentation
    {{192, 31, 196}, 24, true},         // AS112-v4
    {{192, 52, 193}, 24, true},         // AMT
    {{192, 88, 99}, 24, false},         // deprecated 6to4 relay anycast
    {{192, 168}, 16, false},            // private use
    {{192, 175, 48}, 24, true},         // direct delegation AS112
    {{198, 18}, 15, false},             // benchmarking
    {{198, 51, 100}, 24, false},        // documentation
    {{203, 0, 113}, 24, false},         // documentation
    {{224}, 4, false},                  // multicast
    {{240}, 4, false},                  // reserved
    {{255, 255, 255, 255}, 32, false},  // limited broadcast
};

// IANA IPv6 Special-Purpose Address Registry within 2000::/3; outside it nothing is public but
// NAT64.
constexpr SpecialRange special_v6[] = {
    {{0x20, 0x01}, 23, false},        // IETF protocol assignments
    {{0x20, 0x01, 0, 0}, 32, false},  // Teredo
    {{0x20, 0x01, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, true},  // PCP anycast
    {{0x20, 0x01, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}, 128, true},  // TURN anycast
    {{0x20, 0x01, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3}, 128, true},  // DNS-SD SRP anycast
    {{0x20, 0x01, 0, 2, 0, 0}, 48, false},                                // benchmarking
    {{0x20, 0x01, 0, 3}, 32, true},                                       // AMT
    {{0x20, 0x01, 0, 4, 0x01, 0x12}, 48, true},                           // AS112-v6
    {{0x20, 0x01, 0, 0x10}, 28, false},                                   // deprecated ORCHID
    {{0x20, 0x01, 0, 0x20}, 28, true},                                    // ORCHIDv2
    {{0x20, 0x01, 0, 0x30}, 28, true},                                    // drone remote ID
    {{0x20, 0x01, 0x0d, 0xb8}, 32, false},                                // documentation
    {{0x20, 0x02}, 16, false},                                            // 6to4
    {{0x26, 0x20, 0, 0x4f, 0x80, 0}, 48, true},                           // direct delegation AS112
    {{0x3f, 0xff, 0}, 20, false},                                         // documentation
};

template <std::size_t N>
bool reachable(std::span<const std::uint8_t> address, const SpecialRange (&rows)[N]) {
  bool result = true;
  for (const SpecialRange& row : rows) {
    if (matches(address, row.base, row.prefix)) result = row.globally_reachable;
  }
  return result;
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN + 1> buffer{};
  const auto error = std::unexpected(Error{ErrorCode::argument_invalid});
  if (text.size() >= buffer.size()) return error;
  text.copy(buffer.data(), text.size());
  if (text.find('\0') != std::string_view::npos) return error;
  IpAddress address;
  if (inet_pton(AF_INET, buffer.data(), address.octets_.data()) == 1) return address;
  address.v4_ = false;
  if (inet_pton(AF_INET6, buffer.data(), address.octets_.data()) == 1) return address;
  return error;
}

Result<IpAddress> IpAddress::from_socket(const sockaddr& address) {
  IpAddress result;
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    std::memcpy(result.octets_.data(), &v4.sin_addr, 4);
    return result;
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    std::memcpy(result.octets_.data(), &v6.sin6_addr, 16);
    result.v4_ = false;
    return result;
  }
  return std::unexpected(Error{ErrorCode::argument_invalid});
}

Result<AddressRange> AddressRange::parse(std::string_view text) {
  const auto error = std::unexpected(Error{ErrorCode::argument_invalid});
  const std::size_t slash = text.find('/');
  const auto base = IpAddress::parse(text.substr(0, slash));
  if (!base) return error;
  AddressRange range;
  range.base_ = *base;
  const unsigned bits = base->is_v4() ? 32 : 128;
  unsigned prefix = bits;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, status] = std::from_chars(digits.begin(), digits.end(), prefix);
    if (status != std::errc{} || end != digits.end() || prefix > bits) return error;
  }
  range.prefix_ = static_cast<std::uint8_t>(prefix);
  for (unsigned bit = prefix; bit < bits; ++bit) {
    if ((base->octets()[bit / 8] & (0x80U >> (bit % 8))) != 0) return error;
  }
  return range;
}

bool AddressRange::contains(const IpAddress& address) const noexcept {
  return address.is_v4() == base_.is_v4() && matches(address.octets(), base_.octets(), prefix_);
}

bool is_public(const IpAddress& address) noexcept {
  const std::span<const std::uint8_t> octets = address.octets();
  if (address.is_v4()) return reachable(octets.first(4), special_v4);
  constexpr std::array<std::uint8_t, 12> nat64 = {0, 0x64, 0xff, 0x9b};
  if (matches(octets, nat64, 96)) return reachable(octets.last(4), special_v4);
  // ISATAP, RFC 5214 §6.1: an interface identifier of 0:5efe or 200:5efe and an IPv4 address.
  const bool isatap = (octets[8] == 0x00 || octets[8] == 0x02) && octets[9] == 0x00 &&
                      octets[10] == 0x5e && octets[11] == 0xfe;
  if (isatap) return false;
  return (octets[0] & 0xE0U) == 0x20U && reachable(octets, special_v6);
}

bool AddressPolicy::allows(const IpAddress& address, std::uint16_t port) const noexcept {
  const auto holds = [&](const AddressRange& range) { return range.contains(address); };
  if (std::any_of(allowed.begin(), allowed.end(), holds)) return true;
  return port == 443 && is_public(address);
}

}  // namespace wba
