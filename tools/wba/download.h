#ifndef WBA_TOOLS_DOWNLOAD_H_
#define WBA_TOOLS_DOWNLOAD_H_

// Where a body goes that comes in pieces: to standard output, or to a file that is there only once
// it is whole.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "context.h"

namespace wba::cli {

class Download {
 public:
  // open prepares for `path`; empty means standard output. What is no regular file (a device, a
  // pipe) is written to directly.
  [[nodiscard]] static Outcome<Download> open(const std::string& path);

  Download(Download&& other) noexcept;
  Download& operator=(Download&&) = delete;
  Download(const Download&) = delete;
  Download& operator=(const Download&) = delete;
  // A download that was not finished leaves nothing behind.
  ~Download();

  [[nodiscard]] bool write(std::string_view part);

  // finish gives the file its name. A file that was there is replaced.
  [[nodiscard]] Outcome<void> finish();

 private:
  Download(std::string path, std::string temporary, int file) noexcept;

  std::string path_;
  std::string temporary_;  // empty: written to directly
  int file_;               // -1: standard output
};

// Progress shows on a terminal how far a download is, from its second second on.
class Progress {
 public:
  // Where `visible` is false nothing is shown.
  explicit Progress(bool visible) noexcept : visible_(visible) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void expect(std::optional<std::uint64_t> total) noexcept { total_ = total; }
  void add(std::size_t octets);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool visible_;
  bool shown_ = false;
  std::optional<std::uint64_t> total_;
  std::uint64_t received_ = 0;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_ = begin_;
};

// progress_text says it: "12.3 MB of 45.6 MB, 27 %".
[[nodiscard]] std::string progress_text(std::uint64_t received, std::optional<std::uint64_t> total);

}  // namespace wba::cli

#endif  // WBA_TOOLS_DOWNLOAD_H_
