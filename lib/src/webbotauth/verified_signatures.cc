#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <vector>

#include <wba/verified_signatures.h>

#include "crypto/keyed_hash.h"

namespace wba {
namespace {

constexpr std::size_t kWays = 4;     // places that a signature may take
constexpr std::size_t kShards = 64;  // locks
constexpr std::size_t kMost = std::size_t{1} << 26;

struct Entry {
  crypto::KeyedHash::Digest digest{};
  std::int64_t expires = INT64_MIN;
};

}  // namespace

struct VerifiedSignatures::State {
  State(crypto::KeyedHash made, std::size_t capacity) : hash(made), entries(capacity) {}

  // ways gives the places of a digest; the digest is as good as random.
  [[nodiscard]] std::span<Entry> ways(const crypto::KeyedHash::Digest& digest) noexcept {
    std::uint64_t front = 0;
    std::memcpy(&front, digest.data(), sizeof front);
    const std::size_t set = front & (entries.size() / kWays - 1);
    return std::span(entries).subspan(set * kWays, kWays);
  }

  [[nodiscard]] std::mutex& lock_of(const crypto::KeyedHash::Digest& digest) noexcept {
    // The set's low bits: one set is always under one lock.
    return locks[std::to_integer<std::size_t>(digest.front()) % kShards];
  }

  crypto::KeyedHash hash;
  std::vector<Entry> entries;
  std::array<std::mutex, kShards> locks;
};

namespace {

// The thumbprint is that of a key and not of what it is for: RSA has two algorithms.
crypto::KeyedHash::Digest digest_of(const crypto::KeyedHash& hash, const PublicKey& key,
                                    Algorithm algorithm, std::string_view base,
                                    std::span<const std::byte> signature) noexcept {
  return hash.of({std::as_bytes(std::span(key.thumbprint())),
                  std::as_bytes(std::span(&algorithm, 1)), std::as_bytes(std::span(base)),
                  signature});
}

}  // namespace

VerifiedSignatures::VerifiedSignatures(std::unique_ptr<State> state) noexcept
    : state_(std::move(state)) {}
VerifiedSignatures::~VerifiedSignatures() = default;

Result<std::shared_ptr<VerifiedSignatures>> VerifiedSignatures::create(std::size_t capacity) {
  if (capacity == 0 || capacity > kMost) {
    return std::unexpected(Error{ErrorCode::argument_invalid});
  }
  const auto hash = crypto::KeyedHash::create();
  if (!hash) return std::unexpected(hash.error());
  try {
    // No fewer sets than locks, so that what shares a set shares a lock.
    const auto rounded = std::bit_ceil(std::max(capacity, kWays * kShards));
    return std::shared_ptr<VerifiedSignatures>(
        new VerifiedSignatures(std::make_unique<State>(*hash, rounded)));
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
}

bool VerifiedSignatures::contains(const PublicKey& key, Algorithm algorithm, std::string_view base,
                                  std::span<const std::byte> signature, Time now) const noexcept {
  const auto digest = digest_of(state_->hash, key, algorithm, base, signature);
  const std::unique_lock lock(state_->lock_of(digest), std::try_to_lock);
  if (!lock.owns_lock()) return false;
  return std::ranges::any_of(state_->ways(digest), [&](const Entry& entry) {
    return entry.digest == digest && entry.expires > now.time_since_epoch().count();
  });
}

void VerifiedSignatures::add(const PublicKey& key, Algorithm algorithm, std::string_view base,
                             std::span<const std::byte> signature, Time expires) noexcept {
  const auto digest = digest_of(state_->hash, key, algorithm, base, signature);
  const std::unique_lock lock(state_->lock_of(digest), std::try_to_lock);
  if (!lock.owns_lock()) return;
  const auto ways = state_->ways(digest);
  auto place = std::ranges::find(ways, digest, &Entry::digest);
  if (place == ways.end()) place = std::ranges::min_element(ways, {}, &Entry::expires);
  *place = {.digest = digest, .expires = expires.time_since_epoch().count()};
}

}  // namespace wba
