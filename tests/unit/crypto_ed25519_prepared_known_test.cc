// What a path must answer before it is relied on: every path here does, and none that is broken.

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "crypto/ed25519_prepared_known.h"

namespace {

using wba::crypto::Ed25519Path;
using wba::crypto::PendingEd25519;
using wba::crypto::PreparedEd25519Key;
using wba::crypto::PrepareFailure;
using wba::crypto::prepared::failure_of_answers;
using wba::crypto::prepared::Verifiers;

using Message = std::span<const std::byte>;
using Signature = std::span<const std::byte, 64>;

bool one_right(Ed25519Path path, const PreparedEd25519Key& key, Message message,
               Signature signature) {
  return key.verify(path, message, signature);
}

void many_right(Ed25519Path path, std::span<PendingEd25519> pending) {
  wba::crypto::verify_many(path, pending);
}

class Ed25519PreparedKnown : public testing::TestWithParam<Ed25519Path> {
 protected:
  void SetUp() override {
    if (!wba::crypto::cpu_has(GetParam()))
      GTEST_SKIP() << "this machine cannot run the path " << wba::crypto::to_string(GetParam());
  }

  void expect_refused(const Verifiers& how) {
    EXPECT_EQ(failure_of_answers(GetParam(), how), PrepareFailure::self_check_failed);
  }
};

INSTANTIATE_TEST_SUITE_P(Paths, Ed25519PreparedKnown,
                         testing::Values(Ed25519Path::portable, Ed25519Path::avx2,
                                         Ed25519Path::ifma),
                         [](const auto& which) {
                           return std::string(wba::crypto::to_string(which.param));
                         });

TEST_P(Ed25519PreparedKnown, TheAnswersOfThePathAreRight) {
  EXPECT_EQ(failure_of_answers(GetParam(), {one_right, many_right}), std::nullopt);
  EXPECT_EQ(wba::crypto::prepared::failure_of_path(GetParam()), std::nullopt);
  EXPECT_EQ(wba::crypto::prepared::failure_of_path(GetParam()), std::nullopt);  // remembered
}

TEST_P(Ed25519PreparedKnown, OneAnswerForAllIsNoticed) {
  expect_refused({[](auto, const auto&, auto, auto) { return true; }, many_right});
  expect_refused({[](auto, const auto&, auto, auto) { return false; }, many_right});
  expect_refused({one_right, [](auto, std::span<PendingEd25519> pending) {
                    for (PendingEd25519& one : pending) one.verified = true;
                  }});
  expect_refused({one_right, [](auto, std::span<PendingEd25519> pending) {
                    for (PendingEd25519& one : pending) one.verified = false;
                  }});
}

std::pair<std::size_t, std::size_t> lanes_to_swap;

TEST_P(Ed25519PreparedKnown, AnyTwoLanesInEachOthersPlaceAreNoticed) {
  for (std::size_t a = 0; a < 8; ++a)
    for (std::size_t b = a + 1; b < 8; ++b) {
      lanes_to_swap = {a, b};
      expect_refused({one_right, [](Ed25519Path path, std::span<PendingEd25519> pending) {
                        wba::crypto::verify_many(path, pending);
                        std::swap(pending[lanes_to_swap.first].verified,
                                  pending[lanes_to_swap.second].verified);
                      }});
    }
}

TEST_P(Ed25519PreparedKnown, AWrongOneThatSpoilsItsNeighboursIsNoticed) {
  expect_refused({one_right, [](Ed25519Path path, std::span<PendingEd25519> pending) {
                    wba::crypto::verify_many(path, pending);
                    bool all = true;
                    for (const PendingEd25519& one : pending) all = all && one.verified;
                    for (PendingEd25519& one : pending) one.verified = all;
                  }});
}

}  // namespace
