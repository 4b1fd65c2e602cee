// SHA-512 of eight messages at once, one a lane. FIPS 180-4 §6.4.

#include "crypto/ed25519_prepared_ifma.h"

#if defined(__x86_64__)

#include <algorithm>

#include "crypto/ed25519_prepared_ifma_machine.h"

namespace wba::crypto::prepared {

namespace {

using Vector = Ifma::Vector;

// Fewer lanes than this take less time one after the other.
constexpr std::size_t lanes_pay_from = 3;

// FIPS 180-4 §4.2.3.
constexpr std::uint64_t round_constants[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

WBA_LANES Vector xor3(Vector a, Vector b, Vector c) noexcept {
  return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}
WBA_LANES Vector choose(Vector e, Vector f, Vector g) noexcept {
  return _mm512_ternarylogic_epi64(e, f, g, 0xca);
}
WBA_LANES Vector majority(Vector a, Vector b, Vector c) noexcept {
  return _mm512_ternarylogic_epi64(a, b, c, 0xe8);
}
template <int i, int j, int k>
WBA_LANES Vector big_sigma(Vector a) noexcept {
  return xor3(_mm512_ror_epi64(a, i), _mm512_ror_epi64(a, j), _mm512_ror_epi64(a, k));
}
template <int i, int j, int shift>
WBA_LANES Vector small_sigma(Vector a) noexcept {
  return xor3(_mm512_ror_epi64(a, i), _mm512_ror_epi64(a, j), _mm512_srli_epi64(a, shift));
}

// load_words reads a block from each of eight places: out[i] is word i of all.
WBA_LANES void load_words(const std::uint8_t* const blocks[lane_count], Vector out[16]) noexcept {
  const Vector big_endian = _mm512_set4_epi64(0x08090a0b0c0d0e0f, 0x0001020304050607,
                                              0x08090a0b0c0d0e0f, 0x0001020304050607);
  for (std::size_t half = 0; half < 2; ++half) {
    const void* places[lane_count];
    for (std::size_t lane = 0; lane < lane_count; ++lane) places[lane] = blocks[lane] + 64 * half;
    transpose(places, out + 8 * half);
  }
  for (std::size_t i = 0; i < 16; ++i) out[i] = _mm512_shuffle_epi8(out[i], big_endian);
}

// absorb takes one block of each lane into the state of those that are `active`.
WBA_LANES void absorb(Vector state[8], const std::uint8_t* const blocks[lane_count],
                      __mmask8 active) noexcept {
  Vector word[16];
  load_words(blocks, word);
  // a to h; after each round the names move on by one, and after eight they are back.
  Vector s[8];
  for (std::size_t i = 0; i < 8; ++i) s[i] = state[i];
  for (std::size_t first = 0; first < 80; first += 16) {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < 16; ++i) {
      if (first > 0) {
        word[i] = Ifma::add(Ifma::add(word[i], word[(i + 9) % 16]),
                            Ifma::add(small_sigma<1, 8, 7>(word[(i + 1) % 16]),
                                      small_sigma<19, 61, 6>(word[(i + 14) % 16])));
      }
      const auto at = [i](std::size_t name) { return (name + 16 - i) % 8; };
      const Vector e = s[at(4)];
      const Vector a = s[at(0)];
      const Vector fixed =
          Ifma::add(Ifma::add(word[i], Ifma::every(round_constants[first + i])), s[at(7)]);
      const Vector t1 =
          Ifma::add(Ifma::add(fixed, choose(e, s[at(5)], s[at(6)])), big_sigma<14, 18, 41>(e));
      const Vector t2 = Ifma::add(big_sigma<28, 34, 39>(a), majority(a, s[at(1)], s[at(2)]));
      s[at(3)] = Ifma::add(s[at(3)], t1);
      s[at(7)] = Ifma::add(t1, t2);
    }
  }
  for (std::size_t i = 0; i < 8; ++i)
    state[i] = _mm512_mask_add_epi64(state[i], active, state[i], s[i]);
}

}  // namespace

WBA_IFMA_TARGET void challenges_ifma(std::span<const ChallengeInput> inputs, Scalar* out) noexcept {
  ChallengeBlocks messages[lane_count];
  std::size_t longest = 0;
  for (std::size_t lane = 0; lane < inputs.size(); ++lane) {
    messages[lane].set(inputs[lane]);
    longest = std::max(longest, messages[lane].count());
  }
  Vector state[8];
  for (std::size_t i = 0; i < 8; ++i) state[i] = Ifma::every(sha512_start[i]);

  std::size_t done = 0;
  for (; done < longest; ++done) {
    static constexpr std::uint8_t nothing[ChallengeBlocks::block_size] = {};
    const std::uint8_t* blocks[lane_count];
    unsigned active = 0;
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
      const bool is_active = lane < inputs.size() && done < messages[lane].count();
      blocks[lane] = is_active ? messages[lane].block(done) : nothing;
      active |= is_active ? 1U << lane : 0U;
    }
    if (static_cast<std::size_t>(__builtin_popcount(active)) < lanes_pay_from) break;
    absorb(state, blocks, static_cast<__mmask8>(active));
  }

  alignas(64) std::uint64_t words[8][lane_count];
  for (std::size_t i = 0; i < 8; ++i) _mm512_store_si512(words[i], state[i]);
  for (std::size_t lane = 0; lane < inputs.size(); ++lane) {
    Sha512State digest;
    for (std::size_t i = 0; i < 8; ++i) digest[i] = words[i][lane];
    if (done < messages[lane].count()) absorb_from(digest, messages[lane], done);
    out[lane] = scalar_of(digest);
  }
}

}  // namespace wba::crypto::prepared

#endif
