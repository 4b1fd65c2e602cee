// Field and scalar arithmetic against OpenSSL's big numbers and libsodium.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <sodium.h>

#include "crypto/ed25519_prepared_field.h"
#include "crypto/ed25519_prepared_scalar.h"

namespace {

using wba::crypto::prepared::Digits;
using wba::crypto::prepared::Fe;
using wba::crypto::prepared::Scalar;

using Octets = std::array<std::uint8_t, 32>;

struct NumberFree {
  void operator()(BIGNUM* number) const { BN_free(number); }
};
using Number = std::unique_ptr<BIGNUM, NumberFree>;

class Arithmetic {
 public:
  Arithmetic() : context_(BN_CTX_new()), p_(BN_new()) {
    BN_set_bit(p_.get(), 255);
    BN_sub_word(p_.get(), 19);
  }
  ~Arithmetic() { BN_CTX_free(context_); }
  Arithmetic(const Arithmetic&) = delete;
  Arithmetic& operator=(const Arithmetic&) = delete;

  // value is what the limbs stand for, modulo p.
  [[nodiscard]] Number value(const Fe& a) const {
    Number sum(BN_new());
    for (std::size_t i = 5; i-- > 0;) {
      BN_lshift(sum.get(), sum.get(), 51);
      Number limb(BN_new());
      BN_set_word(limb.get(), a.limb[i]);
      BN_add(sum.get(), sum.get(), limb.get());
    }
    BN_nnmod(sum.get(), sum.get(), p_.get(), context_);
    return sum;
  }
  [[nodiscard]] Number product(const Fe& a, const Fe& b) const {
    Number out(BN_new());
    BN_mod_mul(out.get(), value(a).get(), value(b).get(), p_.get(), context_);
    return out;
  }
  [[nodiscard]] Number inverse(const Fe& a) const {
    Number out(BN_new());
    BN_mod_inverse(out.get(), value(a).get(), p_.get(), context_);
    return out;
  }
  [[nodiscard]] static Octets octets(const Number& number) {
    Octets out;
    BN_bn2lebinpad(number.get(), out.data(), 32);
    return out;
  }

 private:
  BN_CTX* context_;
  Number p_;
};

Octets octets(const Fe& a) {
  Octets out;
  wba::crypto::prepared::fe_to_bytes(a, out.data());
  return out;
}

// Limbs at and about every border that the code has.
constexpr std::array<std::uint64_t, 12> extreme_limbs = {
    0,
    1,
    18,
    19,
    (std::uint64_t{1} << 51) - 20,
    (std::uint64_t{1} << 51) - 19,
    (std::uint64_t{1} << 51) - 1,
    std::uint64_t{1} << 51,
    (std::uint64_t{1} << 51) + (std::uint64_t{1} << 15) - 1,
    (std::uint64_t{1} << 52) - 1,
    std::uint64_t{1} << 53,
    (std::uint64_t{1} << 54) - 1};

std::vector<Fe> extreme_elements() {
  std::vector<Fe> out;
  for (const std::uint64_t all : extreme_limbs) out.push_back({{all, all, all, all, all}});
  for (std::size_t at = 0; at < 5; ++at)
    for (const std::uint64_t rest : {extreme_limbs[0], extreme_limbs[6], extreme_limbs[11]})
      for (const std::uint64_t one : extreme_limbs) {
        Fe element = {{rest, rest, rest, rest, rest}};
        element.limb[at] = one;
        out.push_back(element);
      }
  std::mt19937_64 random(1);
  for (int i = 0; i < 100; ++i) {
    Fe element;
    for (std::uint64_t& limb : element.limb)
      limb = i % 2 == 0 ? extreme_limbs[random() % extreme_limbs.size()] : random() >> 10;
    out.push_back(element);
  }
  return out;
}

TEST(Ed25519PreparedField, ProductsOfExtremeLimbsAreRight) {
  const Arithmetic reference;
  const std::vector<Fe> elements = extreme_elements();
  for (const Fe& a : elements) {
    EXPECT_EQ(octets(square(a)), Arithmetic::octets(reference.product(a, a)));
    for (const Fe& b : elements)
      ASSERT_EQ(octets(mul(a, b)), Arithmetic::octets(reference.product(a, b)));
  }
}

TEST(Ed25519PreparedField, OctetsAreCanonicalForEveryRepresentation) {
  const Arithmetic reference;
  for (const Fe& a : extreme_elements()) {
    EXPECT_EQ(octets(a), Arithmetic::octets(reference.value(a)));
    EXPECT_EQ(octets(carry(a)), Arithmetic::octets(reference.value(a)));
  }
}

TEST(Ed25519PreparedField, CanonicalEndsBelowP) {
  Octets p;
  p.fill(0xff);
  p[0] = 0xed;
  p[31] = 0x7f;
  EXPECT_FALSE(wba::crypto::prepared::bytes_are_canonical(p.data()));
  p[31] = 0xff;  // the sign bit is no part of it
  EXPECT_FALSE(wba::crypto::prepared::bytes_are_canonical(p.data()));
  p[0] = 0xec;
  EXPECT_TRUE(wba::crypto::prepared::bytes_are_canonical(p.data()));
  p[0] = 0xff;
  EXPECT_FALSE(wba::crypto::prepared::bytes_are_canonical(p.data()));
  for (std::size_t i = 1; i < 31; ++i) {
    Octets smaller = p;
    smaller[i] = 0xfe;
    EXPECT_TRUE(wba::crypto::prepared::bytes_are_canonical(smaller.data())) << i;
  }
}

TEST(Ed25519PreparedField, InversionsAgreeWithOpenSslAndFermat) {
  const Arithmetic reference;
  std::vector<Fe> elements = extreme_elements();
  for (unsigned bit = 0; bit < 255; ++bit) {
    Fe power = wba::crypto::prepared::fe_zero;
    power.limb[bit / 51] = std::uint64_t{1} << (bit % 51);
    elements.push_back(power);
    elements.push_back(sub(wba::crypto::prepared::fe_zero, power));
  }
  std::mt19937_64 random(2);
  for (int i = 0; i < 3000; ++i) {
    Fe element;
    for (std::uint64_t& limb : element.limb) limb = random() >> 13;
    elements.push_back(element);
  }
  for (const Fe& a : elements) {
    const Octets inverse = octets(invert(a));
    ASSERT_EQ(inverse, octets(invert_fermat(a)));
    if (!is_zero(a)) {
      ASSERT_EQ(inverse, Arithmetic::octets(reference.inverse(a)));
    }
  }
}

TEST(Ed25519PreparedField, InverseOfZeroIsZero) {
  const Fe p = {wba::crypto::prepared::two_p};
  EXPECT_TRUE(is_zero(invert(wba::crypto::prepared::fe_zero)));
  EXPECT_TRUE(is_zero(invert(p)));
}

Scalar plus(Scalar a, std::uint64_t b) {
  for (std::uint64_t& word : a) {
    word += b;
    b = word < b ? 1 : 0;
  }
  return a;
}

Scalar minus_one(Scalar a) {
  for (std::uint64_t& word : a)
    if (word-- != 0) break;
  return a;
}

TEST(Ed25519PreparedScalar, CanonicalEndsBelowTheGroupOrder) {
  using wba::crypto::prepared::group_order;
  using wba::crypto::prepared::is_canonical;
  EXPECT_TRUE(is_canonical({0, 0, 0, 0}));
  EXPECT_TRUE(is_canonical(minus_one(group_order)));
  EXPECT_FALSE(is_canonical(group_order));
  EXPECT_FALSE(is_canonical(plus(group_order, 1)));
  EXPECT_FALSE(is_canonical({~0U, ~0U, ~0U, ~std::uint64_t{0}}));
  for (std::size_t word = 0; word < 4; ++word) {
    Scalar larger = group_order;
    Scalar smaller = group_order;
    larger[word] += 1;
    EXPECT_FALSE(is_canonical(larger)) << word;
    if (smaller[word]-- != 0) {
      EXPECT_TRUE(is_canonical(smaller)) << word;
    }
  }
}

TEST(Ed25519PreparedScalar, ReductionAgreesWithLibsodium) {
  std::mt19937_64 random(3);
  std::vector<std::array<std::uint8_t, 64>> inputs;
  for (const int fill : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
    std::array<std::uint8_t, 64> input;
    input.fill(static_cast<std::uint8_t>(fill));
    inputs.push_back(input);
  }
  for (std::size_t bit = 0; bit < 512; ++bit) {
    std::array<std::uint8_t, 64> power{};
    power[bit / 8] = static_cast<std::uint8_t>(1U << (bit % 8));
    inputs.push_back(power);
    std::array<std::uint8_t, 64> below{};  // 2^bit - 1
    for (std::size_t i = 0; i < bit; ++i)
      below[i / 8] = static_cast<std::uint8_t>(below[i / 8] | 1U << (i % 8));
    inputs.push_back(below);
    // A multiple of the group order, one less, and 2^bit times it.
    Number order(BN_lebin2bn(
        reinterpret_cast<const std::uint8_t*>(wba::crypto::prepared::group_order.data()), 32,
        nullptr));
    if (bit < 259) {
      BN_lshift(order.get(), order.get(), static_cast<int>(bit));
      std::array<std::uint8_t, 64> multiple;
      BN_bn2lebinpad(order.get(), multiple.data(), 64);
      inputs.push_back(multiple);
      BN_sub_word(order.get(), 1);
      BN_bn2lebinpad(order.get(), multiple.data(), 64);
      inputs.push_back(multiple);
    }
  }
  for (int i = 0; i < 20000; ++i) {
    std::array<std::uint8_t, 64> input;
    for (std::uint8_t& octet : input)
      octet = static_cast<std::uint8_t>(i % 4 == 0 ? 0 - (random() & 1) : random());
    inputs.push_back(input);
  }
  for (const auto& input : inputs) {
    Octets expected;
    crypto_core_ed25519_scalar_reduce(expected.data(), input.data());
    ASSERT_EQ(wba::crypto::prepared::reduce(input.data()),
              wba::crypto::prepared::scalar_from_bytes(expected.data()));
  }
}

// value gives the number that digits stand for.
Number value_of(const Digits& digits, unsigned window) {
  Number sum(BN_new());
  for (std::size_t i = wba::crypto::prepared::digit_count(window); i-- > 0;) {
    BN_lshift(sum.get(), sum.get(), static_cast<int>(window));
    const int digit = digits.digit[i];
    if (digit < 0)
      BN_sub_word(sum.get(), static_cast<BN_ULONG>(-digit));
    else
      BN_add_word(sum.get(), static_cast<BN_ULONG>(digit));
  }
  return sum;
}

TEST(Ed25519PreparedScalar, DigitsOfEveryWindowStandForTheScalar) {
  using wba::crypto::prepared::group_order;
  std::vector<Scalar> scalars = {{0, 0, 0, 0}, {1, 0, 0, 0}, minus_one(group_order), group_order};
  for (std::size_t bit = 0; bit < 253; ++bit) {
    Scalar power{};
    power[bit / 64] = std::uint64_t{1} << (bit % 64);
    if (wba::crypto::prepared::is_canonical(power)) scalars.push_back(power);
    scalars.push_back(minus_one(power));
  }
  for (unsigned octet = 0; octet < 256; ++octet) {  // equal digits, and chains of carries
    Scalar equal;
    equal.fill(0x0101010101010101 * std::uint64_t{octet});
    equal[3] &= (std::uint64_t{1} << 60) - 1;
    scalars.push_back(equal);
  }
  std::mt19937_64 random(4);
  for (int i = 0; i < 2000; ++i) scalars.push_back({random(), random(), random(), random() >> 4});
  for (unsigned window = wba::crypto::prepared::min_window;
       window <= wba::crypto::prepared::max_window; ++window) {
    const int half = 1 << (window - 1);
    for (const Scalar& scalar : scalars) {
      Digits digits;
      wba::crypto::prepared::recode(scalar, window, digits);
      for (std::size_t i = 0; i < wba::crypto::prepared::digit_count(window); ++i) {
        ASSERT_LE(digits.digit[i], half);
        ASSERT_GT(digits.digit[i], -half);
      }
      Octets octets;
      BN_bn2lebinpad(value_of(digits, window).get(), octets.data(), 32);
      ASSERT_EQ(wba::crypto::prepared::scalar_from_bytes(octets.data()), scalar) << window;
    }
  }
}

}  // namespace
