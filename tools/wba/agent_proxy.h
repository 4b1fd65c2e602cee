#ifndef WBA_TOOLS_AGENT_PROXY_H_
#define WBA_TOOLS_AGENT_PROXY_H_

// The options of `wba agent` for its forward proxy.

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "agent/proxy_server.h"
#include "context.h"
#include "network_options.h"

namespace wba::cli {

struct AgentProxyOptions {
  std::string address;  // empty: no proxy
  std::string timeout;
  std::string intercept_ca;
  std::string intercept_key;
  NetworkOptions network;
};

// add_agent_proxy_options adds --proxy and what belongs to it. `options` must live as long as the
// subcommand does.
void add_agent_proxy_options(CLI::App& command, AgentProxyOptions& options);

// check_agent_proxy_options finds what is wrong without listening.
[[nodiscard]] Outcome<void> check_agent_proxy_options(const AgentProxyOptions& options);

// start_agent_proxy starts the proxy, nullptr where none is wanted.
[[nodiscard]] Outcome<std::unique_ptr<agent::ProxyServer>> start_agent_proxy(
    const AgentProxyOptions& options, agent::ProxyPolicy policy);

}  // namespace wba::cli

#endif  // WBA_TOOLS_AGENT_PROXY_H_
