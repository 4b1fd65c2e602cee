// Accept-Signature, RFC 9421 §5.1.

#include <new>

#include <wba/accept_signature.h>
#include <wba/component.h>

#include "base/ascii.h"

namespace wba {
namespace {

std::unexpected<Error> fail(ErrorCode code) noexcept { return std::unexpected(Error{code}); }

bool is_flag(const sf::BareItem& value) noexcept {
  return value.type == sf::Type::boolean && value.number == 1;
}

Result<void> read_parameters(std::span<const sf::Parameter> parameters,
                             RequestedSignature& request) {
  const auto text = [](const sf::BareItem& value, std::optional<std::string>& into) {
    if (value.type != sf::Type::string) return false;
    into = std::string(value.text);
    return true;
  };
  for (const auto& [key, value] : parameters) {
    bool valid = true;
    if (key == "created") {
      valid = request.created = is_flag(value);
    } else if (key == "expires") {
      valid = request.expires = is_flag(value);
    } else if (key == "nonce") {
      valid = text(value, request.nonce);
    } else if (key == "alg") {
      valid = text(value, request.alg);
    } else if (key == "keyid") {
      valid = text(value, request.keyid);
    } else if (key == "tag") {
      valid = text(value, request.tag);
    }
    if (!valid) return fail(ErrorCode::signature_parameter_invalid);
  }
  return {};
}

// A request has no status and no request before it; a response has request components by req only.
bool is_applicable(const ComponentIdentifier& id, SignatureTarget target) noexcept {
  if (target == SignatureTarget::request) return !id.req && id.kind != ComponentKind::status;
  if (id.kind == ComponentKind::field) return true;
  return id.req != (id.kind == ComponentKind::status);
}

Result<RequestedSignature> read_request(const sf::Field& field, const sf::Member& member,
                                        SignatureTarget target) {
  if (!member.is_inner_list) return fail(ErrorCode::signature_input_not_inner_list);
  RequestedSignature request{.label = std::string(member.key)};
  std::vector<ComponentIdentifier> identifiers;
  for (const auto& item : field.items(member)) {
    const auto id = read_component_identifier(item.value, field.parameters(item));
    if (!id) return std::unexpected(id.error());
    if (!is_applicable(*id, target)) return fail(ErrorCode::component_not_applicable);
    for (const auto& before : identifiers) {
      if (before == *id) return fail(ErrorCode::component_duplicate);
    }
    identifiers.push_back(*id);
    std::string& component = request.components.emplace_back();
    sf::append_item(field, item, component);
  }
  if (auto read = read_parameters(field.parameters(member), request); !read) {
    return std::unexpected(read.error());
  }
  return request;
}

Result<void> append_request(const RequestedSignature& request, std::string& out) {
  if (auto key = sf::append_key(request.label, out); !key) return key;
  out.append("=(");
  for (std::size_t i = 0; i < request.components.size(); ++i) {
    if (i > 0) out.push_back(' ');
    if (auto id = append_component_identifier(request.components[i], out); !id) return id;
  }
  out.push_back(')');
  if (request.created) out.append(";created");
  if (request.expires) out.append(";expires");
  const auto text = [&out](std::string_view key,
                           const std::optional<std::string>& value) -> Result<void> {
    if (!value) return {};
    out.append(";").append(key).append("=");
    return sf::append_string(*value, out);
  };
  for (const auto& [key, value] :
       {std::pair{"nonce", &request.nonce}, std::pair{"alg", &request.alg},
        std::pair{"keyid", &request.keyid}, std::pair{"tag", &request.tag}}) {
    if (auto appended = text(key, *value); !appended) return appended;
  }
  return {};
}

}  // namespace

Result<std::vector<RequestedSignature>> parse_accept_signature(
    std::span<const std::string_view> lines, SignatureTarget target, const sf::Limits& limits) {
  try {
    sf::Field field;
    if (auto parsed = sf::parse_dictionary(lines, field, limits); !parsed) {
      return std::unexpected(parsed.error());
    }
    if (field.has_duplicate_key()) return fail(ErrorCode::signature_label_duplicate);
    std::vector<RequestedSignature> requests;
    for (const auto& member : field.members()) {
      auto request = read_request(field, member, target);
      if (!request) return std::unexpected(request.error());
      requests.push_back(*std::move(request));
    }
    return requests;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::out_of_memory);
  }
}

Result<void> append_accept_signature(std::span<const RequestedSignature> requests,
                                     std::string& out) {
  const auto before = out.size();
  Result<void> done;
  try {
    for (const auto& request : requests) {
      if (out.size() != before) out.append(", ");
      done = append_request(request, out);
      if (!done) break;
    }
  } catch (const std::bad_alloc&) {
    done = fail(ErrorCode::out_of_memory);
  }
  if (!done) out.resize(before);
  return done;
}

}  // namespace wba
