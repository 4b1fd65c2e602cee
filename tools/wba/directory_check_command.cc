// `wba directory check`: what a verifier would meet.

#include <filesystem>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <wba/directory_check.h>
#include <wba/directory_lint.h>

#include "directory_commands.h"
#include "files.h"
#include "findings_output.h"
#include "network_options.h"
#include "options.h"

namespace wba::cli {
namespace {

struct CheckOptions {
  std::string target;
  std::string now;
  std::string timeout = "10s";
  bool allow_test_keys = false;
  bool json = false;
  NetworkOptions network;
};

std::string verifiers_text(const directory::LintReport& report) {
  std::string text;
  for (const directory::Acceptance& acceptance : report.verifiers) {
    text.append("taken by ").append(acceptance.verifier).append(": ");
    text.append(to_string(acceptance.takes));
    if (!acceptance.reason.empty()) text.append(": ").append(acceptance.reason);
    text += '\n';
  }
  return text;
}

std::string report_json(const std::string& target, const directory::LintReport& report) {
  nlohmann::ordered_json out;
  out["target"] = escape(target, 2048);
  out["level"] = to_string(report.worst());
  out["findings"] = findings_json(report.findings);
  out["keys"] = nlohmann::ordered_json::array();
  for (const directory::CheckedKey& key : report.keys) {
    out["keys"].push_back({{"thumbprint", key.thumbprint},
                           {"kid", key.kid},
                           {"type", key.type},
                           {"usable", key.usable}});
  }
  out["verifiers"] = nlohmann::ordered_json::array();
  for (const directory::Acceptance& acceptance : report.verifiers) {
    out["verifiers"].push_back({{"verifier", acceptance.verifier},
                                {"takes", to_string(acceptance.takes)},
                                {"reason", acceptance.reason}});
  }
  return out.dump(2) + "\n";
}

Outcome<directory::LintReport> check_file(const CheckOptions& options, Time now,
                                          const directory::LintOptions& lint) {
  const auto file = read_input(options.target);
  if (!file) return std::unexpected(file.error());
  return directory::lint_directory({.url = options.target, .body = file->text()}, now, lint);
}

Outcome<Exit> check(const CheckOptions& options) {
  const auto now = time_or_now("--now", options.now);
  if (!now) return std::unexpected(now.error());
  const auto timeout = read_duration("--timeout", options.timeout);
  if (!timeout) return std::unexpected(timeout.error());
  auto network = read_check_network(options.network);
  if (!network) return std::unexpected(network.error());
  network->timeout = *timeout;
  const directory::LintOptions lint{.allow_test_keys = options.allow_test_keys};

  std::string shown = options.target;
  Outcome<directory::LintReport> report = std::unexpected(Failure{});
  if (options.target.find("://") == std::string::npos) {
    report = check_file(options, *now, lint);
  } else {
    const auto url = directory::directory_url(options.target);
    if (!url) {
      auto failed = failure(escape(options.target), url.error());
      failed.hint = "give an https URL, or its origin";
      return std::unexpected(std::move(failed));
    }
    shown = *url;
    report = directory::check_directory(*url, *network, *now, lint);
  }
  if (!report) return std::unexpected(report.error());
  if (options.json) {
    print(report_json(shown, *report));
  } else {
    print(escape(shown, 2048) + "\n" + findings_text(report->findings) + verifiers_text(*report) +
          summary_line(report->findings));
  }
  return exit_of(report->worst());
}

}  // namespace

void add_directory_check(CLI::App& directory) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = directory.add_subcommand(
      "check",
      "check a directory as verifiers meet it\n\nExit status: 0 nothing failed, 1 a check failed, "
      "2 usage or input.");
  command
      ->add_option("URL|FILE", options->target,
                   "the URL of a directory, an origin with one at its well-known path, or a file; "
                   "- is standard input")
      ->required();
  command->add_option("--now", options->now, "check as of this time, in seconds since the epoch");
  command->add_option("--timeout", options->timeout, "longest wait for an answer")
      ->capture_default_str();
  command->add_flag("--allow-test-keys", options->allow_test_keys,
                    "take keys whose private half is published in an RFC");
  command->add_flag("--json", options->json, "print one JSON object");
  add_network_options(*command, options->network);
  on_run(*command, [options] { return check(*options); });
}

}  // namespace wba::cli
