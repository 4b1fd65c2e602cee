#ifndef WBA_FORWARD_AUTH_PREPARED_OPTION_H_
#define WBA_FORWARD_AUTH_PREPARED_OPTION_H_

#include <vector>

#include <CLI/CLI.hpp>

#include <wba/guard/guard.h>
#include <wba/prepared_keys.h>

namespace wba::forward_auth {

// add_prepared_option adds --prepared-keys, which WBA_PREPARED_KEYS stands for where it is not
// given: whoever doubts the tables takes them out without touching a unit file.
void add_prepared_option(CLI::App& app, PreparedKeyMode& mode);

// use_prepared_keys sets the mode of the process. A difference that shadow mode finds is told on
// standard error.
void use_prepared_keys(PreparedKeyMode mode);

// prepared_gauges are figures of the tables, for metrics.
[[nodiscard]] std::vector<guard::Gauge> prepared_gauges();

}  // namespace wba::forward_auth

#endif  // WBA_FORWARD_AUTH_PREPARED_OPTION_H_
