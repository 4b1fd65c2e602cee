#include <CLI/CLI.hpp>

#include "commands.h"
#include "context.h"

int main(int argc, char** argv) {
  CLI::App app("Web Bot Auth: sign requests as an agent, verify who sent them, publish the keys.",
               "wba");
  app.set_version_flag("--version", "wba " WBA_VERSION);
  app.require_subcommand(1);
  wba::cli::add_key_command(app);
  wba::cli::add_sign_command(app);
  wba::cli::add_verify_command(app);
  wba::cli::add_fetch_command(app);
  wba::cli::add_curl_command(app);
  wba::cli::add_agent_command(app);
  wba::cli::add_directory_command(app);
  wba::cli::add_card_command(app);
  wba::cli::add_registry_command(app);
#ifdef WBA_HAS_ORIGIN
  wba::cli::add_origin_command(app);
#endif
  return wba::cli::run_main(app, argc, argv);
}
