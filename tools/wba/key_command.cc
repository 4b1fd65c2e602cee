#include <CLI/CLI.hpp>

#include "commands.h"

namespace wba::cli {

void add_key_command(CLI::App& app) {
  CLI::App* key = app.add_subcommand("key", "make and show keys");
  key->require_subcommand(1);
}

}  // namespace wba::cli
