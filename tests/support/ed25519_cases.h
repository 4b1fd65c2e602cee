#ifndef WBA_TESTS_SUPPORT_ED25519_CASES_H_
#define WBA_TESTS_SUPPORT_ED25519_CASES_H_

// Cases for comparing Ed25519 verifiers: valid signatures, and signatures, keys and messages that
// were changed where implementations differ. Reproducible from a seed.

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace wba::test {

using Octets32 = std::array<std::uint8_t, 32>;
using Octets64 = std::array<std::uint8_t, 64>;

// Ed25519Secret signs for its key. The key may have a component of small order, which no honest
// key has: then only some of what it signs verifies.
struct Ed25519Secret {
  Octets32 scalar;
  Octets32 key;
  std::size_t torsion = 0;  // the component: so many times a point of order 8
};

struct Ed25519Case {
  std::size_t secret;  // whose key it is for
  std::vector<std::uint8_t> message;
  Octets64 signature;
};

// Key, message and signature as the verifiers take them; they view their argument.
[[nodiscard]] inline std::span<const std::byte, 32> view(const Octets32& key) {
  return std::as_bytes(std::span<const std::uint8_t, 32>(key));
}
[[nodiscard]] inline std::span<const std::byte> message_of(const Ed25519Case& one) {
  return std::as_bytes(std::span<const std::uint8_t>(one.message));
}
[[nodiscard]] inline std::span<const std::byte, 64> signature_of(const Ed25519Case& one) {
  return std::as_bytes(std::span<const std::uint8_t, 64>(one.signature));
}

// small_order_encodings gives every encoding, canonical or not, of the points of small order.
[[nodiscard]] const std::vector<Octets32>& small_order_encodings();

class Ed25519Cases {
 public:
  // Every second key has a component of small order.
  Ed25519Cases(std::uint64_t seed, std::size_t keys);

  [[nodiscard]] const std::vector<Ed25519Secret>& secrets() const noexcept { return secrets_; }

  // next makes a case; about a third of them are valid. In one of thirty, R is of small order and
  // the equation holds: nothing but the look at R's order refuses it.
  void next(Ed25519Case& out);

  // changed_key gives a key made from one of the secrets' by a change that verifiers treat
  // differently. Where the key is of small order, it may sign `one` anew, so that the equation
  // holds.
  [[nodiscard]] Octets32 changed_key(Ed25519Case& one);

  // libsodium_accepts is the verdict to agree with.
  [[nodiscard]] static bool libsodium_accepts(const Octets32& key, const Ed25519Case& one);

  // equation_holds says whether S B - k A has R's encoding, by libsodium's group operations, with
  // no other check. Takes some milliseconds.
  [[nodiscard]] static bool equation_holds(const Octets32& key, const Ed25519Case& one);

  // These say what is refused before any arithmetic on the curve, by rules written down once more:
  // a signature with S not below L, or R not canonical or of small order; a key that is not
  // canonical, of small order or not on the curve. No signature that anybody can make tells
  // whether R that is not canonical is refused for that or for its equation.
  [[nodiscard]] static bool signature_is_refused_unseen(const Octets64& signature);
  [[nodiscard]] static bool key_is_refused(const Octets32& key);

 private:
  bool sign(const Ed25519Secret& secret, const Octets32& r, std::size_t torsion, Ed25519Case& out);
  void sign_so_that_it_holds(const Ed25519Secret& secret, const Octets32& r, Ed25519Case& out);
  Octets32 random_scalar();
  void change(Ed25519Case& out);
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  void fill(std::span<std::uint8_t> out);

  std::mt19937_64 random_;
  std::vector<Ed25519Secret> secrets_;
};

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_ED25519_CASES_H_
