// Prepared keys give libsodium's verdict on every path, for keys, signatures and messages of any
// bytes. Input: one octet that chooses the key and what follows it; 32 octets of a key, where bit 2
// is set; 64 octets to be xored onto a signature that is valid for the chosen key (zero where bit 3
// is set); the message.

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned choice = *data++;
  --size;
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
  const auto proof = std::as_bytes(std::span<const std::uint8_t, 64>(signature));
  for (const Ed25519Path path : {Ed25519Path::portable, Ed25519Path::avx2, Ed25519Path::ifma}) {
    if (!wba::crypto::cpu_has(path)) continue;
    require(key->verify(path, text, proof) == expected);
    std::vector<PendingEd25519> pending(8, PendingEd25519{key, text, proof});
    wba::crypto::verify_many(path, pending);
    for (const PendingEd25519& one : pending) require(one.verified == expected);
  }
  return 0;
}
