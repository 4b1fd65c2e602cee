// `wba verify`: judge one request message.

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <wba/agent_identity.h>
#include <wba/directory_resolver.h>
#include <wba/jwk_set.h>
#include <wba/key.h>
#include <wba/key_resolver.h>
#include <wba/registered_domain.h>
#include <wba/verifier.h>

#include "commands.h"
#include "context.h"
#include "fetching_resolver.h"
#include "files.h"
#include "network_options.h"
#include "options.h"
#include "request_text.h"
#include "verify_report.h"

namespace wba::cli {
namespace {

struct VerifyOptions {
  std::string now;
  std::vector<std::string> directories;
  std::vector<std::string> keys;
  std::string scheme;
  std::string authority;
  std::string dialects;
  std::string max_lifetime;
  std::string skew;
  std::vector<std::string> cover;
  bool allow_test_keys = false;
  bool fetch = false;
  NetworkOptions network;
  bool json = false;
  std::string file = "-";
};

Outcome<void> add_directory(StaticResolver& resolver, const std::string& option) {
  // A URL may hold "=", in its query; a file's name rarely does.
  const auto equals = option.rfind('=');
  if (equals == std::string::npos || equals + 1 == option.size()) {
    return std::unexpected(Failure{.message = "--directory is not URL=FILE",
                                   .hint = "give the URL that the file stands for, then =, then "
                                           "the file with its response body"});
  }
  const auto body = read_input(option.substr(equals + 1));
  if (!body) return std::unexpected(body.error());
  const auto added = resolver.add_directory(option.substr(0, equals), body->text());
  if (!added) {
    return std::unexpected(failure("directory " + escape(option, 300), added.error()));
  }
  return {};
}

Outcome<void> add_keys(StaticResolver& resolver, const std::string& file) {
  const auto text = read_input(file);
  if (!text) return std::unexpected(text.error());
  if (const auto set = parse_jwk_set(text->text()); set && !set->is_bare_jwk) {
    for (const auto& entry : set->entries) {
      if (entry.key) resolver.add_key(*entry.key);
    }
    return {};
  }
  auto key = PublicKey::from_text(text->text());
  if (!key) return std::unexpected(failure("keys in " + escape(file), key.error()));
  resolver.add_key(*std::move(key));
  return {};
}

Outcome<std::shared_ptr<DirectoryResolver>> make_fetching(const VerifyOptions& options, Time now) {
  if (auto checked = check_network_options(options.network); !checked) {
    return std::unexpected(checked.error());
  }
  auto addresses = read_addresses(options.network);
  if (!addresses) return std::unexpected(addresses.error());
  DirectoryResolverOptions fetching;
  fetching.network.ca_file = options.network.ca;
  fetching.network.resolve = options.network.resolve;
  fetching.network.addresses = *std::move(addresses);
  fetching.allow_test_keys = options.allow_test_keys;
  // What is fetched is judged as of the time that the request is.
  fetching.clock = [now] { return now; };
  auto resolver = DirectoryResolver::create(std::move(fetching));
  if (!resolver) return std::unexpected(failure("--fetch", resolver.error()));
  return *std::move(resolver);
}

Outcome<std::shared_ptr<const KeyResolver>> make_resolver(const VerifyOptions& options, Time now) {
  auto resolver = std::make_shared<StaticResolver>(directory::registered_domain);
  for (const auto& directory : options.directories) {
    if (auto added = add_directory(*resolver, directory); !added) {
      return std::unexpected(added.error());
    }
  }
  for (const auto& file : options.keys) {
    if (auto added = add_keys(*resolver, file); !added) return std::unexpected(added.error());
  }
  if (!options.fetch) {
    const NetworkOptions& network = options.network;
    if (!network.ca.empty() || !network.resolve.empty() || !network.allow_addresses.empty()) {
      return std::unexpected(Failure{.message = "--ca, --resolve and --allow-address need --fetch",
                                     .hint = "add --fetch, or leave them out"});
    }
    return resolver;
  }
  auto fetching = make_fetching(options, now);
  if (!fetching) return std::unexpected(fetching.error());
  return fetching_resolver(std::move(resolver), *std::move(fetching));
}

std::string domain_of(std::string_view url) {
  std::string buffer;
  const auto located = locate_agent({.url = url, .kind = AgentKind::key_set}, buffer);
  return located ? directory::registered_domain(located->host) : std::string();
}

Outcome<DialectSet> read_dialects(std::string_view list) {
  if (list.empty()) return DialectSet{};
  DialectSet set{.bare_uri = false,
                 .legacy_string = false,
                 .origin_dictionary = false,
                 .direct_dictionary = false};
  while (true) {
    const auto end = std::min(list.find(','), list.size());
    const auto name = list.substr(0, end);
    if (name == to_string(Dialect::bare_uri)) {
      set.bare_uri = true;
    } else if (name == to_string(Dialect::legacy_string)) {
      set.legacy_string = true;
    } else if (name == to_string(Dialect::origin_dictionary)) {
      set.origin_dictionary = true;
    } else if (name == to_string(Dialect::direct_dictionary)) {
      set.direct_dictionary = true;
    } else {
      return std::unexpected(
          Failure{.message = "no such dialect: " + escape(name, 40),
                  .hint = "give a list of bare-uri, legacy-string, origin-dictionary, "
                          "direct-dictionary"});
    }
    if (end == list.size()) return set;
    list.remove_prefix(end + 1);
  }
}

Outcome<Policy> make_policy(const VerifyOptions& options) {
  const auto required = RequiredComponents::of(views(options.cover));
  if (!required) return std::unexpected(failure("--cover", required.error()));
  const auto ours =
      options.authority.empty() ? Authorities::any() : Authorities::of({options.authority});
  if (!ours) return std::unexpected(failure("--authority", ours.error()));
  Policy policy{.required = *required, .authorities = *ours};
  const auto dialects = read_dialects(options.dialects);
  if (!dialects) return std::unexpected(dialects.error());
  policy.dialects = *dialects;
  if (!options.max_lifetime.empty()) {
    const auto lifetime = read_duration("--max-lifetime", options.max_lifetime);
    if (!lifetime) return std::unexpected(lifetime.error());
    policy.max_lifetime = *lifetime;
  }
  if (!options.skew.empty()) {
    const auto skew = read_duration("--skew", options.skew);
    if (!skew) return std::unexpected(skew.error());
    policy.skew = *skew;
  }
  policy.allow_test_keys = options.allow_test_keys;
  policy.digest_needs_body = true;
  return policy;
}

Outcome<Request> make_request(const RequestText& read, const VerifyOptions& options) {
  Request request = read.request();
  if (!options.scheme.empty()) request.scheme = options.scheme;
  if (request.scheme.empty()) request.scheme = "https";
  if (!options.authority.empty()) request.authority = options.authority;
  if (request.authority.empty()) {
    return std::unexpected(Failure{.message = "the request has no Host field",
                                   .hint = "say with --authority to whom it was sent"});
  }
  return request;
}

// hint_at says what to do about the reason, and which options do it.
void hint_at(const VerifyOptions& options, const Verdict& verdict) {
  const bool nothing_given = options.directories.empty() && options.keys.empty();
  if (verdict.reason() != Reason::no_keys_given) {
    hint_line(describe(verdict.reason()));
  } else if (nothing_given) {
    hint_line(
        "no keys were given: give --directory URL=FILE or --keys FILE, or --fetch to fetch the "
        "agent's key directory");
  } else {
    hint_line("no --directory is that of " + escape(verdict.decisive()->claimed_url(), 300) +
              ", and no --keys has the key: give them, or --fetch");
  }
}

Exit exit_of(wba::Outcome outcome) {
  switch (outcome) {
    case wba::Outcome::verified:
      return Exit::done;
    case wba::Outcome::invalid:
      return Exit::invalid;
    case wba::Outcome::unverified:
      return Exit::unverified;
    case wba::Outcome::unsigned_:
      return Exit::unsigned_message;
  }
  return Exit::unverified;
}

Outcome<Exit> verify(const VerifyOptions& options) {
  const auto now = time_or_now("--now", options.now);
  if (!now) return std::unexpected(now.error());
  auto policy = make_policy(options);
  if (!policy) return std::unexpected(policy.error());
  const auto resolver = make_resolver(options, *now);
  if (!resolver) return std::unexpected(resolver.error());
  const auto text = read_input(options.file);
  if (!text) return std::unexpected(text.error());
  const auto read = read_request_text(text->text());
  if (!read) return std::unexpected(read.error());
  const auto request = make_request(*read, options);
  if (!request) return std::unexpected(request.error());

  const auto verifier = Verifier::create(*std::move(policy), *resolver);
  if (!verifier) return std::unexpected(failure("the options", verifier.error()));
  auto session = verifier->session();
  const Verdict& verdict = read->content ? session.verify(*request, *read->content, *now)
                                         : session.verify(*request, *now);
  print(options.json ? json_report(*request, verdict, verifier->policy(), domain_of)
                     : text_report(*request, verdict, verifier->policy(), domain_of));
  if (verdict.reason() != Reason::none) {
    hint_at(options, verdict);
  } else if (options.authority.empty() && !options.json) {
    hint_line("verified for " + escape(request->authority) +
              ", the host that the request itself names: say with --authority which one is yours");
  }
  return exit_of(verdict.outcome());
}

}  // namespace

void add_verify_command(CLI::App& app) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* command = app.add_subcommand(
      "verify",
      "verify who sent a request\n\nExit status: 0 verified, 1 invalid, 2 usage or input, "
      "3 unverified, 4 unsigned.");
  command->add_option("FILE", options->file, "an HTTP/1.1 request message; - is standard input");
  command->add_option("--now", options->now, "verify as of this time, in seconds since the epoch");
  command
      ->add_option("--directory", options->directories,
                   "URL=FILE: the file is the response body of this key directory")
      ->allow_extra_args(false);
  command->add_option("--keys", options->keys, "keys without a URL: JWK, JWK Set or PEM")
      ->allow_extra_args(false);
  command->add_flag("--fetch", options->fetch,
                    "fetch the key directory of the agent that the request names");
  add_network_options(*command, options->network);
  command->add_option("--scheme", options->scheme, "scheme that the client used (default https)")
      ->check(CLI::IsMember({"https", "http"}));
  command->add_option("--authority", options->authority,
                      "host and port that the client used; the signature must be for it (default: "
                      "what the request says)");
  command->add_option("--dialects", options->dialects,
                      "forms of Signature-Agent to accept, separated by commas (default: all)");
  command->add_option("--max-lifetime", options->max_lifetime,
                      "longest lifetime of a signature (default 24h)");
  command->add_option("--skew", options->skew, "how far clocks may differ (default 60s)");
  command->add_option("--cover", options->cover, "component that must be covered; repeatable")
      ->allow_extra_args(false);
  command->add_flag("--allow-test-keys", options->allow_test_keys,
                    "accept keys whose private half is published in an RFC");
  command->add_flag("--json", options->json, "print one JSON object");
  on_run(*command, [options] { return verify(*options); });
}

}  // namespace wba::cli
