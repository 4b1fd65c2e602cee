#include "resolver.h"

#include <fstream>
#include <iterator>

#include <wba/directory_resolver.h>
#include <wba/registered_domain.h>

namespace wba::forward_auth {
namespace {

constexpr std::size_t kMaxDirectory = 1U << 20U;

std::expected<MadeResolver, std::string> make_static(const ResolverOptions& options) {
  auto resolver = std::make_shared<StaticResolver>(directory::registered_domain);
  for (const auto& option : options.directories) {
    const auto equals = option.rfind('=');
    if (equals == std::string::npos) return std::unexpected("--directory is not URL=FILE");
    std::ifstream stream(option.substr(equals + 1), std::ios::binary);
    if (!stream) return std::unexpected("--directory: the file cannot be read");
    const std::string body{std::istreambuf_iterator<char>(stream), {}};
    if (body.size() > kMaxDirectory) return std::unexpected("--directory: the file is too large");
    if (auto added = resolver->add_directory(option.substr(0, equals), body); !added) {
      return std::unexpected("--directory: " + std::string(describe(added.error().code)));
    }
  }
  return MadeResolver{.resolver = std::move(resolver), .gauges = {}};
}

std::vector<guard::Gauge> gauges_of(const std::shared_ptr<DirectoryResolver>& resolver) {
  const auto gauge = [&](std::string name, std::string help, auto member) {
    return guard::Gauge{
        .name = std::move(name), .help = std::move(help), .read = [resolver, member] {
          return static_cast<double>(resolver->statistics().*member);
        }};
  };
  using Statistics = DirectoryStatistics;
  return {gauge("wba_directories", "Directories held.", &Statistics::directories),
          gauge("wba_directory_fetches_under_way", "Fetches under way.",
                &Statistics::fetches_under_way),
          gauge("wba_directory_fetches_waiting", "Fetches waiting.", &Statistics::fetches_waiting),
          gauge("wba_directory_fetches_started", "Fetches since the start.",
                &Statistics::fetches_started),
          gauge("wba_directory_fetches_failed", "Fetches that failed since the start.",
                &Statistics::fetches_failed),
          gauge("wba_directory_urls_refused", "New agent URLs over a limit since the start.",
                &Statistics::urls_refused),
          gauge("wba_directory_evictions", "Directories dropped for room since the start.",
                &Statistics::evictions)};
}

}  // namespace

void add_resolver_options(CLI::App& app, ResolverOptions& options) {
  app.add_option("--directory", options.directories,
                 "URL=FILE: FILE is the key directory at URL, and nothing is fetched; repeatable")
      ->allow_extra_args(false);
  app.add_option("--agent", options.agents,
                 "agent URL whose directory is fetched at start and kept warm; repeatable")
      ->allow_extra_args(false);
  app.add_option("--ca", options.ca_file, "roots to trust, PEM (default: the system's)");
  app.add_option("--resolve", options.resolve, "HOST:PORT:ADDRESS, as curl's; repeatable")
      ->allow_extra_args(false);
  app.add_option("--allow-address", options.allowed_addresses,
                 "range that is not public and may be fetched from; repeatable")
      ->allow_extra_args(false);
}

std::expected<MadeResolver, std::string> make_resolver(const ResolverOptions& options) {
  if (!options.directories.empty()) return make_static(options);
  DirectoryResolverOptions made;
  made.network.ca_file = options.ca_file;
  made.network.resolve = options.resolve;
  for (const auto& text : options.allowed_addresses) {
    const auto range = AddressRange::parse(text);
    if (!range) return std::unexpected("--allow-address is no range such as 10.0.0.0/8");
    made.network.addresses.allowed.push_back(*range);
  }
  for (const auto& url : options.agents) made.agents.push_back({.url = url});
  auto resolver = DirectoryResolver::create(std::move(made));
  if (!resolver)
    return std::unexpected("directories: " + std::string(describe(resolver.error().code)));
  return MadeResolver{.resolver = *resolver, .gauges = gauges_of(*resolver)};
}

}  // namespace wba::forward_auth
