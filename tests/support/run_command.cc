#include "support/run_command.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wba::test {
namespace {

using Clock = std::chrono::steady_clock;

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }

  [[nodiscard]] int reader() const { return ends_[0]; }
  [[nodiscard]] int writer() const { return ends_[1]; }
  void close_end(std::size_t end) {
    if (ends_[end] >= 0) ::close(std::exchange(ends_[end], -1));
  }

 private:
  std::array<int, 2> ends_{};
};

pid_t start(const std::vector<std::string>& arguments, const Pipe& in, const Pipe& out,
            const Pipe& err) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.reader(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.writer(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.writer(), STDERR_FILENO);
  pid_t child = -1;
  if (::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ) != 0) child = -1;
  posix_spawn_file_actions_destroy(&actions);
  return child;
}

// read_some appends what is there; false at the end.
bool read_some(int fd, std::string& into) {
  std::array<char, 65536> buffer;
  const ssize_t got = ::read(fd, buffer.data(), buffer.size());
  if (got > 0) into.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && errno == EINTR);
}

// exchange feeds the input and collects the output until both outputs end or time is up.
void exchange(Pipe& in, Pipe& out, Pipe& err, std::string_view input, CommandResult& result,
              Clock::time_point deadline) {
  ::fcntl(in.writer(), F_SETFL, O_NONBLOCK);
  while (out.reader() >= 0 || err.reader() >= 0) {
    if (input.empty()) in.close_end(1);
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return;
    std::array<pollfd, 3> polled = {pollfd{.fd = in.writer(), .events = POLLOUT, .revents = 0},
                                    pollfd{.fd = out.reader(), .events = POLLIN, .revents = 0},
                                    pollfd{.fd = err.reader(), .events = POLLIN, .revents = 0}};
    if (::poll(polled.data(), polled.size(), static_cast<int>(left)) < 0 && errno != EINTR) return;
    if (polled[0].revents != 0) {
      const ssize_t written = ::write(in.writer(), input.data(), input.size());
      if (written > 0) input.remove_prefix(static_cast<std::size_t>(written));
      if (written < 0 && errno != EAGAIN && errno != EINTR) input = {};
    }
    if (polled[1].revents != 0 && !read_some(out.reader(), result.out)) out.close_end(0);
    if (polled[2].revents != 0 && !read_some(err.reader(), result.err)) err.close_end(0);
  }
}

// collect waits for the child; past the deadline it is killed first.
int collect(pid_t child, Clock::time_point deadline) {
  int status = 0;
  for (;;) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) break;
    if (ended < 0 && errno != EINTR) return -1;
    if (Clock::now() >= deadline) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      return -1;
    }
    ::usleep(1000);
  }
  if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
  return WEXITSTATUS(status);
}

}  // namespace

CommandResult run_command(const std::vector<std::string>& arguments, std::string_view input,
                          std::chrono::seconds limit) {
  // A child that does not read its input is no reason for this process to end.
  ::signal(SIGPIPE, SIG_IGN);
  const auto deadline = Clock::now() + limit;
  CommandResult result;
  Pipe in;
  Pipe out;
  Pipe err;
  const pid_t child = start(arguments, in, out, err);
  if (child < 0) return result;
  in.close_end(0);
  out.close_end(1);
  err.close_end(1);
  exchange(in, out, err, input, result, deadline);
  result.status = collect(child, deadline);
  return result;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "wba-test-XXXXXX").string();
  if (::mkdtemp(name.data()) != nullptr) path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TemporaryFolder::entries() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace wba::test
