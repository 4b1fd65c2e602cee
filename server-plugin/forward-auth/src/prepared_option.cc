#include "prepared_option.h"

#include <cstdio>
#include <map>
#include <string>
#include <utility>

namespace wba::forward_auth {

void add_prepared_option(CLI::App& app, PreparedKeyMode& mode) {
  const std::map<std::string, PreparedKeyMode> modes = {{"on", PreparedKeyMode::on},
                                                        {"off", PreparedKeyMode::off},
                                                        {"shadow", PreparedKeyMode::shadow}};
  app.add_option(
         "--prepared-keys", mode,
         "tables for the keys of busy agents: on, off (libsodium verifies), or shadow (both "
         "do, libsodium's verdict counts, and differences are told; default: on)")
      ->envname("WBA_PREPARED_KEYS")
      ->transform(CLI::CheckedTransformer(modes));
}

void use_prepared_keys(PreparedKeyMode mode) {
  set_prepared_key_options({.mode = mode, .on_difference = [](std::span<const std::byte>) {
                              std::fputs(
                                  "wba-authd: error: a prepared key and libsodium differed about a "
                                  "signature; the key is verified by libsodium from now on\n"
                                  "wba-authd: hint: run with --prepared-keys off, and report it\n",
                                  stderr);
                            }});
}

std::vector<guard::Gauge> prepared_gauges() {
  const auto gauge = [](std::string name, std::string help, auto member) {
    return guard::Gauge{.name = std::move(name), .help = std::move(help), .read = [member] {
                          return static_cast<double>(prepared_key_statistics().*member);
                        }};
  };
  using Statistics = PreparedKeyStatistics;
  return {gauge("wba_prepared_keys", "Keys with a table.", &Statistics::tables),
          gauge("wba_prepared_key_bytes", "Memory that tables take.", &Statistics::bytes),
          gauge("wba_prepared_key_differences",
                "Verdicts of tables that were not libsodium's, in shadow mode.",
                &Statistics::differences)};
}

}  // namespace wba::forward_auth
