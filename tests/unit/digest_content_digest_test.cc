#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <wba/content_digest.h>

namespace wba {
namespace {

// RFC 9530 §2, §B.1 and §C.2.
constexpr std::string_view body = "{\"hello\": \"world\"}\n";
constexpr std::string_view sha_256 = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
constexpr std::string_view sha_512 =
    "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/"
    "WkppmM44T3qg==:";

Result<void> check(std::vector<std::string_view> lines, std::string_view content) {
  return check_content_digest(lines, content);
}

TEST(ContentDigest, IsMadeAsRfc9530Prints) {
  EXPECT_EQ(content_digest(body), sha_256);
  EXPECT_EQ(content_digest(body, DigestAlgorithm::sha_512), sha_512);
}

TEST(ContentDigest, AStreamGivesTheSameAsTheWhole) {
  for (const auto algorithm : {DigestAlgorithm::sha_256, DigestAlgorithm::sha_512}) {
    auto digest = ContentDigest::to_make(algorithm);
    for (const char c : body) digest.update(std::string_view(&c, 1));
    EXPECT_EQ(digest.field_value(), content_digest(body, algorithm));
  }
}

TEST(ContentDigest, OfNothingIsMadeAndChecked) {
  auto digest = ContentDigest::to_make(DigestAlgorithm::sha_256);
  const std::string value = digest.field_value();
  EXPECT_EQ(value, "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
  EXPECT_TRUE(check({value}, ""));
  EXPECT_EQ(check({value}, "x").error().code, ErrorCode::digest_mismatch);
}

TEST(ContentDigest, EverySupportedDigestMustMatch) {
  EXPECT_TRUE(check({sha_256, sha_512}, body));
  EXPECT_EQ(check({sha_256, "sha-512=:AAAA:"}, body).error().code, ErrorCode::digest_mismatch);
  EXPECT_EQ(check({"sha-256=:AAAA:", sha_512}, body).error().code, ErrorCode::digest_mismatch);
}

// A digest that nothing was compared with must not pass (the advisory of another implementation).
TEST(ContentDigest, NoSupportedAlgorithmIsNoMatch) {
  EXPECT_EQ(check({"md5=:Sd/dVLAcvNLSq16eXua5uQ==:"}, body).error().code,
            ErrorCode::digest_unsupported);
  EXPECT_EQ(check({}, body).error().code, ErrorCode::digest_unsupported);
  EXPECT_EQ(check({""}, body).error().code, ErrorCode::digest_unsupported);
}

TEST(ContentDigest, ATruncatedDigestIsNoMatch) {
  EXPECT_EQ(check({"sha-256=:RK/0qy18MlBSVnWgjwz6lQ==:"}, body).error().code,
            ErrorCode::digest_mismatch);
  EXPECT_EQ(check({"sha-256=::"}, body).error().code, ErrorCode::digest_mismatch);
}

TEST(ContentDigest, AnUnknownAlgorithmMustBeAByteSequenceToo) {
  EXPECT_TRUE(check({"new=:AAAA:", sha_256}, body));
  EXPECT_EQ(check({"new=1", sha_256}, body).error().code, ErrorCode::digest_malformed);
}

TEST(ContentDigest, AHugeFieldIsRefusedBeforeItIsRead) {
  const std::string huge(9000, 'a');
  EXPECT_EQ(check({huge}, body).error().code, ErrorCode::digest_malformed);
}

TEST(ContentDigest, IsMovedNotCopied) {
  static_assert(!std::is_copy_constructible_v<ContentDigest>);
  static_assert(std::is_nothrow_move_constructible_v<ContentDigest>);
  auto first = ContentDigest::to_make(DigestAlgorithm::sha_256);
  first.update(body.substr(0, 5));
  auto second = std::move(first);
  second.update(body.substr(5));
  EXPECT_EQ(second.field_value(), sha_256);
}

}  // namespace
}  // namespace wba
