// Content-Digest and Repr-Digest, RFC 9530 §2 and §3.

#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include <wba/content_digest.h>
#include <wba/structured_field.h>

#include "crypto/hash.h"

namespace wba {
namespace {

std::unexpected<Error> fail(ErrorCode code) noexcept { return std::unexpected(Error{code}); }

template <typename Digest>
std::string serialise(DigestAlgorithm algorithm, const Digest& digest) {
  std::string value(to_string(algorithm));
  value.push_back('=');
  sf::append_byte_sequence(digest, value);
  return value;
}

// Expected is what a field says of the supported algorithms.
struct Expected {
  std::optional<crypto::Sha256::Digest> sha256;
  std::optional<crypto::Sha512::Digest> sha512;
  bool can_match = true;  // no digest has a length that its algorithm never gives
};

Result<Expected> read_expected(std::span<const std::string_view> lines, sf::Field& field) {
  constexpr sf::Limits kLimits{
      .bytes = 8192, .members = 32, .parameters = 16, .inner_list_items = 1};
  if (!sf::parse_dictionary(lines, field, kLimits)) return fail(ErrorCode::digest_malformed);
  Expected expected;
  const auto expect = [&expected](std::string_view octets, auto& digest) {
    digest.emplace();
    // A digest of another length is no digest of the body; it is well-formed all the same.
    if (octets.size() != digest->size()) {
      expected.can_match = false;
    } else {
      std::memcpy(digest->data(), octets.data(), digest->size());
    }
  };
  for (const auto& member : field.members()) {
    if (member.is_inner_list || member.value.type != sf::Type::byte_sequence) {
      return fail(ErrorCode::digest_malformed);
    }
    if (member.key == to_string(DigestAlgorithm::sha_256)) {
      expect(member.value.text, expected.sha256);
    } else if (member.key == to_string(DigestAlgorithm::sha_512)) {
      expect(member.value.text, expected.sha512);
    }
  }
  if (!expected.sha256 && !expected.sha512) return fail(ErrorCode::digest_unsupported);
  return expected;
}

Result<void> match(bool matches) noexcept {
  return matches ? Result<void>{} : fail(ErrorCode::digest_mismatch);
}

}  // namespace

std::string_view to_string(DigestAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case DigestAlgorithm::sha_256:
      return "sha-256";
    case DigestAlgorithm::sha_512:
      return "sha-512";
  }
  return "sha-256";
}

std::string content_digest(std::string_view body, DigestAlgorithm algorithm) {
  return algorithm == DigestAlgorithm::sha_256 ? serialise(algorithm, crypto::sha256(body))
                                               : serialise(algorithm, crypto::sha512(body));
}

struct ContentDigest::State {
  std::optional<crypto::Sha256> sha256;
  std::optional<crypto::Sha512> sha512;
  Expected expected;  // unused where a digest is made
};

ContentDigest::ContentDigest(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
ContentDigest::ContentDigest(ContentDigest&&) noexcept = default;
ContentDigest& ContentDigest::operator=(ContentDigest&&) noexcept = default;
ContentDigest::~ContentDigest() = default;

Result<ContentDigest> ContentDigest::to_check(std::span<const std::string_view> lines) {
  try {
    sf::Field field;
    const auto expected = read_expected(lines, field);
    if (!expected) return std::unexpected(expected.error());
    auto state = std::make_unique<State>();
    state->expected = *expected;
    if (expected->sha256) state->sha256.emplace();
    if (expected->sha512) state->sha512.emplace();
    return ContentDigest(std::move(state));
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::out_of_memory);
  }
}

ContentDigest ContentDigest::to_make(DigestAlgorithm algorithm) {
  auto state = std::make_unique<State>();
  if (algorithm == DigestAlgorithm::sha_256) {
    state->sha256.emplace();
  } else {
    state->sha512.emplace();
  }
  return ContentDigest(std::move(state));
}

void ContentDigest::update(std::string_view chunk) noexcept {
  if (state_->sha256) state_->sha256->update(chunk);
  if (state_->sha512) state_->sha512->update(chunk);
}

Result<void> ContentDigest::check() noexcept {
  const Expected& expected = state_->expected;
  bool matches = expected.can_match;
  if (state_->sha256) matches = state_->sha256->finish() == expected.sha256 && matches;
  if (state_->sha512) matches = state_->sha512->finish() == expected.sha512 && matches;
  return match(matches);
}

std::string ContentDigest::field_value() {
  return state_->sha256 ? serialise(DigestAlgorithm::sha_256, state_->sha256->finish())
                        : serialise(DigestAlgorithm::sha_512, state_->sha512->finish());
}

Result<void> check_content_digest(std::span<const std::string_view> lines, std::string_view body,
                                  sf::Field& scratch) {
  const auto expected = read_expected(lines, scratch);
  if (!expected) return std::unexpected(expected.error());
  return match(expected->can_match &&
               (!expected->sha256 || crypto::sha256(body) == *expected->sha256) &&
               (!expected->sha512 || crypto::sha512(body) == *expected->sha512));
}

Result<void> check_content_digest(std::span<const std::string_view> lines, std::string_view body) {
  sf::Field field;
  return check_content_digest(lines, body, field);
}

}  // namespace wba
