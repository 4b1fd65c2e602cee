#include "agent_match.h"

#include <wba/agent_identity.h>

namespace wba::guard {

std::string_view identity_host(std::string_view identity) noexcept {
  constexpr std::string_view kScheme = "https://";
  if (!identity.starts_with(kScheme)) return {};
  identity.remove_prefix(kScheme.size());
  return identity.substr(0, identity.find_first_of("/?#"));
}

AgentMatch::AgentMatch(const Rule& rule)
    : urls_(rule.agent_urls.begin(), rule.agent_urls.end()),
      hosts_(rule.agent_hosts.begin(), rule.agent_hosts.end()),
      suffixes_(rule.agent_host_suffixes.begin(), rule.agent_host_suffixes.end()),
      any_path_(rule.any_path) {}

bool AgentMatch::fits(std::string_view identity) const noexcept {
  if (identity.empty()) return false;
  if (urls_.contains(identity)) return true;
  if (!any_path_ && !is_well_known_document(identity)) return false;
  std::string_view host = identity_host(identity);
  if (host.empty()) return false;
  if (hosts_.contains(host)) return true;
  // Another port of a host may be another's server, and an address has no labels.
  if (suffixes_.empty() || host.find_first_of(":[") != std::string_view::npos) return false;
  while (true) {
    if (suffixes_.contains(host)) return true;
    const auto dot = host.find('.');
    if (dot == std::string_view::npos) return false;
    host.remove_prefix(dot + 1);
  }
}

}  // namespace wba::guard
