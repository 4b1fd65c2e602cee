// The signature base, RFC 9421 §2.5.

#include "signature/base.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <new>

#include "message/component_text.h"

namespace wba {
namespace {

std::unexpected<Error> fail(ErrorCode code, std::size_t component = 0) noexcept {
  return std::unexpected(Error{code, static_cast<std::uint32_t>(component)});
}

Result<void> append_base(const Message& message, const sf::Field& input, const sf::Member& member,
                         std::span<const ComponentIdentifier> identifiers,
                         const BaseOptions& options, ComponentScratch& scratch, std::string& out) {
  const auto items = input.items(member);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].canonical) {
      out.append(items[i].raw);
    } else {
      sf::append_item(input, items[i], out);
    }
    out.append(": ");
    if (auto value =
            append_component_value(message, identifiers[i], options.field_types, scratch, out);
        !value) {
      return fail(value.error().code, i);
    }
    out.push_back('\n');
    if (out.size() > options.max_bytes) return fail(ErrorCode::signature_base_too_long, i);
    if (scratch.work() > options.max_work) return fail(ErrorCode::signature_base_too_long, i);
  }
  out.append("\"@signature-params\": ");
  if (member.canonical) {
    out.append(member.raw);
  } else {
    sf::append_member_value(input, member, out);
  }
  if (out.size() > options.max_bytes) return fail(ErrorCode::signature_base_too_long, items.size());
  return {};
}

}  // namespace

Result<void> read_covered_components(const sf::Field& input, const sf::Member& member,
                                     std::vector<ComponentIdentifier>& identifiers) {
  identifiers.clear();
  if (!member.is_inner_list) return fail(ErrorCode::signature_input_not_inner_list);
  try {
    for (const auto& item : input.items(member)) {
      const std::size_t index = identifiers.size();
      ComponentIdentifier& id = identifiers.emplace_back();
      ErrorCode error{};
      if (!read_component_identifier_into(item.value, input.parameters(item), id, error)) {
        identifiers.pop_back();
        return fail(error, index);
      }
      // The list is bounded (SignatureLimits), so that comparing all pairs is cheap.
      if (std::ranges::find(identifiers, id) - identifiers.begin() != std::ssize(identifiers) - 1) {
        identifiers.pop_back();
        return fail(ErrorCode::component_duplicate, index);
      }
    }
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::out_of_memory);
  }
  return {};
}

Result<void> build_signature_base_of(const Message& message, const sf::Field& input,
                                     const sf::Member& member,
                                     std::span<const ComponentIdentifier> identifiers,
                                     const BaseOptions& options, ComponentScratch& scratch,
                                     std::string& out) {
  out.clear();
  try {
    auto built = append_base(message, input, member, identifiers, options, scratch, out);
    if (!built) out.clear();
    return built;
  } catch (const std::bad_alloc&) {
    out.clear();
    return fail(ErrorCode::out_of_memory);
  }
}

Result<void> build_signature_base(const Message& message, const sf::Field& input,
                                  const sf::Member& member, const BaseOptions& options,
                                  ComponentScratch& scratch, std::string& out) {
  out.clear();
  auto& identifiers = scratch.identifiers();
  if (auto read = read_covered_components(input, member, identifiers); !read) return read;
  scratch.start();
  return build_signature_base_of(message, input, member, identifiers, options, scratch, out);
}

}  // namespace wba
