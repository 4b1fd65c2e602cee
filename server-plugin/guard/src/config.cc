// The configuration as a whole.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <system_error>
#include <tuple>

#include <wba/guard/config.h>

#include "config_reader.h"

namespace wba::guard {
namespace {

std::unexpected<Mistakes> single(std::size_t line, std::string reason) {
  return std::unexpected(Mistakes{{.line = line, .reason = std::move(reason)}});
}

std::expected<Config, Mistakes> read(const toml::table& root) {
  Config config;
  Mistakes mistakes;
  ConfigReader file(root, "", mistakes);
  read_settings(file, config);
  read_routes(file, config);
  read_rules(file, config);
  check_limits_used(file, config);
  file.finish();
  if (!mistakes.empty()) {
    std::ranges::sort(mistakes, {}, [](const ConfigMistake& mistake) {
      return std::tie(mistake.line, mistake.reason);
    });
    return std::unexpected(std::move(mistakes));
  }
  return config;
}

}  // namespace

std::string to_text(const std::vector<ConfigMistake>& mistakes) {
  std::string text;
  for (const auto& mistake : mistakes) {
    if (mistake.line > 0) text.append("line ").append(std::to_string(mistake.line)).append(": ");
    text.append(mistake.reason).push_back('\n');
  }
  return text;
}

RuleAction OutcomeActions::of(Outcome outcome) const noexcept {
  switch (outcome) {
    case Outcome::verified:
      return verified;
    case Outcome::unsigned_:
      return unsigned_;
    case Outcome::unverified:
      return unverified;
    case Outcome::invalid:
      return invalid;
  }
  return RuleAction::deny;
}

bool Config::uses_redis() const noexcept {
  const bool replays = std::ranges::any_of(routes, &Route::replay);
  return (replays && replay.store == StoreKind::redis) ||
         (!limits.empty() && rates.store == StoreKind::redis);
}

std::expected<Config, std::vector<ConfigMistake>> parse_config(std::string_view text) {
  if (text.size() > max_config_size) return single(0, "the configuration is larger than 1 MiB");
  try {
    return read(toml::parse(text));
  } catch (const toml::parse_error& error) {
    // toml++ quotes the document in some messages.
    return single(error.source().begin.line, "no TOML: " + printable(error.description()));
  } catch (const std::bad_alloc&) {
    return single(0, "out of memory");
  } catch (const std::exception& error) {
    return single(0, "no TOML: " + printable(error.what()));
  }
}

std::expected<Config, std::vector<ConfigMistake>> load_config(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text(max_config_size + 1, '\0');
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || (!stream.eof() && stream.gcount() == 0)) {
    return single(0, "cannot read " + printable(path));
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return parse_config(text);
}

}  // namespace wba::guard
