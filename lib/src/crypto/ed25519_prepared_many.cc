// Many verifications together: they share inversions, and where there are lanes, eight are hashed
// and summed at a time.

#include <algorithm>
#include <array>

#include "crypto/ed25519_prepared_steps.h"

namespace wba::crypto {

namespace {

using prepared::Fe;
using prepared::Projective;
using prepared::SumTerms;

constexpr std::size_t lanes = prepared::lane_count;

// Eight lanes take as long as this many sums made one by one.
constexpr std::size_t lanes_pay_from = 6;

// An inversion takes as long as 80 multiplications, and to share it takes three: more than this
// would save little, and what is remembered of each should stay in the first cache.
constexpr std::size_t sharing = 64;

// Eight is up to eight verifications of which R, S and the key are in order, with their sums'
// terms.
struct Eight {
  std::array<SumTerms, lanes> terms;
  std::array<PendingEd25519*, lanes> pending;
  std::size_t count = 0;
};

// read takes verifications off the front of `left` until it has eight whose checks pass. The others
// are answered.
void read(Ed25519Path path, std::span<PendingEd25519>& left, Eight& eight) noexcept {
  std::array<prepared::ChallengeInput, lanes> inputs;
  std::array<prepared::Scalar, lanes> k;
  eight.count = 0;
  while (eight.count < lanes && !left.empty()) {
    PendingEd25519& one = left.front();
    left = left.subspan(1);
    one.verified = false;
    const PreparedEd25519Key::State& key = one.key->state();
    const std::uint8_t* const signature = prepared::octets_of(one.signature);
    if (!prepared::set_s(key, signature, eight.terms[eight.count])) continue;
    inputs[eight.count] = {signature, key.key.data(), one.message};
    eight.pending[eight.count++] = &one;
  }
  const auto used = std::span(inputs).first(eight.count);
  if (path == Ed25519Path::ifma) {
    prepared::challenges_ifma(used, k.data());
  } else {
    for (std::size_t i = 0; i < used.size(); ++i)
      k[i] = prepared::challenge(used[i].r, used[i].a, used[i].message);
  }
  for (std::size_t i = 0; i < eight.count; ++i) prepared::set_k(k[i], eight.terms[i]);
}

void make_sums(Ed25519Path path, std::span<const SumTerms> terms, Projective* sums) noexcept {
  if (path == Ed25519Path::ifma && terms.size() >= lanes_pay_from) {
    prepared::sums_ifma(terms, sums);
    return;
  }
  for (const SumTerms& one : terms)
    *sums++ = prepared::sum(path, *one.base, one.s, *one.key, one.k);
}

// Sums is what has been summed and waits for its inversion.
class Sums {
 public:
  void add(Ed25519Path path, const Eight& eight) noexcept {
    prepared::tell_table_observer(path, eight.count);
    make_sums(path, std::span(eight.terms).first(eight.count), sums_.data() + count_);
    for (std::size_t i = 0; i < eight.count; ++i, ++count_) {
      pending_[count_] = eight.pending[i];
      products_[count_] =
          count_ > 0 ? prepared::mul(products_[count_ - 1], sums_[count_].z) : sums_[count_].z;
    }
  }

  // answer gives each its verdict: 1/z of the last from the product of all, and so downwards.
  void answer() noexcept {
    if (count_ == 0) return;
    Fe inverse = prepared::invert(products_[count_ - 1]);
    for (std::size_t i = count_; i-- > 0;) {
      const Fe z_inverse = i > 0 ? prepared::mul(inverse, products_[i - 1]) : inverse;
      inverse = prepared::mul(inverse, sums_[i].z);
      const std::uint8_t* const r = prepared::octets_of(pending_[i]->signature);
      pending_[i]->verified =
          prepared::y_matches(sums_[i], r) && prepared::x_matches(sums_[i], z_inverse, r);
    }
    count_ = 0;
  }

  [[nodiscard]] bool full() const noexcept { return count_ + lanes > sharing; }

 private:
  std::array<Projective, sharing> sums_;
  std::array<Fe, sharing> products_;
  std::array<PendingEd25519*, sharing> pending_;
  std::size_t count_ = 0;
};

}  // namespace

void verify_many(std::span<PendingEd25519> pending) noexcept {
  verify_many(ed25519_path(), pending);
}

void verify_many(Ed25519Path path, std::span<PendingEd25519> pending) noexcept {
  if (path == Ed25519Path::libsodium) {
    for (PendingEd25519& one : pending)
      one.verified = one.key->verify(path, one.message, one.signature);
    return;
  }
  Eight eight;
  Sums sums;
  for (std::span<PendingEd25519> left = pending; !left.empty();) {
    read(path, left, eight);
    if (sums.full()) sums.answer();
    sums.add(path, eight);
  }
  sums.answer();
}

}  // namespace wba::crypto
