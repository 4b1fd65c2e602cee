// What a program that uses the installed wba::guard does at the least.

#include <memory>

#include <wba/guard/guard.h>

int main() {
  const auto config = wba::guard::parse_config(
      "[server]\nauthorities = [\"shop.example\"]\n[defaults]\nunsigned = \"deny\"\n");
  if (!config) return 1;
  const auto guard =
      wba::guard::Guard::create(*config, {.resolver = std::make_shared<wba::StaticResolver>()});
  if (!guard) return 2;
  auto worker = (*guard)->make_worker();
  const auto& decision =
      (*guard)->decide({.request = {.method = "GET", .authority = "shop.example"}},
                       wba::guard::Now(std::chrono::seconds(1'800'000'000)), worker);
  return decision.action == wba::guard::Action::refuse && decision.status == 403 ? 0 : 3;
}
