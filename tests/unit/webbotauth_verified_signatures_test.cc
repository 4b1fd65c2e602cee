// Signatures that are presented again: the same verdicts with VerifiedSignatures as without.

#include <deque>
#include <vector>

#include <gtest/gtest.h>

#include <wba/verified_signatures.h>
#include <wba/verifier.h>

#include "support/signed_request.h"

namespace wba::test {
namespace {

using std::chrono::seconds;

const std::vector<std::string_view> kCover{"@authority", "@method", "signature-agent;key=\"sig1\""};

class Reused : public testing::Test {
 protected:
  Reused() : resolver_(std::make_shared<StaticResolver>()) {
    EXPECT_TRUE(resolver_->add_directory("https://agent.test", jwks_of(signer_)));
    EXPECT_TRUE(resolver_->add_directory("https://ec.test", jwks_of(ec_signer_)));
  }

  RequestBuilder& add_request(const Signer& signer, std::string_view agent) {
    auto& built = requests_.emplace_back();
    built.add("Signature-Agent", std::string("sig1=\"").append(agent).append("\""));
    built.sign(signer, "sig1", kCover, good_parameters(signer));
    return built;
  }

  // Some of everything that can come.
  void add_mixture() {
    add_request(signer_, "https://agent.test");
    add_request(signer_, "https://agent.test").request.method = "POST";
    requests_.emplace_back();
    add_request(ec_signer_, "https://ec.test");
    add_request(new_signer(), "https://agent.test");
    add_request(signer_, "https://agent.test").set("Signature", "sig1=:AAAA:");
    add_request(signer_, "https://agent.test").set("Signature-Input", "sig1=(");
    auto& two = add_request(signer_, "https://agent.test");
    two.sign(signer_, "second", {"@authority", "signature-agent;key=\"sig1\""},
             good_parameters(signer_));
  }

  std::vector<Reason> judge_all(const Verifier& verifier, Time now = kNow) {
    auto session = verifier.session();
    std::vector<Reason> reasons;
    for (const auto& built : requests_) {
      reasons.push_back(session.verify(built.request, now).reason());
    }
    return reasons;
  }

  Verifier make_verifier(std::shared_ptr<VerifiedSignatures> cache = nullptr) {
    return Verifier::create({.required = RequiredComponents::profile_only(),
                             .authorities = Authorities::any(),
                             .verified_signatures = std::move(cache)},
                            resolver_)
        .value();
  }

  KeySigner signer_ = new_signer();
  KeySigner ec_signer_ = new_signer(KeyType::ec_p256);
  std::shared_ptr<StaticResolver> resolver_;
  std::deque<RequestBuilder> requests_;
  std::shared_ptr<VerifiedSignatures> cache_ = VerifiedSignatures::create(1024).value();
};

TEST_F(Reused, VerdictsAreTheSameWithAndWithout) {
  for (int i = 0; i < 3; ++i) add_mixture();
  const auto without = judge_all(make_verifier());
  EXPECT_EQ(std::vector(without.begin(), without.begin() + 8),
            (std::vector{Reason::none, Reason::bad_signature, Reason::no_signature, Reason::none,
                         Reason::key_not_in_directory, Reason::bad_signature,
                         Reason::signature_input_unreadable, Reason::none}));
  const Verifier with = make_verifier(cache_);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(judge_all(with), without);
}

// Every other check is made each time.
TEST_F(Reused, SignatureThatExpiredIsExpiredHoweverOftenItVerified) {
  add_request(signer_, "https://agent.test");
  const Verifier verifier = make_verifier(cache_);
  EXPECT_EQ(judge_all(verifier), std::vector{Reason::none});
  EXPECT_EQ(judge_all(verifier, kNow + seconds(109)), std::vector{Reason::none});
  EXPECT_EQ(judge_all(verifier, kNow + seconds(110)), std::vector{Reason::expired});
}

TEST_F(Reused, KeyThatLeftTheDirectoryStopsWorkingAtOnce) {
  add_request(signer_, "https://agent.test");
  EXPECT_EQ(judge_all(make_verifier(cache_)), std::vector{Reason::none});
  ASSERT_TRUE(resolver_->add_directory("https://agent.test", jwks_of(new_signer())));
  EXPECT_EQ(judge_all(make_verifier(cache_)), std::vector{Reason::key_not_in_directory});
}

TEST_F(Reused, OnlyExactlyWhatVerifiedIsKnown) {
  const auto& key = signer_.public_key();
  const std::string base = "base";
  const std::array<std::byte, 64> signature{};
  const Time expires = kNow + seconds(10);
  EXPECT_FALSE(cache_->contains(key, Algorithm::ed25519, base, signature, kNow));
  cache_->add(key, Algorithm::ed25519, base, signature, expires);
  EXPECT_TRUE(cache_->contains(key, Algorithm::ed25519, base, signature, kNow));
  EXPECT_TRUE(cache_->contains(key, Algorithm::ed25519, base, signature, expires - seconds(1)));
  EXPECT_FALSE(cache_->contains(key, Algorithm::ed25519, base, signature, expires));
  EXPECT_FALSE(
      cache_->contains(ec_signer_.public_key(), Algorithm::ed25519, base, signature, kNow));
  EXPECT_FALSE(cache_->contains(key, Algorithm::ed25519, "basf", signature, kNow));
  EXPECT_FALSE(
      cache_->contains(key, Algorithm::ed25519, base, std::span(signature).first(63), kNow));
  EXPECT_FALSE(cache_->contains(key, Algorithm::ecdsa_p256_sha256, base, signature, kNow));
  // What stands in the base cannot move into the signature.
  EXPECT_FALSE(
      cache_->contains(key, Algorithm::ed25519, base + '\0', std::span(signature).first(63), kNow));
}

TEST_F(Reused, MoreThanThereIsRoomForIsForgottenNotConfused) {
  const auto small = VerifiedSignatures::create(1).value();
  const auto& key = signer_.public_key();
  const std::array<std::byte, 64> signature{};
  for (int i = 0; i < 5000; ++i) {
    small->add(key, Algorithm::ed25519, std::to_string(i), signature, kNow + seconds(i + 1));
  }
  int known = 0;
  for (int i = 0; i < 5000; ++i)
    known += small->contains(key, Algorithm::ed25519, std::to_string(i), signature, kNow);
  EXPECT_GT(known, 0);
  EXPECT_LE(known, 256);
  EXPECT_TRUE(small->contains(key, Algorithm::ed25519, "4999", signature, kNow));
  EXPECT_FALSE(small->contains(key, Algorithm::ed25519, "5000", signature, kNow));
}

TEST(VerifiedSignatures, CapacityIsBounded) {
  EXPECT_FALSE(VerifiedSignatures::create(0));
  EXPECT_FALSE(VerifiedSignatures::create((std::size_t{1} << 26) + 1));
  EXPECT_TRUE(VerifiedSignatures::create(100));
}

}  // namespace
}  // namespace wba::test
