// Any text is a configuration or a list of mistakes that is safe to show; a configuration makes a
// guard that decides, and never takes an unsigned request for a verified one.

#include <algorithm>
#include <memory>
#include <string_view>

#include <wba/guard/guard.h>

#include "fuzz/fuzz_input.h"

namespace {

using wba::fuzz::require;

void check_mistakes(std::string_view text, const std::vector<wba::guard::ConfigMistake>& mistakes) {
  require(!mistakes.empty());
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  for (const auto& mistake : mistakes) {
    require(mistake.line <= lines + 1);
    require(!mistake.reason.empty());
    require(std::ranges::all_of(mistake.reason, [](char c) { return c >= 0x20 && c < 0x7f; }));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto config = wba::guard::parse_config(text);
  if (!config) {
    check_mistakes(text, config.error());
    return 0;
  }
  require(!config->routes.empty());
  // Neither files nor a network.
  config->audit.path.clear();
  config->redis.password_file.clear();
  config->replay.store = wba::guard::StoreKind::memory;
  config->rates.store = wba::guard::StoreKind::memory;
  if (!config->server.authorities) config->server.authorities = wba::Authorities::any();
  auto guard = wba::guard::Guard::create(
      *config, {.resolver = std::make_shared<wba::StaticResolver>(), .sees_bodies = true});
  require(guard.has_value());
  auto worker = (*guard)->make_worker();
  for (const std::string_view target : {"/", "/api/orders/1", "/static/a%2Fb", "*"}) {
    const auto& decision = (*guard)->decide(
        {.request = {.method = "POST", .authority = "shop.example", .target = target},
         .peer = "10.0.0.1"},
        wba::guard::Now(std::chrono::seconds(1'800'000'000)), worker);
    require(!decision.is_verified());
    require((decision.action == wba::guard::Action::pass) == (decision.status == 200));
  }
  return 0;
}
