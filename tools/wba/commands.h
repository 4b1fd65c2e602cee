#ifndef WBA_TOOLS_COMMANDS_H_
#define WBA_TOOLS_COMMANDS_H_

// One function a subcommand, each in a file of its own (<name>_command.cc): it adds the subcommand
// with its options to `app` and says by on_run what it does.

#include <CLI/CLI.hpp>

namespace wba::cli {

void add_agent_command(CLI::App& app);
void add_card_command(CLI::App& app);
void add_curl_command(CLI::App& app);
void add_directory_command(CLI::App& app);
void add_fetch_command(CLI::App& app);
void add_key_command(CLI::App& app);
void add_origin_command(CLI::App& app);
void add_registry_command(CLI::App& app);
void add_sign_command(CLI::App& app);
void add_verify_command(CLI::App& app);

}  // namespace wba::cli

#endif  // WBA_TOOLS_COMMANDS_H_
