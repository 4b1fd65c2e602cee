#include "crypto/ed25519_prepared_known.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "crypto/ed25519_prepared_ifma.h"

namespace wba::crypto::prepared {

namespace {

constexpr std::size_t lanes = lane_count;

struct Known {
  std::array<std::uint8_t, 32> key;
  std::array<std::uint8_t, 2> message;
  std::size_t message_size;
  std::array<std::uint8_t, 64> signature;
};

// RFC 8032 §7.1, tests 2 and 3.
constexpr std::array<Known, 2> known = {
    {{{0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a,
       0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4,
       0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c},
      {0x72},
      1,
      {0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8, 0x72, 0x0e, 0x82, 0x0b, 0x5f,
       0x64, 0x25, 0x40, 0xa2, 0xb2, 0x7b, 0x54, 0x16, 0x50, 0x3f, 0x8f, 0xb3, 0x76,
       0x22, 0x23, 0xeb, 0xdb, 0x69, 0xda, 0x08, 0x5a, 0xc1, 0xe4, 0x3e, 0x15, 0x99,
       0x6e, 0x45, 0x8f, 0x36, 0x13, 0xd0, 0xf1, 0x1d, 0x8c, 0x38, 0x7b, 0x2e, 0xae,
       0xb4, 0x30, 0x2a, 0xee, 0xb0, 0x0d, 0x29, 0x16, 0x12, 0xbb, 0x0c, 0x00}},
     {{0xfc, 0x51, 0xcd, 0x8e, 0x62, 0x18, 0xa1, 0xa3, 0x8d, 0xa4, 0x7e,
       0xd0, 0x02, 0x30, 0xf0, 0x58, 0x08, 0x16, 0xed, 0x13, 0xba, 0x33,
       0x03, 0xac, 0x5d, 0xeb, 0x91, 0x15, 0x48, 0x90, 0x80, 0x25},
      {0xaf, 0x82},
      2,
      {0x62, 0x91, 0xd6, 0x57, 0xde, 0xec, 0x24, 0x02, 0x48, 0x27, 0xe6, 0x9c, 0x3a,
       0xbe, 0x01, 0xa3, 0x0c, 0xe5, 0x48, 0xa2, 0x84, 0x74, 0x3a, 0x44, 0x5e, 0x36,
       0x80, 0xd7, 0xdb, 0x5a, 0xc3, 0xac, 0x18, 0xff, 0x9b, 0x53, 0x8d, 0x16, 0xf2,
       0x90, 0xae, 0x67, 0xf7, 0x60, 0x98, 0x4d, 0xc6, 0x59, 0x4a, 0x7c, 0x15, 0xe9,
       0x71, 0x6e, 0xd2, 0x8d, 0xc0, 0x27, 0xbe, 0xce, 0xea, 0x1e, 0xc4, 0x0a}}}};

constexpr std::size_t changed_octet = 33;  // in S

// Answers asks for verdicts on the known signatures.
class Answers {
 public:
  // prepare makes the tables, of one kind each.
  [[nodiscard]] std::optional<PrepareFailure> prepare() {
    for (std::size_t i = 0; i < known.size(); ++i) {
      auto made = PreparedEd25519Key::build(std::as_bytes(std::span(known[i].key)),
                                            i == 0 ? TableKind::compact : TableKind::full);
      if (!made) return made.error();
      keys_[i] = std::move(*made);
      wrong_[i] = known[i].signature;
      wrong_[i][changed_octet] ^= 1;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool are_right_singly(Ed25519Path path, const Verifiers& how) const noexcept {
    for (std::size_t i = 0; i < known.size(); ++i)
      for (const bool valid : {true, false})
        if (how.one(path, *keys_[i], message(i), signature(i, valid)) != valid) return false;
    return true;
  }

  // `odd` is the lane with the other verdict than all the rest, whose is `valid`.
  [[nodiscard]] bool are_right_together(Ed25519Path path, const Verifiers& how, std::size_t odd,
                                        bool valid) const noexcept {
    const auto lane = [&](std::size_t i) {
      const std::size_t which = (i + i / 3) % known.size();
      return PendingEd25519{keys_[which].get(), message(which),
                            signature(which, valid != (i == odd))};
    };
    std::array<PendingEd25519, lanes> pending = {lane(0), lane(1), lane(2), lane(3),
                                                 lane(4), lane(5), lane(6), lane(7)};
    how.many(path, pending);
    for (std::size_t i = 0; i < lanes; ++i)
      if (pending[i].verified != (valid != (i == odd))) return false;
    return true;
  }

 private:
  [[nodiscard]] static std::span<const std::byte> message(std::size_t i) noexcept {
    return std::as_bytes(std::span(known[i].message)).first(known[i].message_size);
  }
  [[nodiscard]] std::span<const std::byte, 64> signature(std::size_t i, bool valid) const noexcept {
    return std::as_bytes(std::span(valid ? known[i].signature : wrong_[i]));
  }

  std::array<std::unique_ptr<const PreparedEd25519Key>, known.size()> keys_;
  std::array<std::array<std::uint8_t, 64>, known.size()> wrong_;
};

enum class PathState : std::uint8_t { unknown, right, wrong };

constinit std::array<std::atomic<PathState>, 4> states{};

}  // namespace

std::optional<PrepareFailure> failure_of_answers(Ed25519Path path, const Verifiers& how) noexcept {
  Answers answers;
  if (const auto failure = answers.prepare()) return failure;
  bool right = answers.are_right_singly(path, how);
  for (std::size_t odd = 0; odd < lanes; ++odd)
    for (const bool valid : {true, false})
      right = right && answers.are_right_together(path, how, odd, valid);
  return right ? std::nullopt : std::optional(PrepareFailure::self_check_failed);
}

// Two threads may both find it out.
std::optional<PrepareFailure> failure_of_path(Ed25519Path path) noexcept {
  if (path == Ed25519Path::libsodium) return std::nullopt;
  std::atomic<PathState>& state = states[static_cast<std::size_t>(path)];
  switch (state.load(std::memory_order_relaxed)) {
    case PathState::right:
      return std::nullopt;
    case PathState::wrong:
      return PrepareFailure::self_check_failed;
    case PathState::unknown:
      break;
  }
  const auto failure = failure_of_answers(
      path,
      {[](Ed25519Path on, const PreparedEd25519Key& key, std::span<const std::byte> message,
          std::span<const std::byte, 64> signature) { return key.verify(on, message, signature); },
       [](Ed25519Path on, std::span<PendingEd25519> pending) { verify_many(on, pending); }});
  if (failure != PrepareFailure::out_of_memory)
    state.store(failure ? PathState::wrong : PathState::right, std::memory_order_relaxed);
  return failure;
}

}  // namespace wba::crypto::prepared
