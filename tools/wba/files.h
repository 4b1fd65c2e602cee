#ifndef WBA_TOOLS_FILES_H_
#define WBA_TOOLS_FILES_H_

// Reading and writing files so that a failed run leaves nothing behind.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "context.h"

namespace wba::cli {

// max_input is the most that one input file may hold, where a command sets no less.
inline constexpr std::size_t max_input = std::size_t{16} << 20U;

// InputText is the text of a file, wiped when it is destroyed (it may hold a key).
class InputText {
 public:
  explicit InputText(std::string text) noexcept;
  InputText(InputText&&) noexcept;
  InputText& operator=(InputText&&) noexcept;
  InputText(const InputText&) = delete;
  InputText& operator=(const InputText&) = delete;
  ~InputText();

  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  std::string text_;
};

// read_input reads the file `path`, or standard input where `path` is "-". More than `max` bytes is
// a failure. Buffers that reading used are wiped. `status`, where given, receives what the system
// says of the file that was read.
[[nodiscard]] Outcome<InputText> read_input(const std::string& path, std::size_t max = max_input,
                                            struct stat* status = nullptr);

// check_private fails, with a hint, where a regular file has one of the mode bits `forbidden` or
// belongs to another user. What no regular file is (a pipe) passes. `what` names it: "key".
[[nodiscard]] Outcome<void> check_private(const std::string& path, std::string_view what,
                                          const struct stat& status, mode_t forbidden);

// FileMode says who may read a file that is written.
enum class FileMode : std::uint8_t {
  owner_only,  // 0600: keys
  usual,       // 0666 less the umask
};

enum class Overwrite : std::uint8_t { refuse, replace };

// write_file makes the file `path` with `data` in it, all of it or nothing: under a temporary name
// in the same folder, synchronised, then renamed. With Overwrite::refuse a file that exists, even
// one that appears meanwhile, is left alone; what is no regular file is never replaced.
[[nodiscard]] Outcome<void> write_file(const std::string& path, std::string_view data,
                                       FileMode mode, Overwrite overwrite);

}  // namespace wba::cli

#endif  // WBA_TOOLS_FILES_H_
