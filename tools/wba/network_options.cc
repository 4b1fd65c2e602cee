#include "network_options.h"

#include <charconv>
#include <cstdint>
#include <string_view>

#include <wba/http/host.h>

#include "files.h"

namespace wba::cli {
namespace {

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

// is_resolve says whether `text` is HOST:PORT:ADDRESS[,ADDRESS]…; an IPv6 address may stand in
// brackets.
bool is_resolve(std::string_view text) {
  const auto host = text.find(':');
  if (host == std::string_view::npos || !http::normalise_host(text.substr(0, host))) return false;
  const auto port = text.find(':', host + 1);
  if (port == std::string_view::npos || !is_port(text.substr(host + 1, port - host - 1))) {
    return false;
  }
  for (std::string_view rest = text.substr(port + 1);;) {
    const auto comma = std::min(rest.find(','), rest.size());
    std::string_view address = rest.substr(0, comma);
    if (address.starts_with('[') && address.ends_with(']')) {
      address = address.substr(1, address.size() - 2);
    }
    if (!IpAddress::parse(address)) return false;
    if (comma == rest.size()) return true;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace

void add_network_options(CLI::App& command, NetworkOptions& options) {
  command.add_option("--ca", options.ca, "trust the roots in this PEM file, and no others");
  command
      .add_option("--resolve", options.resolve,
                  "HOST:PORT:ADDRESS: connect to this address for the host; repeatable")
      ->allow_extra_args(false);
  command
      .add_option(
          "--allow-address", options.allow_addresses,
          "CIDR: this range may be reached though it is not public, at any port; repeatable")
      ->allow_extra_args(false);
}

Outcome<AddressPolicy> read_addresses(const NetworkOptions& options) {
  AddressPolicy policy;
  for (const std::string& text : options.allow_addresses) {
    const auto range = AddressRange::parse(text);
    if (!range) {
      return std::unexpected(Failure{.message = "--allow-address: no such range: " + escape(text),
                                     .hint = "write 127.0.0.0/8, 2001:db8::/32 or one address; "
                                             "bits behind the prefix must be 0"});
    }
    policy.allowed.push_back(*range);
  }
  return policy;
}

Outcome<void> check_network_options(const NetworkOptions& options) {
  if (!options.ca.empty()) {
    const auto file = read_input(options.ca);
    if (!file) return std::unexpected(file.error());
    if (file->text().find("-----BEGIN ") == std::string_view::npos) {
      return std::unexpected(Failure{.message = "--ca: no certificate in " + escape(options.ca),
                                     .hint = "give a file of certificates in PEM"});
    }
  }
  for (const std::string& text : options.resolve) {
    if (is_resolve(text)) continue;
    return std::unexpected(Failure{.message = "--resolve: not HOST:PORT:ADDRESS: " + escape(text),
                                   .hint = "for example agent.example:443:127.0.0.1"});
  }
  return {};
}

Outcome<directory::CheckNetwork> read_check_network(const NetworkOptions& options) {
  if (auto checked = check_network_options(options); !checked) {
    return std::unexpected(checked.error());
  }
  auto addresses = read_addresses(options);
  if (!addresses) return std::unexpected(addresses.error());
  return directory::CheckNetwork{
      .ca_file = options.ca, .resolve = options.resolve, .addresses = std::move(*addresses)};
}

}  // namespace wba::cli
