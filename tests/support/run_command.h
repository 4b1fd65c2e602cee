#ifndef WBA_TESTS_SUPPORT_RUN_COMMAND_H_
#define WBA_TESTS_SUPPORT_RUN_COMMAND_H_

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace wba::test {

// CommandResult is what a program left: its exit status (128 + N where signal N ended it, -1 where
// it could not be started or was ended for taking too long) and all that it wrote.
struct CommandResult {
  int status = -1;
  std::string out;
  std::string err;
};

// run_command runs the program `arguments[0]` (a path, or a name in PATH) with `input` on its
// standard input, and ends it by SIGKILL after `limit`. The environment is this process's.
[[nodiscard]] CommandResult run_command(const std::vector<std::string>& arguments,
                                        std::string_view input = {},
                                        std::chrono::seconds limit = std::chrono::seconds(60));

// TemporaryFolder is an empty folder, removed with all in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  // file gives the path of `name` in it.
  [[nodiscard]] std::string file(std::string_view name) const {
    return std::string(path_).append("/").append(name);
  }
  // entries gives the names in it, hidden ones too, sorted.
  [[nodiscard]] std::vector<std::string> entries() const;

 private:
  std::string path_;
};

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_RUN_COMMAND_H_
