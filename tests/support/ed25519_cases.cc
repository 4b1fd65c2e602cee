#include "support/ed25519_cases.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>

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

// below says whether the little-endian number `a` is below `b`.
bool below(const std::uint8_t* a, const Octets32& b) {
  return std::lexicographical_compare(std::reverse_iterator(a + 32), std::reverse_iterator(a),
                                      b.rbegin(), b.rend());
}

// is_canonical says whether the encoding's y is below p = 2^255 - 19.
bool is_canonical(const std::uint8_t* encoding) {
  Octets32 y;
  std::copy_n(encoding, y.size(), y.begin());
  y[31] &= 0x7f;
  Octets32 p;
  p.fill(0xff);
  p[0] = 0xed;
  p[31] = 0x7f;
  return below(y.data(), p);
}

bool is_of_small_order(const std::uint8_t* encoding) {
  return std::ranges::any_of(small_order_encodings(), [encoding](const Octets32& small) {
    return std::equal(small.begin(), small.end(), encoding);
  });
}

// challenge gives k, the hash of R, A and the message modulo L.
Octets32 challenge(const std::uint8_t* r, const Octets32& key,
                   const std::vector<std::uint8_t>& message) {
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  crypto_hash_sha512_update(&state, r, 32);
  crypto_hash_sha512_update(&state, key.data(), key.size());
  crypto_hash_sha512_update(&state, message.data(), message.size());
  Octets64 wide;
  crypto_hash_sha512_final(&state, wide.data());
  Octets32 k;
  crypto_core_ed25519_scalar_reduce(k.data(), wide.data());
  return k;
}

// times_base gives n B, 0 B included, which libsodium does not give.
Octets32 times_base(const Octets32& n) {
  if (n == Octets32{}) return torsion_points()[0];
  Octets32 out;
  require(crypto_scalarmult_ed25519_base_noclamp(out.data(), n.data()) == 0);
  return out;
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
    secrets_[i].scalar = random_scalar();
    secrets_[i].torsion = i % 2 == 1 ? 1 + pick(7) : 0;
    secrets_[i].key = add(times_base(secrets_[i].scalar), torsion_points()[secrets_[i].torsion]);
  }
}

void Ed25519Cases::fill(std::span<std::uint8_t> out) {
  for (std::uint8_t& octet : out) octet = static_cast<std::uint8_t>(random_());
}

Octets32 Ed25519Cases::random_scalar() {
  Octets64 wide;
  fill(wide);
  Octets32 scalar;
  crypto_core_ed25519_scalar_reduce(scalar.data(), wide.data());
  return scalar;
}

// sign makes S = r + k a for R = r B + torsion T, T being the point of order 8, and says whether
// the equation holds: S B - k A is r B less k times A's own component.
bool Ed25519Cases::sign(const Ed25519Secret& secret, const Octets32& r, std::size_t torsion,
                        Ed25519Case& out) {
  const Octets32 point = add(times_base(r), torsion_points()[torsion]);
  Octets32 k = challenge(point.data(), secret.key, out.message);
  const bool holds = (torsion + k[0] * secret.torsion) % 8 == 0;
  crypto_core_ed25519_scalar_mul(k.data(), k.data(), secret.scalar.data());
  crypto_core_ed25519_scalar_add(k.data(), k.data(), r.data());
  std::memcpy(out.signature.data(), point.data(), 32);
  std::memcpy(out.signature.data() + 32, k.data(), 32);
  return holds;
}

// sign_so_that_it_holds tries one R after the other: of three messages, one has none that fits,
// where the key has a component of order 8.
void Ed25519Cases::sign_so_that_it_holds(const Ed25519Secret& secret, const Octets32& r,
                                         Ed25519Case& out) {
  for (std::size_t torsion = 0; torsion < torsion_points().size(); ++torsion)
    if (sign(secret, r, torsion, out)) return;
}

void Ed25519Cases::next(Ed25519Case& out) {
  out.secret = pick(secrets_.size());
  out.message.resize(pick(8) == 0 ? pick(600) : pick(40));
  fill(out.message);
  if (pick(16) == 0) {
    sign_so_that_it_holds(secrets_[out.secret], Octets32{}, out);  // R is of small order
  } else {
    sign(secrets_[out.secret], random_scalar(), pick(8) == 0 ? 1 + pick(7) : 0, out);
  }
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

Octets32 Ed25519Cases::changed_key(Ed25519Case& one) {
  Octets32 key = secrets_[one.secret].key;
  const auto& encodings = small_order_encodings();
  switch (pick(6)) {
    case 0:
      key[pick(32)] ^= static_cast<std::uint8_t>(1U << pick(8));
      break;
    case 1:
      if (pick(2) == 0) {
        key = encodings[pick(encodings.size())];
      } else {
        const std::size_t torsion = pick(torsion_points().size());
        key = torsion_points()[torsion];
        sign_so_that_it_holds({Octets32{}, key, torsion}, random_scalar(), one);
      }
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

bool Ed25519Cases::equation_holds(const Octets32& key, const Ed25519Case& one) {
  const std::uint8_t* const r = one.signature.data();
  const Octets32 k = challenge(r, key, one.message);
  Octets32 s;
  std::memcpy(s.data(), r + 32, 32);
  Octets32 multiple = torsion_points()[0];  // of A, by doublings: libsodium's own takes no such A
  for (std::size_t bit = 256; bit-- > 0;) {
    multiple = add(multiple, multiple);
    if ((k[bit / 8] >> (bit % 8) & 1) != 0) multiple = add(multiple, key);
  }
  Octets32 difference;
  require(crypto_core_ed25519_sub(difference.data(), times_base(s).data(), multiple.data()) == 0);
  return std::memcmp(difference.data(), r, 32) == 0;
}

bool Ed25519Cases::signature_is_refused_unseen(const Octets64& signature) {
  const std::uint8_t* const r = signature.data();
  return !below(r + 32, group_order) || !is_canonical(r) || is_of_small_order(r);
}

bool Ed25519Cases::key_is_refused(const Octets32& key) {
  Octets32 ignored;
  return !is_canonical(key.data()) || is_of_small_order(key.data()) ||
         crypto_core_ed25519_add(ignored.data(), key.data(), torsion_points()[0].data()) != 0;
}

}  // namespace wba::test
