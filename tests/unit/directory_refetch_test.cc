// What stays of a directory's keys when it is fetched again.

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include <wba/prepared_keys.h>

#include "crypto/ed25519_prepared_slot.h"
#include "crypto/verifying_key.h"
#include "support/directory_cache_fixture.h"
#include "support/test_keys.h"

namespace {

using std::chrono::hours;
using std::chrono::seconds;
using wba::Time;
using wba::directory::DirectoryKey;
using wba::test::DirectoryCacheFixture;
using wba::test::good;
using wba::test::key_set;
using wba::test::make_key;
using wba::test::TestKey;
using wba::test::with_member;

constexpr Time start{seconds(1800000000)};

class Refetch : public testing::Test, protected DirectoryCacheFixture {
 protected:
  // fetch reads `body` at `url`, and gives the key of the new version.
  const DirectoryKey* fetch(const std::string& url, const std::string& body,
                            const std::string& keyid, Time now) {
    EXPECT_EQ(DirectoryCacheFixture::fetch(url, good(body, ""), now), wba::Reason::none);
    const auto* version = known(url);
    return version->keys == nullptr ? nullptr : version->keys->find(keyid);
  }

  static bool has_table(const DirectoryKey& key) {
    return key.key.verifying_key().table_slot()->has_table();
  }

  const std::string url_ = "https://agent.test/keys";
};

TEST_F(Refetch, KeyThatIsThereStillKeepsItsTable) {
  const TestKey kept = make_key();
  const TestKey gone = make_key();
  const TestKey added = make_key();
  const auto* before = fetch(url_, key_set({kept.jwk, gone.jwk}), kept.keyid, start);
  ASSERT_NE(before, nullptr);
  const auto* const object = &before->key.verifying_key();
  wba::prepare_key(before->key);
  ASSERT_TRUE(wba::wait_for_prepared_keys(seconds(60)));
  ASSERT_TRUE(has_table(*before));

  const std::string changed = key_set({added.jwk, kept.jwk});
  const auto* after = fetch(url_, changed, kept.keyid, start + hours(1));
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(&after->key.verifying_key(), object);
  EXPECT_TRUE(has_table(*after));
  EXPECT_EQ(fetch(url_, changed, gone.keyid, start + hours(2)), nullptr);
  const auto* other = fetch(url_, changed, added.keyid, start + hours(3));
  ASSERT_NE(other, nullptr);
  EXPECT_FALSE(has_table(*other));
}

TEST_F(Refetch, KeyThatWasAwayForOneVersionIsANewOne) {
  const TestKey key = make_key();
  const auto* before = fetch(url_, key_set({key.jwk}), key.keyid, start);
  ASSERT_NE(before, nullptr);
  wba::prepare_key(before->key);
  ASSERT_TRUE(wba::wait_for_prepared_keys(seconds(60)));
  EXPECT_EQ(fetch(url_, key_set({}), key.keyid, start + hours(1)), nullptr);
  const auto* again = fetch(url_, key_set({key.jwk}), key.keyid, start + hours(2));
  ASSERT_NE(again, nullptr);
  EXPECT_FALSE(has_table(*again));
}

// What the directory says now counts: only the key itself is kept.
TEST_F(Refetch, TimesAndLabelsAreThoseOfTheNewVersion) {
  const TestKey key = make_key();
  const std::string bare = wba::test::without_kid(key);
  const auto* before =
      fetch(url_, key_set({with_member(bare, "kid", "\"old\"")}), key.keyid, start);
  ASSERT_NE(before, nullptr);
  const auto* const object = &before->key.verifying_key();
  const std::string renamed =
      key_set({with_member(with_member(bare, "kid", "\"new\""), "exp", "5")});
  const auto* after = fetch(url_, renamed, "new", start + hours(1));
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(&after->key.verifying_key(), object);
  EXPECT_EQ(after->exp, 5);
  EXPECT_EQ(fetch(url_, renamed, "old", start + hours(2)), nullptr);
}

TEST_F(Refetch, KeyOfAnotherDirectoryIsAnotherObject) {
  const TestKey key = make_key();
  const auto* here = fetch(url_, key_set({key.jwk}), key.keyid, start);
  ASSERT_NE(here, nullptr);
  wba::prepare_key(here->key);
  ASSERT_TRUE(wba::wait_for_prepared_keys(seconds(60)));
  const auto* there = fetch("https://agent.test/other", key_set({key.jwk}), key.keyid, start);
  ASSERT_NE(there, nullptr);
  EXPECT_NE(&there->key.verifying_key(), &here->key.verifying_key());
  EXPECT_FALSE(has_table(*there));
}

// A label is no key: a new key under the label that another had before takes nothing over.
TEST_F(Refetch, KeyUnderAnothersLabelIsItself) {
  const TestKey old_key = make_key();
  const TestKey new_key = make_key();
  const std::string label = "\"" + new_key.keyid + "\"";
  const auto* before =
      fetch(url_, key_set({with_member(wba::test::without_kid(old_key), "kid", label)}),
            new_key.keyid, start);
  ASSERT_NE(before, nullptr);
  ASSERT_EQ(before->key.thumbprint(), old_key.keyid);
  const auto* after = fetch(url_, key_set({new_key.jwk}), new_key.keyid, start + hours(1));
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->key.thumbprint(), new_key.keyid);
}

TEST_F(Refetch, KeyForAnotherAlgorithmIsAnotherKey) {
  const auto secret = wba::PrivateKey::generate(wba::KeyType::rsa);
  ASSERT_TRUE(secret);
  const std::string jwk = *secret->public_key().jwk(true);
  const std::string keyid(secret->public_key().thumbprint());
  const auto* before = fetch(url_, key_set({with_member(jwk, "alg", "\"PS512\"")}), keyid, start);
  ASSERT_NE(before, nullptr);
  ASSERT_EQ(before->key.algorithm(), wba::Algorithm::rsa_pss_sha512);
  const auto* after =
      fetch(url_, key_set({with_member(jwk, "alg", "\"RS256\"")}), keyid, start + hours(1));
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->key.algorithm(), wba::Algorithm::rsa_v1_5_sha256);
}

}  // namespace
