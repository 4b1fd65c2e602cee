// `wba card`: make and check Signature Agent Cards.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <wba/agent_card.h>
#include <wba/directory_check.h>

#include "commands.h"
#include "files.h"
#include "findings_output.h"
#include "network_options.h"
#include "options.h"

namespace wba::cli {
namespace {

using directory::AgentCard;

struct CheckOptions {
  std::string target;
  std::string url;
  std::string now;
  bool json = false;
  NetworkOptions network;
};

struct NewOptions {
  AgentCard card;
  std::string jwks_file;
  std::string trigger;
  std::string compliance;
  std::string out;
  bool force = false;
};

Outcome<std::vector<directory::Finding>> check_url(const CheckOptions& options, Time now) {
  auto network = read_check_network(options.network);
  if (!network) return std::unexpected(network.error());
  const auto result = directory::probe(
      {.url = options.target, .accept = "application/json", .user_agent = "webbotauth"}, *network);
  std::vector<directory::Finding> findings = {directory::reach_finding(result, *network)};
  if (result.problem != directory::ProbeProblem::none) return findings;
  const auto lines = result.lines();
  for (auto& finding : directory::check_card(
           {.url = options.target, .status = result.status, .fields = lines, .body = result.body},
           now)) {
    findings.push_back(std::move(finding));
  }
  return findings;
}

Outcome<std::vector<directory::Finding>> check_file(const CheckOptions& options, Time now) {
  const auto file = read_input(options.target);
  if (!file) return std::unexpected(file.error());
  return directory::check_card({.url = options.url, .body = file->text()}, now);
}

Outcome<Exit> check(const CheckOptions& options) {
  const auto now = time_or_now("--now", options.now);
  if (!now) return std::unexpected(now.error());
  const bool fetched = options.target.find("://") != std::string::npos;
  const auto findings = fetched ? check_url(options, *now) : check_file(options, *now);
  if (!findings) return std::unexpected(findings.error());
  const auto worst = worst_level(*findings);
  if (options.json) {
    nlohmann::ordered_json out;
    out["target"] = escape(options.target, 2048);
    out["level"] = to_string(worst);
    out["findings"] = findings_json(*findings);
    print(out.dump(2) + "\n");
  } else {
    print(findings_text(*findings) + summary_line(*findings));
  }
  return exit_of(worst);
}

Outcome<Exit> make(const NewOptions& options) {
  AgentCard card = options.card;
  if (!options.trigger.empty()) {
    card.trigger = options.trigger == "fetcher" ? directory::AgentTrigger::fetcher
                                                : directory::AgentTrigger::crawler;
  }
  if (!options.compliance.empty()) card.robots_compliance = options.compliance == "yes";
  if (!options.jwks_file.empty()) {
    const auto file = read_input(options.jwks_file);
    if (!file) return std::unexpected(file.error());
    card.jwks = file->text();
  }
  const auto text = directory::make_card(card);
  if (!text) {
    Failure failed = failure("card", text.error());
    failed.hint = text.error().code == ErrorCode::argument_invalid
                      ? "contacts are URIs (mailto:…), a product token has letters, - and _ only"
                      : "every URL in a card is an absolute https URL";
    return std::unexpected(std::move(failed));
  }
  if (options.out.empty() || options.out == "-") {
    print(*text);
    return Exit::done;
  }
  const auto written = write_file(options.out, *text, FileMode::usual,
                                  options.force ? Overwrite::replace : Overwrite::refuse);
  if (!written) return std::unexpected(written.error());
  return Exit::done;
}

void add_check(CLI::App& card) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = card.add_subcommand(
      "check",
      "check a card\n\nExit status: 0 nothing failed, 1 a check failed, 2 usage or input.");
  command->add_option("URL|FILE", options->target, "the card's URL, or a file; - is standard input")
      ->required();
  command->add_option("--url", options->url, "of a file: where it will be served");
  command->add_option("--now", options->now, "check as of this time, in seconds since the epoch");
  command->add_flag("--json", options->json, "print one JSON object");
  add_network_options(*command, options->network);
  on_run(*command, [options] { return check(*options); });
}

void add_new(CLI::App& card) {
  auto options = std::make_shared<NewOptions>();
  AgentCard& fields = options->card;
  CLI::App* command = card.add_subcommand("new", "make a card");
  command->add_option("--client-id", fields.client_id, "the card's own URL")->required();
  command->add_option("--name", fields.client_name, "name of the agent");
  command->add_option("--client-uri", fields.client_uri, "page about the agent");
  command->add_option("--logo-uri", fields.logo_uri, "its logo");
  command->add_option("--contact", fields.contacts, "URI such as mailto:…; repeatable")
      ->allow_extra_args(false);
  auto* uri = command->add_option("--jwks-uri", fields.jwks_uri, "URL of its key set");
  command->add_option("--jwks", options->jwks_file, "file of its key set, to put into the card")
      ->excludes(uri);
  command->add_option("--user-agent", fields.expected_user_agent, "User-Agent that it sends");
  command->add_option("--product-token", fields.product_token, "its name in robots.txt");
  command->add_option("--robots", options->compliance, "whether it follows robots.txt: yes or no")
      ->check(CLI::IsMember({"yes", "no"}));
  command->add_option("--trigger", options->trigger, "fetcher or crawler")
      ->check(CLI::IsMember({"fetcher", "crawler"}));
  command->add_option("--purpose", fields.purpose, "what the data is for");
  command->add_option("--targeted-content", fields.targeted_content, "what it looks for");
  command->add_option("--rate-control", fields.rate_control, "how to slow it down");
  command->add_option("--rate-expectation", fields.rate_expectation, "how much it asks for");
  command->add_option("--known-url", fields.known_urls, "URL, path or pattern; repeatable")
      ->allow_extra_args(false);
  command->add_option("--ips-uri", fields.ips_uri, "URL of its list of addresses");
  command->add_option("--out,-o", options->out, "write it to this file (default: standard output)");
  command->add_flag("--force", options->force, "replace the file where it exists");
  on_run(*command, [options] { return make(*options); });
}

}  // namespace

void add_card_command(CLI::App& app) {
  CLI::App* card = app.add_subcommand("card", "make and check Signature Agent Cards");
  card->require_subcommand(1);
  add_new(*card);
  add_check(*card);
}

}  // namespace wba::cli
