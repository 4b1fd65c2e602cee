#include "files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wba/key.h>

namespace wba::cli {
namespace {

Failure system_failure(std::string_view what, const std::string& path, int error) {
  std::string message(what);
  message.append(" ").append(escape(path)).append(": ");
  // strerror's texts start with a capital letter; ours do not.
  std::string reason = std::strerror(error);
  if (reason.size() > 1 && reason[0] >= 'A' && reason[0] <= 'Z' && reason[1] >= 'a') {
    reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
  }
  message.append(reason);
  return {.message = std::move(message)};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ > 2) ::close(fd_);
  }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] int close() noexcept { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

// Temporary removes the file unless it got its real name.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  [[nodiscard]] const char* path() const noexcept { return path_.c_str(); }
  void keep() noexcept { path_.clear(); }

 private:
  std::string path_;
};

Outcome<std::string> temporary_name(const std::string& path) {
  unsigned char random[8];
  if (::getrandom(random, sizeof random, 0) != static_cast<ssize_t>(sizeof random)) {
    return std::unexpected(system_failure("cannot name a temporary file for", path, errno));
  }
  const auto slash = path.rfind('/');
  const std::size_t folder = slash == std::string::npos ? 0 : slash + 1;
  std::string name = path.substr(0, folder) + '.' + path.substr(folder) + '.';
  static constexpr char digits[] = "0123456789abcdef";
  for (const unsigned char octet : random) {
    name += digits[octet >> 4U];
    name += digits[octet & 0xfU];
  }
  return name;
}

bool write_all(int fd, std::string_view data) noexcept {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Failure exists_failure(const std::string& path) {
  return {.message = escape(path) + " exists and is left as it is",
          .hint = "choose another name, or replace the file with --force"};
}

// place gives the temporary file its name.
Outcome<void> place(const char* temporary, const std::string& path, Overwrite overwrite) {
  int result = 0;
  if (overwrite == Overwrite::replace) {
    result = ::rename(temporary, path.c_str());
  } else {
    result = ::renameat2(AT_FDCWD, temporary, AT_FDCWD, path.c_str(), RENAME_NOREPLACE);
    if (result != 0 && (errno == EINVAL || errno == ENOSYS)) {
      // The file system cannot rename without replacing; a hard link never replaces.
      result = ::link(temporary, path.c_str());
      if (result == 0) ::unlink(temporary);
    }
  }
  if (result == 0) return {};
  if (overwrite == Overwrite::refuse && errno == EEXIST) {
    return std::unexpected(exists_failure(path));
  }
  return std::unexpected(system_failure("cannot write", path, errno));
}

}  // namespace

InputText::InputText(std::string text) noexcept : text_(std::move(text)) {}

// A short string moves by copying, so that what is left behind is wiped as well.
InputText::InputText(InputText&& other) noexcept : text_(std::move(other.text_)) {
  other.text_.resize(other.text_.capacity());
  wipe(other.text_);
  other.text_.clear();
}

InputText& InputText::operator=(InputText&& other) noexcept {
  std::swap(text_, other.text_);
  return *this;
}

InputText::~InputText() { wipe(text_); }

Outcome<InputText> read_input(const std::string& path, std::size_t max, struct stat* status) {
  const bool standard_input = path == "-";
  const Descriptor file(standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return std::unexpected(system_failure("cannot open", path, errno));
  const std::string shown = standard_input ? "standard input" : path;
  if (status != nullptr && ::fstat(file.get(), status) != 0) {
    return std::unexpected(system_failure("cannot read", shown, errno));
  }

  std::vector<char> buffer(std::size_t{16} << 10U);
  std::size_t size = 0;
  Outcome<InputText> result = std::unexpected(Failure{});
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      result = std::unexpected(system_failure("cannot read", shown, errno));
      break;
    }
    if (got == 0) {
      result = InputText(std::string(buffer.data(), size));
      break;
    }
    size += static_cast<std::size_t>(got);
    if (size > max) {
      result = std::unexpected(
          Failure{.message = escape(shown) + " is longer than " + std::to_string(max) + " bytes"});
      break;
    }
    if (size == buffer.size()) {
      std::vector<char> larger(buffer.size() * 2);
      std::memcpy(larger.data(), buffer.data(), size);
      wipe(buffer);
      buffer = std::move(larger);
    }
  }
  wipe(buffer);
  return result;
}

Outcome<void> check_private(const std::string& path, std::string_view what,
                            const struct stat& status, mode_t forbidden) {
  if (!S_ISREG(status.st_mode)) return {};
  const std::string shown = std::string(what) + " " + escape(path);
  if ((status.st_mode & forbidden) != 0) {
    return std::unexpected(Failure{.message = shown + " can be read or written by others",
                                   .hint = "make it yours alone: chmod 600 " + escape(path)});
  }
  if (status.st_uid != ::geteuid()) {
    return std::unexpected(Failure{.message = shown + " belongs to another user"});
  }
  return {};
}

Outcome<void> write_file(const std::string& path, std::string_view data, FileMode mode,
                         Overwrite overwrite) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) == 0) {
    if (overwrite == Overwrite::refuse) return std::unexpected(exists_failure(path));
    if (!S_ISREG(status.st_mode)) {
      return std::unexpected(
          Failure{.message = escape(path) + " is no regular file and is left as it is"});
    }
  } else if (errno != ENOENT) {
    return std::unexpected(system_failure("cannot write", path, errno));
  }

  const auto name = temporary_name(path);
  if (!name) return std::unexpected(name.error());
  const mode_t bits = mode == FileMode::owner_only ? 0600 : 0666;
  Descriptor file(
      ::open(name->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, bits));
  if (file.get() < 0) return std::unexpected(system_failure("cannot write", path, errno));
  Temporary temporary(*name);
  if (!write_all(file.get(), data) || ::fsync(file.get()) != 0 || file.close() != 0) {
    return std::unexpected(system_failure("cannot write", path, errno));
  }
  if (auto placed = place(temporary.path(), path, overwrite); !placed) return placed;
  temporary.keep();
  return {};
}

}  // namespace wba::cli
