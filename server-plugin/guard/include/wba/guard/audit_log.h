#ifndef WBA_GUARD_AUDIT_LOG_H_
#define WBA_GUARD_AUDIT_LOG_H_

// The audit log: one JSON object a line for each decision.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include <wba/guard/config.h>
#include <wba/guard/decision.h>

namespace wba::guard {

// append_audit_line appends `record` as one line of JSON, in ASCII whatever the request held:
// octets outside it and control characters stand as \u00XX. Long values and long lists are cut, and
// end with "..." then: a line has at most max_audit_line octets, and about half of that unless the
// caller is a verified agent.
void append_audit_line(const Record& record, std::string& out);
inline constexpr std::size_t max_audit_line = 6144;

// unverified_path gives where the lines about all others than verified agents go: `path` with
// ".unverified" behind it, or `path` itself if that is no file that could be rotated, as a pipe or
// /dev/stderr. Anybody can have such lines written: they must not rotate out what verified agents
// did.
[[nodiscard]] std::string unverified_path(const std::string& path);

// AuditLog appends lines to a file that it rotates by size: `path`, `path.1` (the newest of the
// old), … It is shared by all threads. Several processes may share one path: a line goes into the
// file that has the path then, whoever has rotated. So it does where another program moved the file
// away.
//
// A line is with the kernel before append returns, in one write: the end of the process, however
// it comes, loses none of those. (Losing power may: nothing is synchronised.)
class AuditLog {
 public:
  // open opens or makes the file, mode 0640. A line that an earlier process did not finish is
  // ended. Error: what the system said, with the path.
  [[nodiscard]] static std::expected<std::unique_ptr<AuditLog>, std::string> open(
      const AuditSettings& settings);

  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;
  ~AuditLog();

  // append writes one line, which ends with a newline. false: it is lost (disk full, …; an empty
  // one was lost before), and counted; no part of it stays in the file that a later line could run
  // into.
  bool append(std::string_view line) noexcept;

  // reopen opens the path anew, as another program that rotates logs asks for. Error: what the
  // system said, with the path; lines go on into the file that was open.
  [[nodiscard]] std::expected<void, std::string> reopen();

  // lost counts lines that could not be written.
  [[nodiscard]] std::uint64_t lost() const noexcept;

  // reopen_failures counts times that the path could not be opened anew, asked for or not.
  [[nodiscard]] std::uint64_t reopen_failures() const noexcept;

 private:
  struct State;
  explicit AuditLog(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace wba::guard

#endif  // WBA_GUARD_AUDIT_LOG_H_
