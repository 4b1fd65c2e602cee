#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <span>

#include <arpa/inet.h>

#include <wba/http/host.h>

#include "base/ascii.h"

namespace wba::http {
namespace {

constexpr std::size_t kMaxLabelSize = 63;  // RFC 1035 §2.3.4

std::unexpected<Error> invalid(std::size_t offset) noexcept {
  return std::unexpected(Error{ErrorCode::authority_invalid, static_cast<std::uint32_t>(offset)});
}

// is_number is true if a resolver may take a name with this last label for an IPv4 address: digits,
// or "0x" with hex digits or without.
bool is_number(std::string_view label) noexcept {
  if (label.starts_with("0x") || label.starts_with("0X")) {
    return std::ranges::all_of(label.substr(2), [](char c) { return ascii::hex_value(c) >= 0; });
  }
  return std::ranges::all_of(label, ascii::is_digit);
}

// is_dotted_quad is true for four decimal parts without leading zeros.
bool is_dotted_quad(std::string_view host) noexcept {
  std::array<char, INET_ADDRSTRLEN> text{};
  if (host.size() >= text.size()) return false;
  host.copy(text.data(), host.size());
  in_addr address;
  return inet_pton(AF_INET, text.data(), &address) == 1;
}

// holds_ipv4 is true if connecting to the IPv6 address may reach an IPv4 address.
bool holds_ipv4(std::span<const std::uint8_t, 16> address) noexcept {
  constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr std::array<std::uint8_t, 12> nat64 = {0, 0x64, 0xff, 0x9b};
  constexpr std::array<std::uint8_t, 12> compatible = {};
  const auto starts_with = [&](const std::array<std::uint8_t, 12>& prefix) {
    return std::ranges::equal(address.first<12>(), prefix);
  };
  if (starts_with(mapped) || starts_with(nat64)) return true;
  // The unspecified and the loopback address, :: and ::1, hold none.
  return starts_with(compatible) &&
         (address[12] != 0 || address[13] != 0 || address[14] != 0 || address[15] > 1);
}

Result<HostKind> append_ipv6(std::string_view host, std::string& out) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool in_brackets = host.size() > 2 && host.back() == ']';
  if (!in_brackets || host.size() - 2 >= text.size()) return invalid(0);
  host.copy(text.data(), host.size() - 2, 1);
  std::array<std::uint8_t, 16> address;
  if (std::strlen(text.data()) != host.size() - 2 ||
      inet_pton(AF_INET6, text.data(), address.data()) != 1 || holds_ipv4(address)) {
    return invalid(0);
  }
  // What the C library writes is RFC 5952 for addresses that hold no IPv4 address.
  if (inet_ntop(AF_INET6, address.data(), text.data(), text.size()) == nullptr) return invalid(0);
  out.append("[").append(text.data()).append("]");
  return HostKind::ipv6;
}

Result<HostKind> append_name(std::string_view host, std::string& out) {
  while (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() > max_host_size) return invalid(max_host_size);
  std::size_t label = 0;  // where it begins
  for (std::size_t at = 0;; ++at) {
    if (at == host.size() || host[at] == '.') {
      if (at == label || at - label > kMaxLabelSize) return invalid(label);
      if (at == host.size()) break;
      label = at + 1;
    } else if (const char c = host[at];
               !ascii::is_alpha(c) && !ascii::is_digit(c) && c != '-' && c != '_') {
      return invalid(at);
    }
  }
  const bool is_address = is_number(host.substr(label));
  if (is_address && !is_dotted_quad(host)) return invalid(label);
  const auto before = out.size();
  out.append(host);
  for (char& c : std::span(out).subspan(before)) c = ascii::to_lower(c);
  return is_address ? HostKind::ipv4 : HostKind::name;
}

}  // namespace

Result<HostKind> append_host(std::string_view host, std::string& out) {
  const auto before = out.size();
  try {
    return host.starts_with('[') ? append_ipv6(host, out) : append_name(host, out);
  } catch (const std::bad_alloc&) {
    out.resize(before);
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
}

Result<std::string> normalise_host(std::string_view host) {
  std::string out;
  const auto appended = append_host(host, out);
  if (!appended) return std::unexpected(appended.error());
  return out;
}

}  // namespace wba::http
