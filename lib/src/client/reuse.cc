#include "client/reuse.h"

#include <algorithm>

#include <wba/signature.h>

namespace wba::client {

bool SignatureCache::holds(const Entry& entry, const Request& request) {
  lines_.assign(request.fields.begin(), request.fields.end());
  if (!entry.fields.signature_agent.empty()) {
    lines_.push_back({.name = "Signature-Agent", .value = entry.fields.signature_agent});
  }
  Request with_agent = request;
  with_agent.fields = lines_;
  return build_signature_base(with_agent, entry.input, entry.input.members().front(), {}, scratch_,
                              base_)
             .has_value() &&
         base_ == entry.fields.lines.base;
}

const SignedFields* SignatureCache::find(const SigningProfile& profile, const Request& request,
                                         Time now) {
  key_.assign(request.authority);
  const auto found = authorities_.find(key_);
  if (found == authorities_.end()) return nullptr;
  auto& entries = found->second.entries;
  std::erase_if(entries, [&](const std::unique_ptr<Entry>& entry) {
    return now + policy_.margin >= entry->expires;
  });
  for (const auto& entry : entries) {
    // A clock that went back would send a signature from the future.
    if (entry->profile != &profile || now < entry->created || !holds(*entry, request)) continue;
    found->second.used = ++uses_;
    return &entry->fields;
  }
  return nullptr;
}

void SignatureCache::add(const SigningProfile& profile, const Request& request,
                         const SignedFields& fields, Time now) {
  if (policy_.per_authority == 0 || policy_.max_authorities == 0) return;
  auto entry = std::make_unique<Entry>(Entry{&profile, fields, sf::Field(), now, now});
  if (!sf::parse_dictionary(entry->fields.lines.signature_input, entry->input) ||
      entry->input.members().size() != 1) {
    return;
  }
  const auto parameters =
      read_signature_parameters(entry->input.parameters(entry->input.members().front()));
  if (!parameters || !parameters->expires) return;
  entry->expires = Time(std::chrono::seconds(*parameters->expires));

  key_.assign(request.authority);
  if (authorities_.size() >= policy_.max_authorities && !authorities_.contains(key_)) {
    authorities_.erase(std::ranges::min_element(
        authorities_, {}, [](const auto& authority) { return authority.second.used; }));
  }
  auto& authority = authorities_[key_];
  authority.used = ++uses_;
  if (authority.entries.size() >= policy_.per_authority) {
    authority.entries.erase(authority.entries.begin());
  }
  authority.entries.push_back(std::move(entry));
}

}  // namespace wba::client
