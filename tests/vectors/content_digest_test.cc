// vectors/content-digest.json.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wba/content_digest.h>

#include "paths.h"
#include "support/exact_buffer.h"
#include "support/json_file.h"

namespace wba::test {
namespace {

std::string from_hex(const std::string& hex) {
  std::string octets;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    octets.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return octets;
}

std::string_view outcome_of(const Result<void>& checked) {
  if (checked) return "match";
  switch (checked.error().code) {
    case ErrorCode::digest_mismatch:
      return "mismatch";
    case ErrorCode::digest_unsupported:
      return "unsupported";
    case ErrorCode::digest_malformed:
      return "malformed";
    default:
      return "another error";
  }
}

TEST(ContentDigestVectors, EveryVectorGivesItsExpectedResult) {
  const auto file = read_json_file(WBA_VECTORS_DIR "/content-digest.json");
  ASSERT_EQ(file.at("vectors").size(), 41U);
  for (const auto& vector : file["vectors"]) {
    expect_known_keys(vector,
                      {"id", "section", "origin", "title", "field", "value", "body", "body_hex",
                       "digests", "expect", "notes"},
                      "vector");
    SCOPED_TRACE(vector.at("id").get<std::string>());
    std::vector<ExactBuffer> buffers;
    for (const auto& line : vector.at("value")) {
      buffers.emplace_back(line.get_ref<const std::string&>());
    }
    std::vector<std::string_view> lines;
    for (const auto& buffer : buffers) lines.push_back(buffer.view());
    const auto text = vector.contains("body") ? vector["body"].get<std::string>()
                                              : from_hex(vector.at("body_hex").get<std::string>());
    const ExactBuffer body(text);
    EXPECT_EQ(outcome_of(check_content_digest(lines, body.view())),
              vector.at("expect").get<std::string>());

    // The same over chunks of every size.
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{64}}) {
      auto digest = ContentDigest::to_check(lines);
      if (!digest) break;
      for (std::size_t i = 0; i < text.size(); i += size) {
        digest->update(body.view().substr(i, size));
      }
      EXPECT_EQ(outcome_of(digest->check()), vector["expect"].get<std::string>());
    }

    // What matches is what we make.
    if (!vector.contains("digests")) continue;
    for (const auto& expected : vector["digests"]) {
      if (!expected.at("match").is_boolean() || !expected["match"].get<bool>()) continue;
      const auto name = expected.at("alg").get<std::string>();
      const auto algorithm =
          name == "sha-256" ? DigestAlgorithm::sha_256 : DigestAlgorithm::sha_512;
      const auto field = name + "=:" + expected.at("value").get<std::string>() + ":";
      EXPECT_EQ(content_digest(body.view(), algorithm), field);
      auto made = ContentDigest::to_make(algorithm);
      made.update(body.view());
      EXPECT_EQ(made.field_value(), field);
    }
  }
}

TEST(ContentDigest, EverySupportedDigestMustMatch) {
  constexpr std::string_view kBody = "{\"hello\": \"world\"}\n";
  const auto good = content_digest(kBody, DigestAlgorithm::sha_256);
  const auto other = content_digest("other", DigestAlgorithm::sha_512);
  const std::string_view one[] = {good};
  EXPECT_EQ(outcome_of(check_content_digest(one, kBody)), "match");
  const std::string_view both[] = {good, other};
  EXPECT_EQ(outcome_of(check_content_digest(both, kBody)), "mismatch");
}

}  // namespace
}  // namespace wba::test
