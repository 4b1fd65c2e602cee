#ifndef WBA_TOOLS_OPTIONS_H_
#define WBA_TOOLS_OPTIONS_H_

// Values of options that several subcommands take.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wba/key_resolver.h>

#include "context.h"

namespace wba::cli {

// read_duration reads seconds, or a number with the unit s, m, h or d: "90", "5m", "24h".
[[nodiscard]] Outcome<std::chrono::seconds> read_duration(std::string_view option,
                                                          std::string_view text);

// read_time reads seconds since the Unix epoch. Milliseconds, which look like a time in the far
// future, are named as such.
[[nodiscard]] Outcome<Time> read_time(std::string_view option, std::string_view text);

// time_or_now reads `text`, or takes the clock's time where it is empty.
[[nodiscard]] Outcome<Time> time_or_now(std::string_view option, std::string_view text);

// views gives views of strings that outlive it.
[[nodiscard]] std::vector<std::string_view> views(const std::vector<std::string>& strings);

}  // namespace wba::cli

#endif  // WBA_TOOLS_OPTIONS_H_
