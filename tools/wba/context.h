#ifndef WBA_TOOLS_CONTEXT_H_
#define WBA_TOOLS_CONTEXT_H_

// What every subcommand shares: how it ends, how it complains and where its data goes.

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include <wba/error.h>

namespace wba::cli {

// Exit is the status of the command: a contract with scripts.
enum class Exit : std::uint8_t {
  done = 0,              // done, or verified
  invalid = 1,           // a check completed and failed
  usage = 2,             // usage, input or output
  unverified = 3,        // a check could not be completed
  unsigned_message = 4,  // there was nothing to check
};

// Failure ends a subcommand: what went wrong and, where there is something to do, what. Lower case,
// no full stop; bytes of the input only through `escape`.
struct Failure {
  std::string message;
  std::string hint = {};
  Exit exit = Exit::usage;
};

template <typename T>
using Outcome = std::expected<T, Failure>;

// escape makes `text` safe for a terminal: control characters, backslashes and everything outside
// ASCII become \xHH, and what is longer than `max` bytes ends in "...".
[[nodiscard]] std::string escape(std::string_view text, std::size_t max = 200);

// failure makes a Failure of a library error: "<what>: <the rule that was broken>".
[[nodiscard]] Failure failure(std::string_view what, const Error& error);

// error_line and hint_line write "wba: error: …" and "wba: hint: …" to standard error. `message`
// must be safe for a terminal.
void error_line(std::string_view message);
void hint_line(std::string_view message);

// print writes data to standard output as it is. A write that fails is found by flush_output.
void print(std::string_view data);
[[nodiscard]] Outcome<void> flush_output();

// on_run makes `command` run `body` when it was chosen, and the command end as it says. `body`
// lives as long as the CLI::App.
void on_run(CLI::App& command, std::function<Outcome<Exit>()> body);

// run_main parses the arguments, runs the chosen subcommand and gives the process's exit status.
[[nodiscard]] int run_main(CLI::App& app, int argc, const char* const* argv);

}  // namespace wba::cli

#endif  // WBA_TOOLS_CONTEXT_H_
