#ifndef WBA_TOOLS_DIRECTORY_COMMANDS_H_
#define WBA_TOOLS_DIRECTORY_COMMANDS_H_

// The subcommands of `wba directory`, one function each.

#include <CLI/CLI.hpp>

namespace wba::cli {

void add_directory_new(CLI::App& directory);
void add_directory_add(CLI::App& directory);
void add_directory_retire(CLI::App& directory);
void add_directory_sign(CLI::App& directory);
void add_directory_serve(CLI::App& directory);
void add_directory_check(CLI::App& directory);

}  // namespace wba::cli

#endif  // WBA_TOOLS_DIRECTORY_COMMANDS_H_
