// Creating a signature, RFC 9421 §3.1 and §4.

#include "signature/sign.h"

#include <array>
#include <new>
#include <string>

#include <wba/signature.h>

#include "message/component_text.h"

namespace wba {
namespace {

std::unexpected<Error> fail(ErrorCode code) noexcept { return std::unexpected(Error{code}); }

// append_member writes `label=("…" …);k=v`, the member of Signature-Input.
Result<void> append_member(const SigningParameters& parameters, sf::Field& scratch,
                           std::string& out) {
  if (auto key = sf::append_key(parameters.label, out); !key) return key;
  out.append("=(");
  bool first = true;
  for (const auto component : parameters.components) {
    if (!first) out.push_back(' ');
    first = false;
    if (auto appended = append_component_identifier(component, scratch, out); !appended) {
      return appended;
    }
  }
  out.push_back(')');
  for (const auto& [key, value] : parameters.parameters) {
    out.push_back(';');
    if (auto appended = sf::append_key(key, out); !appended) return appended;
    if (value.type == sf::Type::boolean && value.number == 1) continue;
    out.push_back('=');
    if (auto appended = sf::append_bare_item(value, out); !appended) return appended;
  }
  return {};
}

// A label that the message has already would make both signatures unreadable.
Result<void> choose_label(const SignatureFields& existing, std::string_view wanted,
                          std::string& label) {
  const auto taken = [&](std::string_view name) {
    return existing.input().find(name) != nullptr || existing.signature().find(name) != nullptr;
  };
  if (!wanted.empty()) {
    if (taken(wanted)) return fail(ErrorCode::signature_label_duplicate);
    label = wanted;
    return {};
  }
  for (int i = 1; i <= 1000; ++i) {
    label = "sig";
    label += std::to_string(i);
    if (!taken(label)) return {};
  }
  return fail(ErrorCode::signature_too_many);
}

Result<void> sign_into(const Message& message, SigningParameters parameters, const Signer& signer,
                       const BaseOptions& options, SigningScratch& scratch, SignedLines& lines) {
  if (auto parsed = scratch.existing.parse(message.fields()); !parsed) return parsed;
  if (auto chosen = choose_label(scratch.existing, parameters.label, scratch.text); !chosen) {
    return chosen;
  }
  parameters.label = scratch.text;
  return sign_message_as(message, parameters, signer, options, scratch, lines);
}

}  // namespace

Result<void> sign_message_as(const Message& message, const SigningParameters& parameters,
                             const Signer& signer, const BaseOptions& options,
                             SigningScratch& scratch, SignedLines& lines) {
  scratch.dictionary.clear();
  if (auto appended = append_member(parameters, scratch.field, scratch.dictionary); !appended) {
    return appended;
  }
  // The base is built from the line as a verifier will parse it, by the code a verifier runs.
  if (auto parsed = sf::parse_dictionary(scratch.dictionary, scratch.field); !parsed) return parsed;
  const sf::Member& member = scratch.field.members().front();
  if (auto built = build_signature_base(message, scratch.field, member, options, scratch.components,
                                        lines.base);
      !built) {
    return built;
  }
  std::array<std::byte, PrivateKey::max_signature_size> octets;
  const auto size = signer.sign(lines.base, octets);
  if (!size) return std::unexpected(size.error());
  lines.signature_input.assign(scratch.dictionary);
  lines.signature.assign(parameters.label).append("=");
  sf::append_byte_sequence(std::span(octets).first(*size), lines.signature);
  return {};
}

Result<void> sign_message(const Message& message, const SigningParameters& parameters,
                          const Signer& signer, const BaseOptions& options, SigningScratch& scratch,
                          SignedLines& lines) {
  Result<void> done;
  try {
    done = sign_into(message, parameters, signer, options, scratch, lines);
  } catch (const std::bad_alloc&) {
    done = fail(ErrorCode::out_of_memory);
  }
  if (!done) {
    lines.signature_input.clear();
    lines.signature.clear();
    lines.base.clear();
  }
  return done;
}

}  // namespace wba
