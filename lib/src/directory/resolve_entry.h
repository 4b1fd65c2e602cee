#ifndef WBA_DIRECTORY_RESOLVE_ENTRY_H_
#define WBA_DIRECTORY_RESOLVE_ENTRY_H_

#include <string>

namespace wba::directory {

// resolve_entry gives `entry`, "HOST:PORT:ADDRESS[,ADDRESS]…", with the host in its one spelling,
// as it stands in the URLs that are fetched: libcurl compares the two as text.
[[nodiscard]] std::string resolve_entry(const std::string& entry);

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_RESOLVE_ENTRY_H_
