#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "support/octets.h"

namespace wba::crypto {
namespace {

using test::bytes_of;
using test::from_hex;

template <typename Digest>
std::string text_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// FIPS 180-4's examples.
const std::string abc_256 =
    from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
const std::string abc_512 = from_hex(
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");

TEST(Hash, ExamplesOfFips180) {
  EXPECT_EQ(text_of(sha256("abc")), abc_256);
  EXPECT_EQ(text_of(sha512("abc")), abc_512);
}

TEST(Hash, ChunksGiveTheSameAsTheWholeAndFinishStartsAnew) {
  Sha256 first;
  Sha512 second;
  for (int round = 0; round < 2; ++round) {
    for (const std::string_view chunk : {"a", "", "bc"}) {
      first.update(chunk);
      second.update(chunk);
    }
    EXPECT_EQ(text_of(first.finish()), abc_256);
    EXPECT_EQ(text_of(second.finish()), abc_512);
  }
}

TEST(ConstantTimeEqual, ComparesOctetsAndLengths) {
  EXPECT_TRUE(constant_time_equal(bytes_of("abc"), bytes_of("abc")));
  EXPECT_TRUE(constant_time_equal({}, {}));
  EXPECT_FALSE(constant_time_equal(bytes_of("abc"), bytes_of("abd")));
  EXPECT_FALSE(constant_time_equal(bytes_of("abc"), bytes_of("ab")));
  EXPECT_FALSE(constant_time_equal(bytes_of("abc"), {}));
}

TEST(RandomBytes, FillsAllAndNeverTheSame) {
  std::array<std::byte, 64> first{};
  std::array<std::byte, 64> second{};
  ASSERT_TRUE(random_bytes(first));
  ASSERT_TRUE(random_bytes(second));
  EXPECT_NE(first, second);
  EXPECT_TRUE(random_bytes({}));
}

}  // namespace
}  // namespace wba::crypto
