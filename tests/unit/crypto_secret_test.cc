#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <wba/key.h>
#include <wba/signer.h>

#include "crypto/secret.h"
#include "crypto/signing_key.h"
#include "support/octets.h"

namespace wba {
namespace {

using crypto::SecretBytes;

template <typename T>
constexpr bool is_move_only =
    !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> &&
    std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>;

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

// A private key is moved, never copied and never printed; what verifies cannot become what signs.
static_assert(is_move_only<PrivateKey>);
static_assert(is_move_only<PrivateKey::Exported>);
static_assert(is_move_only<SecretBytes>);
static_assert(!std::is_copy_constructible_v<KeySigner>);
static_assert(!std::is_copy_constructible_v<crypto::SigningKey>);
static_assert(!std::is_default_constructible_v<PrivateKey>);
static_assert(!Printable<PrivateKey> && !Printable<PrivateKey::Exported> &&
              !Printable<SecretBytes>);
static_assert(!std::is_convertible_v<PublicKey, PrivateKey>);
static_assert(!std::is_convertible_v<PrivateKey, PublicKey>);
static_assert(std::is_copy_constructible_v<PublicKey>);

TEST(SecretBytes, HoldsWhatWasCopied) {
  const auto secret = SecretBytes::copy_of(test::bytes_of("secret"));
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->text(), "secret");
  EXPECT_EQ(SecretBytes::copy_of({}).value().size(), 0U);
}

TEST(SecretBytes, MovesItsMemory) {
  auto first = SecretBytes::copy_of(test::bytes_of("secret")).value();
  const auto* where = first.bytes().data();
  SecretBytes second = std::move(first);
  EXPECT_EQ(second.bytes().data(), where);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the rule
  SecretBytes third;
  third = std::move(second);
  EXPECT_EQ(third.text(), "secret");
}

TEST(SecretBytes, ShrinkingWipesTheRest) {
  auto secret = SecretBytes::allocate(8).value();
  std::ranges::fill(secret.writable(), std::byte{0xaa});
  const std::byte* data = secret.bytes().data();
  secret.shrink(3);
  EXPECT_EQ(secret.size(), 3U);
  EXPECT_EQ(data[2], std::byte{0xaa});
  for (int i = 3; i < 8; ++i) EXPECT_EQ(data[i], std::byte{0});
}

using SecretBytesDeathTest = testing::Test;

TEST(SecretBytesDeathTest, SealedMemoryCannotBeWritten) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto secret = SecretBytes::copy_of(test::bytes_of("secret")).value();
  EXPECT_DEATH(secret.writable()[0] = std::byte{1}, "");
}

TEST(SecretBytesDeathTest, ThePageBehindCannotBeRead) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto secret = SecretBytes::copy_of(test::bytes_of("secret")).value();
  [[maybe_unused]] volatile std::byte sink{};
  EXPECT_DEATH(sink = secret.bytes().data()[6], "");
}

TEST(Wipe, OverwritesEverything) {
  std::array<std::byte, 16> octets;
  octets.fill(std::byte{0xaa});
  crypto::wipe(octets);
  EXPECT_EQ(octets, (std::array<std::byte, 16>{}));
  std::string text = "a secret that is longer than a short string";
  wipe(text);
  EXPECT_EQ(text, std::string(text.size(), '\0'));
}

TEST(Wipe, ASmallSecretIsWipedWhenItGoes) {
  crypto::WipedArray<32> secret;
  std::ranges::fill(secret.span(), std::byte{0xaa});
  const volatile std::byte* memory = secret.span().data();
  const auto octet = [memory](int i) -> std::byte { return memory[i]; };
  EXPECT_EQ(octet(31), std::byte{0xaa});
  std::destroy_at(&secret);
  for (int i = 0; i < 32; ++i) EXPECT_EQ(octet(i), std::byte{0});
  std::construct_at(&secret);
}

}  // namespace
}  // namespace wba
