#ifndef WBA_CLIENT_COMMAND_H_
#define WBA_CLIENT_COMMAND_H_

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <wba/error.h>

namespace wba::client {

// run_command runs `command` (a program and its arguments, at least one) with `input` on its
// standard input and gives what it wrote to its standard output.
// Errors: signer_unreachable (not started, or not ended within `time`), signer_refused (another
// exit status than 0), signer_answer_invalid (more than `max_output` octets).
[[nodiscard]] Result<std::string> run_command(std::span<const std::string> command,
                                              std::string_view input,
                                              std::chrono::milliseconds time,
                                              std::size_t max_output);

}  // namespace wba::client

#endif  // WBA_CLIENT_COMMAND_H_
