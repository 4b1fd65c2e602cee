#include "webbotauth/profile_checks.h"

#include <algorithm>

#include "http/authority.h"
#include "signature/base.h"

namespace wba {

Reason reason_of(ErrorCode code) noexcept {
  // Few of the library's errors can come from reading a request, so that this one has a default:
  // whatever else comes up was not the sender's doing.
  switch (code) {
    case ErrorCode::sf_too_long:
    case ErrorCode::sf_too_many_members:
    case ErrorCode::sf_too_many_parameters:
    case ErrorCode::sf_too_many_inner_items:
    case ErrorCode::signature_base_too_long:
      return Reason::too_large;
    case ErrorCode::signature_label_duplicate:
      return Reason::duplicate_label;
    case ErrorCode::signature_input_not_inner_list:
    case ErrorCode::signature_input_not_string:
    case ErrorCode::signature_parameter_invalid:
      return Reason::signature_input_unreadable;
    case ErrorCode::signature_value_invalid:
      return Reason::signature_value_unreadable;
    case ErrorCode::component_name_unknown:
      return Reason::component_unsupported;
    case ErrorCode::component_parameter_unknown:
    case ErrorCode::component_field_type_unknown:
      return Reason::component_unsupported_parameter;
    case ErrorCode::component_field_missing:
    case ErrorCode::component_member_missing:
    case ErrorCode::component_query_param_missing:
    case ErrorCode::component_related_request_missing:
      return Reason::missing_component;
    case ErrorCode::component_duplicate:
      return Reason::duplicate_component;
    case ErrorCode::component_name_invalid:
    case ErrorCode::component_parameter_invalid:
    case ErrorCode::component_parameters_incompatible:
    case ErrorCode::component_not_applicable:
    case ErrorCode::component_req_in_request:
    case ErrorCode::component_field_malformed:
    case ErrorCode::component_field_not_dictionary:
    case ErrorCode::component_query_param_repeated:
    case ErrorCode::component_value_invalid:
    case ErrorCode::component_signature_params_listed:
    case ErrorCode::authority_invalid:
      return Reason::component_malformed;
    case ErrorCode::signature_wrong:
      return Reason::bad_signature;
    case ErrorCode::digest_mismatch:
      return Reason::content_digest_mismatch;
    case ErrorCode::digest_malformed:
      return Reason::component_malformed;
    case ErrorCode::digest_unsupported:
      return Reason::content_digest_not_compared;
    default:
      return Reason::internal_error;
  }
}

Reason check_parameters(const SignatureParameters& parameters, const Policy& policy,
                        Time now) noexcept {
  if (!parameters.created) return Reason::created_missing;
  if (!parameters.expires) return Reason::expires_missing;
  if (!parameters.keyid || parameters.keyid->empty()) return Reason::keyid_missing;
  // Integers have 15 digits at most (RFC 9651 §3.3.1), so that none of these sums overflows.
  const std::int64_t created = *parameters.created;
  const std::int64_t expires = *parameters.expires;
  const std::int64_t at = now.time_since_epoch().count();
  const std::int64_t skew = policy.skew.count();
  if (expires < created) return Reason::expires_before_created;
  if (created > at + skew) return Reason::clock_ahead;
  // expires is the first second at which the signature is no longer good.
  if (expires + skew <= at) return Reason::expired;
  if (expires - created > policy.max_lifetime.count()) return Reason::lifetime_too_long;
  if (policy.require_nonce && (!parameters.nonce || parameters.nonce->empty())) {
    return Reason::nonce_missing;
  }
  if (parameters.alg) {
    // A shared secret says nothing about who signed: draft -01 §4.
    if (*parameters.alg == to_string(Algorithm::hmac_sha256)) return Reason::algorithm_forbidden;
    if (!algorithm_from_name(*parameters.alg)) return Reason::signature_alg_unsupported;
  }
  return Reason::none;
}

bool covers_component(std::span<const ComponentIdentifier> covered,
                      const ComponentIdentifier& component) noexcept {
  const bool part_of_target =
      !component.req &&
      (component.kind == ComponentKind::authority || component.kind == ComponentKind::scheme ||
       component.kind == ComponentKind::path || component.kind == ComponentKind::query);
  return std::ranges::any_of(covered, [&](const ComponentIdentifier& id) {
    return id == component || (part_of_target && id.kind == ComponentKind::target_uri && !id.req);
  });
}

Reason check_components(std::span<const ComponentIdentifier> covered,
                        const Policy& policy) noexcept {
  // Without this a signature could be replayed at any other site. draft -01 §4.
  constexpr ComponentIdentifier kAuthority{
      .kind = ComponentKind::authority, .name = "@authority", .key = {}};
  if (!covers_component(covered, kAuthority)) return Reason::target_not_covered;
  for (const auto& required : policy.required.identifiers()) {
    if (!covers_component(covered, required)) return Reason::missing_required_component;
  }
  return Reason::none;
}

Reason check_authority(const Request& request, const Authorities& authorities) noexcept {
  const std::string_view target = request.target;
  const bool has_authority = !target.empty() && target.front() != '/' && target.front() != '?' &&
                             target != "*" && request.method != "CONNECT";
  if (has_authority) {
    const auto uri = split_target_uri(target);
    if (!uri || !http::is_same_authority(request.scheme, uri->authority, request.authority)) {
      return Reason::authority_not_ours;
    }
  }
  return authorities.contains(request.scheme, request.authority) ? Reason::none
                                                                 : Reason::authority_not_ours;
}

Reason check_chain(const SignatureFields& fields, std::span<const ComponentIdentifier> covered,
                   std::size_t& left, std::vector<ComponentIdentifier>& other) {
  for (const auto& id : covered) {
    if (id.kind != ComponentKind::field || id.name != "signature" || !id.has_key) continue;
    const sf::Member* chained = fields.input().find(id.key);
    if (chained == nullptr) return Reason::missing_component;
    if (left == 0) return Reason::too_many_signatures;
    --left;
    ComponentIdentifier input = id;
    input.name = "signature-input";
    if (std::ranges::find(covered, input) == covered.end()) {
      return Reason::chained_component_not_covered;
    }
    if (auto read = read_covered_components(fields.input(), *chained, other); !read) {
      return reason_of(read.error().code);
    }
    for (const auto& component : other) {
      if (std::ranges::find(covered, component) == covered.end()) {
        return Reason::chained_component_not_covered;
      }
    }
  }
  return Reason::none;
}

}  // namespace wba
