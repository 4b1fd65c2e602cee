// `wba directory new`, `add` and `retire`: keep a directory file.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <wba/directory_document.h>

#include "directory_commands.h"
#include "directory_files.h"
#include "files.h"
#include "key_file.h"
#include "options.h"
#include "passphrase.h"
#include "time_text.h"

namespace wba::cli {
namespace {

struct KeyOptions {
  std::vector<std::string> keys;
  std::string passphrase_file;
  std::string not_before;
  std::string expires;
  bool allow_test_keys = false;
};

struct NewOptions {
  KeyOptions keys;
  std::string out;
  bool force = false;
};

struct AddOptions {
  std::string file;
  KeyOptions keys;
};

struct RetireOptions {
  std::string file;
  std::string key;
  std::string signature_lifetime = "24h";
  std::string max_age = "24h";
  std::string stale = "24h";
  std::string skew = "60s";
  std::string now;
  bool compromised = false;
  bool expired = false;
};

void add_key_options(CLI::App& command, KeyOptions& options) {
  command.add_option("KEY,--key", options.keys, "key files, public or private, PEM or JWK")
      ->required();
  command.add_option("--not-before,--nbf", options.not_before,
                     "seconds since the epoch when the keys begin to be valid");
  command.add_option("--expires,--exp", options.expires,
                     "seconds since the epoch from when they are valid no more");
  command.add_flag("--allow-test-keys", options.allow_test_keys,
                   "take keys whose private half is published in an RFC");
  add_passphrase_option(command, options.passphrase_file);
}

Outcome<std::optional<Time>> optional_time(std::string_view option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto time = read_time(option, text);
  if (!time) return std::unexpected(time.error());
  return *time;
}

Failure add_failure(const std::string& path, const Error& error) {
  Failure failed = failure(escape(path), error);
  if (error.code == ErrorCode::directory_test_key) {
    failed.hint = "anybody can sign with it: make a key with wba key new";
  } else if (error.code == ErrorCode::key_type_unsupported) {
    failed.hint = "a shared secret is never published: make a key with wba key new";
  } else if (error.code == ErrorCode::directory_time_invalid) {
    failed.hint = "--expires must be later than --not-before";
  }
  return failed;
}

Outcome<void> add_keys(directory::Document& document, const KeyOptions& options) {
  const auto not_before = optional_time("--not-before", options.not_before);
  if (!not_before) return std::unexpected(not_before.error());
  const auto expires = optional_time("--expires", options.expires);
  if (!expires) return std::unexpected(expires.error());
  for (const std::string& path : options.keys) {
    const auto key = read_public_key({.path = path, .passphrase_file = options.passphrase_file});
    if (!key) return std::unexpected(key.error());
    if (auto added = document.add(*key, {.not_before = *not_before,
                                         .expires = *expires,
                                         .allow_test_key = options.allow_test_keys});
        !added) {
      return std::unexpected(add_failure(path, added.error()));
    }
  }
  return {};
}

Outcome<Exit> make_new(const NewOptions& options) {
  directory::Document document;
  if (auto added = add_keys(document, options.keys); !added) {
    return std::unexpected(added.error());
  }
  if (options.out.empty() || options.out == "-") {
    print(document.serialise());
    return Exit::done;
  }
  const auto written = write_file(options.out, document.serialise(), FileMode::usual,
                                  options.force ? Overwrite::replace : Overwrite::refuse);
  if (!written) return std::unexpected(written.error());
  return Exit::done;
}

Outcome<Exit> add(const AddOptions& options) {
  auto document = read_document(options.file);
  if (!document) return std::unexpected(document.error());
  if (auto added = add_keys(*document, options.keys); !added) {
    return std::unexpected(added.error());
  }
  const auto written =
      write_file(options.file, document->serialise(), FileMode::usual, Overwrite::replace);
  if (!written) return std::unexpected(written.error());
  return Exit::done;
}

Outcome<directory::RetirementPolicy> read_policy(const RetireOptions& options) {
  const auto lifetime = read_duration("--signature-lifetime", options.signature_lifetime);
  if (!lifetime) return std::unexpected(lifetime.error());
  const auto max_age = read_duration("--max-age", options.max_age);
  if (!max_age) return std::unexpected(max_age.error());
  const auto stale = read_duration("--stale", options.stale);
  if (!stale) return std::unexpected(stale.error());
  const auto skew = read_duration("--skew", options.skew);
  if (!skew) return std::unexpected(skew.error());
  return directory::RetirementPolicy{.signature_lifetime = *lifetime,
                                     .cache_lifetime = *max_age,
                                     .stale_lifetime = *stale,
                                     .skew = *skew};
}

// key_id takes a thumbprint or kid as it is, and reads a file to its key's thumbprint.
Outcome<std::string> key_id(const directory::Document& document, const std::string& text) {
  for (const directory::DocumentKey& entry : document.keys()) {
    if (entry.kid == text || (entry.key && entry.key->thumbprint() == text)) return text;
  }
  if (::access(text.c_str(), F_OK) != 0) {
    return std::unexpected(
        Failure{.message = "no key with this thumbprint or kid, and no file: " + escape(text),
                .hint = "give one of the thumbprints in the directory, or a key file"});
  }
  const auto key = read_public_key({.path = text});
  if (!key) return std::unexpected(key.error());
  return std::string(key->thumbprint());
}

Outcome<std::string> retire_one(directory::Document& document, const RetireOptions& options,
                                Time now) {
  const auto policy = read_policy(options);
  if (!policy) return std::unexpected(policy.error());
  const auto id = key_id(document, options.key);
  if (!id) return std::unexpected(id.error());
  if (options.compromised) {
    if (auto removed = document.remove(*id); !removed) {
      return std::unexpected(failure(escape(options.key), removed.error()));
    }
    return "removed; publish the file at once. Caches may take the key until " +
           time_text(now + policy->cache_lifetime + policy->stale_lifetime) + "\n";
  }
  const auto plan = document.retire(*id, *policy, now);
  if (!plan) {
    Failure failed = failure(escape(options.key), plan.error());
    if (plan.error().code == ErrorCode::directory_no_successor) {
      failed.hint = "first add the key that takes over: wba directory add";
    }
    return std::unexpected(std::move(failed));
  }
  return "publish the file now\nsign with another key from    " + time_text(plan->last_signature) +
         "\nthe key stays in the file till " + time_text(plan->until) + "\n";
}

Outcome<Exit> retire(const RetireOptions& options) {
  const auto now = time_or_now("--now", options.now);
  if (!now) return std::unexpected(now.error());
  if (options.key.empty() && !options.expired) {
    return std::unexpected(Failure{.message = "no key to retire",
                                   .hint = "give a thumbprint, a kid or a key file; or --expired"});
  }
  auto document = read_document(options.file);
  if (!document) return std::unexpected(document.error());
  std::string report;
  if (!options.key.empty()) {
    auto done = retire_one(*document, options, *now);
    if (!done) return std::unexpected(done.error());
    report = std::move(*done);
  }
  if (options.expired) {
    report += std::to_string(document->remove_expired(*now)) + " expired taken out\n";
  }
  const auto written =
      write_file(options.file, document->serialise(), FileMode::usual, Overwrite::replace);
  if (!written) return std::unexpected(written.error());
  print(report);
  return Exit::done;
}

}  // namespace

void add_directory_new(CLI::App& directory) {
  auto options = std::make_shared<NewOptions>();
  CLI::App* command = directory.add_subcommand("new", "make a directory of keys");
  add_key_options(*command, options->keys);
  command->add_option("--out,-o", options->out, "write it to this file (default: standard output)");
  command->add_flag("--force", options->force, "replace the file where it exists");
  on_run(*command, [options] { return make_new(*options); });
}

void add_directory_add(CLI::App& directory) {
  auto options = std::make_shared<AddOptions>();
  CLI::App* command = directory.add_subcommand("add", "add keys to a directory file");
  command->add_option("FILE", options->file, "the directory file")->required();
  add_key_options(*command, options->keys);
  on_run(*command, [options] { return add(*options); });
}

void add_directory_retire(CLI::App& directory) {
  auto options = std::make_shared<RetireOptions>();
  CLI::App* command = directory.add_subcommand(
      "retire",
      "plan the end of a key\n\nThe key stays in the file, with an `exp`, until every cache and "
      "its last signature can have expired.");
  command->add_option("FILE", options->file, "the directory file")->required();
  command->add_option("KEY,--key", options->key, "thumbprint, kid or key file");
  command
      ->add_option("--signature-lifetime", options->signature_lifetime,
                   "longest lifetime of a signature made with it")
      ->capture_default_str();
  command->add_option("--max-age", options->max_age, "Cache-Control max-age of the directory")
      ->capture_default_str();
  command->add_option("--stale", options->stale, "how long caches use a stale copy")
      ->capture_default_str();
  command->add_option("--skew", options->skew, "how far clocks may differ")->capture_default_str();
  command->add_option("--now", options->now, "as of this time, in seconds since the epoch");
  command->add_flag("--compromised", options->compromised,
                    "take the key out at once: others may have it");
  command->add_flag("--expired", options->expired, "take out the keys whose exp has come");
  on_run(*command, [options] { return retire(*options); });
}

}  // namespace wba::cli
