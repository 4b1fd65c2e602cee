// Prepared keys give libsodium's verdict on every path, for keys, signatures and messages of any
// bytes, singly and in one batch with others. Input: one octet that chooses the key (bits 0 and 1),
// what follows (bits 2 and 3) and how many others there are beside it (bits 4 to 6); one octet with
// a bit for each of these, set where it is a wrong signature; 32 octets of a key, where bit 2 is
// set; 64 octets to be xored onto a signature that is valid for the chosen key (zero where bit 3 is
// set); the message.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <sodium.h>

#include "crypto/ed25519_prepared.h"
#include "fuzz/fuzz_input.h"

namespace {

using wba::crypto::Ed25519Path;
using wba::crypto::PendingEd25519;
using wba::crypto::PreparedEd25519Key;
using wba::crypto::TableKind;
using wba::fuzz::require;

using Octets32 = std::array<std::uint8_t, 32>;
using Octets64 = std::array<std::uint8_t, 64>;
using Prepared = std::unique_ptr<const PreparedEd25519Key>;

struct Key {
  Octets32 octets;
  Octets64 secret;
  Prepared prepared;
};

Prepared prepare(const Octets32& key, TableKind kind) {
  auto made =
      PreparedEd25519Key::prepare(std::as_bytes(std::span<const std::uint8_t, 32>(key)), kind);
  require(made.has_value() || made.error() == wba::crypto::PrepareFailure::key_refused);
  return made ? std::move(*made) : nullptr;
}

const std::array<Key, 4>& keys() {
  static const std::array<Key, 4> made = [] {
    std::array<Key, 4> out;
    require(sodium_init() >= 0);
    for (std::size_t i = 0; i < out.size(); ++i) {
      Octets32 seed{};
      seed[0] = static_cast<std::uint8_t>(i);
      crypto_sign_seed_keypair(out[i].octets.data(), out[i].secret.data(), seed.data());
      out[i].prepared = prepare(out[i].octets, i < 2 ? TableKind::full : TableKind::compact);
      require(out[i].prepared != nullptr);
    }
    return out;
  }();
  return made;
}

// Other is a signature that stands beside the input's in a batch.
struct Other {
  const Key* key;
  std::vector<std::uint8_t> message;
  Octets64 valid;
  Octets64 wrong;
};

std::span<const std::byte, 64> octets_of(const Octets64& signature) {
  return std::as_bytes(std::span<const std::uint8_t, 64>(signature));
}

constexpr std::size_t most_others = 7;

// others gives one message of each number of SHA-512 blocks that matters, for all keys in turn.
// Half of the wrong signatures are refused before their sum is made, half after it.
const std::array<Other, most_others>& others() {
  static const std::array<Other, most_others> made = [] {
    constexpr std::array<std::size_t, most_others> sizes = {0, 47, 48, 175, 176, 300, 1000};
    std::array<Other, most_others> out;
    for (std::size_t i = 0; i < out.size(); ++i) {
      Other& one = out[i];
      one.key = &keys()[i % keys().size()];
      one.message.assign(sizes[i], static_cast<std::uint8_t>(i));
      crypto_sign_detached(one.valid.data(), nullptr, one.message.data(), one.message.size(),
                           one.key->secret.data());
      one.wrong = one.valid;
      one.wrong[63] ^= static_cast<std::uint8_t>(i % 2 == 0 ? 0xe0 : 0x01);
    }
    return out;
  }();
  return made;
}

// require_in_batch verifies `one` among as many others as asked for, at a place that `wrong` gives.
void require_in_batch(Ed25519Path path, const PendingEd25519& one, bool expected, std::size_t count,
                      unsigned wrong) {
  std::vector<PendingEd25519> pending;
  std::vector<bool> verdicts;
  for (std::size_t i = 0; i < count; ++i) {
    const Other& other = others()[i];
    const bool valid = (wrong >> i & 1) == 0;
    pending.push_back({other.key->prepared.get(), std::as_bytes(std::span(other.message)),
                       octets_of(valid ? other.valid : other.wrong)});
    verdicts.push_back(valid);
  }
  const auto place = static_cast<std::ptrdiff_t>(wrong % (count + 1));
  pending.insert(pending.begin() + place, one);
  verdicts.insert(verdicts.begin() + place, expected);
  wba::crypto::verify_many(path, pending);
  for (std::size_t i = 0; i < pending.size(); ++i) require(pending[i].verified == verdicts[i]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned choice = *data++;
  const unsigned wrong = *data++;
  size -= 2;
  const Key& chosen = keys()[choice & 3];
  Octets32 octets = chosen.octets;
  Prepared own;
  const PreparedEd25519Key* key = chosen.prepared.get();
  const auto take = [&](std::span<std::uint8_t> out) {
    const std::size_t count = std::min(size, out.size());
    std::copy_n(data, count, out.begin());
    data += count;
    size -= count;
  };
  if ((choice & 4) != 0) {
    take(octets);
    own = prepare(octets, TableKind::compact);
    key = own.get();
  }
  Octets64 change{};
  take(change);
  const std::vector<std::uint8_t> message(data, data + size);
  Octets64 signature{};
  if ((choice & 8) == 0)
    crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                         chosen.secret.data());
  for (std::size_t i = 0; i < signature.size(); ++i) signature[i] ^= change[i];

  const bool expected = crypto_sign_verify_detached(signature.data(), message.data(),
                                                    message.size(), octets.data()) == 0;
  if (key == nullptr) {
    require(!expected);
    return 0;
  }
  const auto text = std::as_bytes(std::span(message));
  const auto proof = octets_of(signature);
  for (const Ed25519Path path : {Ed25519Path::portable, Ed25519Path::avx2, Ed25519Path::ifma}) {
    if (!wba::crypto::cpu_has(path)) continue;
    require(key->verify(path, text, proof) == expected);
    require_in_batch(path, {key, text, proof}, expected, choice >> 4 & most_others, wrong);
  }
  return 0;
}
