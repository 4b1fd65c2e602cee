#include "agent_proxy.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "crypto/tls_interception.h"
#include "files.h"
#include "key/key_state.h"
#include "key/pem.h"
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

// read_parts reads a private key's PEM: what is in it lies in guarded memory from then on.
Result<crypto::KeyParts> read_parts(std::string_view pem) {
  auto material = read_pem(pem, {}, Half::private_half);
  if (!material) return std::unexpected(material.error());
  return KeyMaker::make_parts(*std::move(material));
}

// read_authority takes --intercept-ca and --intercept-key. Whoever has that key can pass for every
// host at the clients that trust it.
Outcome<std::optional<crypto::InterceptionAuthority>> read_authority(
    const AgentProxyOptions& options) {
  if (options.intercept_ca.empty()) return std::nullopt;
  struct stat status = {};
  if (::stat(options.intercept_key.c_str(), &status) != 0) {
    return std::unexpected(Failure{.message = "cannot read --intercept-key " +
                                              escape(options.intercept_key) + ": " +
                                              std::strerror(errno)});
  }
  if (!S_ISREG(status.st_mode) || (status.st_mode & 077U) != 0 || status.st_uid != ::geteuid()) {
    return std::unexpected(Failure{.message = "--intercept-key " + escape(options.intercept_key) +
                                              " can be read or written by others, or is theirs",
                                   .hint = "make it yours alone with chmod 600"});
  }
  const auto certificate = read_input(options.intercept_ca, std::size_t{64} << 10U);
  if (!certificate) return std::unexpected(certificate.error());
  const auto key = read_input(options.intercept_key, std::size_t{64} << 10U);
  if (!key) return std::unexpected(key.error());
  auto parts = read_parts(key->text());
  if (!parts) return std::unexpected(failure("--intercept-key", parts.error()));
  auto authority = crypto::InterceptionAuthority::create(certificate->text(), *std::move(parts));
  if (!authority) {
    return std::unexpected(Failure{.message = "--intercept-ca: " + authority.error()});
  }
  return *std::move(authority);
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
  auto* ca = command.add_option("--intercept-ca", options.intercept_ca,
                                "certificate (PEM) of a local authority that clients trust: TLS in "
                                "CONNECT ends here, and what "
                                "is inside is signed");
  auto* key = command.add_option("--intercept-key", options.intercept_key, "its private key (PEM)");
  ca->needs(proxy)->needs(key);
  key->needs(ca);
  add_network_options(command, options.network);
}

Outcome<void> check_agent_proxy_options(const AgentProxyOptions& options) {
  if (auto limits = read_limits(options); !limits) return std::unexpected(limits.error());
  if (auto addresses = read_addresses(options.network); !addresses) {
    return std::unexpected(addresses.error());
  }
  if (auto authority = read_authority(options); !authority) {
    return std::unexpected(authority.error());
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
  auto authority = read_authority(options);
  if (!authority) return std::unexpected(authority.error());
  auto server = agent::ProxyServer::start(options.address, std::move(policy),
                                          {.ca = options.network.ca,
                                           .resolve = options.network.resolve,
                                           .allowed = std::move(addresses->allowed)},
                                          *limits, *std::move(authority));
  if (!server) return std::unexpected(Failure{.message = escape(server.error())});
  return *std::move(server);
}

}  // namespace wba::cli
