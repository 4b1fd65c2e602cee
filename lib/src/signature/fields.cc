// Signature-Input and Signature, RFC 9421 §4.1 and §4.2; signature parameters, §2.3.

#include <new>

#include "signature/parameters.h"

namespace wba {

bool read_signature_parameters_into(std::span<const sf::Parameter> parameters,
                                    SignatureParameters& read) noexcept {
  // Each on its own: an empty struct would be put together elsewhere and copied.
  read.created.reset();
  read.expires.reset();
  read.nonce.reset();
  read.alg.reset();
  read.keyid.reset();
  read.tag.reset();
  for (const auto& [key, value] : parameters) {
    const auto integer = [&value](std::optional<std::int64_t>& into) {
      if (value.type != sf::Type::integer) return false;
      into = value.number;
      return true;
    };
    const auto string = [&value](std::optional<std::string_view>& into) {
      if (value.type != sf::Type::string) return false;
      into = value.text;
      return true;
    };
    bool valid = true;
    if (key == "created") {
      valid = integer(read.created);
    } else if (key == "expires") {
      valid = integer(read.expires);
    } else if (key == "nonce") {
      valid = string(read.nonce);
    } else if (key == "alg") {
      valid = string(read.alg);
    } else if (key == "keyid") {
      valid = string(read.keyid);
    } else if (key == "tag") {
      valid = string(read.tag);
    }
    if (!valid) return false;
  }
  return true;
}

Result<SignatureParameters> read_signature_parameters(
    std::span<const sf::Parameter> parameters) noexcept {
  SignatureParameters read;
  if (read_signature_parameters_into(parameters, read)) return read;
  return std::unexpected(Error{ErrorCode::signature_parameter_invalid});
}

Result<void> SignatureFields::parse(std::span<const FieldLine> section,
                                    const SignatureLimits& limits) {
  input_.clear();
  signature_.clear();
  has_input_ = has_signature_ = error_in_signature_ = false;
  const auto read = [&](std::string_view name, sf::Field& field, bool& present) -> Result<void> {
    lines_.clear();
    for (const auto& line : section) {
      if (line.name.size() == name.size() && field_name_equals(line.name, name)) {
        lines_.push_back(line.value);
      }
    }
    present = !lines_.empty();
    return present ? sf::parse_dictionary(lines_, field, limits.fields) : Result<void>{};
  };
  // The two fields are of no use apart; a caller who ignores an error must find neither.
  const auto refuse = [&](Error error, bool in_signature) {
    input_.clear();
    signature_.clear();
    error_in_signature_ = in_signature;
    return std::unexpected(error);
  };
  try {
    if (auto parsed = read("signature-input", input_, has_input_); !parsed) {
      return refuse(parsed.error(), false);
    }
    if (auto parsed = read("signature", signature_, has_signature_); !parsed) {
      return refuse(parsed.error(), true);
    }
  } catch (const std::bad_alloc&) {
    return refuse(Error{ErrorCode::out_of_memory}, false);
  }
  // RFC 9651 lets the last of two equal keys win; whoever reads the first would see another
  // signature. Ambiguity in what is signed is refused.
  if (input_.has_duplicate_key()) {
    return refuse(Error{ErrorCode::signature_label_duplicate}, false);
  }
  if (signature_.has_duplicate_key()) {
    return refuse(Error{ErrorCode::signature_label_duplicate}, true);
  }
  for (const auto& member : input_.members()) {
    if (!member.is_inner_list) {
      return refuse(Error{ErrorCode::signature_input_not_inner_list}, false);
    }
  }
  for (const auto& member : signature_.members()) {
    if (member.is_inner_list || member.value.type != sf::Type::byte_sequence) {
      return refuse(Error{ErrorCode::signature_value_invalid}, true);
    }
  }
  return {};
}

std::optional<std::span<const std::byte>> SignatureFields::value(
    std::string_view label) const noexcept {
  const sf::Member* member = signature_.find(label);
  if (member == nullptr) return std::nullopt;
  return std::as_bytes(std::span(member->value.text));
}

}  // namespace wba
