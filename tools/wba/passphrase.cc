#include "passphrase.h"

#include <cerrno>
#include <csignal>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <wba/key.h>

namespace wba::cli {
namespace {

constexpr std::size_t kMaxPassphrase = 4096;
constexpr std::size_t kMinNewPassphrase = 8;

// Terminal is the controlling terminal without echo, as long as the object lives. A signal that
// would end the process waits that long, so that the terminal is never left without echo.
class Terminal {
 public:
  Terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0 || ::tcgetattr(fd_, &usual_) != 0) return;
    sigset_t ending;
    sigemptyset(&ending);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&ending, signal);
    ::sigprocmask(SIG_BLOCK, &ending, &mask_);
    signals_ = ::signalfd(-1, &ending, SFD_CLOEXEC);
    termios quiet = usual_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ICANON | ISIG | ECHONL;
    quiet_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    if (quiet_) ::tcsetattr(fd_, TCSAFLUSH, &usual_);
    if (signals_ >= 0) {
      ::close(signals_);
      ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
    }
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] bool is_quiet() const noexcept { return quiet_; }

  // ask reads one line into `line`, which has room; false where it ends before its line break or is
  // longer than the room.
  [[nodiscard]] bool ask(std::string_view prompt, std::string& line) const {
    if (::write(fd_, prompt.data(), prompt.size()) != static_cast<ssize_t>(prompt.size())) {
      return false;
    }
    for (;;) {
      pollfd polled[] = {{.fd = fd_, .events = POLLIN, .revents = 0},
                         {.fd = signals_, .events = POLLIN, .revents = 0}};
      if (::poll(polled, 2, -1) < 0 && errno != EINTR) return false;
      if (polled[1].revents != 0) return false;  // still pending: the destructor lets it through
      char octet = 0;
      if ((polled[0].revents & POLLIN) == 0 || ::read(fd_, &octet, 1) != 1) return false;
      if (octet == '\n') return true;
      if (line.size() == line.capacity()) return false;
      line += octet;
    }
  }

 private:
  int fd_;
  int signals_ = -1;
  termios usual_{};
  sigset_t mask_{};
  bool quiet_ = false;
};

Outcome<InputText> ask(const std::string& prompt) {
  std::string line;
  // A string that grows leaves copies behind.
  line.reserve(kMaxPassphrase);
  bool asked = false;
  bool quiet = false;
  {
    const Terminal terminal;
    quiet = terminal.is_quiet();
    asked = quiet && terminal.ask(prompt, line);
  }
  InputText passphrase(std::move(line));
  if (asked) return passphrase;
  return std::unexpected(Failure{
      .message = quiet ? "no passphrase was read from the terminal"
                       : "there is no terminal to ask for the passphrase",
      .hint = "give a file that holds the passphrase, yours alone: --passphrase-file FILE"});
}

Outcome<InputText> read_file(const std::string& file) {
  struct stat status = {};
  auto text = read_input(file, kMaxPassphrase, &status);
  if (!text) return text;
  if (auto checked = check_private(file, "passphrase file", status, 077); !checked) {
    return std::unexpected(checked.error());
  }
  std::string_view passphrase = text->text();
  if (passphrase.ends_with('\n')) passphrase.remove_suffix(1);
  if (passphrase.empty()) {
    return std::unexpected(Failure{.message = "passphrase file " + escape(file) + " is empty"});
  }
  return InputText(std::string(passphrase));
}

}  // namespace

void add_passphrase_option(CLI::App& command, std::string& file) {
  command.add_option("--passphrase-file", file,
                     "of an encrypted key (default: the terminal is asked)");
}

Outcome<InputText> read_passphrase(const std::string& file, const std::string& shown) {
  if (!file.empty()) return read_file(file);
  return ask("passphrase of " + escape(shown) + ": ");
}

Outcome<InputText> read_new_passphrase(const std::string& file, const std::string& shown) {
  auto passphrase =
      file.empty() ? ask("new passphrase of " + escape(shown) + ": ") : read_file(file);
  if (!passphrase) return passphrase;
  if (passphrase->text().size() < kMinNewPassphrase) {
    return std::unexpected(Failure{.message = "the passphrase is shorter than 8 characters",
                                   .hint = "take several words, or random octets in a file"});
  }
  if (!file.empty()) return passphrase;
  const auto again = ask("the same again: ");
  if (!again) return std::unexpected(again.error());
  if (again->text() != passphrase->text()) {
    return std::unexpected(Failure{.message = "the two passphrases are not the same"});
  }
  return passphrase;
}

}  // namespace wba::cli
