// Challenges, one by one and eight at once, against libsodium's SHA-512 and reduction modulo L.

#include <array>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>
#include <sodium.h>

#include "crypto/ed25519_prepared_hash.h"
#include "crypto/ed25519_prepared_ifma.h"

namespace {

using wba::crypto::prepared::absorb_from;
using wba::crypto::prepared::challenge;
using wba::crypto::prepared::ChallengeBlocks;
using wba::crypto::prepared::ChallengeInput;
using wba::crypto::prepared::challenges_ifma;
using wba::crypto::prepared::lane_count;
using wba::crypto::prepared::Scalar;
using wba::crypto::prepared::scalar_from_bytes;
using wba::crypto::prepared::scalar_of;
using wba::crypto::prepared::sha512_start;
using wba::crypto::prepared::Sha512State;

// Text is a message with its R and A, in a buffer of just its size, so that a read beyond its end
// is seen.
struct Text {
  Text(std::mt19937_64& random, std::size_t size) : message(size) {
    for (auto& octet : message) octet = static_cast<std::byte>(random());
    for (auto* point : {&r, &a})
      for (auto& octet : *point) octet = static_cast<std::uint8_t>(random());
  }

  [[nodiscard]] ChallengeInput input() const { return {r.data(), a.data(), message}; }

  [[nodiscard]] Scalar expected() const {
    std::vector<std::uint8_t> all(r.begin(), r.end());
    all.insert(all.end(), a.begin(), a.end());
    for (const std::byte octet : message) all.push_back(static_cast<std::uint8_t>(octet));
    std::array<std::uint8_t, crypto_hash_sha512_BYTES> digest;
    crypto_hash_sha512(digest.data(), all.data(), all.size());
    std::array<std::uint8_t, crypto_core_ed25519_SCALARBYTES> scalar;
    crypto_core_ed25519_scalar_reduce(scalar.data(), digest.data());
    return scalar_from_bytes(scalar.data());
  }

  std::array<std::uint8_t, 32> r;
  std::array<std::uint8_t, 32> a;
  std::vector<std::byte> message;
};

TEST(Ed25519Challenge, EveryLengthIsPaddedAsSha512Is) {
  std::mt19937_64 random(1);
  for (std::size_t size = 0; size <= 520; ++size) {
    const Text text(random, size);
    const Scalar expected = text.expected();
    EXPECT_EQ(challenge(text.r.data(), text.a.data(), text.message), expected) << size;
    ChallengeBlocks blocks;
    blocks.set(text.input());
    Sha512State state = sha512_start;
    absorb_from(state, blocks, 0);
    EXPECT_EQ(scalar_of(state), expected) << size;
  }
}

class Ed25519ChallengeLanes : public testing::Test {
 protected:
  void SetUp() override {
    if (!wba::crypto::prepared::ifma_is_there())
      GTEST_SKIP() << "this machine cannot run the path ifma";
  }

  static void expect_challenges(const std::vector<Text>& texts) {
    std::vector<ChallengeInput> inputs;
    for (const Text& text : texts) inputs.push_back(text.input());
    std::array<Scalar, lane_count> out{};
    challenges_ifma(inputs, out.data());
    for (std::size_t i = 0; i < texts.size(); ++i)
      ASSERT_EQ(out[i], texts[i].expected())
          << "lane " << i << " of " << texts.size() << ", " << texts[i].message.size() << " octets";
  }
};

TEST_F(Ed25519ChallengeLanes, EveryLengthInEveryLane) {
  std::mt19937_64 random(2);
  for (std::size_t first = 0; first <= 520; ++first) {
    std::vector<Text> texts;
    // Neighbouring lengths in all lanes; over the rounds each lane has every length.
    for (std::size_t lane = 0; lane < lane_count; ++lane)
      texts.emplace_back(random, (first + lane) % 521);
    expect_challenges(texts);
  }
}

TEST_F(Ed25519ChallengeLanes, AnyNumberOfLanesOfAnyLengths) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::vector<Text> texts;
    const std::size_t count = random() % (lane_count + 1);
    for (std::size_t lane = 0; lane < count; ++lane) {
      // One in four is much longer than the others.
      const std::size_t size = random() % 4 == 0 ? random() % 3000 : random() % 400;
      texts.emplace_back(random, size);
    }
    expect_challenges(texts);
  }
}

TEST_F(Ed25519ChallengeLanes, NoneIsNone) { expect_challenges({}); }

}  // namespace
