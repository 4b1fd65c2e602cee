#include "secret_file.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wba::guard {
namespace {

constexpr std::size_t kMaxSecret = 4096;

// File closes its descriptor.
class File {
 public:
  explicit File(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

std::expected<std::string, std::string> read_secret_file(const std::string& path) {
  const File file(path);
  struct stat status {};
  // The file that is read is the one that is judged.
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return std::unexpected("cannot be read");
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return std::unexpected(
        "belongs to another user: chown it to the one that runs this, or to root");
  }
  if ((status.st_mode & (S_IWGRP | S_IROTH | S_IWOTH)) != 0) {
    return std::unexpected("can be read or written by other users: chmod 600, or 640 for a group");
  }
  std::array<char, kMaxSecret> octets;
  std::string text;
  while (text.size() <= kMaxSecret) {
    const auto size = ::read(file.get(), octets.data(), octets.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::unexpected("cannot be read");
    if (size == 0) break;
    text.append(octets.data(), static_cast<std::size_t>(size));
  }
  if (text.size() > kMaxSecret) return std::unexpected("is larger than 4096 octets");
  text.resize(std::min(text.size(), text.find('\n')));
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return std::unexpected("is empty");
  return text;
}

}  // namespace wba::guard
