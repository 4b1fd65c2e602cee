// Signature-Input and Signature, RFC 9421 §4.1 and §4.2; signature parameters, §2.3.

#include <algorithm>
#include <new>

#include "base/ascii.h"
#include "sf/characters.h"
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

namespace {

// names_member: true if `line`, which is no Dictionary, has a key of `input` where a member could
// begin.
bool names_member(std::string_view line, const sf::Field& input) noexcept {
  while (true) {
    line = ascii::trim(line);
    const auto is_key = [](char c) { return sf::is(c, sf::key_character); };
    const auto end = std::ranges::find_if_not(line, is_key) - line.begin();
    if (input.find(line.substr(0, static_cast<std::size_t>(end))) != nullptr) return true;
    const auto comma = line.find(',');
    if (comma == std::string_view::npos) return false;
    line.remove_prefix(comma + 1);
  }
}

bool is_limit(ErrorCode code) noexcept {
  return code == ErrorCode::sf_too_long || code == ErrorCode::sf_too_many_members ||
         code == ErrorCode::sf_too_many_parameters || code == ErrorCode::sf_too_many_inner_items ||
         code == ErrorCode::out_of_memory;
}

}  // namespace

Result<void> SignatureFields::parse(std::span<const FieldLine> section,
                                    const SignatureLimits& limits) {
  input_.clear();
  signature_.clear();
  has_input_ = has_signature_ = has_foreign_ = error_in_signature_ = false;
  // The two fields are of no use apart; a caller who ignores an error must find neither.
  const auto refuse = [&](Error error) {
    input_.clear();
    signature_.clear();
    return std::unexpected(error);
  };
  try {
    if (auto read = read_input(section, limits.fields); !read) return refuse(read.error());
    error_in_signature_ = true;
    if (auto read = read_signature(section, limits.fields); !read) return refuse(read.error());
    error_in_signature_ = false;
  } catch (const std::bad_alloc&) {
    return refuse(Error{ErrorCode::out_of_memory});
  }
  return {};
}

void SignatureFields::collect(std::span<const FieldLine> section, std::string_view name) {
  lines_.clear();
  for (const auto& line : section) {
    if (line.name.size() == name.size() && field_name_equals(line.name, name)) {
      lines_.push_back(line.value);
    }
  }
}

Result<void> SignatureFields::read_input(std::span<const FieldLine> section,
                                         const sf::Limits& limits) {
  collect(section, "signature-input");
  has_input_ = !lines_.empty();
  if (!has_input_) return {};
  if (auto parsed = sf::parse_dictionary(lines_, input_, limits); !parsed) return parsed;
  // RFC 9651 lets the last of two equal keys win; whoever reads the first would see another
  // signature. Ambiguity in what is signed is refused.
  if (input_.has_duplicate_key()) {
    return std::unexpected(Error{ErrorCode::signature_label_duplicate});
  }
  const bool inner_lists = std::ranges::all_of(input_.members(), &sf::Member::is_inner_list);
  if (!inner_lists) return std::unexpected(Error{ErrorCode::signature_input_not_inner_list});
  return {};
}

Result<void> SignatureFields::read_signature(std::span<const FieldLine> section,
                                             const sf::Limits& limits) {
  collect(section, "signature");
  has_signature_ = !lines_.empty();
  if (!has_signature_) return {};
  if (const auto parsed = sf::parse_dictionary(lines_, signature_, limits); !parsed) {
    has_foreign_ = true;
    // Without Signature-Input it is none of RFC 9421's: §4.1, §4.2.
    if (!has_input_) return {};
    if (is_limit(parsed.error().code)) return parsed;
    if (auto read = read_own_lines(parsed.error(), limits); !read) return read;
  }
  if (has_input_ && signature_.has_duplicate_key()) {
    return std::unexpected(Error{ErrorCode::signature_label_duplicate});
  }
  for (const auto& member : signature_.members()) {
    if (!member.is_inner_list && member.value.type == sf::Type::byte_sequence) continue;
    has_foreign_ = true;
    if (input_.find(member.key) != nullptr) {
      return std::unexpected(Error{ErrorCode::signature_value_invalid});
    }
  }
  return {};
}

// Other kinds of signatures use the field, too: of draft-cavage, of webhooks. Such a line is passed
// over, unless it has a label of Signature-Input: `error` then stands.
Result<void> SignatureFields::read_own_lines(const Error& error, const sf::Limits& limits) {
  bool names_ours = false;
  std::erase_if(lines_, [&](std::string_view line) {
    const bool is_dictionary = sf::parse_dictionary(line, signature_, limits).has_value();
    if (is_dictionary) return signature_.members().empty();
    names_ours = names_ours || names_member(line, input_);
    return true;
  });
  signature_.clear();
  if (names_ours) return std::unexpected(error);
  return lines_.empty() ? Result<void>{} : sf::parse_dictionary(lines_, signature_, limits);
}

std::optional<std::span<const std::byte>> SignatureFields::value(
    std::string_view label) const noexcept {
  const sf::Member* member = signature_.find(label);
  if (member == nullptr || member->value.type != sf::Type::byte_sequence) return std::nullopt;
  return std::as_bytes(std::span(member->value.text));
}

}  // namespace wba
