#ifndef WBA_TOOLS_TIME_TEXT_H_
#define WBA_TOOLS_TIME_TEXT_H_

#include <string>

#include <wba/key_resolver.h>

namespace wba::cli {

// time_text writes a time for people and scripts: 2026-11-24T01:44:59Z (1795484699).
[[nodiscard]] std::string time_text(Time time);

// log_time writes the first half of it.
[[nodiscard]] std::string log_time(Time time);

}  // namespace wba::cli

#endif  // WBA_TOOLS_TIME_TEXT_H_
