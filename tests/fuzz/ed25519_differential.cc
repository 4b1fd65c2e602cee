// Compares prepared keys with libsodium on as many cases as are asked for, on one path or on every
// path that this machine has: wba_ed25519_differential [CASES [SEED [PATH]]]. Prints the first
// difference and ends with 1; with 2 where there is no such path.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "crypto/ed25519_prepared.h"
#include "support/ed25519_cases.h"

namespace {

using wba::crypto::Ed25519Path;
using wba::crypto::PendingEd25519;
using wba::crypto::PreparedEd25519Key;
using wba::crypto::TableKind;
using wba::test::Ed25519Case;
using wba::test::Ed25519Cases;
using wba::test::message_of;
using wba::test::Octets32;
using wba::test::signature_of;
using wba::test::view;

constexpr std::size_t group_size = 75;   // more than share an inversion, no multiple of the lanes
constexpr std::uint64_t keys_every = 8;  // groups; then one with a changed key

void print(const char* what, std::span<const std::uint8_t> octets) {
  std::printf("%s ", what);
  for (const std::uint8_t octet : octets) std::printf("%02x", octet);
  std::printf("\n");
}

int differs(std::string_view path, const Octets32& key, const Ed25519Case& one, bool expected) {
  std::printf("difference on path %.*s: libsodium %s\n", static_cast<int>(path.size()), path.data(),
              expected ? "accepts" : "refuses");
  print("key", key);
  print("message", one.message);
  print("signature", one.signature);
  return EXIT_FAILURE;
}

struct Keys {
  std::vector<Octets32> octets;
  std::vector<std::unique_ptr<const PreparedEd25519Key>> prepared;
};

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t wanted = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100000;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::vector<Ed25519Path> paths;
  for (const Ed25519Path path : {Ed25519Path::portable, Ed25519Path::avx2, Ed25519Path::ifma})
    if (wba::crypto::cpu_has(path) && (argc <= 3 || argv[3] == to_string(path)))
      paths.push_back(path);
  if (paths.empty()) {
    std::fprintf(stderr, "this machine has no such path\n");
    return 2;
  }

  Ed25519Cases cases(seed, 16);
  Keys keys;
  for (const auto& secret : cases.secrets()) {
    auto made = PreparedEd25519Key::prepare(
        view(secret.key), keys.octets.size() % 2 == 0 ? TableKind::full : TableKind::compact);
    if (!made) return EXIT_FAILURE;
    keys.octets.push_back(secret.key);
    keys.prepared.push_back(std::move(*made));
  }

  std::array<Ed25519Case, group_size> group;
  std::array<bool, group_size> expected;
  std::uint64_t accepted = 0;
  std::uint64_t changed_keys = 0;
  for (std::uint64_t done = 0; done < wanted; done += group_size) {
    std::vector<PendingEd25519> pending;
    for (std::size_t i = 0; i < group_size; ++i) {
      Ed25519Case& one = group[i];
      cases.next(one);
      expected[i] = Ed25519Cases::libsodium_accepts(keys.octets[one.secret], one);
      accepted += expected[i] ? 1U : 0U;
      pending.push_back({keys.prepared[one.secret].get(), message_of(one), signature_of(one)});
    }
    for (const Ed25519Path path : paths) {
      const auto first = static_cast<std::size_t>(done / group_size * 7 % group_size);
      wba::crypto::verify_many(path, std::span(pending).first(first));
      wba::crypto::verify_many(path, std::span(pending).subspan(first));
      for (std::size_t i = 0; i < group_size; ++i)
        if (pending[i].verified != expected[i] ||
            pending[i].key->verify(path, pending[i].message, pending[i].signature) != expected[i])
          return differs(to_string(path), keys.octets[group[i].secret], group[i], expected[i]);
    }
    if (done / group_size % keys_every == 0) {
      const Ed25519Case& one = group[0];
      const Octets32 key = cases.changed_key(one.secret);
      const bool accepts = Ed25519Cases::libsodium_accepts(key, one);
      const auto made = PreparedEd25519Key::prepare(view(key), TableKind::compact);
      if (!made && (accepts || made.error() != wba::crypto::PrepareFailure::key_refused))
        return differs("prepare", key, one, accepts);
      if (made)
        for (const Ed25519Path path : paths)
          if ((*made)->verify(path, message_of(one), signature_of(one)) != accepts)
            return differs(to_string(path), key, one, accepts);
      ++changed_keys;
    }
  }
  std::printf("%llu cases on %zu paths, singly and many at once: no difference; %llu accepted, ",
              static_cast<unsigned long long>(wanted), paths.size(),
              static_cast<unsigned long long>(accepted));
  std::printf("%llu changed keys\n", static_cast<unsigned long long>(changed_keys));
  return EXIT_SUCCESS;
}
