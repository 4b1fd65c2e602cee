#ifndef WBA_TESTS_SUPPORT_CHILD_PROCESS_H_
#define WBA_TESTS_SUPPORT_CHILD_PROCESS_H_

// Real servers as children of a test: started on free ports of loopback, stopped by their own
// process id.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wba::test {

// find_program looks for a program where Debian puts them, on PATH or not; empty: it is not there.
inline std::string find_program(const std::string& program) {
  for (const auto* folder : {"/usr/bin/", "/usr/sbin/", "/usr/local/bin/"}) {
    if (::access((folder + program).c_str(), X_OK) == 0) return folder + program;
  }
  return {};
}

inline bool is_installed(const std::string& program) { return !find_program(program).empty(); }

// OutputFiles are where a child's standard output and error go; unnamed, to those of the test.
struct OutputFiles {
  std::string out = {};
  std::string err = {};
};

// ChildProcess runs a program until the object goes.
class ChildProcess {
 public:
  ChildProcess() = default;
  explicit ChildProcess(const std::vector<std::string>& arguments, const OutputFiles& files = {}) {
    start(arguments, files);
  }
  ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  ChildProcess& operator=(ChildProcess&& other) noexcept {
    stop();
    pid_ = std::exchange(other.pid_, -1);
    return *this;
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() { stop(); }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  // stop sends `signal`, waits, and kills it where it does not end within thirty seconds. It gives
  // the status that waitpid gave, -1 where there was nothing to wait for.
  int stop(int signal = SIGTERM) noexcept {
    if (pid_ <= 0) return -1;
    ::kill(pid_, signal);
    int status = -1;
    for (int i = 0; i < 3000; ++i) {
      const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == pid_) {
        pid_ = -1;
        return status;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  void start(const std::vector<std::string>& arguments, const OutputFiles& files) {
    std::vector<char*> argv;
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const std::string found = find_program(arguments.front());
    const char* program = found.empty() ? argv[0] : found.c_str();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    const auto write_to = [&actions](int descriptor, const std::string& file) {
      if (file.empty()) return;
      ::posix_spawn_file_actions_addopen(&actions, descriptor, file.c_str(),
                                         O_WRONLY | O_CREAT | O_TRUNC, 0600);
    };
    write_to(STDOUT_FILENO, files.out);
    write_to(STDERR_FILENO, files.err);
    if (::posix_spawnp(&pid_, program, &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
    ::posix_spawn_file_actions_destroy(&actions);
  }

  pid_t pid_ = -1;
};

// free_port gives a TCP port of 127.0.0.1 that nobody listened on a moment ago.
inline std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  std::uint16_t port = 0;
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    port = ntohs(address.sin_port);
  }
  ::close(socket);
  return port;
}

// wait_for_port waits up to ten seconds until somebody listens on the port.
inline bool wait_for_port(std::uint16_t port) {
  for (int i = 0; i < 500; ++i) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool there =
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    if (there) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_CHILD_PROCESS_H_
