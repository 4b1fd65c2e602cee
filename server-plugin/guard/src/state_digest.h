#ifndef WBA_GUARD_STATE_DIGEST_H_
#define WBA_GUARD_STATE_DIGEST_H_

// Names of state: digests of what callers sent, so that no length and no octet of it matters.

#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>

#include "crypto/hash.h"

namespace wba::guard {

// StateDigest is 128 bits of SHA-256: as unlikely to collide by design as by chance.
using StateDigest = std::array<std::uint64_t, 2>;

struct StateDigestHash {
  std::size_t operator()(const StateDigest& digest) const noexcept {
    return static_cast<std::size_t>(digest[0]);
  }
};

// state_digest digests `parts` so that no two lists of parts give one text.
[[nodiscard]] inline crypto::Sha256::Digest state_digest_octets(
    std::initializer_list<std::string_view> parts) noexcept {
  crypto::Sha256 hash;
  for (const auto part : parts) {
    const std::uint64_t size = part.size();
    char length[sizeof size];
    std::memcpy(length, &size, sizeof size);
    hash.update({length, sizeof length});
    hash.update(part);
  }
  return hash.finish();
}

[[nodiscard]] inline StateDigest state_digest(
    std::initializer_list<std::string_view> parts) noexcept {
  const auto octets = state_digest_octets(parts);
  StateDigest digest{};
  std::memcpy(digest.data(), octets.data(), sizeof digest);
  return digest;
}

// random_seed gives 16 octets that differ in each process: with them in a digest nobody can choose
// what falls into one bucket. Zeros where there is no randomness.
using Seed = std::array<char, 16>;
[[nodiscard]] Seed random_seed() noexcept;

}  // namespace wba::guard

#endif  // WBA_GUARD_STATE_DIGEST_H_
