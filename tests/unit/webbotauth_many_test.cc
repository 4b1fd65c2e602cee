// Judging several requests together, and signatures that are presented again: the same verdicts as
// one by one, whatever stands beside.

#include <deque>
#include <vector>

#include <gtest/gtest.h>

#include <wba/prepared_keys.h>
#include <wba/verified_signatures.h>
#include <wba/verifier.h>

#include "support/signed_request.h"

namespace wba::test {
namespace {

using std::chrono::seconds;

const std::vector<std::string_view> kCover{"@authority", "@method", "signature-agent;key=\"sig1\""};

class Many : public testing::Test {
 protected:
  Many() : resolver_(std::make_shared<StaticResolver>()) {
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

  std::vector<Reason> judge_many(const Verifier& verifier, Time now = kNow) {
    std::deque<Verifier::Scratch> scratches;
    std::vector<Verifier::Pending> pending;
    for (const auto& built : requests_) {
      pending.push_back(
          {.request = &built.request, .scratch = &scratches.emplace_back(verifier.make_scratch())});
    }
    verifier.verify_many(pending, now);
    std::vector<Reason> reasons;
    for (const auto& scratch : scratches) {
      const Verdict& verdict = scratch.verdict();
      reasons.push_back(verdict.reason());
      for (const auto& signature : verdict.signatures()) {
        EXPECT_EQ(signature.outcome() == Outcome::verified, !signature.identity().empty());
      }
    }
    return reasons;
  }

  std::vector<Reason> judge_each(const Verifier& verifier, Time now = kNow) {
    auto scratch = verifier.make_scratch();
    std::vector<Reason> reasons;
    for (const auto& built : requests_) {
      reasons.push_back(verifier.verify(built.request, now, scratch).reason());
    }
    return reasons;
  }

  Verifier make_verifier(std::shared_ptr<VerifiedSignatures> cache = nullptr) {
    return Verifier::create({.required = RequiredComponents::profile_only(),
                             .verified_signatures = std::move(cache)},
                            resolver_)
        .value();
  }

  KeySigner signer_ = new_signer();
  KeySigner ec_signer_ = new_signer(KeyType::ec_p256);
  std::shared_ptr<StaticResolver> resolver_;
  std::deque<RequestBuilder> requests_;
};

TEST_F(Many, VerdictsAreThoseOfOneByOne) {
  for (int i = 0; i < 20; ++i) add_mixture();
  const Verifier verifier = make_verifier();
  const auto each = judge_each(verifier);
  EXPECT_EQ(each[0], Reason::none);
  EXPECT_EQ(each[1], Reason::bad_signature);
  EXPECT_EQ(each[2], Reason::no_signature);
  EXPECT_EQ(each[3], Reason::none);
  EXPECT_EQ(each[4], Reason::key_not_in_directory);
  EXPECT_EQ(each[5], Reason::bad_signature);
  EXPECT_EQ(each[6], Reason::signature_input_unreadable);
  EXPECT_EQ(each[7], Reason::none);
  EXPECT_EQ(judge_many(verifier), each);
}

TEST_F(Many, KeysWithTablesGiveTheSameVerdicts) {
  for (int i = 0; i < 20; ++i) add_mixture();
  prepare_key(signer_.public_key());
  const Verifier verifier = make_verifier();
  const auto before = judge_each(verifier);
  set_prepared_key_options({.uses_before_table = 1});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(judge_each(verifier), before);
  EXPECT_TRUE(wait_for_prepared_keys(std::chrono::seconds(20)));
  EXPECT_EQ(judge_many(verifier), before);
  EXPECT_EQ(judge_each(verifier), before);
  set_prepared_key_options({.mode = PreparedKeyMode::off});
  EXPECT_EQ(judge_many(verifier), before);
  set_prepared_key_options({});
}

TEST_F(Many, NoneIsFine) { EXPECT_TRUE(judge_many(make_verifier()).empty()); }

class Reused : public Many {
 protected:
  Reused() : cache_(VerifiedSignatures::create(1024).value()) {}

  std::shared_ptr<VerifiedSignatures> cache_;
};

TEST_F(Reused, VerdictsAreTheSameWithAndWithout) {
  for (int i = 0; i < 3; ++i) add_mixture();
  const auto without = judge_each(make_verifier());
  const Verifier with = make_verifier(cache_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(judge_each(with), without);
    EXPECT_EQ(judge_many(with), without);
  }
}

// Every other check is made each time.
TEST_F(Reused, SignatureThatExpiredIsExpiredHoweverOftenItVerified) {
  add_request(signer_, "https://agent.test");
  const Verifier verifier = make_verifier(cache_);
  EXPECT_EQ(judge_each(verifier), std::vector{Reason::none});
  EXPECT_EQ(judge_each(verifier, kNow + seconds(109)), std::vector{Reason::none});
  EXPECT_EQ(judge_each(verifier, kNow + seconds(110)), std::vector{Reason::expired});
}

TEST_F(Reused, KeyThatLeftTheDirectoryStopsWorkingAtOnce) {
  add_request(signer_, "https://agent.test");
  EXPECT_EQ(judge_each(make_verifier(cache_)), std::vector{Reason::none});
  ASSERT_TRUE(resolver_->add_directory("https://agent.test", jwks_of(new_signer())));
  EXPECT_EQ(judge_each(make_verifier(cache_)), std::vector{Reason::key_not_in_directory});
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
