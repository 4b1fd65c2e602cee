// wba-authd: answers a proxy's question whether a request may pass.

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <pthread.h>
#include <signal.h>

#include <wba/guard/guard.h>
#include <wba/key_resolver.h>

#include "authd.h"
#include "prepared_option.h"
#include "resolver.h"
#include "server/http_connections.h"

namespace wba::forward_auth {
namespace {

struct Options {
  std::string config;
  std::string listen = "127.0.0.1:9180";
  AuthdOptions authd = {.admin_port = 9181};
  ResolverOptions resolver;
  PreparedKeyMode prepared_keys = PreparedKeyMode::on;
  int drain_seconds = 1;
  bool check = false;
};

// A problem ends the program, or a reload.
template <typename T>
using Outcome = std::expected<T, std::string>;

void say(std::string_view kind, std::string_view text) {
  std::fprintf(stderr, "wba-authd: %.*s: %.*s\n", static_cast<int>(kind.size()), kind.data(),
               static_cast<int>(text.size()), text.data());
}

Outcome<guard::Config> read_config(const Options& options) {
  auto config = guard::load_config(options.config);
  if (!config) {
    std::string text = guard::to_text(config.error());
    if (!text.empty()) text.pop_back();
    return std::unexpected(std::move(text));
  }
  if (config->server.trusted_proxies.empty()) {
    return std::unexpected("[server] trusted_proxies is missing: nobody would be answered");
  }
  if (config->server.forwarded != guard::ForwardedSource::none) {
    return std::unexpected("[server] forwarded is not for wba-authd: --headers says what counts");
  }
  return *std::move(config);
}

Outcome<void> split_listen(Options& options) {
  const auto colon = options.listen.rfind(':');
  const std::string port = colon == std::string::npos ? "" : options.listen.substr(colon + 1);
  std::istringstream stream(port);
  unsigned number = 0;
  if (!(stream >> number) || !stream.eof() || number > 65535) {
    return std::unexpected("--listen is not ADDRESS:PORT");
  }
  options.authd.port = static_cast<std::uint16_t>(number);
  options.authd.address = options.listen.substr(0, colon);
  auto& address = options.authd.address;
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  }
  return {};
}

// connection_gauges gives figures of the connections, for metrics.
std::vector<guard::Gauge> connection_gauges() {
  return {{.name = "wba_accept_pauses",
           .help = "Times that new connections had to wait for a free file descriptor.",
           .read = [] { return static_cast<double>(server::accept_pauses()); }}};
}

void reopen_log(guard::Guard& guard) {
  if (const auto opened = guard.reopen_log(); !opened) {
    say("error", opened.error());
    say("hint", "lines go on into the file that was open");
  }
}

void reload(const Options& options, guard::Guard& guard) {
  reopen_log(guard);
  auto config = read_config(options);
  if (config && config->server.scheme != options.authd.scheme) {
    config = std::unexpected("[server] scheme cannot change while running");
  }
  if (!config) {
    guard.count_refused_reload();
    return say("error", "configuration not reloaded:\n" + config.error());
  }
  if (const auto done = guard.reload(*std::move(config)); !done) {
    return say("error", "configuration not reloaded:\n" + guard::to_text(done.error()));
  }
  say("info", "configuration reloaded");
}

Outcome<void> run(Options& options) {
  if (auto split = split_listen(options); !split) return split;
  auto config = read_config(options);
  if (!config) return std::unexpected(config.error());
  options.authd.scheme = config->server.scheme;
  sigset_t signals{};
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) ::sigaddset(&signals, signal);
  // Every thread that is made from here on leaves these to sigwait.
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  // Thousands of connections need as many descriptors.
  server::raise_descriptor_limit();
  // A check leaves nothing behind, as a log that belongs to whoever checked.
  if (options.check) config->audit.path.clear();
  auto resolver = make_resolver(options.resolver);
  if (!resolver) return std::unexpected(resolver.error());
  use_prepared_keys(options.prepared_keys);
  auto gauges = prepared_gauges();
  const auto connections = connection_gauges();
  gauges.insert(gauges.end(), connections.begin(), connections.end());
  gauges.insert(gauges.end(), resolver->gauges.begin(), resolver->gauges.end());
  auto created = guard::Guard::create(
      *std::move(config), {.resolver = resolver->resolver, .gauges = std::move(gauges)});
  if (!created) return std::unexpected(guard::to_text(created.error()));
  if (options.check) return {};
  const std::shared_ptr<guard::Guard> guard = *std::move(created);
  auto authd = Authd::start(guard, options.authd);
  if (!authd) return std::unexpected(authd.error());
  std::printf("listening on %s:%u, admin on 127.0.0.1:%u\n", options.authd.address.c_str(),
              unsigned{(*authd)->port()}, unsigned{(*authd)->admin_port()});
  std::fflush(stdout);
  int signal = 0;
  while (::sigwait(&signals, &signal) == 0 && (signal == SIGHUP || signal == SIGUSR1)) {
    if (signal == SIGUSR1) {
      reopen_log(*guard);
    } else {
      reload(options, *guard);
    }
  }
  (*authd)->drain();
  std::this_thread::sleep_for(std::chrono::seconds(options.drain_seconds));
  (*authd)->stop();
  return {};
}

void add_options(CLI::App& app, Options& options) {
  app.add_option("--config", options.config, "configuration of the guard (TOML)")->required();
  app.add_option("--listen", options.listen,
                 "ADDRESS:PORT for the proxy (default: 127.0.0.1:9180; port 0: any free one)");
  app.add_option("--admin-port", options.authd.admin_port,
                 "port on 127.0.0.1 for /health, /ready and /metrics (default: 9181)");
  app.add_option("--threads", options.authd.threads, "threads (default: one a processor)")
      ->check(CLI::Range(1, 256));
  const std::map<std::string, HeaderStyle> styles = {{"original", HeaderStyle::original},
                                                     {"forwarded", HeaderStyle::forwarded},
                                                     {"direct", HeaderStyle::direct}};
  app.add_option("--headers", options.authd.style,
                 "how the proxy tells the request: original (nginx, HAProxy, Apache as shipped), "
                 "forwarded (Caddy, Traefik) or direct (Envoy)")
      ->required()
      ->transform(CLI::CheckedTransformer(styles));
  const std::map<std::string, RefusalStatus> refusals = {{"exact", RefusalStatus::exact},
                                                         {"403", RefusalStatus::forbidden}};
  app.add_option("--refusals", options.authd.refusal,
                 "exact (400, 403, 429, 503) or 403 for all, which nginx needs; the exact one is "
                 "in X-Agent-Status (default: exact)")
      ->transform(CLI::CheckedTransformer(refusals));
  app.add_option("--idle", options.authd.idle_seconds,
                 "seconds after which an idle connection is closed (default: 120)")
      ->check(CLI::Range(1, 86400));
  app.add_option("--request-timeout", options.authd.request_seconds,
                 "seconds in which a request has to arrive whole (default: 10)")
      ->check(CLI::Range(1, 3600));
  app.add_option("--drain", options.drain_seconds,
                 "seconds between readiness saying no and the end (default: 1)")
      ->check(CLI::Range(0, 600));
  app.add_flag("--check", options.check,
               "check the configuration and end; the audit log is not opened");
  add_prepared_option(app, options.prepared_keys);
  add_resolver_options(app, options.resolver);
}

}  // namespace
}  // namespace wba::forward_auth

int main(int argc, char** argv) {
  CLI::App app("Answers a proxy's question whether a request may pass, by Web Bot Auth.",
               "wba-authd");
  app.set_version_flag("--version", "wba-authd " WBA_VERSION);
  wba::forward_auth::Options options;
  wba::forward_auth::add_options(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    if (const auto ended = wba::forward_auth::run(options); !ended) {
      wba::forward_auth::say("error", ended.error());
      return 2;
    }
  } catch (const std::exception&) {
    wba::forward_auth::say("error", "out of memory or of threads");
    return 2;
  }
  return 0;
}
