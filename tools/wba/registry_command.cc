// `wba registry`: check lists of Signature Agent Cards.

#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <wba/agent_card.h>
#include <wba/directory_check.h>

#include "commands.h"
#include "files.h"
#include "findings_output.h"
#include "network_options.h"

namespace wba::cli {
namespace {

struct CheckOptions {
  std::string target;
  bool json = false;
  NetworkOptions network;
};

Outcome<directory::Registry> fetch(const CheckOptions& options) {
  auto network = read_check_network(options.network);
  if (!network) return std::unexpected(network.error());
  network->bytes = directory::RegistryLimits{}.bytes;
  const auto result = directory::probe(
      {.url = options.target, .accept = "text/plain", .user_agent = "webbotauth"}, *network);
  directory::Finding reach = directory::reach_finding(result, *network);
  if (result.problem != directory::ProbeProblem::none) {
    return directory::Registry{.entries = {}, .findings = {std::move(reach)}};
  }
  if (result.status != 200) {
    directory::Finding status{
        .level = directory::Level::fail,
        .check = "status",
        .message = "answers " + std::to_string(result.status) + " instead of 200",
        .advice = "serve the registry with status 200 at this very URL"};
    return directory::Registry{.entries = {}, .findings = {std::move(reach), std::move(status)}};
  }
  directory::Registry registry = directory::read_registry(result.body);
  registry.findings.insert(registry.findings.begin(), std::move(reach));
  return registry;
}

Outcome<Exit> check(const CheckOptions& options) {
  Outcome<directory::Registry> registry = std::unexpected(Failure{});
  if (options.target.find("://") != std::string::npos) {
    registry = fetch(options);
  } else {
    const auto file = read_input(options.target);
    if (!file) return std::unexpected(file.error());
    registry = directory::read_registry(file->text());
  }
  if (!registry) return std::unexpected(registry.error());
  const auto worst = worst_level(registry->findings);
  if (options.json) {
    nlohmann::ordered_json out;
    out["target"] = escape(options.target, 2048);
    out["level"] = to_string(worst);
    out["findings"] = findings_json(registry->findings);
    out["entries"] = nlohmann::ordered_json::array();
    for (const auto& entry : registry->entries) {
      out["entries"].push_back({{"url", escape(entry.url, 2048)}, {"line", entry.line}});
    }
    print(out.dump(2) + "\n");
  } else {
    print(findings_text(registry->findings) + summary_line(registry->findings));
  }
  return exit_of(worst);
}

}  // namespace

void add_registry_command(CLI::App& app) {
  CLI::App* registry = app.add_subcommand("registry", "check lists of Signature Agent Cards");
  registry->require_subcommand(1);
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = registry->add_subcommand(
      "check",
      "check a registry\n\nExit status: 0 nothing failed, 1 a check failed, 2 usage or input.");
  command
      ->add_option("URL|FILE", options->target,
                   "the registry's URL, or a file; - is standard input")
      ->required();
  command->add_flag("--json", options->json, "print one JSON object");
  add_network_options(*command, options->network);
  on_run(*command, [options] { return check(*options); });
}

}  // namespace wba::cli
