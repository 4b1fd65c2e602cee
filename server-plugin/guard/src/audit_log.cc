// The file of the audit log.

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <new>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wba/guard/audit_log.h>

namespace wba::guard {
namespace {

// Descriptor closes what it holds, and with it a lock that was taken on it.
class Descriptor {
 public:
  explicit Descriptor(int value = -1) noexcept : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      value_ = std::exchange(other.value_, -1);
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  [[nodiscard]] int get() const noexcept { return value_; }
  [[nodiscard]] bool is_open() const noexcept { return value_ >= 0; }

 private:
  void close() noexcept {
    if (value_ >= 0) ::close(value_);
    value_ = -1;
  }

  int value_;
};

constexpr mode_t kMode = 0640;
// Times that a line is written while others take the file away under it.
constexpr int kAttempts = 4;
constexpr std::chrono::milliseconds kLook{100};

Descriptor open_log(const char* path) noexcept {
  // Read access: to see how the file ends.
  return Descriptor(::open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, kMode));
}

bool write_whole(int descriptor, std::string_view text, std::size_t& written) noexcept {
  written = 0;
  while (written < text.size()) {
    const auto count = ::write(descriptor, text.data() + written, text.size() - written);
    if (count > 0) {
      written += static_cast<std::size_t>(count);
    } else if (count == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

std::unexpected<std::string> cannot_write(const std::string& path, int error) {
  return std::unexpected("cannot write the audit log " + path + ": " +
                         std::generic_category().message(error));
}

// ends_in_line says whether a file is empty or its last octet is a newline.
bool ends_in_line(int descriptor, off_t size) noexcept {
  if (size == 0) return true;
  char last = 0;
  return ::pread(descriptor, &last, 1, size - 1) == 1 && last == '\n';
}

}  // namespace

struct AuditLog::State {
  AuditSettings settings;
  std::mutex mutex;
  Descriptor file;
  dev_t device = 0;  // which file that is
  ino_t inode = 0;
  std::chrono::steady_clock::time_point looked;
  std::uint64_t size = 0;  // of the file, after the last line from here
  bool torn = false;       // the file may end within a line
  std::atomic<std::uint64_t> lost{0};
  std::atomic<std::uint64_t> reopen_failures{0};

  // open_file opens the path and looks at how it ends. The old file stays where it fails.
  bool open_file() noexcept {
    Descriptor opened = open_log(settings.path.c_str());
    struct stat status {};
    if (!opened.is_open() || ::fstat(opened.get(), &status) != 0) return false;
    const bool regular = S_ISREG(status.st_mode);
    device = status.st_dev;
    inode = status.st_ino;
    size = regular ? static_cast<std::uint64_t>(status.st_size) : 0;
    torn = regular && !ends_in_line(opened.get(), status.st_size);
    file = std::move(opened);
    return true;
  }

  // open_anew is open_file where some file is open, and counts where it fails.
  bool open_anew() noexcept {
    if (open_file()) return true;
    reopen_failures.fetch_add(1, std::memory_order_relaxed);
    return false;
  }

  // follow opens the path anew where another file has it by now: another process has rotated, or
  // another program has. Some file stays open. Looking costs more than writing on some systems: it
  // is done now and then. Until it is done lines go on into the old file, as long as that is kept.
  void follow() noexcept {
    const auto now = std::chrono::steady_clock::now();
    if (now - looked < kLook) return;
    looked = now;
    struct stat current {};
    if (::stat(settings.path.c_str(), &current) != 0 || current.st_dev != device ||
        current.st_ino != inode) {
      static_cast<void>(open_anew());
    }
  }

  // is_kept looks at the file that was written to: what others have added to it, and whether it
  // still has a name. It has none once as many rotations as there are files went past this process.
  bool is_kept() noexcept {
    struct stat ours {};
    if (::fstat(file.get(), &ours) != 0 || !S_ISREG(ours.st_mode)) return true;
    size = static_cast<std::uint64_t>(ours.st_size);
    return ours.st_nlink > 0;
  }

  bool write_line(std::string_view line) noexcept {
    follow();
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (size > 0 && size + line.size() > settings.max_bytes) rotate();
      if (!write_to_file(line)) return false;
      if (is_kept()) return true;
      if (!open_anew()) return false;
    }
    return false;
  }

  bool write_to_file(std::string_view line) noexcept {
    std::size_t written = 0;
    if (torn) {
      if (!write_whole(file.get(), "\n", written)) return false;
      torn = false;
      ++size;
    }
    const bool whole = write_whole(file.get(), line, written);
    size += written;
    if (whole) return true;
    if (written > 0) cut_back(written);
    return false;
  }

  // cut_back takes a part of a line out again, so that nothing can be mistaken for a line.
  void cut_back(std::size_t written) noexcept {
    struct stat status {};
    // Only where nobody else has written behind it.
    if (::fstat(file.get(), &status) == 0 && static_cast<std::uint64_t>(status.st_size) == size &&
        ::ftruncate(file.get(), static_cast<off_t>(size - written)) == 0) {
      size -= written;
      return;
    }
    torn = true;
  }

  // rotate moves files one up and begins a new one. Whatever fails, some file stays open. Of
  // several processes one rotates: the one that has the lock of the file that still has the path.
  // Nobody waits for the lock: until the other is done lines go on into the old file.
  void rotate() noexcept {
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return;
    const Descriptor locked(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0));
    struct stat ours {};
    struct stat current {};
    const bool same = ::fstat(file.get(), &ours) == 0 &&
                      ::stat(settings.path.c_str(), &current) == 0 &&
                      ours.st_dev == current.st_dev && ours.st_ino == current.st_ino;
    if (same && S_ISREG(ours.st_mode)) move_files();
    const bool opened = open_anew();
    ::flock(locked.is_open() ? locked.get() : file.get(), LOCK_UN);
    // The old file goes on where no new one could be opened; it is tried again with the next line.
    static_cast<void>(opened);
  }

  void move_files() noexcept {
    try {
      const auto numbered = [&](std::uint32_t number) {
        return settings.path + "." + std::to_string(number);
      };
      if (settings.files == 1) {
        // Nothing old is kept.
        ::unlink(settings.path.c_str());
        return;
      }
      for (std::uint32_t number = settings.files - 1; number > 1; --number) {
        ::rename(numbered(number - 1).c_str(), numbered(number).c_str());
      }
      ::rename(settings.path.c_str(), numbered(1).c_str());
    } catch (const std::bad_alloc&) {
      return;
    }
  }
};

std::string unverified_path(const std::string& path) {
  struct stat status {};
  const bool rotates = ::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
  return rotates ? path + ".unverified" : path;
}

AuditLog::AuditLog(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
AuditLog::~AuditLog() = default;

std::expected<std::unique_ptr<AuditLog>, std::string> AuditLog::open(
    const AuditSettings& settings) {
  auto state = std::make_unique<State>();
  state->settings = settings;
  if (!state->open_file()) return cannot_write(settings.path, errno);
  return std::unique_ptr<AuditLog>(new AuditLog(std::move(state)));
}

bool AuditLog::append(std::string_view line) noexcept {
  const std::lock_guard lock(state_->mutex);
  if (!line.empty() && state_->write_line(line)) return true;
  state_->lost.fetch_add(1, std::memory_order_relaxed);
  return false;
}

std::expected<void, std::string> AuditLog::reopen() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->open_anew()) return cannot_write(state_->settings.path, errno);
  return {};
}

std::uint64_t AuditLog::lost() const noexcept { return state_->lost; }
std::uint64_t AuditLog::reopen_failures() const noexcept { return state_->reopen_failures; }

}  // namespace wba::guard
