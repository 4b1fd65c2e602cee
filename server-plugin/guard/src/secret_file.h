#ifndef WBA_GUARD_SECRET_FILE_H_
#define WBA_GUARD_SECRET_FILE_H_

#include <expected>
#include <string>

namespace wba::guard {

// read_secret_file gives the first line of a file that only its owner can write, and that no other
// user outside its group can read. The owner must be this process' user or root.
// Error: what is wrong, as text.
[[nodiscard]] std::expected<std::string, std::string> read_secret_file(const std::string& path);

}  // namespace wba::guard

#endif  // WBA_GUARD_SECRET_FILE_H_
