#include "tokens.h"

#include <algorithm>
#include <utility>

#include <wba/content_digest.h>
#include <wba/message.h>

namespace wba::agent {
namespace {

bool is_token(std::string_view text) noexcept {
  return text.size() >= Tokens::min_size && text.size() <= Tokens::max_size &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  std::string_view("-._~+/=").contains(c);
         });
}

// digest is SHA-256 in base64: of all tokens as long.
std::string digest(std::string_view token) {
  return content_digest(token, DigestAlgorithm::sha_256);
}

// equal looks at every octet, wherever the first difference is.
bool equal(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size() || left.empty()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (left[i] ^ right[i]));
  }
  return difference == 0;
}

}  // namespace

std::expected<void, std::string> Tokens::add(std::string name, std::string_view token) {
  if (!is_token(token)) {
    return std::unexpected("token " + name +
                           " is not 32 to 256 letters and digits: openssl rand -hex 32 makes one");
  }
  std::string hashed = digest(token);
  if (std::ranges::any_of(known_, [&](const Known& other) { return other.digest == hashed; })) {
    return std::unexpected("token " + name + " is another one's, too");
  }
  known_.push_back({.name = std::move(name), .digest = std::move(hashed)});
  return {};
}

std::string_view Tokens::holder(std::string_view authorization) const {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size() ||
      !field_name_equals(authorization.substr(0, kScheme.size()), kScheme)) {
    return {};
  }
  authorization.remove_prefix(kScheme.size());
  if (!is_token(authorization)) return {};
  const std::string hashed = digest(authorization);
  std::string_view name;
  for (const Known& known : known_) {
    if (equal(known.digest, hashed)) name = known.name;
  }
  return name;
}

}  // namespace wba::agent
