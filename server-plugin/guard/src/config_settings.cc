// The tables of the configuration that stand once.

#include <algorithm>

#include <wba/address_policy.h>
#include <wba/message.h>
#include <wba/registered_domain.h>

#include "base/ascii.h"
#include "config_reader.h"
#include "rate_bucket.h"

namespace wba::guard {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// with_table runs `read` on the table `key`, where it is there.
template <typename Read>
void with_table(ConfigReader& file, std::string_view key, Read read) {
  const toml::node* node = file.take(key);
  if (node == nullptr) return;
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    return file.mistake(*node, key, "must be a table, [" + std::string(key) + "]");
  }
  ConfigReader reader(*table, "[" + std::string(key) + "]", file.mistakes());
  read(reader);
  reader.finish();
}

void read_trusted_proxies(ConfigReader& reader, ServerSettings& server) {
  std::vector<std::string> list;
  reader.texts("trusted_proxies", list);
  for (const auto& text : list) {
    const auto range = AddressRange::parse(text);
    if (range) {
      server.trusted_proxies.push_back(*range);
    } else {
      reader.mistake_at(
          "trusted_proxies",
          "\"" + printable(text) + "\" is neither an address nor a range such as 10.0.0.0/8");
    }
  }
}

// below_public_suffix returns true for a wildcard that others can register names under.
bool below_public_suffix(std::string_view pattern) {
  if (!pattern.starts_with("*.")) return false;
  std::string host(pattern.substr(2, pattern.find(':') - 2));
  std::ranges::transform(host, host.begin(), ascii::to_lower);
  return directory::is_public_suffix(host);
}

void read_authorities(ConfigReader& reader, ServerSettings& server) {
  if (const toml::node* old = reader.take("authority"); old != nullptr) {
    reader.mistake(*old, "authority",
                   "is no key: write authorities = [\"shop.example\"], which the authority that a "
                   "request names is compared with");
  }
  std::vector<std::string> list;
  reader.texts("authorities", list);
  if (list.empty()) return;
  if (list.size() == 1 && list.front() == "any") {
    server.authorities = Authorities::any();
    return;
  }
  for (const auto& text : list) {
    const std::string shown = "\"" + printable(text) + "\" ";
    if (text == "any") {
      reader.mistake_at("authorities", shown + "stands alone: it makes the others useless");
    } else if (!Authorities::of({text})) {
      reader.mistake_at("authorities", shown +
                                           "is no host such as \"shop.example\", "
                                           "\"*.shop.example\" or \"shop.example:8443\"");
    } else if (below_public_suffix(text)) {
      reader.mistake_at("authorities",
                        shown + "has a public suffix: others can register names below it");
    }
  }
  const auto made = Authorities::of(std::vector<std::string_view>(list.begin(), list.end()));
  if (made) server.authorities = *made;
}

void read_server(ConfigReader& reader, ServerSettings& server) {
  std::string scheme = server.scheme;
  reader.choice("scheme", scheme, {{"https", std::string("https")}, {"http", std::string("http")}});
  server.scheme = scheme;
  read_authorities(reader, server);
  reader.choice("forwarded", server.forwarded,
                {{"none", ForwardedSource::none},
                 {"forwarded", ForwardedSource::forwarded},
                 {"x-forwarded", ForwardedSource::x_forwarded}});
  read_trusted_proxies(reader, server);
  reader.choice("backend", server.spelling,
                {{"any", http::Spelling::any}, {"exact", http::Spelling::exact}});
  if (server.forwarded != ForwardedSource::none && !reader.has("trusted_proxies")) {
    reader.mistake_at("forwarded", "needs trusted_proxies: from anybody else it is a claim");
  }
}

void read_verify(ConfigReader& reader, VerifySettings& verify) {
  if (reader.has("dialects")) {
    std::vector<std::string> names;
    reader.texts("dialects", names);
    verify.dialects = {false, false, false, false};
    for (const auto& name : names) {
      if (name == to_string(Dialect::bare_uri)) {
        verify.dialects.bare_uri = true;
      } else if (name == to_string(Dialect::legacy_string)) {
        verify.dialects.legacy_string = true;
      } else if (name == to_string(Dialect::origin_dictionary)) {
        verify.dialects.origin_dictionary = true;
      } else if (name == to_string(Dialect::direct_dictionary)) {
        verify.dialects.direct_dictionary = true;
      } else {
        reader.mistake_at("dialects", "no such dialect: \"" + printable(name) + "\"");
      }
    }
  }
  reader.seconds("max_lifetime", verify.max_lifetime, std::chrono::seconds(1), hours(24 * 365));
  reader.seconds("skew", verify.skew, std::chrono::seconds(0), hours(1));
  reader.flag("strict_label", verify.strict_label);
  reader.flag("allow_test_keys", verify.allow_test_keys);
  reader.number("max_signatures", verify.max_signatures, 1, 16);
}

void read_rates(ConfigReader& reader, RateSettings& rates) {
  reader.choice("store", rates.store, {{"memory", StoreKind::memory}, {"redis", StoreKind::redis}});
  reader.number("entries", rates.entries, 1, 100'000'000);
  reader.choice("when_away", rates.when_away,
                {{"refuse", WhenAway::refuse}, {"pass", WhenAway::pass}});
}

void read_replay(ConfigReader& reader, ReplaySettings& replay) {
  reader.choice("store", replay.store,
                {{"memory", StoreKind::memory}, {"redis", StoreKind::redis}});
  reader.number("entries", replay.entries, 1, 100'000'000);
  replay.entries_per_agent = std::min(replay.entries_per_agent, replay.entries);
  reader.number("entries_per_agent", replay.entries_per_agent, 1, 100'000'000);
  if (replay.entries_per_agent > replay.entries) {
    reader.mistake_at("entries_per_agent", "must not be more than entries");
  }
  reader.choice("when_away", replay.when_away,
                {{"refuse", WhenAway::refuse}, {"pass", WhenAway::pass}});
  reader.text("scope", replay.scope);
  if (replay.scope.empty()) reader.mistake_at("scope", "must not be empty");
}

// is_this_machine returns true if what is sent to `host` crosses no network.
bool is_this_machine(const std::string& host) {
  if (host == "localhost") return true;
  const auto address = IpAddress::parse(host);
  return address && (AddressRange::parse("127.0.0.0/8")->contains(*address) ||
                     AddressRange::parse("::1")->contains(*address));
}

void read_redis_tls(ConfigReader& reader, RedisSettings& redis) {
  if (reader.has("tls")) {
    bool tls = false;
    reader.flag("tls", tls);
    redis.tls = tls;
  }
  reader.text("ca_file", redis.ca_file);
  reader.text("server_name", redis.server_name);
  const bool on = redis.tls.value_or(false);
  if (on && !redis.unix_socket.empty()) {
    reader.mistake_at("tls", "is for host and port: a unix_socket has none");
  }
  for (const std::string_view key : {"ca_file", "server_name"}) {
    if (!on && reader.has(key)) reader.mistake_at(key, "needs tls = true");
  }
  if (!redis.tls && redis.unix_socket.empty() && !is_this_machine(redis.host)) {
    reader.mistake_at(
        "host",
        "is another machine: say tls = true, or tls = false if passwords and answers may "
        "cross the network in clear");
  }
}

void read_redis(ConfigReader& reader, RedisSettings& redis) {
  reader.text("host", redis.host);
  reader.number("port", redis.port, 1, 65535);
  reader.text("unix_socket", redis.unix_socket);
  if (!redis.unix_socket.empty() && (reader.has("host") || reader.has("port"))) {
    reader.mistake_at("unix_socket", "stands in place of host and port: give one of them");
  }
  if (redis.host.empty()) reader.mistake_at("host", "must not be empty");
  read_redis_tls(reader, redis);
  reader.text("user", redis.user);
  reader.text("password_file", redis.password_file);
  if (!redis.user.empty() && redis.password_file.empty()) {
    reader.mistake_at("user", "needs password_file");
  }
  reader.number("database", redis.database, 0, 1'000'000);
  reader.text("prefix", redis.prefix);
  reader.duration("timeout", redis.timeout, milliseconds(1), std::chrono::seconds(10));
  reader.duration("retry_after", redis.retry_after, milliseconds(1), std::chrono::seconds(60));
}

void read_audit(ConfigReader& reader, AuditSettings& audit) {
  reader.text("path", audit.path);
  if (audit.path.empty()) reader.mistake_at("path", "is missing: where the log is to go");
  reader.number("max_bytes", audit.max_bytes, 4096, std::int64_t{1} << 40U);
  reader.number("files", audit.files, 1, 1000);
}

bool is_limit_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

void read_limits(ConfigReader& file, Config& config) {
  const toml::node* node = file.take("limits");
  if (node == nullptr) return;
  const toml::table* all = node->as_table();
  if (all == nullptr) return file.mistake(*node, "limits", "must be tables, [limits.NAME]");
  for (const auto& [key, value] : *all) {
    const std::string name(key.str());
    const toml::table* table = value.as_table();
    if (!is_limit_name(name) || table == nullptr) {
      file.mistake(
          value, "limits",
          "\"" + printable(name) +
              "\" must be a table [limits.NAME], with letters, digits, - and _ in the name");
      continue;
    }
    ConfigReader reader(*table, "[limits." + name + "]", file.mistakes());
    RateLimit limit;
    reader.number("requests", limit.requests, 1, 1'000'000'000);
    reader.duration("per", limit.period, milliseconds(1), hours(24 * 31));
    limit.burst = std::max<std::uint32_t>(1, limit.requests);
    reader.number("burst", limit.burst, 1, 1'000'000'000);
    if (!reader.has("requests")) reader.mistake("requests is missing: how many pass");
    if (!reader.has("per")) reader.mistake("per is missing: in how much time");
    if (limit.requests > 0 && limit.period > milliseconds(0)) {
      if (limit.requests > limit.period.count() * 1000) {
        reader.mistake_at("requests", "must not be more than one a microsecond");
      }
      if (limit.burst > max_bucket_depth / bucket_cost(limit)) {
        reader.mistake_at("burst", "would take longer than a year to fill again");
      }
    }
    reader.finish();
    config.limits.emplace(name, limit);
  }
}

}  // namespace

void read_settings(ConfigReader& file, Config& config) {
  with_table(file, "server", [&](ConfigReader& table) { read_server(table, config.server); });
  with_table(file, "verify", [&](ConfigReader& table) { read_verify(table, config.verify); });
  with_table(file, "rates", [&](ConfigReader& table) { read_rates(table, config.rates); });
  with_table(file, "replay", [&](ConfigReader& table) { read_replay(table, config.replay); });
  with_table(file, "redis", [&](ConfigReader& table) { read_redis(table, config.redis); });
  with_table(file, "audit", [&](ConfigReader& table) { read_audit(table, config.audit); });
  read_limits(file, config);
}

}  // namespace wba::guard
