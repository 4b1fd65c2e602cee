#include "client/command.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wba::client {
namespace {

using Clock = std::chrono::steady_clock;

std::unexpected<Error> fail(ErrorCode code) noexcept { return std::unexpected(Error{code}); }

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

// input_file holds `input` in memory: unlike a pipe it can be of any size, and a program that does
// not read it raises no SIGPIPE here.
Descriptor input_file(std::string_view input) noexcept {
  Descriptor file(::memfd_create("wba-signature-base", MFD_CLOEXEC));
  while (file.get() >= 0 && !input.empty()) {
    const ssize_t size = ::write(file.get(), input.data(), input.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return Descriptor();
    input.remove_prefix(static_cast<std::size_t>(size));
  }
  if (file.get() >= 0 && ::lseek(file.get(), 0, SEEK_SET) != 0) return Descriptor();
  return file;
}

// above_standard moves a descriptor out of the places that the program's own will take.
Descriptor above_standard(Descriptor from) noexcept {
  if (from.get() < 0 || from.get() > STDERR_FILENO) return from;
  return Descriptor(::fcntl(from.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

// Spawn is what posix_spawn is told: input and output, no other descriptor but standard error, the
// signals as they are by default, and a process group to be killed by.
class Spawn {
 public:
  Spawn(int input, int output) noexcept {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    constexpr short kFlags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
    good_ = ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO) == 0 &&
            ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO) == 0 &&
            ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1) == 0 &&
            ::posix_spawnattr_setsigmask(&attributes_, &none) == 0 &&
            ::posix_spawnattr_setsigdefault(&attributes_, &all) == 0 &&
            ::posix_spawnattr_setpgroup(&attributes_, 0) == 0 &&
            ::posix_spawnattr_setflags(&attributes_, kFlags) == 0;
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;
  ~Spawn() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  // start gives the process, -1 where it could not be started.
  [[nodiscard]] pid_t start(std::span<const std::string> command) const {
    std::vector<char*> arguments;
    for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    pid_t process = -1;
    if (!good_ || ::posix_spawnp(&process, arguments.front(), &actions_, &attributes_,
                                 arguments.data(), environ) != 0) {
      return -1;
    }
    return process;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
  bool good_ = false;
};

// wait_readable waits until `fd` can be read; false where the time is over before.
bool wait_readable(int fd, Clock::time_point end) noexcept {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return false;
    pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
    const int found = ::poll(&polled, 1, static_cast<int>(std::min<long>(left, 60'000)));
    if (found > 0) return true;
    if (found < 0 && errno != EINTR) return false;
  }
}

// read_output reads to the end.
Result<std::string> read_output(int fd, Clock::time_point end, std::size_t max) {
  std::string output;
  std::array<char, 4096> buffer;
  for (;;) {
    if (!wait_readable(fd, end)) return fail(ErrorCode::signer_unreachable);
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) return fail(ErrorCode::signer_unreachable);
    if (size == 0) return output;
    output.append(buffer.data(), static_cast<std::size_t>(size));
    if (output.size() > max) return fail(ErrorCode::signer_answer_invalid);
  }
}

// wait_end waits for the process, which may have closed its output before it ended.
Result<void> wait_end(pid_t process, Clock::time_point end) noexcept {
  const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  if (handle.get() >= 0 && !wait_readable(handle.get(), end)) {
    return fail(ErrorCode::signer_unreachable);
  }
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOWAIT) != 0) {
    // An application may wait for all children: then nobody knows the status any more.
    if (errno != EINTR) return {};
  }
  const bool good = info.si_code == CLD_EXITED && info.si_status == 0;
  return good ? Result<void>() : fail(ErrorCode::signer_refused);
}

// end_all ends what is left of the process's group. As long as the process was not waited for, its
// number is nobody else's.
void end_all(pid_t process) noexcept {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOWAIT | WNOHANG) != 0) return;
  ::kill(-process, SIGKILL);
  while (::waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

Result<std::string> run_command(std::span<const std::string> command, std::string_view input,
                                std::chrono::milliseconds time, std::size_t max_output) {
  const auto end = Clock::now() + time;
  const Descriptor in = above_standard(input_file(input));
  int ends[2] = {-1, -1};
  if (in.get() < 0 || ::pipe2(ends, O_CLOEXEC) != 0) return fail(ErrorCode::signer_unreachable);
  const Descriptor out(ends[0]);
  Descriptor out_of_command = above_standard(Descriptor(ends[1]));
  const pid_t process = Spawn(in.get(), out_of_command.get()).start(command);
  if (process < 0) return fail(ErrorCode::signer_unreachable);
  out_of_command.close();
  auto output = read_output(out.get(), end, max_output);
  const auto ended = output ? wait_end(process, end) : Result<void>();
  end_all(process);
  if (!ended) return std::unexpected(ended.error());
  return output;
}

}  // namespace wba::client
