// `wba directory serve`: a small HTTPS server for one directory.

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "directory_commands.h"
#include "directory_files.h"
#include "directory_server.h"
#include "options.h"
#include "passphrase.h"

namespace wba::cli {
namespace {

struct ServeOptions {
  std::string file;
  std::vector<std::string> keys;
  std::string passphrase_file;
  std::string certificate;
  std::string tls_key;
  std::vector<std::string> authorities;
  std::string address = "0.0.0.0";
  std::uint16_t port = 443;
  std::string lifetime = "24h";
  std::string max_age = "1h";
};

// StopSignals blocks SIGTERM and SIGINT for this thread and those it starts, and calls back from a
// thread of its own when one comes.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals() { finish(); }

  // finish ends the wait: what is called back must live until then.
  void finish() {
    if (!waiter_.joinable()) return;
    // Where the server ended by itself, nobody has sent the signal that ends the wait.
    pthread_kill(waiter_.native_handle(), SIGTERM);
    waiter_.join();
  }

  template <typename Function>
  void on_signal(Function function) {
    waiter_ = std::thread([this, function] {
      int signal = 0;
      sigwait(&set_, &signal);
      function();
    });
  }

 private:
  sigset_t set_{};
  std::thread waiter_;
};

Failure lifetime_failure() {
  return {.message = "signatures would end before caches let go of the response",
          .hint = "--lifetime must be longer than --max-age"};
}

Outcome<ServerOptions> read_options(const ServeOptions& options) {
  const auto lifetime = read_duration("--lifetime", options.lifetime);
  if (!lifetime) return std::unexpected(lifetime.error());
  const auto max_age = read_duration("--max-age", options.max_age);
  if (!max_age) return std::unexpected(max_age.error());
  if (*lifetime <= *max_age) return std::unexpected(lifetime_failure());
  return ServerOptions{.file = options.file,
                       .certificate = options.certificate,
                       .tls_key = options.tls_key,
                       .address = options.address,
                       .port = options.port,
                       .host = {.authorities = options.authorities,
                                .signature_lifetime = *lifetime,
                                .cache_lifetime = *max_age}};
}

Outcome<Exit> serve(const ServeOptions& options) {
  auto server_options = read_options(options);
  if (!server_options) return std::unexpected(server_options.error());
  auto keys = read_signers(options.keys, options.passphrase_file);
  if (!keys) return std::unexpected(keys.error());
  std::vector<std::shared_ptr<const Signer>> signers;
  for (KeySigner& key : *keys) signers.push_back(std::make_shared<KeySigner>(std::move(key)));
  StopSignals signals;
  auto server = DirectoryServer::create(std::move(*server_options), std::move(signers));
  if (!server) return std::unexpected(server.error());
  const bool v6 = options.address.find(':') != std::string::npos;
  print("listening on https://" + (v6 ? "[" + options.address + "]" : options.address) + ":" +
        std::to_string((*server)->port()) + "\n");
  if (auto flushed = flush_output(); !flushed) return std::unexpected(flushed.error());
  DirectoryServer* const running = server->get();
  signals.on_signal([running] { running->stop(); });
  const auto ended = running->run();
  signals.finish();
  if (!ended) return std::unexpected(ended.error());
  return Exit::done;
}

}  // namespace

void add_directory_serve(CLI::App& directory) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = directory.add_subcommand(
      "serve",
      "serve a directory over https, signed\n\nAt the well-known path; /health for monitoring. The "
      "directory file is read again when it changes. Start it anew when the certificate was "
      "renewed. SIGTERM and SIGINT stop it.");
  command->add_option("FILE", options->file, "the directory file")->required();
  command
      ->add_option("--key", options->keys,
                   "private key that signs, PEM or JWK; one for each key listed")
      ->allow_extra_args(false);
  add_passphrase_option(*command, options->passphrase_file);
  command->add_option("--cert", options->certificate, "certificate chain in PEM")->required();
  command->add_option("--tls-key", options->tls_key, "the certificate's key in PEM")->required();
  command
      ->add_option("--authority", options->authorities,
                   "host, and port unless 443, that it is served under; repeatable")
      ->required()
      ->allow_extra_args(false);
  command->add_option("--listen", options->address, "address to listen at")->capture_default_str();
  command->add_option("--port", options->port, "port; 0 takes a free one and prints it")
      ->capture_default_str();
  command->add_option("--lifetime", options->lifetime, "how long a signature lasts")
      ->capture_default_str();
  command->add_option("--max-age", options->max_age, "how long caches may keep the directory")
      ->capture_default_str();
  on_run(*command, [options] { return serve(*options); });
}

}  // namespace wba::cli
