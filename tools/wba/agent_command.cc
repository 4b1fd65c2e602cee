// `wba agent`: the signing daemon.

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/policy.h"
#include "agent/service.h"
#include "agent/socket_server.h"
#include "agent/tokens.h"
#include "agent_keys.h"
#include "agent_proxy.h"
#include "commands.h"
#include "context.h"
#include "files.h"

namespace wba::cli {
namespace {

using agent::SigningService;

struct AgentOptions {
  std::string policy;
  std::string socket;
  std::string listen;
  AgentProxyOptions proxy;
  bool check = false;
};

// harden keeps the keys out of core dumps, of other processes of the same user and, where the
// system lets us, of swap. The keys themselves lie in locked memory in any case.
void harden() {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  // Under a limit, memory asked for later would be refused once the limit is reached.
  const rlimit all{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  rlimit lockable{};
  ::setrlimit(RLIMIT_MEMLOCK, &all);
  if (::getrlimit(RLIMIT_MEMLOCK, &lockable) == 0 && lockable.rlim_cur == RLIM_INFINITY) {
    ::mlockall(MCL_CURRENT | MCL_FUTURE);
  }
}

// Daemon is what a policy file makes: keys unlocked and tokens read.
struct Daemon {
  SigningService service;
  agent::Tokens tokens;
};

Outcome<agent::Tokens> read_tokens(const std::vector<agent::TokenEntry>& entries) {
  agent::Tokens tokens;
  for (const auto& entry : entries) {
    struct stat status = {};
    const auto text = read_input(entry.file, std::size_t{4} << 10U, &status);
    if (!text) return std::unexpected(text.error());
    if (auto checked = check_private(entry.file, "token file", status, 077); !checked) {
      return std::unexpected(checked.error());
    }
    std::string_view token = text->text();
    if (token.ends_with('\n')) token.remove_suffix(1);
    if (auto added = tokens.add(entry.name, token); !added) {
      return std::unexpected(Failure{.message = escape(added.error())});
    }
  }
  return tokens;
}

Outcome<Daemon> load(const std::string& file, AgentKeys& keys) {
  const auto text = read_input(file, std::size_t{1} << 20U);
  if (!text) return std::unexpected(text.error());
  auto policy = agent::read_policy(text->text(), escape(file));
  if (!policy) return std::unexpected(Failure{.message = policy.error()});
  auto tokens = read_tokens(policy->tokens);
  if (!tokens) return std::unexpected(tokens.error());
  Failure wrong;
  auto service =
      SigningService::create(*std::move(policy),
                             [&](const agent::KeyEntry& entry)
                                 -> std::expected<std::shared_ptr<const KeySigner>, std::string> {
                               auto signer = keys.read(entry);
                               if (signer) return *std::move(signer);
                               wrong = signer.error();
                               return std::unexpected(wrong.message);
                             });
  if (!service) {
    return std::unexpected(Failure{.message = service.error(), .hint = std::move(wrong.hint)});
  }
  return Daemon{.service = *std::move(service), .tokens = *std::move(tokens)};
}

// AppendFile is the log: lines are only ever added, each by one write.
class AppendFile {
 public:
  AppendFile() = default;
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  ~AppendFile() { close(); }

  [[nodiscard]] Outcome<void> open(const std::string& path) {
    const int file =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) {
      return std::unexpected(
          Failure{.message = "cannot open the log " + escape(path) + ": " + std::strerror(errno)});
    }
    close();
    file_ = file;
    return {};
  }

  [[nodiscard]] bool add(const std::string& line) const {
    const std::string whole = line + "\n";
    return ::write(file_, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size());
  }

 private:
  void close() {
    if (file_ >= 0) ::close(std::exchange(file_, -1));
  }
  int file_ = -1;
};

// listen listens where the options say.
Outcome<agent::SocketServer> listen(const AgentOptions& options) {
  agent::SocketServer server;
  if (!options.socket.empty()) {
    auto listening = agent::SocketServer::listen(options.socket);
    if (!listening) return std::unexpected(Failure{.message = escape(listening.error())});
    server = *std::move(listening);
  }
  if (!options.listen.empty()) {
    const auto address = server.listen_loopback(options.listen);
    if (!address)
      return std::unexpected(Failure{.message = "--listen: " + escape(address.error())});
    print("listening on http://" + *address + "\n");
    if (auto printed = flush_output(); !printed) return std::unexpected(printed.error());
  }
  return server;
}

Outcome<Exit> serve(const AgentOptions& options, Daemon daemon, AgentKeys& keys) {
  AppendFile log;
  if (auto opened = log.open(daemon.service.policy().log); !opened) {
    return std::unexpected(opened.error());
  }
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&signals, signal);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int signal_fd = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  auto server = listen(options);
  if (!server) return std::unexpected(server.error());

  keys.stop_asking();
  std::mutex lock;  // of daemon and log: the proxy has a thread of its own
  const auto write = [&log](const std::string& line) { return log.add(line); };
  const auto reload = [&] {
    auto fresh = load(options.policy, keys);
    if (!fresh) {
      error_line(fresh.error().message);
      hint_line("the policy of before stays in force");
      return;
    }
    const std::lock_guard guard(lock);
    // A log that was renamed is made anew, too.
    if (auto opened = log.open(fresh->service.policy().log); !opened) {
      error_line(opened.error().message);
      return;
    }
    fresh->service.keep_rates(daemon.service);
    daemon = *std::move(fresh);
  };
  auto proxy = start_agent_proxy(options.proxy, agent::ProxyPolicy(lock, daemon.service, write));
  if (!proxy) return std::unexpected(proxy.error());
  const auto on_signal = [&] {
    signalfd_siginfo info{};
    while (::read(signal_fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      if (info.ssi_signo != SIGHUP) {
        if (*proxy != nullptr) (*proxy)->begin_stop();
        return false;
      }
      reload();
    }
    return true;
  };
  const auto admit = [&](uid_t user, pid_t process) {
    const std::lock_guard guard(lock);
    if (daemon.service.policy().knows_user(user)) return true;
    return write(R"({"action":"refused","reason":"user-unknown","user":)" + std::to_string(user) +
                 ",\"process\":" + std::to_string(process) + "}") &&
           false;
  };
  const auto authorise = [&](std::string_view authorization) {
    const std::lock_guard guard(lock);
    const std::string_view holder = daemon.tokens.holder(authorization);
    if (holder.empty()) {
      static_cast<void>(write(R"({"action":"refused","reason":"token-unknown"})"));
    }
    return holder;
  };
  const auto handle = [&](const agent::Call& call) {
    const std::lock_guard guard(lock);
    const agent::Clocks clocks{
        .now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()),
        .steady_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::steady_clock::now().time_since_epoch())
                         .count()};
    return daemon.service.answer(call, clocks, write);
  };
  server->run(signal_fd, on_signal, {.admit = admit, .handle = handle, .authorise = authorise});
  proxy->reset();  // what is under way is finished
  ::close(signal_fd);
  return Exit::done;
}

Outcome<Exit> run_agent(const AgentOptions& options) {
  harden();
  AgentKeys keys;
  auto daemon = load(options.policy, keys);
  if (!daemon) return std::unexpected(daemon.error());
  if (!options.listen.empty() && daemon->service.policy().tokens.empty()) {
    return std::unexpected(
        Failure{.message = "--listen is for callers with a token, and there is none",
                .hint = "name one in the policy: [[token]] with name and file"});
  }
  if (auto checked = check_agent_proxy_options(options.proxy); !checked) {
    return std::unexpected(checked.error());
  }
  if (options.check) return Exit::done;
  if (options.socket.empty() && options.listen.empty() && options.proxy.address.empty()) {
    return std::unexpected(
        Failure{.message = "--socket is missing",
                .hint = "name the Unix socket to listen on, or --listen, or --proxy"});
  }
  return serve(options, *std::move(daemon), keys);
}

}  // namespace

void add_agent_command(CLI::App& app) {
  auto options = std::make_shared<AgentOptions>();
  CLI::App* command =
      app.add_subcommand("agent", "hold keys and sign for local programs, within a policy");
  command->add_option("--policy", options->policy, "policy file (TOML)")->required();
  command->add_option("--socket", options->socket, "Unix socket to listen on, made with mode 0600");
  command->add_option("--listen", options->listen,
                      "loopback address and port to listen on too, for callers with a token of the "
                      "policy; port 0 takes a free one and prints it");
  add_agent_proxy_options(*command, options->proxy);
  command->add_flag("--check", options->check, "read policy and keys, say what is wrong, and end");
  on_run(*command, [options] { return run_agent(*options); });
}

}  // namespace wba::cli
