#include "client/challenge.h"

#include <algorithm>

#include <wba/component.h>
#include <wba/key_resolver.h>

namespace wba::client {
namespace {

constexpr std::string_view kTag = "web-bot-auth";

// A signature under another tag would be one for another protocol, in the agent's name.
bool is_allowed(const RequestedSignature& asked, const ChallengePolicy& policy,
                const KeyName& key) {
  if (asked.tag && *asked.tag != kTag) return false;
  if (asked.keyid && *asked.keyid != key.keyid) return false;
  if (asked.alg && *asked.alg != to_string(key.algorithm)) return false;
  if (asked.nonce && (!policy.allow_nonce || asked.nonce->size() > policy.max_nonce)) return false;
  return asked.components.size() <= policy.max_components;
}

}  // namespace

bool lists_component(std::span<const std::string> components,
                     std::string_view identifier) noexcept {
  return std::ranges::find(components, identifier) != components.end();
}

Result<Wish> choose_wish(std::span<const RequestedSignature> asked, const ChallengePolicy& policy,
                         const KeyName& key, std::span<const std::string> covered) {
  const auto allowed = [&](const RequestedSignature& one) { return is_allowed(one, policy, key); };
  auto found = std::ranges::find_if(
      asked, [&](const RequestedSignature& one) { return one.tag && allowed(one); });
  if (found == asked.end()) found = std::ranges::find_if(asked, allowed);
  if (found == asked.end()) return std::unexpected(Error{ErrorCode::signature_label_missing});
  Wish wish{.label = found->label,
            .components = found->components,
            .nonce = found->nonce.value_or(std::string())};
  for (const auto& component : covered) {
    if (!lists_component(wish.components, component)) wish.components.push_back(component);
  }
  return wish;
}

}  // namespace wba::client
