// `wba directory`: keep, sign, serve and check key directories.

#include <CLI/CLI.hpp>

#include "commands.h"
#include "directory_commands.h"

namespace wba::cli {

void add_directory_command(CLI::App& app) {
  CLI::App* directory =
      app.add_subcommand("directory", "keep, sign, serve and check key directories");
  directory->require_subcommand(1);
  add_directory_new(*directory);
  add_directory_add(*directory);
  add_directory_retire(*directory);
  add_directory_sign(*directory);
  add_directory_serve(*directory);
  add_directory_check(*directory);
}

}  // namespace wba::cli
