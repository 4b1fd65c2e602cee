#include "proxy_authority.h"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

#include <wba/message.h>

namespace wba::agent {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_plain(std::string_view authority) noexcept {
  return std::ranges::all_of(authority, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._:[]").find(c) != std::string_view::npos;
  });
}

// A host whose last label is a number is an IPv4 address to many readers, in one to four parts that
// are decimal, octal or hexadecimal.
bool is_number(std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto last = host.substr(host.rfind('.') + 1);
  return last.starts_with("0x") || (!last.empty() && std::ranges::all_of(last, is_digit));
}

// shorten_address writes an IPv6 address in brackets as inet_ntop has it; false where it is none.
bool shorten_address(std::string& host) {
  in6_addr address{};
  char text[INET6_ADDRSTRLEN];
  if (::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &address) != 1 ||
      ::inet_ntop(AF_INET6, &address, text, sizeof text) == nullptr) {
    return false;
  }
  host = "[" + std::string(text) + "]";
  return true;
}

bool is_address(const std::string& host) {
  in_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

}  // namespace

std::expected<std::string, Refused> read_proxy_authority(std::string_view scheme,
                                                         std::string_view written) {
  const auto refuse = [] {
    return std::unexpected(Refused{.status = 400, .reason = "target-invalid"});
  };
  std::string of_scheme;
  std::string host;
  // What has no port, or http's own, is reached at the port of https.
  if (!is_plain(written) || !append_normalised_authority(scheme, written, of_scheme) ||
      !append_normalised_authority("https", of_scheme, host)) {
    return refuse();
  }
  std::string port;
  if (const auto colon = host.rfind(':'); colon != std::string::npos && !host.ends_with(']')) {
    unsigned number = 0;
    std::from_chars(host.data() + colon + 1, host.data() + host.size(), number);
    if (number == 0) return refuse();  // nothing listens there
    port = ":" + std::to_string(number);
    host.resize(colon);
  }
  const bool good =
      host.starts_with('[') ? shorten_address(host) : !is_number(host) || is_address(host);
  if (!good) return refuse();
  return host + port;
}

}  // namespace wba::agent
