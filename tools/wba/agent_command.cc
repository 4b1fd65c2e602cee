// `wba agent`: the signing daemon.

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wba/key.h>

#include "agent/policy.h"
#include "agent/service.h"
#include "agent/socket_server.h"
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

std::expected<KeySigner, std::string> read_key(const std::string& file) {
  struct stat status = {};
  const std::string shown = escape(file);
  if (::stat(file.c_str(), &status) != 0) {
    return std::unexpected("cannot read key " + shown + ": " + std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) return std::unexpected("key " + shown + " is no regular file");
  if ((status.st_mode & 077U) != 0) {
    return std::unexpected("key " + shown +
                           " can be read or written by others: make it yours alone with chmod 600");
  }
  if (status.st_uid != ::geteuid()) {
    return std::unexpected("key " + shown + " belongs to another user");
  }
  const auto text = read_input(file, std::size_t{64} << 10U);
  if (!text) return std::unexpected(text.error().message);
  auto key = PrivateKey::from_text(text->text());
  if (!key) return std::unexpected("key " + shown + ": " + std::string(describe(key.error().code)));
  auto signer = KeySigner::create(*std::move(key));
  if (!signer) {
    return std::unexpected("key " + shown + ": " + std::string(describe(signer.error().code)));
  }
  return *std::move(signer);
}

Outcome<SigningService> load(const std::string& file) {
  const auto text = read_input(file, std::size_t{1} << 20U);
  if (!text) return std::unexpected(text.error());
  auto policy = agent::read_policy(text->text(), escape(file));
  if (!policy) return std::unexpected(Failure{.message = policy.error()});
  auto service = SigningService::create(*std::move(policy), read_key);
  if (!service) return std::unexpected(Failure{.message = service.error()});
  return *std::move(service);
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

Outcome<Exit> serve(const AgentOptions& options, SigningService service) {
  AppendFile log;
  if (auto opened = log.open(service.policy().log); !opened) {
    return std::unexpected(opened.error());
  }
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&signals, signal);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int signal_fd = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  std::optional<agent::SocketServer> server;
  if (!options.socket.empty()) {
    auto listening = agent::SocketServer::listen(options.socket);
    if (!listening) return std::unexpected(Failure{.message = escape(listening.error())});
    server.emplace(*std::move(listening));
  }

  std::mutex lock;  // of service and log: the proxy has a thread of its own
  const auto write = [&log](const std::string& line) { return log.add(line); };
  const auto reload = [&] {
    auto fresh = load(options.policy);
    if (!fresh) {
      error_line(fresh.error().message);
      hint_line("the policy of before stays in force");
      return;
    }
    const std::lock_guard guard(lock);
    // A log that was renamed is made anew, too.
    if (auto opened = log.open(fresh->policy().log); !opened) {
      error_line(opened.error().message);
      return;
    }
    service = *std::move(fresh);
  };
  auto proxy = start_agent_proxy(options.proxy, agent::ProxyPolicy(lock, service, write));
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
    if (service.policy().knows_user(user)) return true;
    static_cast<void>(process);
    return write(R"({"action":"refused","reason":"user-unknown","user":)" + std::to_string(user) +
                 ",\"process\":" + std::to_string(process) + "}") &&
           false;
  };
  const auto handle = [&](const agent::Call& call) {
    const std::lock_guard guard(lock);
    const agent::Clocks clocks{
        .now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()),
        .steady_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::steady_clock::now().time_since_epoch())
                         .count()};
    return service.answer(call, clocks, write);
  };
  if (server) {
    server->run(signal_fd, on_signal, admit, handle);
  } else {
    pollfd signalled{.fd = signal_fd, .events = POLLIN, .revents = 0};
    while (on_signal()) ::poll(&signalled, 1, -1);
  }
  proxy->reset();  // what is under way is finished
  ::close(signal_fd);
  return Exit::done;
}

Outcome<Exit> run_agent(const AgentOptions& options) {
  harden();
  auto service = load(options.policy);
  if (!service) return std::unexpected(service.error());
  if (auto checked = check_agent_proxy_options(options.proxy); !checked) {
    return std::unexpected(checked.error());
  }
  if (options.check) return Exit::done;
  if (options.socket.empty() && options.proxy.address.empty()) {
    return std::unexpected(
        Failure{.message = "--socket is missing", .hint = "name the Unix socket to listen on"});
  }
  return serve(options, *std::move(service));
}

}  // namespace

void add_agent_command(CLI::App& app) {
  auto options = std::make_shared<AgentOptions>();
  CLI::App* command =
      app.add_subcommand("agent", "hold keys and sign for local programs, within a policy");
  command->add_option("--policy", options->policy, "policy file (TOML)")->required();
  command->add_option("--socket", options->socket, "Unix socket to listen on, made with mode 0600");
  add_agent_proxy_options(*command, options->proxy);
  command->add_flag("--check", options->check, "read policy and keys, say what is wrong, and end");
  on_run(*command, [options] { return run_agent(*options); });
}

}  // namespace wba::cli
