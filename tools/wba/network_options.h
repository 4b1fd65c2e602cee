#ifndef WBA_TOOLS_NETWORK_OPTIONS_H_
#define WBA_TOOLS_NETWORK_OPTIONS_H_

// The options of every subcommand that fetches directories.

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <wba/address_policy.h>
#include <wba/directory_check.h>

#include "context.h"

namespace wba::cli {

struct NetworkOptions {
  std::string ca;
  std::vector<std::string> resolve;
  std::vector<std::string> allow_addresses;
};

// add_network_options adds --ca, --resolve and --allow-address to a subcommand. `options` must live
// as long as the subcommand does.
void add_network_options(CLI::App& command, NetworkOptions& options);

// read_addresses gives the addresses that may be connected to.
[[nodiscard]] Outcome<AddressPolicy> read_addresses(const NetworkOptions& options);

// check_network_options finds what would only fail when something is fetched: a file of roots that
// cannot be read, and a --resolve of another form than HOST:PORT:ADDRESS.
[[nodiscard]] Outcome<void> check_network_options(const NetworkOptions& options);

// read_check_network gives all of it, checked.
[[nodiscard]] Outcome<directory::CheckNetwork> read_check_network(const NetworkOptions& options);

}  // namespace wba::cli

#endif  // WBA_TOOLS_NETWORK_OPTIONS_H_
