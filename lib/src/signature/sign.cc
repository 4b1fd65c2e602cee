// Creating a signature, RFC 9421 §3.1 and §4.

#include "signature/sign.h"

#include <algorithm>
#include <array>
#include <new>
#include <string>

#include <wba/signature.h>

#include "message/component_text.h"
#include "signature/base.h"

namespace wba {
namespace {

std::unexpected<Error> fail(ErrorCode code) noexcept { return std::unexpected(Error{code}); }

// append_list writes `label=("…" …)`.
Result<void> append_list(std::string_view label, std::span<const std::string_view> components,
                         sf::Field& scratch, std::string& out) {
  if (auto key = sf::append_key(label, out); !key) return key;
  out.append("=(");
  bool first = true;
  for (const auto component : components) {
    if (!first) out.push_back(' ');
    first = false;
    if (auto appended = append_component_identifier(component, scratch, out); !appended) {
      return appended;
    }
  }
  out.push_back(')');
  return {};
}

Result<void> append_checked_parameters(std::span<const sf::Parameter> parameters,
                                       std::string& out) {
  for (const auto& [key, value] : parameters) {
    if (auto appended = sf::append_parameter(key, value, out); !appended) return appended;
  }
  return {};
}

// sign_base puts the signature of the base in `lines` beside it.
Result<void> sign_base(std::string_view label, const Signer& signer, SignedLines& lines) {
  std::array<std::byte, PrivateKey::max_signature_size> octets;
  const auto size = signer.sign(lines.base, octets);
  if (!size) return std::unexpected(size.error());
  lines.signature.assign(label).append("=");
  sf::append_byte_sequence(std::span(octets).first(*size), lines.signature);
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

Result<void> sign_into(const Message& message, const SigningParameters& parameters,
                       const Signer& signer, const BaseOptions& options, SigningScratch& scratch,
                       SignedLines& lines) {
  if (auto parsed = scratch.existing.parse(message.fields()); !parsed) return parsed;
  // Beside what is no Dictionary of Byte Sequences, many verifiers could not read the new one.
  if (scratch.existing.has_foreign()) return fail(ErrorCode::signature_value_invalid);
  if (auto chosen = choose_label(scratch.existing, parameters.label, scratch.text); !chosen) {
    return chosen;
  }
  const std::string_view label = scratch.text;
  scratch.dictionary.clear();
  if (auto list = append_list(label, parameters.components, scratch.field, scratch.dictionary);
      !list) {
    return list;
  }
  if (auto appended = append_checked_parameters(parameters.parameters, scratch.dictionary);
      !appended) {
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
  lines.signature_input.assign(scratch.dictionary);
  return sign_base(label, signer, lines);
}

}  // namespace

bool CoveredList::is_of(std::string_view label,
                        std::span<const std::string_view> components) const noexcept {
  return written_ && label_ == label && std::ranges::equal(components_, components);
}

Result<void> CoveredList::write(std::string_view label,
                                std::span<const std::string_view> components) {
  if (is_of(label, components)) return {};
  written_ = false;
  text_.clear();
  if (auto appended = append_list(label, components, field_, text_); !appended) return appended;
  if (auto parsed = sf::parse_dictionary(text_, field_); !parsed) return parsed;
  if (auto read = read_covered_components(field_, field_.members().front(), identifiers_); !read) {
    return read;
  }
  label_ = label;
  components_.assign(components.begin(), components.end());
  written_ = true;
  return {};
}

Result<void> sign_message_as(const Message& message, const SigningParameters& parameters,
                             const Signer& signer, const BaseOptions& options, CoveredList& covered,
                             ComponentScratch& scratch, SignedLines& lines) {
  if (auto written = covered.write(parameters.label, parameters.components); !written) {
    return written;
  }
  lines.signature_input.assign(covered.text());
  if (auto appended = append_checked_parameters(parameters.parameters, lines.signature_input);
      !appended) {
    return appended;
  }
  // The last line of the base is the list alone; its parameters, which are in their strict form and
  // not repeated, are what a verifier will write there.
  const sf::Field& field = covered.field();
  scratch.start();
  if (auto built = build_signature_base_of(message, field, field.members().front(),
                                           covered.identifiers(), options, scratch, lines.base);
      !built) {
    return built;
  }
  lines.base.append(lines.signature_input, covered.text().size());
  if (lines.base.size() > options.max_bytes) {
    return std::unexpected(Error{ErrorCode::signature_base_too_long,
                                 static_cast<std::uint32_t>(covered.identifiers().size())});
  }
  return sign_base(parameters.label, signer, lines);
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
