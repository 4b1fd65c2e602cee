// `wba origin`: a protected origin that serves a folder, to try things out on.

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <pthread.h>
#include <signal.h>

#include <wba/authorities.h>
#include <wba/directory_resolver.h>
#include <wba/guard/guard.h>
#include <wba/guard/httplib.h>
#include <wba/key_resolver.h>
#include <wba/registered_domain.h>

#include "commands.h"
#include "context.h"
#include "crypto/certificate_names.h"
#include "files.h"
#include "network_options.h"
#include "options.h"

namespace wba::cli {
namespace {

using guard::Guard;

struct OriginOptions {
  std::string folder;
  std::string config;
  std::string bind = "127.0.0.1";
  int port = 0;
  std::string certificate;
  std::string key;
  std::string audit;
  std::vector<std::string> authorities;
  std::vector<std::string> directories;
  std::vector<std::string> agents;
  NetworkOptions network;
};

// Unsigned requests are challenged, and each signature is good once: the demo shows both.
constexpr std::string_view kDefaultConfig =
    "[defaults]\n"
    "unsigned = \"challenge\"\n"
    "replay = true\n"
    "require = { components = [\"@method\", \"@path\"] }\n"
    "[[routes]]\n"
    "name = \"bodies\"\n"
    "paths = [\"/*\"]\n"
    "methods = [\"POST\", \"PUT\", \"PATCH\"]\n"
    "require = { components = [\"@method\", \"@path\"], body_digest = true }\n";

Failure mistakes_failure(std::string_view what, const std::vector<guard::ConfigMistake>& mistakes) {
  std::string message(what);
  for (const auto& mistake : mistakes) {
    message.append(": ");
    if (mistake.line > 0) message.append("line ").append(std::to_string(mistake.line)).append(": ");
    message.append(mistake.reason);
  }
  return {.message = std::move(message), .hint = "see server-plugin/guard/guard.example.toml"};
}

// default_hosts are what clients can call this server: the names of its certificate, without one
// the address that it listens on.
Outcome<std::vector<std::string>> default_hosts(const OriginOptions& options) {
  if (options.certificate.empty()) {
    const bool is_ipv6 = options.bind.find(':') != std::string::npos;
    return std::vector<std::string>{is_ipv6 ? "[" + options.bind + "]" : options.bind, "localhost"};
  }
  const auto pem = read_input(options.certificate);
  if (!pem) return std::unexpected(pem.error());
  return crypto::certificate_names(pem->text());
}

// own_authorities are `hosts` at the default port and, where they name none, at `port`, unless that
// is not known yet.
Outcome<Authorities> own_authorities(const std::vector<std::string>& hosts, int port) {
  std::vector<std::string> patterns;
  for (const auto& host : hosts) {
    patterns.push_back(host);
    const auto behind_address = host.rfind(']') + 1;
    if (port != 0 && host.find(':', behind_address) == std::string::npos) {
      patterns.push_back(host + ":" + std::to_string(port));
    }
  }
  const auto made = Authorities::of(views(patterns));
  if (!made) {
    return std::unexpected(
        Failure{.message = "what clients call this server is not known: " +
                           std::string(describe(made.error().code)),
                .hint = "give --authority HOST or HOST:PORT, or authorities in --config"});
  }
  return *made;
}

// `port` is the one listened on, 0 where it is not known yet.
Outcome<guard::Config> read_config(const OriginOptions& options, int port) {
  auto config = options.config.empty() ? guard::parse_config(kDefaultConfig)
                                       : guard::load_config(options.config);
  if (!config) return std::unexpected(mistakes_failure(escape(options.config), config.error()));
  if (options.config.empty() && options.certificate.empty()) config->server.scheme = "http";
  if (!options.authorities.empty() || !config->server.authorities) {
    const auto hosts = options.authorities.empty() ? default_hosts(options) : options.authorities;
    if (!hosts) return std::unexpected(hosts.error());
    auto authorities = own_authorities(*hosts, port);
    if (!authorities) return std::unexpected(authorities.error());
    config->server.authorities = *std::move(authorities);
  }
  if (!options.audit.empty()) config->audit.path = options.audit;
  return *std::move(config);
}

Outcome<std::shared_ptr<const KeyResolver>> make_static_resolver(const OriginOptions& options) {
  auto resolver = std::make_shared<StaticResolver>(directory::registered_domain);
  for (const auto& option : options.directories) {
    const auto equals = option.rfind('=');
    if (equals == std::string::npos || equals + 1 == option.size()) {
      return std::unexpected(Failure{.message = "--directory is not URL=FILE"});
    }
    const auto body = read_input(option.substr(equals + 1));
    if (!body) return std::unexpected(body.error());
    if (auto added = resolver->add_directory(option.substr(0, equals), body->text()); !added) {
      return std::unexpected(failure("directory " + escape(option, 300), added.error()));
    }
  }
  return resolver;
}

Outcome<std::shared_ptr<const KeyResolver>> make_resolver(const OriginOptions& options) {
  if (!options.directories.empty()) {
    if (options.agents.empty()) return make_static_resolver(options);
    return std::unexpected(Failure{.message = "--directory and --agent do not go together",
                                   .hint = "with --directory nothing is fetched"});
  }
  if (auto checked = check_network_options(options.network); !checked) {
    return std::unexpected(checked.error());
  }
  auto addresses = read_addresses(options.network);
  if (!addresses) return std::unexpected(addresses.error());
  DirectoryResolverOptions made;
  made.network.ca_file = options.network.ca;
  made.network.resolve = options.network.resolve;
  made.network.addresses = *std::move(addresses);
  for (const auto& url : options.agents) made.agents.push_back({.url = url});
  auto resolver = DirectoryResolver::create(std::move(made));
  if (!resolver) return std::unexpected(failure("directories", resolver.error()));
  return *std::move(resolver);
}

// Says who sent the request, as a handler of any server could.
void answer_who(const httplib::Request& request, httplib::Response& response) {
  nlohmann::json answer = {
      {"octets", request.body.size()}, {"agent", nullptr}, {"outcome", nullptr}};
  if (const auto* decision = guard::current_decision(); decision != nullptr) {
    answer["outcome"] = to_string(decision->record.outcome);
    if (decision->is_verified()) answer["agent"] = decision->record.identity;
  }
  response.set_content(answer.dump() + "\n", "application/json");
}

// tell_port has the guard go by the port that was found.
Outcome<void> tell_port(const OriginOptions& options, int port, Guard& guard) {
  if (port == options.port) return {};
  auto config = read_config(options, port);
  if (!config) return std::unexpected(config.error());
  if (const auto done = guard.reload(*std::move(config)); !done) {
    return std::unexpected(mistakes_failure("guard", done.error()));
  }
  return {};
}

template <typename Server>
Outcome<Exit> serve(Server& server, const OriginOptions& options, Guard& guard,
                    const sigset_t& signals) {
  if (!server.is_valid()) {
    return std::unexpected(
        Failure{.message = "certificate or key cannot be used",
                .hint = "--certificate and --key take PEM files that belong together"});
  }
  if (!server.set_mount_point("/", options.folder)) {
    return std::unexpected(Failure{.message = "no such folder: " + escape(options.folder)});
  }
  server.Get("/.whoami", answer_who);
  for (const auto method : {&Server::Post, &Server::Put, &Server::Patch}) {
    (server.*method)(".*", answer_who);
  }
  const int port = options.port == 0 ? server.bind_to_any_port(options.bind)
                   : server.bind_to_port(options.bind, options.port) ? options.port
                                                                     : -1;
  if (port < 0) {
    return std::unexpected(Failure{.message = "cannot listen on " + escape(options.bind) + ":" +
                                              std::to_string(options.port)});
  }
  // Only now is it known what clients call this server.
  if (auto told = tell_port(options, port, guard); !told) return std::unexpected(told.error());
  std::thread listening([&] { server.listen_after_bind(); });
  print("listening on " + std::string(options.certificate.empty() ? "http" : "https") + "://" +
        escape(options.bind) + ":" + std::to_string(port) + "\n");
  auto flushed = flush_output();
  int signal = 0;
  while (flushed && ::sigwait(&signals, &signal) == 0 && signal == SIGHUP) {
    if (const auto opened = guard.reopen_log(); !opened) error_line(escape(opened.error()));
    auto config = read_config(options, port);
    const auto reloaded = config ? guard.reload(*std::move(config))
                                 : std::expected<void, std::vector<guard::ConfigMistake>>();
    if (!config) {
      guard.count_refused_reload();
      error_line(config.error().message);
    } else if (!reloaded) {
      error_line(mistakes_failure("reload", reloaded.error()).message);
    } else {
      hint_line("configuration reloaded");
    }
  }
  server.stop();
  listening.join();
  if (!flushed) return std::unexpected(flushed.error());
  return Exit::done;
}

Outcome<Exit> run(const OriginOptions& options) {
  if (options.certificate.empty() != options.key.empty()) {
    return std::unexpected(Failure{.message = "--certificate and --key go together"});
  }
  auto config = read_config(options, options.port);
  if (!config) return std::unexpected(config.error());
  auto resolver = make_resolver(options);
  if (!resolver) return std::unexpected(resolver.error());
  auto created = Guard::create(*std::move(config), {.resolver = *resolver, .sees_bodies = true});
  if (!created) return std::unexpected(mistakes_failure("guard", created.error()));
  const std::shared_ptr<Guard> guard = *std::move(created);
  // Every thread that is made from here on leaves these to sigwait.
  sigset_t signals{};
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  if (options.certificate.empty()) {
    guard::GuardedServer<httplib::Server> server(guard);
    return serve(server, options, *guard, signals);
  }
  guard::GuardedServer<httplib::SSLServer> server(guard, options.certificate.c_str(),
                                                  options.key.c_str());
  return serve(server, options, *guard, signals);
}

}  // namespace

void add_origin_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "origin", "serve a folder behind the guard\n\nGET its files, GET /.whoami, POST anything.");
  auto options = std::make_shared<OriginOptions>();
  command->add_option("folder", options->folder, "folder with the files")->required();
  command->add_option("--config", options->config,
                      "configuration of the guard (default: unsigned requests are challenged, a "
                      "signature is good once)");
  command
      ->add_option("--directory", options->directories,
                   "URL=FILE: FILE is the key directory at URL, and nothing is fetched; repeatable")
      ->allow_extra_args(false);
  command
      ->add_option("--agent", options->agents,
                   "agent URL whose directory is fetched at start and kept warm; repeatable")
      ->allow_extra_args(false);
  add_network_options(*command, options->network);
  command->add_option("--bind", options->bind, "address to listen on (default: 127.0.0.1)");
  command->add_option("--port", options->port, "port to listen on (default: any free one)")
      ->check(CLI::Range(0, 65535));
  command->add_option("--certificate", options->certificate, "serve https with this PEM chain");
  command->add_option("--key", options->key, "and this PEM key");
  command
      ->add_option("--authority", options->authorities,
                   "HOST[:PORT] that clients call this server, *.HOST for all below; signatures "
                   "for others are refused; repeatable (default: those of --config, else the names "
                   "of the certificate, or the address listened on)")
      ->allow_extra_args(false);
  command->add_option("--audit", options->audit, "audit log");
  on_run(*command, [options] { return run(*options); });
}

}  // namespace wba::cli
