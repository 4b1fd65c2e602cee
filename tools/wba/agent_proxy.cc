#include "agent_proxy.h"

#include <chrono>
#include <utility>

#include "options.h"

namespace wba::cli {
namespace {

// read_limits takes --proxy-timeout.
Outcome<agent::ProxyLimits> read_limits(const AgentProxyOptions& options) {
  agent::ProxyLimits limits;
  if (options.timeout.empty()) return limits;
  const auto stall = read_duration("--proxy-timeout", options.timeout);
  if (!stall) return std::unexpected(stall.error());
  if (stall->count() == 0 || *stall > std::chrono::days(1)) {
    return std::unexpected(Failure{.message = "--proxy-timeout is not 1 s to 1 day"});
  }
  limits.stall = *stall;
  return limits;
}

}  // namespace

void add_agent_proxy_options(CLI::App& command, AgentProxyOptions& options) {
  auto* proxy = command.add_option(
      "--proxy", options.address,
      "ADDRESS:PORT of loopback: be a forward proxy that signs what it sends on over https");
  command
      .add_option("--proxy-timeout", options.timeout,
                  "how long a request may wait while nothing moves (default 5m)")
      ->needs(proxy);
  add_network_options(command, options.network);
}

Outcome<void> check_agent_proxy_options(const AgentProxyOptions& options) {
  if (auto limits = read_limits(options); !limits) return std::unexpected(limits.error());
  if (auto addresses = read_addresses(options.network); !addresses) {
    return std::unexpected(addresses.error());
  }
  return check_network_options(options.network);
}

Outcome<std::unique_ptr<agent::ProxyServer>> start_agent_proxy(const AgentProxyOptions& options,
                                                               agent::ProxyPolicy policy) {
  if (options.address.empty()) return nullptr;
  auto limits = read_limits(options);
  if (!limits) return std::unexpected(limits.error());
  auto addresses = read_addresses(options.network);
  if (!addresses) return std::unexpected(addresses.error());
  auto server = agent::ProxyServer::start(options.address, std::move(policy),
                                          {.ca = options.network.ca,
                                           .resolve = options.network.resolve,
                                           .allowed = std::move(addresses->allowed)},
                                          *limits);
  if (!server) return std::unexpected(Failure{.message = escape(server.error())});
  return *std::move(server);
}

}  // namespace wba::cli
