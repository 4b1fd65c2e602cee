#include "support/ed25519_cases.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <sodium.h>

namespace wba::test {

namespace {

constexpr Octets32 group_order = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                  0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                  0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

// A point of order 8, from the list of RFC 7748's and others' small-order points.
constexpr Octets32 order_eight = {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
                                  0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
                                  0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a};

void require(bool condition) {
  if (!condition) std::abort();
}

// torsion_points gives i times the point of order 8, for i in 0..7.
const std::array<Octets32, 8>& torsion_points() {
  static const std::array<Octets32, 8> points = [] {
    std::array<Octets32, 8> made{};
    made[0][0] = 1;
    for (std::size_t i = 1; i < made.size(); ++i)
      require(crypto_core_ed25519_add(made[i].data(), made[i - 1].data(), order_eight.data()) == 0);
    return made;
  }();
  return points;
}

Octets32 add(const Octets32& a, const Octets32& b) {
  Octets32 sum;
  require(crypto_core_ed25519_add(sum.data(), a.data(), b.data()) == 0);
  return sum;
}

// add_number adds `b` to the little-endian number `a`, modulo 2^256.
void add_number(std::uint8_t* a, const Octets32& b) {
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += a[i] + unsigned{b[i]};
    a[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
}

}  // namespace

const std::vector<Octets32>& small_order_encodings() {
  static const std::vector<Octets32> encodings = [] {
    std::vector<Octets32> made;
    Octets32 p;  // y = p is 0 again, y = p + 1 is 1
    p.fill(0xff);
    p[0] = 0xed;
    p[31] = 0x7f;
    std::vector<Octets32> base(torsion_points().begin(), torsion_points().end());
    base.push_back(p);
    p[0] = 0xee;
    base.push_back(p);
    for (Octets32 one : base)
      for (int sign = 0; sign < 2; ++sign) {
        made.push_back(one);
        one[31] ^= 0x80;
      }
    return made;
  }();
  return encodings;
}

Ed25519Cases::Ed25519Cases(std::uint64_t seed, std::size_t keys) : random_(seed) {
  require(sodium_init() >= 0);
  secrets_.resize(keys);
  for (std::size_t i = 0; i < keys; ++i) {
    Octets64 wide;
    fill(wide);
    crypto_core_ed25519_scalar_reduce(secrets_[i].scalar.data(), wide.data());
    require(crypto_scalarmult_ed25519_base_noclamp(secrets_[i].key.data(),
                                                   secrets_[i].scalar.data()) == 0);
    if (i % 2 == 1) secrets_[i].key = add(secrets_[i].key, torsion_points()[1 + pick(7)]);
  }
}

void Ed25519Cases::fill(std::span<std::uint8_t> out) {
  for (std::uint8_t& octet : out) octet = static_cast<std::uint8_t>(random_());
}

// sign makes S = r + k a for R = r B plus a point of small order.
void Ed25519Cases::sign(const Ed25519Secret& secret, std::size_t torsion, Ed25519Case& out) {
  Octets64 wide;
  Octets32 r;
  fill(wide);
  crypto_core_ed25519_scalar_reduce(r.data(), wide.data());
  Octets32 point;
  require(crypto_scalarmult_ed25519_base_noclamp(point.data(), r.data()) == 0);
  if (torsion != 0) point = add(point, torsion_points()[torsion]);
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  crypto_hash_sha512_update(&state, point.data(), point.size());
  crypto_hash_sha512_update(&state, secret.key.data(), secret.key.size());
  crypto_hash_sha512_update(&state, out.message.data(), out.message.size());
  crypto_hash_sha512_final(&state, wide.data());
  Octets32 k;
  crypto_core_ed25519_scalar_reduce(k.data(), wide.data());
  crypto_core_ed25519_scalar_mul(k.data(), k.data(), secret.scalar.data());
  crypto_core_ed25519_scalar_add(k.data(), k.data(), r.data());
  std::memcpy(out.signature.data(), point.data(), 32);
  std::memcpy(out.signature.data() + 32, k.data(), 32);
}

void Ed25519Cases::next(Ed25519Case& out) {
  out.secret = pick(secrets_.size());
  out.message.resize(pick(8) == 0 ? pick(600) : pick(40));
  fill(out.message);
  sign(secrets_[out.secret], pick(8) == 0 ? 1 + pick(7) : 0, out);
  if (pick(2) == 0) change(out);
}

void Ed25519Cases::change(Ed25519Case& out) {
  std::uint8_t* const r = out.signature.data();
  std::uint8_t* const s = r + 32;
  switch (pick(14)) {
    case 0:
      out.signature[pick(64)] ^= static_cast<std::uint8_t>(1U << pick(8));
      break;
    case 1:
      if (!out.message.empty())
        out.message[pick(out.message.size())] ^= static_cast<std::uint8_t>(1U << pick(8));
      else
        out.message.push_back(0);
      break;
    case 2:  // the same S modulo L
      for (std::uint64_t times = 1 + pick(15); times > 0; --times) add_number(s, group_order);
      break;
    case 3:  // S at the group order's border
      std::memcpy(s, group_order.data(), 32);
      s[0] = static_cast<std::uint8_t>(s[0] - 2 + pick(5));
      break;
    case 4: {  // S a power of two, or one less
      const std::size_t bit = pick(256);
      std::memset(s, 0, 32);
      s[bit / 8] = static_cast<std::uint8_t>(1U << (bit % 8));
      if (pick(2) == 0) {
        Octets32 minus_one;
        minus_one.fill(0xff);
        add_number(s, minus_one);
      }
      break;
    }
    case 5:  // S of equal octets
      std::memset(s, static_cast<int>(pick(256)), 32);
      s[31] &= 0x1f;
      break;
    case 6: {
      const auto& encodings = small_order_encodings();
      std::memcpy(r, encodings[pick(encodings.size())].data(), 32);
      break;
    }
    case 7:
      r[31] ^= 0x80;
      break;
    case 8:  // R at p's border, canonical or not
      std::memset(r, 0xff, 32);
      r[0] = static_cast<std::uint8_t>(0xe8 + pick(24));
      r[31] = pick(2) == 0 ? 0x7f : 0xff;
      break;
    case 9:
      fill(std::span(out.signature).first(32));
      break;
    case 10:
      fill(std::span(out.signature).last(32));
      s[31] &= 0x1f;
      break;
    case 11: {  // R moved by a point of small order, after the signature
      Octets32 moved;
      if (crypto_core_ed25519_add(moved.data(), r, torsion_points()[1 + pick(7)].data()) == 0)
        std::memcpy(r, moved.data(), 32);
      break;
    }
    case 12:
      out.secret = pick(secrets_.size());  // maybe another's key
      break;
    default:
      out.message.resize(out.message.size() + 1);
      break;
  }
}

Octets32 Ed25519Cases::changed_key(std::size_t secret) {
  Octets32 key = secrets_[secret].key;
  const auto& encodings = small_order_encodings();
  switch (pick(6)) {
    case 0:
      key[pick(32)] ^= static_cast<std::uint8_t>(1U << pick(8));
      break;
    case 1:
      key = encodings[pick(encodings.size())];
      break;
    case 2:
      key[31] ^= 0x80;
      break;
    case 3:  // at p's border, canonical or not
      key.fill(0xff);
      key[0] = static_cast<std::uint8_t>(0xe8 + pick(24));
      key[31] = pick(2) == 0 ? 0x7f : 0xff;
      break;
    case 4:
      key = add(key, torsion_points()[1 + pick(7)]);
      break;
    default:
      fill(key);
      break;
  }
  return key;
}

bool Ed25519Cases::libsodium_accepts(const Octets32& key, const Ed25519Case& one) {
  return crypto_sign_verify_detached(one.signature.data(), one.message.data(), one.message.size(),
                                     key.data()) == 0;
}

}  // namespace wba::test
