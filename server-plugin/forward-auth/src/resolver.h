#ifndef WBA_FORWARD_AUTH_RESOLVER_H_
#define WBA_FORWARD_AUTH_RESOLVER_H_

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <wba/guard/guard.h>
#include <wba/key_resolver.h>

namespace wba::forward_auth {

// ResolverOptions say where keys come from: fetched directories, or files that stand for them.
struct ResolverOptions {
  std::vector<std::string> directories;  // URL=FILE; where there are any, nothing is fetched
  std::vector<std::string> agents;       // URLs to fetch at start and to keep warm
  std::string ca_file;
  std::vector<std::string> resolve;
  std::vector<std::string> allowed_addresses;
};

void add_resolver_options(CLI::App& app, ResolverOptions& options);

struct MadeResolver {
  std::shared_ptr<const KeyResolver> resolver;
  std::vector<guard::Gauge> gauges;  // the figures of the directory cache
};

// make_resolver makes what the options say. Error: what is wrong with them.
[[nodiscard]] std::expected<MadeResolver, std::string> make_resolver(
    const ResolverOptions& options);

}  // namespace wba::forward_auth

#endif  // WBA_FORWARD_AUTH_RESOLVER_H_
