#include "requirement_check.h"

#include <algorithm>
#include <array>

#include <wba/accept_signature.h>

#include "crypto/base64.h"
#include "crypto/random.h"

namespace wba::guard {
namespace {

ComponentIdentifier field_component(std::string_view name) noexcept {
  return {.kind = ComponentKind::field, .name = name, .key = {}};
}

bool has_field(const Request& request, std::string_view name) noexcept {
  return std::ranges::any_of(
      request.fields, [&](const FieldLine& line) { return field_name_equals(line.name, name); });
}

}  // namespace

Result<RequirementCheck> RequirementCheck::create(const Requirement& requirement, bool nonce,
                                                  const DialectSet& dialects) {
  const std::vector<std::string_view> components(requirement.components.begin(),
                                                 requirement.components.end());
  auto required = RequiredComponents::of(components);
  if (!required) return std::unexpected(required.error());
  RequirementCheck check(*std::move(required));
  check.if_present_ = requirement.components_if_present;
  check.max_lifetime_ = requirement.max_lifetime;
  check.nonce_ = nonce || requirement.nonce;
  check.body_digest_ = requirement.body_digest;

  // The label is ours to choose and the signer's to take over: draft -01 §4 has the member of
  // Signature-Agent named like it.
  RequestedSignature asked{.label = "sig1", .created = true, .expires = true};
  asked.tag = "web-bot-auth";
  const auto ask = [&](const std::string& component) {
    if (std::ranges::find(asked.components, component) == asked.components.end()) {
      asked.components.push_back(component);
    }
  };
  const bool has_target =
      std::ranges::find(requirement.components, "\"@target-uri\"") != requirement.components.end();
  if (!has_target) ask("\"@authority\"");
  for (const auto& component : requirement.components) ask(component);
  if (requirement.body_digest) ask("\"content-digest\"");
  const bool dictionary = dialects.origin_dictionary || dialects.direct_dictionary;
  ask(dictionary ? "\"signature-agent\";key=\"sig1\"" : "\"signature-agent\"");
  std::string value;
  if (auto made = append_accept_signature(std::span(&asked, 1), value); !made) {
    return std::unexpected(made.error());
  }
  // Components that a request happens to have, and the nonce, are added for each challenge.
  const auto end = value.find(')');
  check.listed_ = value.substr(0, end);
  check.tail_ = value.substr(end);
  return check;
}

Cause RequirementCheck::judge(const SignatureVerdict& signature, const Request& request,
                              bool has_body) const noexcept {
  for (const auto& component : components_.identifiers()) {
    if (!signature.covers(component)) return Cause::component_not_covered;
  }
  for (const auto& name : if_present_) {
    if (has_field(request, name) && !signature.covers(field_component(name))) {
      return Cause::component_not_covered;
    }
  }
  const auto& parameters = signature.parameters();
  if (is_too_long(parameters)) return Cause::lifetime_too_long;
  if (nonce_ && (!parameters.nonce || parameters.nonce->empty())) return Cause::nonce_missing;
  if (body_digest_) {
    if (!signature.covers(field_component("content-digest"))) return Cause::component_not_covered;
    if (!has_body) return Cause::body_not_checked;
  }
  return Cause::none;
}

bool RequirementCheck::is_too_long(const SignatureParameters& parameters) const noexcept {
  return max_lifetime_ && (!parameters.created || !parameters.expires ||
                           *parameters.expires - *parameters.created > max_lifetime_->count());
}

Result<void> RequirementCheck::accept_signature(const Request& request, std::string& out) const {
  out = listed_;
  for (const auto& name : if_present_) {
    if (!has_field(request, name)) continue;
    const auto quoted = std::string("\"").append(name).append("\"");
    if (listed_.find(quoted) == std::string::npos) out.append(" ").append(quoted);
  }
  out.append(tail_);
  if (nonce_) {
    std::array<std::byte, 32> octets{};
    if (auto random = crypto::random_bytes(octets); !random) return random;
    out.append(";nonce=\"");
    crypto::base64_append(octets, crypto::Base64::standard, out);
    out.push_back('"');
  }
  return {};
}

}  // namespace wba::guard
