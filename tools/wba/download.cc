#include "download.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wba::cli {
namespace {

Failure cannot_write(const std::string& path, int error) {
  return {.message = "cannot write " + escape(path) + ": " + std::strerror(error)};
}

std::string amount(std::uint64_t octets) {
  const char* unit = "kB";
  double value = static_cast<double>(octets) / 1e3;
  if (value >= 1e6) {
    value /= 1e6;
    unit = "GB";
  } else if (value >= 1e3) {
    value /= 1e3;
    unit = "MB";
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, unit);
  return text;
}

}  // namespace

Download::Download(std::string path, std::string temporary, int file) noexcept
    : path_(std::move(path)), temporary_(std::move(temporary)), file_(file) {}

Download::Download(Download&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::exchange(other.file_, -1)) {}

Download::~Download() {
  if (file_ >= 0) ::close(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Outcome<Download> Download::open(const std::string& path) {
  if (path.empty() || path == "-") return Download("", "", -1);
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) return std::unexpected(cannot_write(path, errno));
    return Download(path, "", file);
  }
  std::string temporary = path + ".XXXXXX";
  const int file = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return std::unexpected(cannot_write(path, errno));
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(file, 0666 & ~mask);  // mkostemp's 0600 is for secrets
  return Download(path, std::move(temporary), file);
}

bool Download::write(std::string_view part) {
  if (file_ < 0) return std::fwrite(part.data(), 1, part.size(), stdout) == part.size();
  while (!part.empty()) {
    const ssize_t written = ::write(file_, part.data(), part.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    part.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Outcome<void> Download::finish() {
  if (file_ < 0) return flush_output();
  if (::close(std::exchange(file_, -1)) != 0) return std::unexpected(cannot_write(path_, errno));
  if (temporary_.empty()) return {};
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return std::unexpected(cannot_write(path_, errno));
  }
  temporary_.clear();
  return {};
}

std::string progress_text(std::uint64_t received, std::optional<std::uint64_t> total) {
  std::string text = amount(received);
  if (total && *total >= received && *total > 0) {
    text += " of " + amount(*total) + ", " + std::to_string(received * 100 / *total) + " %";
  }
  return text;
}

void Progress::add(std::size_t octets) {
  received_ += octets;
  if (!visible_) return;
  const auto now = Clock::now();
  if (now - begin_ < std::chrono::seconds(1) || now - last_ < std::chrono::milliseconds(200)) {
    return;
  }
  last_ = now;
  shown_ = true;
  // Back to the line's start, and what is left of a longer text erased.
  const std::string line = "\r" + progress_text(received_, total_) + "\x1b[K";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void Progress::clear() {
  if (std::exchange(shown_, false)) std::fputs("\r\x1b[K", stderr);
}

}  // namespace wba::cli
